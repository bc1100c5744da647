/** SendMessage: decode the request, encode the response. wire.md A.1, A.7 */
import { SluiceError } from '#lib/errors';
import { MESSAGE as LIMITS } from '#lib/limits';
import type { Status } from '#proto/codes';
import { NO_TEXT } from '#proto/text';
import type { Text } from '#proto/text';
import {
  DIGEST,
  MESSAGE,
  SEND_MESSAGE_REQUEST as REQUEST,
  SEND_MESSAGE_RESPONSE as RESPONSE,
  SEND_RESULT_ENTRY as RESULT,
  SYSTEM_PROPERTIES as SYSTEM,
  USER_PROPERTIES,
} from '#proto/wire/fields';
import { WireReader } from '#proto/wire/reader';
import { NO_RESOURCE, readResource } from '#proto/wire/resource';
import type { ResourceName } from '#proto/wire/resource';
import { STATUS_BYTES_EXPECTED, writeStatus } from '#proto/wire/status';
import { readDurationMs, readTimestampMs } from '#proto/wire/time';
import { WireWriter } from '#proto/wire/writer';

/** The checksum as its sender wrote it; `type` is a DigestType. */
export interface BodyDigest {
  type: number;
  checksum: Text;
}

/**
 * One message of a request, as it came: nothing is checked yet but the format. Texts and numbers
 * that were not sent are '' and 0, what has presence is undefined. Texts and body are no copies:
 * they live in the request's buffer.
 */
export interface SendMessageView {
  topic: ResourceName;
  /** Keys and values in turn, as on the wire. Of a key that comes twice the last counts. */
  userProperties: Text[];
  body: Buffer;
  tag: Text | undefined;
  keys: Text[];
  messageId: Text;
  bodyDigest: BodyDigest | undefined;
  /** Encoding of apache.rocketmq.v2. */
  bodyEncoding: number;
  /** MessageType of apache.rocketmq.v2. */
  messageType: number;
  bornTimestampMs: number;
  bornHost: Text;
  deliveryTimestampMs: number | undefined;
  queueId: number;
  messageGroup: Text | undefined;
  traceContext: Text | undefined;
  orphanedRecoveryMs: number | undefined;
  liteTopic: Text | undefined;
  priority: number | undefined;
}

/** The result of one message. `offset` is a safe integer; what does not apply is '' or 0. */
export interface SendResult extends Status {
  readonly messageId: Text;
  readonly transactionId: string;
  readonly offset: number;
  readonly recallHandle: string;
}

/** What all properties may take together also bounds how many keys a message can have. */
const KEYS_MAX = LIMITS.propertiesBytesMax / 2;
const NO_BODY = Buffer.alloc(0);
/** Of a result: its status, its id, its offset. */
const RESULT_BYTES_EXPECTED = 96;

/**
 * Throws BAD_REQUEST when the bytes are no such request or have too many messages in it, and
 * MESSAGE_PROPERTIES_TOO_LARGE when a message has too many properties to be looked at.
 */
