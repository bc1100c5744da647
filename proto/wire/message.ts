/**
 * Message as it is delivered to a consumer, for ReceiveMessage and PullMessage. wire.md A.1, A.8
 *
 *   Message           topic 1, user_properties* 2 { key 1, value 2 }, system_properties 3, body 4
 *   SystemProperties  tag? 1, keys* 2, message_id 3, body_digest 4 { type 1, checksum 2 },
 *                     body_encoding 5, message_type 6, born_timestamp 7, born_host 8,
 *                     store_timestamp? 9, store_host 10, delivery_timestamp? 11,
 *                     receipt_handle? 12, queue_id 13, queue_offset? 14, invisible_duration? 15,
 *                     delivery_attempt? 16, message_group? 17, trace_context? 18,
 *                     dead_letter_queue? 20 { topic 1, message_id 2 }, lite_topic? 21, priority? 22
 */
import { DigestType } from '#proto/types';
import { resourceBytes, writeResource } from '#proto/wire/resource';
import type { ResourceName } from '#proto/wire/resource';
import { durationBytes, timestampBytes, writeDuration, writeTimestamp } from '#proto/wire/time';
import {
  WireWriter,
  delimitedBytes,
  integerBytes,
  plainIntegerBytes,
  plainStringBytes,
  stringBytes,
} from '#proto/wire/writer';

export interface DeliveredMessage {
  readonly topic: ResourceName;
  /** Keys and values in turn; no key twice. */
  readonly userProperties: readonly string[];
  readonly body: Uint8Array;
  readonly tag?: string | undefined;
  readonly keys: readonly string[];
  readonly messageId: string;
  /** Upper-case hex over the body as it is sent. wire.md F.4 */
  readonly bodyDigestMd5Hex: string;
  /** Encoding of apache.rocketmq.v2: IDENTITY or GZIP. */
  readonly bodyEncoding: number;
  /** MessageType of apache.rocketmq.v2. */
  readonly messageType: number;
  readonly bornTimestampMs: number;
  readonly bornHost: string;
  readonly storeTimestampMs: number;
  readonly storeHost: string;
  readonly deliveryTimestampMs?: number | undefined;
  readonly receiptHandle?: string | undefined;
  readonly queueId: number;
  readonly queueOffset: number;
  readonly invisibleDurationMs?: number | undefined;
  readonly deliveryAttempt?: number | undefined;
  readonly messageGroup?: string | undefined;
  readonly traceContext?: string | undefined;
  readonly deadLetterQueue?: DeadLetterOrigin | undefined;
  readonly liteTopic?: string | undefined;
  readonly priority?: number | undefined;
}

/** Where a dead letter was before. */
export interface DeadLetterOrigin {
  readonly topic: string;
  readonly messageId: string;
}

/** The message alone. */
export function encodeMessage(message: DeliveredMessage): Buffer {
  const ofTopic = resourceBytes(message.topic);
  const ofSystem = systemBytes(message);
  const writer = new WireWriter(messageBytes(message, ofTopic, ofSystem));
  writeMessage(writer, message, ofTopic, ofSystem);
  return writer.finish();
}

/** An answer that is nothing but the message, in the given field. */
export function encodeMessageField(field: number, message: DeliveredMessage): Buffer {
  const ofTopic = resourceBytes(message.topic);
  const ofSystem = systemBytes(message);
  const ofMessage = messageBytes(message, ofTopic, ofSystem);
  const writer = new WireWriter(delimitedBytes(field, ofMessage));
  writer.delimited(field, ofMessage);
  writeMessage(writer, message, ofTopic, ofSystem);
  return writer.finish();
}

function messageBytes(message: DeliveredMessage, ofTopic: number, ofSystem: number): number {
  const { userProperties } = message;
  let bytes = delimitedBytes(1, ofTopic) + delimitedBytes(3, ofSystem);
  for (let index = 0; index < userProperties.length; index += 2) {
    bytes += delimitedBytes(2, propertyBytes(userProperties, index));
  }
  if (message.body.length > 0) bytes += delimitedBytes(4, message.body.length);
  return bytes;
}

function propertyBytes(userProperties: readonly string[], index: number): number {
  return (
    stringBytes(1, userProperties[index] as string) +
    stringBytes(2, userProperties[index + 1] as string)
  );
}

function systemBytes(message: DeliveredMessage): number {
  let bytes =
    plainStringBytes(3, message.messageId) +
    delimitedBytes(4, digestBytes(message)) +
    plainIntegerBytes(5, message.bodyEncoding) +
    plainIntegerBytes(6, message.messageType) +
    delimitedBytes(7, timestampBytes(message.bornTimestampMs)) +
    plainStringBytes(8, message.bornHost) +
    delimitedBytes(9, timestampBytes(message.storeTimestampMs)) +
    plainStringBytes(10, message.storeHost) +
    plainIntegerBytes(13, message.queueId) +
    integerBytes(14, message.queueOffset);
  if (message.tag !== undefined) bytes += stringBytes(1, message.tag);
  for (const key of message.keys) bytes += stringBytes(2, key);
  return bytes + optionalBytes(message);
}

