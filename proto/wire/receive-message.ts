/**
 * ReceiveMessage: decode the request, encode the parts of the answer. wire.md A.1, A.8
 *
 *   ReceiveMessageRequest   group 1, message_queue 2, filter_expression 3 { type 1, expression 2 },
 *                           batch_size 4, invisible_duration? 5, auto_renew 6,
 *                           long_polling_timeout? 7, attempt_id? 8
 *   MessageQueue            topic 1, id 2, permission 3, broker 4 { name 1 }; the rest is of no use
 *   ReceiveMessageResponse  one of status 1, message 2, delivery_timestamp 3
 */
import { encodeMessageField } from '#proto/wire/message';
import type { DeliveredMessage } from '#proto/wire/message';
import { WireReader } from '#proto/wire/reader';
import { NO_RESOURCE, readResource } from '#proto/wire/resource';
import type { ResourceName } from '#proto/wire/resource';
import { statusBytes, writeStatus } from '#proto/wire/status';
import { readDurationMs, timestampBytes, writeTimestamp } from '#proto/wire/time';
import { WireWriter, delimitedBytes } from '#proto/wire/writer';

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
  if (tag === 0x0a) view.group = readResource(reader);
  else if (tag === 0x12) readMessageQueue(reader, view.messageQueue);
  else if (tag === 0x1a) readFilter(reader, view.filter);
  else if (tag === 0x20) view.batchSize = reader.int32();
  else if (tag === 0x2a) view.invisibleDurationMs = readDurationMs(reader);
  else if (tag === 0x30) view.autoRenew = reader.bool();
  else if (tag === 0x3a) view.longPollingTimeoutMs = readDurationMs(reader);
  else if (tag === 0x42) view.attemptId = reader.string();
  else reader.skip(tag);
}

function readMessageQueue(reader: WireReader, queue: MessageQueueView): void {
  const outer = reader.enter();
  while (reader.more) {
    const tag = reader.tag();
    if (tag === 0x0a) queue.topic = readResource(reader);
    else if (tag === 0x10) queue.id = reader.int32();
    else if (tag === 0x18) queue.permission = reader.int32();
    else if (tag === 0x22) queue.brokerName = readBrokerName(reader);
    else reader.skip(tag);
  }
  reader.leave(outer);
}

function readBrokerName(reader: WireReader): string {
  let name = '';
  const outer = reader.enter();
  while (reader.more) {
    const tag = reader.tag();
    if (tag === 0x0a) name = reader.name();
    else reader.skip(tag);
  }
  reader.leave(outer);
  return name;
}

function readFilter(reader: WireReader, filter: FilterView): void {
  const outer = reader.enter();
  while (reader.more) {
    const tag = reader.tag();
    if (tag === 0x08) filter.type = reader.int32();
    else if (tag === 0x12) filter.expression = reader.name();
    else reader.skip(tag);
  }
  reader.leave(outer);
}

/** Goes first on the stream. */
export function encodeReceiveStatus(code: number, message: string): Buffer {
  const status = { code, message };
  const ofStatus = statusBytes(status);
  const writer = new WireWriter(delimitedBytes(1, ofStatus));
  writer.delimited(1, ofStatus);
  writeStatus(writer, status);
  return writer.finish();
}

/** The bytes are also a PullMessageResponse, where the message has the same field. */
export function encodeReceiveMessage(message: DeliveredMessage): Buffer {
  return encodeMessageField(2, message);
}

/** Goes last on the stream: when the server sent the messages. */
export function encodeReceiveDeliveryTimestamp(ms: number): Buffer {
  const ofTimestamp = timestampBytes(ms);
  const writer = new WireWriter(delimitedBytes(3, ofTimestamp));
  writer.delimited(3, ofTimestamp);
  writeTimestamp(writer, ms);
  return writer.finish();
}
