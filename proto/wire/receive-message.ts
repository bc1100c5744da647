/** ReceiveMessage: decode the request, encode the parts of the answer. wire.md A.1, A.8 */
import {
  BROKER,
  FILTER_EXPRESSION,
  MESSAGE_QUEUE,
  RECEIVE_MESSAGE_REQUEST as REQUEST,
  RECEIVE_MESSAGE_RESPONSE as RESPONSE,
} from '#proto/wire/fields';
import { encodeMessageField } from '#proto/wire/message';
import type { DeliveredMessage } from '#proto/wire/message';
import { WireReader } from '#proto/wire/reader';
import { NO_RESOURCE, readResource } from '#proto/wire/resource';
import type { ResourceName } from '#proto/wire/resource';
import { encodeStatusField } from '#proto/wire/status';
import { readDurationMs, writeTimestamp } from '#proto/wire/time';
import { WireWriter } from '#proto/wire/writer';

/** The rest of it is of no use here. */
export interface MessageQueueView {
  topic: ResourceName;
  /** -1 stands for any queue of the broker. */
  id: number;
  /** Permission of apache.rocketmq.v2. */
  permission: number;
  brokerName: string;
}

export interface FilterView {
  /** FilterType of apache.rocketmq.v2. */
  type: number;
  expression: string;
}

/** Nothing is checked yet but the format. What was not sent is '', 0 or false; `?` undefined. */
export interface ReceiveMessageView {
  group: ResourceName;
  messageQueue: MessageQueueView;
  filter: FilterView;
  batchSize: number;
  invisibleDurationMs: number | undefined;
  autoRenew: boolean;
  longPollingTimeoutMs: number | undefined;
  attemptId: string | undefined;
}

/** Throws BAD_REQUEST when the bytes are no such request. */
export function decodeReceiveMessage(request: Buffer): ReceiveMessageView {
  const reader = new WireReader(request);
  const view: ReceiveMessageView = {
    group: NO_RESOURCE,
    messageQueue: { topic: NO_RESOURCE, id: 0, permission: 0, brokerName: '' },
    filter: { type: 0, expression: '' },
    batchSize: 0,
    invisibleDurationMs: undefined,
    autoRenew: false,
    longPollingTimeoutMs: undefined,
    attemptId: undefined,
  };
  while (reader.more) readField(reader, view);
  return view;
}

function readField(reader: WireReader, view: ReceiveMessageView): void {
  const tag = reader.tag();
  if (tag === REQUEST.group) view.group = readResource(reader, view.group);
  else if (tag === REQUEST.messageQueue) readMessageQueue(reader, view.messageQueue);
  else if (tag === REQUEST.filterExpression) readFilter(reader, view.filter);
  else if (tag === REQUEST.batchSize) view.batchSize = reader.int32();
  else if (tag === REQUEST.invisibleDuration) {
    view.invisibleDurationMs = readDurationMs(reader, view.invisibleDurationMs);
  } else if (tag === REQUEST.autoRenew) view.autoRenew = reader.bool();
  else if (tag === REQUEST.longPollingTimeout) {
    view.longPollingTimeoutMs = readDurationMs(reader, view.longPollingTimeoutMs);
  } else if (tag === REQUEST.attemptId) view.attemptId = reader.string();
  else reader.skip(tag);
}

function readMessageQueue(reader: WireReader, queue: MessageQueueView): void {
  const outer = reader.enter();
  while (reader.more) {
    const tag = reader.tag();
    if (tag === MESSAGE_QUEUE.topic) queue.topic = readResource(reader, queue.topic);
    else if (tag === MESSAGE_QUEUE.id) queue.id = reader.int32();
    else if (tag === MESSAGE_QUEUE.permission) queue.permission = reader.int32();
    else if (tag === MESSAGE_QUEUE.broker) readBroker(reader, queue);
    else reader.skip(tag);
  }
  reader.leave(outer);
}

function readBroker(reader: WireReader, queue: MessageQueueView): void {
  const outer = reader.enter();
  while (reader.more) {
    const tag = reader.tag();
    if (tag === BROKER.name) queue.brokerName = reader.name();
    else reader.skip(tag);
  }
  reader.leave(outer);
}

function readFilter(reader: WireReader, filter: FilterView): void {
  const outer = reader.enter();
  while (reader.more) {
    const tag = reader.tag();
    if (tag === FILTER_EXPRESSION.type) filter.type = reader.int32();
    else if (tag === FILTER_EXPRESSION.expression) filter.expression = reader.name();
    else reader.skip(tag);
  }
  reader.leave(outer);
}

/** Goes first on the stream. */
export function encodeReceiveStatus(code: number, message: string): Buffer {
  return encodeStatusField(RESPONSE.status, { code, message });
}

/** The bytes are also a PullMessageResponse, where the message has the same field. */
export function encodeReceiveMessage(message: DeliveredMessage): Buffer {
  return encodeMessageField(RESPONSE.message, message);
}

/** Two numbers of ten bytes, and three heads. */
const TIMESTAMP_BYTES_MAX = 24;

/** Goes last on the stream: when the server sent the messages. */
export function encodeReceiveDeliveryTimestamp(ms: number): Buffer {
  const writer = new WireWriter(TIMESTAMP_BYTES_MAX);
  writeTimestamp(writer, RESPONSE.deliveryTimestamp, ms);
  return writer.finish();
}
