/** A message that was stored is to be stored once more, in another place. */
import { parseIPv4 } from '#proto/message';
import type { StoredMessage } from '#proto/message';
import { PROPERTY, lookupKeys, tagHash } from '#proto/properties';
import type { StoredProperties } from '#proto/properties';
import type { Text } from '#proto/text';

import type { OutgoingMessage } from '#broker/produce/produce';
import type { Topic } from '#broker/topic/topics';

/** Where it goes, and with which properties; `stored` are those it had. */
export interface NextPlace {
  topic: Topic;
  queueId: number;
  stored: StoredProperties;
  properties: readonly Text[];
}

export function storedAgain(message: StoredMessage, next: NextPlace): OutgoingMessage {
  const { topic, queueId, stored, properties } = next;
  const [ip = '', port] = message.bornHost.toString().split(':');
  return {
    topic,
    queueId,
    body: message.body,
    compressed: message.compressed,
    bornTimeMs: message.bornTimeMs,
    bornHost: { ip: parseIPv4(ip), port: Number(port) },
    properties,
    tagHash: tagHash(stored.get(PROPERTY.tag)),
    lookupKeys: lookupKeys(stored),
  };
}
