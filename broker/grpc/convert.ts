/**
 * Between messages as clients send and get them and messages as they are stored (wire.md A.7, A.8).
 */
import { hash } from 'node:crypto';

import { parseIPv4 } from '#proto/message';
import type { IPv4Address, StoredMessage } from '#proto/message';
import { splitName } from '#proto/names';
import { PROPERTY, addProperty, tagHash } from '#proto/properties';
import type { StoredProperties } from '#proto/properties';
import { Encoding, MessageType } from '#proto/types';
import type { DeliveredMessage } from '#proto/wire/message';
import type { SendMessageView } from '#proto/wire/send-message';

import type { Candidate, MessageKind } from '#broker/admit/pipeline';
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
  if (view.tag !== '' && !view.keys.includes('')) return view;
  const keys = view.keys.filter((key) => key !== '');
  return { ...view, keys, tag: view.tag === '' ? undefined : view.tag };
}

export function toCandidate(view: SendMessageView, topic: Topic, kind: MessageKind): Candidate {
  const { body, tag, keys, messageId, messageGroup, userProperties, traceContext, bornHost } = view;
  const said = { tag, keys, messageId, messageGroup, userProperties, traceContext, bornHost };
  return { topic, kind, body, ...said };
}

/** Addresses of peers that called lately: a connection makes many calls. */
const knownPeers = new Map<string, IPv4Address>();
const KNOWN_PEERS_MAX = 1000;

/** `host:port` of a peer; IPv6 has no place in the layout and becomes 0.0.0.0. */
export function peerAddress(peer: string): IPv4Address {
  const known = knownPeers.get(peer);
  if (known) return known;
  if (knownPeers.size >= KNOWN_PEERS_MAX) knownPeers.clear();
  const colon = peer.lastIndexOf(':');
  const address = { ip: parseIPv4(peer.slice(0, colon)), port: Number(peer.slice(colon + 1)) || 0 };
  knownPeers.set(peer, address);
  return address;
}

export function toOutgoing(
  view: SendMessageView,
  topic: Topic,
  queueId: number,
  bornHost: IPv4Address,
): OutgoingMessage {
  return {
    topic,
    queueId,
    body: view.body,
    compressed: view.bodyEncoding === Encoding.GZIP,
    bornTimeMs: view.bornTimestampMs,
    bornHost,
    properties: propertiesOf(view),
    tagHash: tagHash(view.tag),
    lookupKeys: view.keys.length === 0 ? [view.messageId] : [view.messageId, ...view.keys],
  };
}

function propertiesOf(view: SendMessageView): string {
  const { tag, keys, traceContext, bornHost, userProperties, topic } = view;
  let text = addProperty('', PROPERTY.messageId, view.messageId);
  if (tag !== undefined) text = addProperty(text, PROPERTY.tag, tag);
  if (keys.length > 0) text = addProperty(text, PROPERTY.keys, keys.join(' '));
  if (traceContext) text = addProperty(text, PROPERTY.traceContext, traceContext);
  if (bornHost !== '') text = addProperty(text, PROPERTY.bornHost, bornHost);
  text = addProperty(text, PROPERTY.producerGroup, topic.name);
  for (let i = 0; i < userProperties.length; i += 2) {
    text = addProperty(text, userProperties[i] as string, userProperties[i + 1] as string);
  }
  return text;
}

/** What only the delivery knows of a message, not the store. */
export interface DeliveryFacts {
  receiptHandle?: string;
  deliveryAttempt?: number;
  invisibleDurationMs?: number;
}

export function toDelivered(
  message: StoredMessage,
  { system, user }: StoredProperties,
  facts: DeliveryFacts,
): DeliveredMessage {
  const { body } = message;
  const keys = system.get(PROPERTY.keys);
  const originTopic = system.get(PROPERTY.deadLetterTopic);
  return {
    topic: splitName(message.topic),
    userProperties: user,
    body,
    tag: system.get(PROPERTY.tag),
    keys: keys === undefined ? [] : keys.split(' '),
    messageId: system.get(PROPERTY.messageId) ?? '',
    bodyDigestMd5Hex: hash('md5', body, 'hex').toUpperCase(),
    bodyEncoding: message.compressed ? Encoding.GZIP : Encoding.IDENTITY,
    messageType: typeOf(system),
    bornTimestampMs: message.bornTimeMs,
    bornHost: system.get(PROPERTY.bornHost) ?? message.bornHost,
    storeTimestampMs: message.storeTimeMs,
    storeHost: message.storeHost,
    queueId: message.queueId,
    queueOffset: message.queueOffset,
    messageGroup: system.get(PROPERTY.messageGroup),
    traceContext: system.get(PROPERTY.traceContext),
    deadLetterQueue:
      originTopic === undefined
        ? undefined
        : { topic: originTopic, messageId: system.get(PROPERTY.deadLetterMessageId) ?? '' },
    ...facts,
  };
}

function typeOf(system: ReadonlyMap<string, string>): number {
  if (system.has(PROPERTY.transactional)) return MessageType.TRANSACTION;
  if (system.has(PROPERTY.deliverAt)) return MessageType.DELAY;
  if (system.has(PROPERTY.messageGroup)) return MessageType.FIFO;
  return MessageType.NORMAL;
}
