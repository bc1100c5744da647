/** Messages as the admin service handles them: sent, received and looked up by hand. */
import { randomBytes } from 'node:crypto';

import type { Clock } from '#lib/clock';
import { CONSUME } from '#lib/limits';
import type { StoredMessage as Stored } from '#proto/message';
import { PROPERTY, addProperty, joinKeys, tagHash } from '#proto/properties';
import { Text } from '#proto/text';

import type {
  MessageAdmin,
  MessagePage,
  OutgoingMessage,
  ReceiveRequest,
  SentMessage,
  StoredMessage,
} from '#broker/admin/backend';
import { admit } from '#broker/admit/pipeline';
import type { MessageKind } from '#broker/admit/pipeline';
import { SqlFilter } from '#broker/consume/filter-sql';
import { TagFilter } from '#broker/consume/filter-tag';
import { UNMETERED } from '#broker/consume/meter';
import { ANY_QUEUE } from '#broker/consume/polls';
import type { Delivery, Receiver } from '#broker/consume/pop';
import type { Core } from '#broker/core';
import { findMessages, listMessages, messageById } from '#broker/core-admin/message-queries';
import { describeMessage, messageAt } from '#broker/core-admin/stored-message';
import { messageTrace } from '#broker/core-admin/trace';
import { peerAddress } from '#broker/grpc/convert';
import { assertShared } from '#broker/topic/groups';
import type { Topic } from '#broker/topic/topics';

const ID_BYTES = 16;
/** As other ids of version 1 begin, so that they look alike. wire.md A.7 */
const ID_VERSION = '01';

export function messageAdmin(core: Core, clock: Clock): MessageAdmin {
  return {
    send: (message) => send(core, clock, message),
    recall: (topic, handle) => recall(core, core.topics.get(topic), handle),
    receive: (request) => receive(core, request),
    getById: (topic, messageId) => getById(core, core.topics.get(topic), messageId),
    trace: (request) => messageTrace(core, clock, request),
    getByOffset: async (topic, queue, offset) =>
      describeMessage(await messageAt(core, core.topics.get(topic), queue, offset), 0),
    find: async (query) => describePage(await findMessages(core, clock, query)),
    list: async (query) => describePage(await listMessages(core, clock, query)),
  };
}

async function send(core: Core, clock: Clock, message: OutgoingMessage): Promise<SentMessage> {
  const topic = core.topics.get(message.topic);
  core.mode.admitSend();
  const { body } = message;
  const messageId = ID_VERSION + randomBytes(ID_BYTES).toString('hex').toUpperCase();
  const said = {
    body,
    tag: textOf(message.tag),
    keys: message.keys.map(Text.of),
    messageId: Text.of(messageId),
    messageGroup: textOf(message.messageGroup),
    deliveryTimestampMs: message.deliverAtMs,
    userProperties: [...message.properties].flat().map(Text.of),
  };
  admit(said, topic, kindOf(message));
  const properties: Text[] = [];
  addProperty(properties, PROPERTY.messageId, said.messageId);
  if (said.tag !== undefined) addProperty(properties, PROPERTY.tag, said.tag);
  if (said.keys.length > 0) addProperty(properties, PROPERTY.keys, joinKeys(said.keys));
  if (said.messageGroup) addProperty(properties, PROPERTY.messageGroup, said.messageGroup);
  const { deliverAtMs } = message;
  if (deliverAtMs !== undefined) {
    addProperty(properties, PROPERTY.deliverAt, Text.of(String(deliverAtMs)));
  }
  properties.push(...said.userProperties);
  const outgoing = {
    topic,
    queueId: core.selector.select(topic, said.messageGroup),
    body,
    compressed: false,
    bornTimeMs: clock.nowMs(),
    bornHost: peerAddress(message.peer),
    properties,
    tagHash: tagHash(message.tag),
    lookupKeys: [said.messageId, ...said.keys],
  };
  const {
    queueId,
    offset,
    end,
    recallHandle = '',
  } = deliverAtMs === undefined
    ? core.producer.append(outgoing)
    : core.scheduler.schedule(outgoing, deliverAtMs);
  await core.producer.whenStored(end);
  core.traffic.sent(topic.name, body.length);
  return { messageId, queue: queueId, offset, recallHandle };
}

async function recall(core: Core, topic: Topic, handle: string): Promise<string> {
  const { messageId, end } = await core.scheduler.recall(topic, handle);
  await core.producer.whenStored(end);
  return messageId.toString();
}

function textOf(value: string | undefined): Text | undefined {
  return value === undefined ? undefined : Text.of(value);
}

function kindOf({ messageGroup, deliverAtMs }: OutgoingMessage): MessageKind {
  if (deliverAtMs !== undefined) return 'delay';
  return messageGroup === undefined ? 'normal' : 'fifo';
}

async function receive(core: Core, request: ReceiveRequest): Promise<StoredMessage[]> {
  const topic = core.topics.get(request.topic);
  const group = core.groups.get(request.group);
  assertShared(group);
  const { signal, waitMs, invisibleMs } = request;
  const receiver: Receiver = {
    get cancelled() {
      return signal.aborted;
    },
    onCancel: (listener) => signal.addEventListener('abort', listener, { once: true }),
  };
  const deliveries = await core.consumption.pop.receive(
    {
      group,
      topic,
      invisibleMs,
      queueId: ANY_QUEUE,
      filter: (request.isSql ? SqlFilter : TagFilter).parse(request.filter),
      batchSize: Math.min(Math.max(1, request.count), CONSUME.receiveBatchMax),
      renewFor: undefined,
      meter: UNMETERED,
    },
    waitMs,
    receiver,
  );
  if (request.ack) await ackAll(core, deliveries);
  for (const { message } of deliveries) {
    core.traffic.delivered(group.name, topic.name, message.bodyBytes);
  }
  return deliveries.map(({ message, lease }) => describeMessage(message, lease.attempt));
}

async function ackAll(core: Core, deliveries: Delivery[]): Promise<void> {
  for (const { lease } of deliveries) {
    if (!lease.live) continue; // a reset has taken it back
    core.consumption.progress.recordAcks(lease.progress, [lease.offset]);
  }
  await core.producer.whenStored(core.store.end);
}

async function getById(core: Core, topic: Topic, messageId: string): Promise<StoredMessage> {
  return describeMessage(await messageById(core, topic, messageId), 0);
}

function describePage({ messages, ...page }: MessagePage<Stored>): MessagePage {
  return { messages: messages.map((message) => describeMessage(message, 0)), ...page };
}
