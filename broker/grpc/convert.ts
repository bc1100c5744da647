/**
 * Between messages as clients send and get them and messages as they are stored (wire.md A.7, A.8).
 */
import { hash } from 'node:crypto';

import { Kept } from '#lib/kept';
import { parseIPv4 } from '#proto/message';
import type { IPv4Address, StoredMessage } from '#proto/message';
import { splitName } from '#proto/names';
import { PROPERTY, addProperty, joinKeys, storedKeys, tagHash } from '#proto/properties';
import type { StoredProperties } from '#proto/properties';
import { NO_TEXT, Text } from '#proto/text';
import { Encoding, MessageType } from '#proto/types';
import type { DeliveredMessage } from '#proto/wire/message';
import type { SendMessageView } from '#proto/wire/send-message';

import type { MessageKind } from '#broker/admit/pipeline';
import type { OutgoingMessage } from '#broker/produce/produce';
import type { Topic } from '#broker/topic/topics';

const KIND_OF_TYPE: Readonly<Record<number, MessageKind>> = {
  [MessageType.MESSAGE_TYPE_UNSPECIFIED]: 'normal',
  [MessageType.NORMAL]: 'normal',
  [MessageType.FIFO]: 'fifo',
  [MessageType.DELAY]: 'delay',
  [MessageType.TRANSACTION]: 'transaction',
};

/** Undefined for a type that this server does not know. */
export function kindOf(messageType: number): MessageKind | undefined {
  return KIND_OF_TYPE[messageType];
}

/** An empty tag or key says no more than none; some clients send them all the same. */
export function withoutEmpty(view: SendMessageView): SendMessageView {
  const { keys: sent } = view;
  if (view.tag?.length !== 0 && sent.every(({ length }) => length > 0)) return view;
  const keys = sent.filter(({ length }) => length > 0);
  return { ...view, keys, tag: view.tag?.length === 0 ? undefined : view.tag };
}

/** Of peers that called lately: a connection makes many calls. */
const KNOWN_PEERS_MAX = 1000;
const knownPeers = new Kept(KNOWN_PEERS_MAX, (peer: string): IPv4Address => {
  const colon = peer.lastIndexOf(':');
  return { ip: parseIPv4(peer.slice(0, colon)), port: Number(peer.slice(colon + 1)) || 0 };
});

/** `host:port` of a peer; IPv6 has no place in the layout and becomes 0.0.0.0. */
export function peerAddress(peer: string): IPv4Address {
  return knownPeers.get(peer);
}

export function toOutgoing(
  view: SendMessageView,
  topic: Topic,
  queueId: number,
  bornHost: IPv4Address,
  sender: Text | undefined,
): OutgoingMessage {
  return {
    topic,
    queueId,
    body: view.body,
    compressed: view.bodyEncoding === Encoding.GZIP,
    bornTimeMs: view.bornTimestampMs,
    bornHost,
    properties: propertiesOf(view, sender),
    tagHash: tagHash(view.tag?.toString()),
    lookupKeys: [view.messageId, ...view.keys],
  };
}

function propertiesOf(view: SendMessageView, sender: Text | undefined): Text[] {
  const { tag, keys, traceContext, bornHost, userProperties, topic, deliveryTimestampMs } = view;
  const properties: Text[] = [];
  addProperty(properties, PROPERTY.messageId, view.messageId);
  if (tag !== undefined) addProperty(properties, PROPERTY.tag, tag);
  if (keys.length > 0) addProperty(properties, PROPERTY.keys, joinKeys(keys));
  if (traceContext?.length) addProperty(properties, PROPERTY.traceContext, traceContext);
  if (bornHost.length > 0) addProperty(properties, PROPERTY.bornHost, bornHost);
  if (view.messageGroup?.length && view.messageType === MessageType.FIFO) {
    addProperty(properties, PROPERTY.messageGroup, view.messageGroup);
  }
  if (deliveryTimestampMs !== undefined) {
    addProperty(properties, PROPERTY.deliverAt, Text.of(String(deliveryTimestampMs)));
  }
  if (sender) addProperty(properties, PROPERTY.sender, sender);
  addProperty(properties, PROPERTY.producerGroup, Text.ofName(topic.name));
  if (view.messageType === MessageType.TRANSACTION) {
    addProperty(properties, PROPERTY.transactional, Text.ofName('true'));
  }
  for (const text of userProperties) properties.push(text);
  return properties;
}

/** What only the delivery knows of a message, not the store. */
export interface DeliveryFacts {
  receiptHandle?: string;
  deliveryAttempt?: number;
  invisibleDurationMs?: number;
}

export function toDelivered(
  message: StoredMessage,
  properties: StoredProperties,
  facts: DeliveryFacts,
): DeliveredMessage {
  const { body } = message;
  const deliverAt = properties.get(PROPERTY.deliverAt);
  const originTopic = properties.text(PROPERTY.deadLetterTopic);
  return {
    topic: splitName(message.topic),
    userProperties: properties.user,
    body,
    tag: properties.text(PROPERTY.tag),
    keys: storedKeys(properties),
    messageId: properties.text(PROPERTY.messageId) ?? NO_TEXT,
    bodyDigestMd5Hex: hash('md5', body, 'hex').toUpperCase(),
    bodyEncoding: message.compressed ? Encoding.GZIP : Encoding.IDENTITY,
    messageType: typeOf(properties),
    bornTimestampMs: message.bornTimeMs,
    bornHost: properties.text(PROPERTY.bornHost) ?? message.bornHost,
    storeTimestampMs: message.storeTimeMs,
    storeHost: message.storeHost,
    queueId: message.queueId,
    queueOffset: message.queueOffset,
    deliveryTimestampMs: deliverAt === undefined ? undefined : Number(deliverAt),
    messageGroup: properties.text(PROPERTY.messageGroup),
    traceContext: properties.text(PROPERTY.traceContext),
    deadLetterQueue: originTopic && {
      topic: originTopic,
      messageId: properties.text(PROPERTY.deadLetterMessageId) ?? NO_TEXT,
    },
    receiptHandle: facts.receiptHandle,
    deliveryAttempt: facts.deliveryAttempt,
    invisibleDurationMs: facts.invisibleDurationMs,
  };
}

function typeOf(properties: StoredProperties): number {
  if (properties.has(PROPERTY.transactional)) return MessageType.TRANSACTION;
  if (properties.has(PROPERTY.deliverAt)) return MessageType.DELAY;
  if (properties.has(PROPERTY.messageGroup)) return MessageType.FIFO;
  return MessageType.NORMAL;
}