function optionalBytes(message: DeliveredMessage): number {
  let bytes = 0;
  if (message.deliveryTimestampMs !== undefined) {
    bytes += delimitedBytes(11, timestampBytes(message.deliveryTimestampMs));
  }
  if (message.receiptHandle !== undefined) bytes += stringBytes(12, message.receiptHandle);
  if (message.invisibleDurationMs !== undefined) {
    bytes += delimitedBytes(15, durationBytes(message.invisibleDurationMs));
  }
  if (message.deliveryAttempt !== undefined) bytes += integerBytes(16, message.deliveryAttempt);
  if (message.messageGroup !== undefined) bytes += stringBytes(17, message.messageGroup);
  if (message.traceContext !== undefined) bytes += stringBytes(18, message.traceContext);
  if (message.deadLetterQueue !== undefined) {
    bytes += delimitedBytes(20, originBytes(message.deadLetterQueue));
  }
  if (message.liteTopic !== undefined) bytes += stringBytes(21, message.liteTopic);
  if (message.priority !== undefined) bytes += integerBytes(22, message.priority);
  return bytes;
}

function digestBytes(message: DeliveredMessage): number {
  return integerBytes(1, DigestType.MD5) + plainStringBytes(2, message.bodyDigestMd5Hex);
}

function originBytes(origin: DeadLetterOrigin): number {
  return plainStringBytes(1, origin.topic) + plainStringBytes(2, origin.messageId);
}

function writeMessage(
  writer: WireWriter,
  message: DeliveredMessage,
  ofTopic: number,
  ofSystem: number,
): void {
  const { userProperties } = message;
  writer.delimited(1, ofTopic);
  writeResource(writer, message.topic);
  for (let index = 0; index < userProperties.length; index += 2) {
    writer.delimited(2, propertyBytes(userProperties, index));
    writer.string(1, userProperties[index] as string);
    writer.string(2, userProperties[index + 1] as string);
  }
  writer.delimited(3, ofSystem);
  writeSystemProperties(writer, message);
  if (message.body.length > 0) writer.bytes(4, message.body);
}

/** In the order of the fields, as the generated encoders of other languages do. */
function writeSystemProperties(writer: WireWriter, message: DeliveredMessage): void {
  if (message.tag !== undefined) writer.string(1, message.tag);
  for (const key of message.keys) writer.string(2, key);
  writer.plainString(3, message.messageId);
  writer.delimited(4, digestBytes(message));
  writer.integer(1, DigestType.MD5);
  writer.plainString(2, message.bodyDigestMd5Hex);
  writer.plainInteger(5, message.bodyEncoding);
  writer.plainInteger(6, message.messageType);
  writer.delimited(7, timestampBytes(message.bornTimestampMs));
  writeTimestamp(writer, message.bornTimestampMs);
  writer.plainString(8, message.bornHost);
  writer.delimited(9, timestampBytes(message.storeTimestampMs));
  writeTimestamp(writer, message.storeTimestampMs);
  writer.plainString(10, message.storeHost);
  if (message.deliveryTimestampMs !== undefined) {
    writer.delimited(11, timestampBytes(message.deliveryTimestampMs));
    writeTimestamp(writer, message.deliveryTimestampMs);
  }
  if (message.receiptHandle !== undefined) writer.string(12, message.receiptHandle);
  writer.plainInteger(13, message.queueId);
  writer.integer(14, message.queueOffset);
  writeOptional(writer, message);
}

function writeOptional(writer: WireWriter, message: DeliveredMessage): void {
  if (message.invisibleDurationMs !== undefined) {
    writer.delimited(15, durationBytes(message.invisibleDurationMs));
    writeDuration(writer, message.invisibleDurationMs);
  }
  if (message.deliveryAttempt !== undefined) writer.integer(16, message.deliveryAttempt);
  if (message.messageGroup !== undefined) writer.string(17, message.messageGroup);
  if (message.traceContext !== undefined) writer.string(18, message.traceContext);
  if (message.deadLetterQueue !== undefined) {
    writer.delimited(20, originBytes(message.deadLetterQueue));
    writer.plainString(1, message.deadLetterQueue.topic);
    writer.plainString(2, message.deadLetterQueue.messageId);
  }
  if (message.liteTopic !== undefined) writer.string(21, message.liteTopic);
  if (message.priority !== undefined) writer.integer(22, message.priority);
}
