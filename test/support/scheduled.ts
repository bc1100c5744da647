/** Scheduled messages, as tests send and find them. */
import type { Core } from '#broker/core';
import type { Produced } from '#broker/produce/produce';
import type { Topic } from '#broker/topic/topics';
import { PROPERTY, addProperty } from '#proto/properties';
import { Text } from '#proto/text';

export interface TestSchedule {
  id: string;
  deliverAtMs: number;
  body?: Buffer;
  queueId?: number;
}

/** Puts a message into the log; await `core.producer.whenStored(end)` for it to be stored. */
export function schedule(core: Core, topic: Topic, message: TestSchedule): Produced {
  const { id, deliverAtMs, body = Buffer.from(id), queueId = 0 } = message;
  const properties: Text[] = [];
  addProperty(properties, PROPERTY.messageId, Text.of(id));
  addProperty(properties, PROPERTY.deliverAt, Text.of(String(deliverAtMs)));
  return core.scheduler.schedule(
    {
      topic,
      queueId,
      body,
      compressed: false,
      bornTimeMs: 1_700_000_000_000,
      bornHost: { ip: 0x7f000001, port: 1234 },
      properties,
      tagHash: 0,
      lookupKeys: [Text.of(id)],
    },
    deliverAtMs,
  );
}
