/** Half messages without any door. */
import type { Core } from '#broker/core';
import type { Produced } from '#broker/produce/produce';
import type { Topic } from '#broker/topic/topics';
import { PROPERTY, addProperty } from '#proto/properties';
import { Text } from '#proto/text';

export interface TestHalf {
  id: string;
  body?: Buffer;
  queueId?: number;
  clientId?: string;
  recoveryMs?: number;
}

/** Puts a half message into the log; it is stored when `end` is committed. */
export function beginHalf(core: Core, topic: Topic, half: TestHalf): Produced {
  const { id, body = Buffer.from(id), queueId = 0, clientId = 'client', recoveryMs } = half;
  const properties: Text[] = [];
  addProperty(properties, PROPERTY.messageId, Text.of(id));
  addProperty(properties, PROPERTY.transactional, Text.of('true'));
  const message = {
    topic,
    queueId,
    body,
    compressed: false,
    bornTimeMs: 1_700_000_000_000,
    bornHost: { ip: 0x7f000001, port: 1234 },
    properties,
    tagHash: 0,
    lookupKeys: [Text.of(id)],
  };
  return core.transactions.begin(message, clientId, recoveryMs);
}

/** As `beginHalf`; resolves, with the transaction's id, when it is stored. */
export async function openHalf(core: Core, topic: Topic, half: TestHalf): Promise<string> {
  const { end, transactionId = '' } = beginHalf(core, topic, half);
  await core.producer.whenStored(end);
  return transactionId;
}

export function endHalf(
  core: Core,
  topic: Topic,
  messageId: string,
  transactionId: string,
  outcome: 'commit' | 'rollback',
): Promise<void> {
  return core.transactions.end({ topic, messageId, transactionId }, outcome);
}
