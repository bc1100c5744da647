/** Messages of a topic by place, key and id, and how the admin service shows one. */
import { SluiceError } from '#lib/errors';
import { QUERY } from '#lib/query-limits';
import type { StoredMessage as Stored } from '#proto/message';
import { PROPERTY, parseProperties, storedKeys } from '#proto/properties';

import type { StoredMessage } from '#broker/admin/backend';
import type { Core } from '#broker/core';
import type { Topic } from '#broker/topic/topics';

/** @throws SluiceError MESSAGE_NOT_FOUND, and what `Pull.queue` throws */
export async function messageAt(
  { consumption, store }: Core,
  topic: Topic,
  queueId: number,
  offset: number,
): Promise<Stored> {
  const { pull, reader } = consumption;
  const queue = pull.queue(topic, queueId);
  const end = queue.readable(store.committed);
  if (offset < queue.minOffset || offset >= end) {
    throw new SluiceError(
      'MESSAGE_NOT_FOUND',
      `queue ${queueId} of ${topic.name} has the offsets ${queue.minOffset} to ${end - 1}`,
    );
  }
  return reader.read(await reader.place(queue, offset), queue, offset);
}

interface Lookup {
  /** Candidates that are looked at. */
  readonly limit?: number;
  /** Those stored before this log position may be left out. */
  readonly since?: number;
  /** Those that are not stored yet, too. */
  readonly isWithUnstored?: boolean;
}

/** Messages of a topic that may have a key, the newest first: the index knows hashes only. */
export async function* candidatesFor(
  { store, consumption }: Core,
  topic: Topic,
  key: string,
  { limit = QUERY.candidatesMax, since = 0, isWithUnstored = false }: Lookup = {},
): AsyncGenerator<Stored> {
  for (const position of await store.keys.find(topic.id, key, limit, since)) {
    if (!isWithUnstored && position >= store.committed) continue;
    const message = await consumption.reader.readAt(position);
    if (message.topic === topic.name) yield message;
  }
}

/** Messages of a topic with an id, the newest first: more than one when it was sent again. */
export async function* messagesWithId(
  core: Core,
  topic: Topic,
  messageId: string,
): AsyncGenerator<Stored> {
  for await (const message of candidatesFor(core, topic, messageId)) {
    const stored = parseProperties(message.properties);
    if (stored.get(PROPERTY.messageId) === messageId) yield message;
  }
}

/** `attempt` is 0 for a message that was looked up rather than delivered. */
export function describeMessage(message: Stored, attempt: number): StoredMessage {
  const stored = parseProperties(message.properties);
  const properties = new Map<string, string>();
  for (let i = 0; i < stored.user.length; i += 2) {
    properties.set(String(stored.user[i]), String(stored.user[i + 1]));
  }
  const deliverAt = stored.get(PROPERTY.deliverAt);
  return {
    messageId: stored.get(PROPERTY.messageId) ?? '',
    topic: message.topic,
    queue: message.queueId,
    offset: message.queueOffset,
    tag: stored.get(PROPERTY.tag),
    keys: storedKeys(stored).map(String),
    properties,
    body: message.body,
    messageGroup: stored.get(PROPERTY.messageGroup),
    deliverAtMs: deliverAt === undefined ? undefined : Number(deliverAt),
    attempt,
    bornHost: stored.get(PROPERTY.bornHost) ?? message.bornHost.toString(),
    bornMs: message.bornTimeMs,
    storedMs: message.storeTimeMs,
  };
}
