/** Message as consumers get it, by ReceiveMessage and PullMessage. wire.md A.1, A.8 */
import type { Text } from '#proto/text';
import { DigestType } from '#proto/types';
import {
  DEAD_LETTER_QUEUE,
  DIGEST,
  MESSAGE,
  SYSTEM_PROPERTIES as SYSTEM,
  USER_PROPERTIES,
} from '#proto/wire/fields';
import { writeResource } from '#proto/wire/resource';
import type { ResourceName } from '#proto/wire/resource';
import { writeDuration, writeTimestamp } from '#proto/wire/time';
import { WireWriter } from '#proto/wire/writer';

export interface DeliveredMessage {
  readonly topic: ResourceName;
  /** Keys and values in turn; no key twice. */
  readonly userProperties: readonly Text[];
  readonly body: Uint8Array;
  readonly tag?: Text | undefined;
  readonly keys: readonly Text[];
  readonly messageId: Text;
  /** Upper-case hex over the body as it is sent. wire.md F.4 */
  readonly bodyDigestMd5Hex: string;
  /** Encoding of apache.rocketmq.v2: IDENTITY or GZIP. */
  readonly bodyEncoding: number;
  /** MessageType of apache.rocketmq.v2. */
  readonly messageType: number;
  readonly bornTimestampMs: number;
  readonly bornHost: Text;
  readonly storeTimestampMs: number;
  readonly storeHost: Text;
  readonly deliveryTimestampMs?: number | undefined;
  /** ASCII. */
  readonly receiptHandle?: string | undefined;
  readonly queueId: number;
  readonly queueOffset: number;
  readonly invisibleDurationMs?: number | undefined;
  readonly deliveryAttempt?: number | undefined;
  readonly messageGroup?: Text | undefined;
  readonly traceContext?: Text | undefined;
  readonly deadLetterQueue?: DeadLetterOrigin | undefined;
  readonly liteTopic?: Text | undefined;
  readonly priority?: number | undefined;
}

/** Where a dead letter was before. */
export interface DeadLetterOrigin {
  readonly topic: Text;
  readonly messageId: Text;
}

/** Of a message without its body. */
const HEAD_BYTES_EXPECTED = 512;

/** An answer that is nothing but the message, in the field with the given tag. */
export function encodeMessageField(tag: number, message: DeliveredMessage): Buffer {
  const { topic, userProperties, body } = message;
  const writer = new WireWriter(body.length + HEAD_BYTES_EXPECTED);
  if (body.length > 0) writer.bytes(MESSAGE.body, body);
  const before = writer.written;
  writeRareProperties(writer, message);
  writeUsualProperties(writer, message);
  writer.message(MESSAGE.systemProperties, before);
  for (let i = userProperties.length - 2; i >= 0; i -= 2) {
    writeUserProperty(writer, userProperties[i] as Text, userProperties[i + 1] as Text);
  }
  writeResource(writer, MESSAGE.topic, topic);
  writer.message(tag, 0);
  return writer.finish();
}

function writeUserProperty(writer: WireWriter, key: Text, value: Text): void {
  const before = writer.written;
  writer.text(USER_PROPERTIES.value, value);
  writer.text(USER_PROPERTIES.key, key);
  writer.message(MESSAGE.userProperties, before);
}

function writeRareProperties(writer: WireWriter, message: DeliveredMessage): void {
  const { messageGroup, traceContext, deadLetterQueue, liteTopic, priority } = message;
  if (priority !== undefined) writer.integer(SYSTEM.priority, priority);
  if (liteTopic !== undefined) writer.text(SYSTEM.liteTopic, liteTopic);
  if (deadLetterQueue !== undefined) {
    const before = writer.written;
    writer.plainText(DEAD_LETTER_QUEUE.messageId, deadLetterQueue.messageId);
    writer.plainText(DEAD_LETTER_QUEUE.topic, deadLetterQueue.topic);
    writer.message(SYSTEM.deadLetterQueue, before);
  }
  if (traceContext !== undefined) writer.text(SYSTEM.traceContext, traceContext);
  if (messageGroup !== undefined) writer.text(SYSTEM.messageGroup, messageGroup);
}

function writeUsualProperties(writer: WireWriter, message: DeliveredMessage): void {
  const { deliveryAttempt, invisibleDurationMs, receiptHandle, deliveryTimestampMs } = message;
  if (deliveryAttempt !== undefined) writer.integer(SYSTEM.deliveryAttempt, deliveryAttempt);
  if (invisibleDurationMs !== undefined) {
    writeDuration(writer, SYSTEM.invisibleDuration, invisibleDurationMs);
  }
  writer.integer(SYSTEM.queueOffset, message.queueOffset);
  writer.plainInteger(SYSTEM.queueId, message.queueId);
  if (receiptHandle !== undefined) writer.ascii(SYSTEM.receiptHandle, receiptHandle);
  if (deliveryTimestampMs !== undefined) {
    writeTimestamp(writer, SYSTEM.deliveryTimestamp, deliveryTimestampMs);
  }
  writer.plainText(SYSTEM.storeHost, message.storeHost);
  writeTimestamp(writer, SYSTEM.storeTimestamp, message.storeTimestampMs);
  writer.plainText(SYSTEM.bornHost, message.bornHost);
  writeTimestamp(writer, SYSTEM.bornTimestamp, message.bornTimestampMs);
  writer.plainInteger(SYSTEM.messageType, message.messageType);
  writer.plainInteger(SYSTEM.bodyEncoding, message.bodyEncoding);
  writeDigest(writer, message.bodyDigestMd5Hex);
  writer.plainText(SYSTEM.messageId, message.messageId);
  for (let i = message.keys.length - 1; i >= 0; i--) {
    writer.text(SYSTEM.keys, message.keys[i] as Text);
  }
  if (message.tag !== undefined) writer.text(SYSTEM.tag, message.tag);
}

function writeDigest(writer: WireWriter, md5Hex: string): void {
  const before = writer.written;
  writer.ascii(DIGEST.checksum, md5Hex);
  writer.integer(DIGEST.type, DigestType.MD5);
  writer.message(SYSTEM.bodyDigest, before);
}