export function decodeSendMessage(request: Buffer): SendMessageView[] {
  const reader = new WireReader(request);
  const messages: SendMessageView[] = [];
  while (reader.more) {
    const tag = reader.tag();
    if (tag !== REQUEST.messages) {
      reader.skip(tag);
      continue;
    }
    if (messages.length === LIMITS.messagesPerSendMax) {
      throw new SluiceError(
        'BAD_REQUEST',
        `more than ${LIMITS.messagesPerSendMax} messages in one call`,
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
    if (tag === MESSAGE.topic) message.topic = readResource(reader, message.topic);
    else if (tag === MESSAGE.userProperties) readUserProperty(reader, message.userProperties);
    else if (tag === MESSAGE.systemProperties) readSystemProperties(reader, message);
    else if (tag === MESSAGE.body) message.body = reader.bytes();
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
    messageId: NO_TEXT,
    bodyDigest: undefined,
    bodyEncoding: 0,
    messageType: 0,
    bornTimestampMs: 0,
    bornHost: NO_TEXT,
    deliveryTimestampMs: undefined,
    queueId: 0,
    messageGroup: undefined,
    traceContext: undefined,
    orphanedRecoveryMs: undefined,
    liteTopic: undefined,
    priority: undefined,
  };
}

function readUserProperty(reader: WireReader, userProperties: Text[]): void {
  if (userProperties.length >= LIMITS.userPropertiesMax * 2) {
    throw new SluiceError(
      'MESSAGE_PROPERTIES_TOO_LARGE',
      `more than ${LIMITS.userPropertiesMax} user properties`,
    );
  }
  let key = NO_TEXT;
  let value = NO_TEXT;
  const outer = reader.enter();
  while (reader.more) {
    const tag = reader.tag();
    if (tag === USER_PROPERTIES.key) key = reader.text();
    else if (tag === USER_PROPERTIES.value) value = reader.text();
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
      case SYSTEM.tag:
        message.tag = reader.text();
        break;
      case SYSTEM.keys:
        readKey(reader, message.keys);
        break;
      case SYSTEM.messageId:
        message.messageId = reader.text();
        break;
      case SYSTEM.bodyDigest:
        message.bodyDigest = readDigest(reader, message.bodyDigest);
        break;
      case SYSTEM.bodyEncoding:
        message.bodyEncoding = reader.int32();
        break;
      case SYSTEM.messageType:
        message.messageType = reader.int32();
        break;
      case SYSTEM.bornTimestamp:
        message.bornTimestampMs = readTimestampMs(reader, message.bornTimestampMs);
        break;
      case SYSTEM.bornHost:
        message.bornHost = reader.text();
        break;
      case SYSTEM.queueId:
        message.queueId = reader.int32();
        break;
      default:
        readRareProperty(reader, message, tag);
    }
  }
  reader.leave(outer);
}

function readRareProperty(reader: WireReader, message: SendMessageView, tag: number): void {
  switch (tag) {
    case SYSTEM.deliveryTimestamp:
      message.deliveryTimestampMs = readTimestampMs(reader, message.deliveryTimestampMs);
      break;
    case SYSTEM.messageGroup:
      message.messageGroup = reader.text();
      break;
    case SYSTEM.traceContext:
      message.traceContext = reader.text();
      break;
    case SYSTEM.orphanedTransactionRecoveryDuration:
      message.orphanedRecoveryMs = readDurationMs(reader, message.orphanedRecoveryMs);
      break;
    case SYSTEM.liteTopic:
      message.liteTopic = reader.text();
      break;
    case SYSTEM.priority:
      message.priority = reader.int32();
      break;
    default:
      reader.skip(tag); // the others are the server's to set
  }
}

function readKey(reader: WireReader, keys: Text[]): void {
  if (keys.length >= KEYS_MAX) {
    throw new SluiceError('MESSAGE_PROPERTIES_TOO_LARGE', `more than ${KEYS_MAX} keys`);
  }
  keys.push(reader.text());
}

/** `before` is what the field held so far. */
function readDigest(reader: WireReader, before: BodyDigest | undefined): BodyDigest {
  const digest = before ?? { type: 0, checksum: NO_TEXT };
  const outer = reader.enter();
  while (reader.more) {
    const tag = reader.tag();
    if (tag === DIGEST.type) digest.type = reader.int32();
    else if (tag === DIGEST.checksum) digest.checksum = reader.text();
    else reader.skip(tag);
  }
  reader.leave(outer);
  return digest;
}

/** `results` are as many as the request had messages, in their order; none when all was refused. */
export function encodeSendMessageResponse(status: Status, results: readonly SendResult[]): Buffer {
  const bytesExpected = STATUS_BYTES_EXPECTED + results.length * RESULT_BYTES_EXPECTED;
  const writer = new WireWriter(bytesExpected);
  for (let i = results.length - 1; i >= 0; i--) {
    const result = results[i] as SendResult;
    const before = writer.written;
    writer.plainString(RESULT.recallHandle, result.recallHandle);
    writer.plainInteger(RESULT.offset, result.offset);
    writer.plainString(RESULT.transactionId, result.transactionId);
    writer.plainText(RESULT.messageId, result.messageId);
    writeStatus(writer, RESULT.status, result);
    writer.message(RESPONSE.entries, before);
  }
  writeStatus(writer, RESPONSE.status, status);
  return writer.finish();
}
