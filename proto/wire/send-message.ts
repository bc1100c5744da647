/**
 * SendMessage: decode the request, encode the response. wire.md A.1, A.7
 *
 *   SendMessageRequest   messages* 1
 *   Message              topic 1, user_properties* 2 { key 1, value 2 },
 *                        system_properties 3, body 4
 *   SystemProperties     tag? 1, keys* 2, message_id 3, body_digest 4 { type 1, checksum 2 },
 *                        body_encoding 5, message_type 6, born_timestamp 7, born_host 8,
 *                        delivery_timestamp? 11, queue_id 13, message_group? 17,
 *                        trace_context? 18, orphaned_transaction_recovery_duration? 19,
 *                        lite_topic? 21, priority? 22; the others are the server's to set
 *   SendMessageResponse  status 1, entries* 2 { status 1, message_id 2, transaction_id 3,
 *                        offset 4, recall_handle 5 }
 */
import { SluiceError } from '#lib/errors';
import { MESSAGE } from '#lib/limits';
import type { Status } from '#proto/codes';
import { WireReader } from '#proto/wire/reader';
import { NO_RESOURCE, readResource } from '#proto/wire/resource';
import type { ResourceName } from '#proto/wire/resource';
import { statusBytes, writeStatus } from '#proto/wire/status';
import { readDurationMs, readTimestampMs } from '#proto/wire/time';
import {
  WireWriter,
  delimitedBytes,
  plainIntegerBytes,
  plainStringBytes,
} from '#proto/wire/writer';

/** The checksum as its sender wrote it; `type` is a DigestType. */
export interface BodyDigest {
  type: number;
  checksum: string;
}

/**
 * One message of a request, as it came: nothing is checked yet but the format. Strings and numbers
 * that were not sent are '' and 0, what has presence is undefined.
 */
export interface SendMessageView {
  topic: ResourceName;
  /** Keys and values in turn, as on the wire. Of a key that comes twice the last counts. */
  userProperties: string[];
  /** Not a copy: it lives in the request's buffer. */
  body: Buffer;
  tag: string | undefined;
  keys: string[];
  messageId: string;
  bodyDigest: BodyDigest | undefined;
  /** Encoding of apache.rocketmq.v2. */
  bodyEncoding: number;
  /** MessageType of apache.rocketmq.v2. */
  messageType: number;
  bornTimestampMs: number;
  bornHost: string;
  deliveryTimestampMs: number | undefined;
  queueId: number;
  messageGroup: string | undefined;
  traceContext: string | undefined;
  /** Whole seconds, rounded down. */
  orphanedRecoverySeconds: number | undefined;
  liteTopic: string | undefined;
  priority: number | undefined;
}

/** The result of one message. `offset` is a safe integer; what does not apply is '' or 0. */
export interface SendResult extends Status {
  readonly messageId: string;
  readonly transactionId: string;
  readonly offset: number;
  readonly recallHandle: string;
}

/** What all properties may take together also bounds how many keys a message can have. */
const KEYS_MAX = MESSAGE.propertiesBytesMax / 2;
const NO_BODY = Buffer.alloc(0);

/**
 * Throws BAD_REQUEST when the bytes are no such request or have too many messages in it, and
 * MESSAGE_PROPERTIES_TOO_LARGE when a message has too many properties to be looked at.
 */
export function decodeSendMessage(request: Buffer): SendMessageView[] {
  const reader = new WireReader(request);
  const messages: SendMessageView[] = [];
  while (reader.more) {
    const tag = reader.tag();
    if (tag !== 0x0a) {
      reader.skip(tag);
      continue;
    }
    if (messages.length === MESSAGE.messagesPerSendMax) {
      throw new SluiceError(
        'BAD_REQUEST',
        `more than ${MESSAGE.messagesPerSendMax} messages in one call`,
      );
    }
    messages.push(readMessage(reader));
  }
  return messages;
}

function readMessage(reader: WireReader): SendMessageView {
  const message = emptyMessage();
  const outer = reader.enter();
  while (reader.more) {
    const tag = reader.tag();
    if (tag === 0x0a) message.topic = readResource(reader);
    else if (tag === 0x12) readUserProperty(reader, message.userProperties);
    else if (tag === 0x1a) readSystemProperties(reader, message);
    else if (tag === 0x22) message.body = reader.bytes();
    else reader.skip(tag);
  }
  reader.leave(outer);
  return message;
}

