/** A message as the admin service shows it. */
import type { StoredMessage as Stored } from '#proto/message';
import { PROPERTY, parseProperties, storedKeys } from '#proto/properties';

import type { StoredMessage } from '#broker/admin/backend';

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