/** All fields at once, so that every view has the same shape. */
function emptyMessage(): SendMessageView {
  return {
    topic: NO_RESOURCE,
    userProperties: [],
    body: NO_BODY,
    tag: undefined,
    keys: [],
    messageId: '',
    bodyDigest: undefined,
    bodyEncoding: 0,
    messageType: 0,
    bornTimestampMs: 0,
    bornHost: '',
    deliveryTimestampMs: undefined,
    queueId: 0,
    messageGroup: undefined,
    traceContext: undefined,
    orphanedRecoverySeconds: undefined,
    liteTopic: undefined,
    priority: undefined,
  };
}

function readUserProperty(reader: WireReader, userProperties: string[]): void {
  if (userProperties.length >= MESSAGE.userPropertiesMax * 2) {
    throw new SluiceError(
      'MESSAGE_PROPERTIES_TOO_LARGE',
      `more than ${MESSAGE.userPropertiesMax} user properties`,
    );
  }
  let key = '';
  let value = '';
  const outer = reader.enter();
  while (reader.more) {
    const tag = reader.tag();
    if (tag === 0x0a) key = reader.name();
    else if (tag === 0x12) value = reader.string();
    else reader.skip(tag);
  }
  reader.leave(outer);
  userProperties.push(key, value);
}

function readSystemProperties(reader: WireReader, message: SendMessageView): void {
  const outer = reader.enter();
  while (reader.more) {
    const tag = reader.tag();
    switch (tag) {
      case 0x0a:
        message.tag = reader.name();
        break;
      case 0x12:
        readKey(reader, message.keys);
        break;
      case 0x1a:
        message.messageId = reader.string();
        break;
      case 0x22:
        message.bodyDigest = readDigest(reader);
        break;
      case 0x28:
        message.bodyEncoding = reader.int32();
        break;
      case 0x30:
        message.messageType = reader.int32();
        break;
      case 0x3a:
        message.bornTimestampMs = readTimestampMs(reader);
        break;
      case 0x42:
        message.bornHost = reader.name();
        break;
      case 0x5a:
        message.deliveryTimestampMs = readTimestampMs(reader);
        break;
      case 0x68:
        message.queueId = reader.int32();
        break;
      default:
        readRareProperty(reader, message, tag);
    }
  }
  reader.leave(outer);
}

/** Fields 17 and above, whose tags take two bytes on the wire. */
function readRareProperty(reader: WireReader, message: SendMessageView, tag: number): void {
  switch (tag) {
    case 0x8a:
      message.messageGroup = reader.name();
      break;
    case 0x92:
      message.traceContext = reader.string();
      break;
    case 0x9a:
      message.orphanedRecoverySeconds = Math.floor(readDurationMs(reader) / 1000);
      break;
    case 0xaa:
      message.liteTopic = reader.name();
      break;
    case 0xb0:
      message.priority = reader.int32();
      break;
    default:
      reader.skip(tag);
  }
}

function readKey(reader: WireReader, keys: string[]): void {
  if (keys.length >= KEYS_MAX) {
    throw new SluiceError('MESSAGE_PROPERTIES_TOO_LARGE', `more than ${KEYS_MAX} keys`);
  }
  keys.push(reader.string());
}

function readDigest(reader: WireReader): BodyDigest {
  const digest = { type: 0, checksum: '' };
  const outer = reader.enter();
  while (reader.more) {
    const tag = reader.tag();
    if (tag === 0x08) digest.type = reader.int32();
    else if (tag === 0x12) digest.checksum = reader.string();
    else reader.skip(tag);
  }
  reader.leave(outer);
  return digest;
}

/** `results` are as many as the request had messages, in their order; none when all was refused. */
export function encodeSendMessageResponse(status: Status, results: readonly SendResult[]): Buffer {
  const ofStatus = statusBytes(status);
  let bytes = delimitedBytes(1, ofStatus);
  for (const result of results) bytes += delimitedBytes(2, resultBytes(result));
  const writer = new WireWriter(bytes);
  writer.delimited(1, ofStatus);
  writeStatus(writer, status);
  for (const result of results) {
    writer.delimited(2, resultBytes(result));
    writeResult(writer, result);
  }
  return writer.finish();
}

function resultBytes(result: SendResult): number {
  return (
    delimitedBytes(1, statusBytes(result)) +
    plainStringBytes(2, result.messageId) +
    plainStringBytes(3, result.transactionId) +
    plainIntegerBytes(4, result.offset) +
    plainStringBytes(5, result.recallHandle)
  );
}

function writeResult(writer: WireWriter, result: SendResult): void {
  writer.delimited(1, statusBytes(result));
  writeStatus(writer, result);
  writer.plainString(2, result.messageId);
  writer.plainString(3, result.transactionId);
  writer.plainInteger(4, result.offset);
  writer.plainString(5, result.recallHandle);
}
