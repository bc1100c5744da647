/**
 * What each error code is on the gRPC wire, and what it means to the one who gets it. The texts are
 * here so that `docs/errors.md` (made by `scripts/generate-errors-doc.ts`) can't drift from them.
 *
 * The number decides what public clients do next. A producer tries its next queue at once and sets
 * the endpoint aside until a heartbeat succeeds, except on TOO_MANY_REQUESTS, where it waits its
 * backoff first. A push consumer polls again after 1 s, on TOO_MANY_REQUESTS after 20 ms. Acks are
 * repeated each second, except on INVALID_RECEIPT_HANDLE. A number unknown to a client becomes
 * "unsupported" there. wire.md A.2, F.10
 */
import { SluiceError } from '#lib/errors';
import type { ErrorCode } from '#lib/errors';
import { CONSUME, MESSAGE, NAME, PRODUCT } from '#lib/limits';
import { Code } from '#proto/types';

export { Code };

export type CodeName = keyof typeof Code;

/** apache.rocketmq.v2.Status as everything here passes it on. */
export interface Status {
  readonly code: number;
  readonly message: string;
}

export interface CodeEntry {
  /** The name of the number in apache.rocketmq.v2. */
  readonly wire: CodeName;
  readonly when: string;
  readonly action: string;
}

const KIB = 1024;
const MIB = 1024 * KIB;
const SECOND = 1000;
const HOUR = 3600 * SECOND;
const DAY = 24 * HOUR;

const BODY_MAX = `${MESSAGE.bodyBytesMax / MIB} MiB`;
const TIMED_BODY_MAX = `${MESSAGE.timedBodyBytesMax / KIB} KiB`;
const PROPERTIES_MAX = `${MESSAGE.propertiesBytesMax / KIB} KiB`;
const INVISIBLE_MIN = `${CONSUME.invisibleMinMs / SECOND} s`;
const INVISIBLE_MAX = `${CONSUME.invisibleMaxMs / HOUR} h`;
const DELAY_MAX = `${PRODUCT.delayMaxMs / DAY} days`;
const POLLING_MIN = `${CONSUME.pollingMinMs / SECOND} s`;

export const OK_STATUS: Status = { code: Code.OK, message: 'OK' };

export const CODES: Readonly<Record<ErrorCode, CodeEntry>> = {
  BAD_REQUEST: {
    wire: 'BAD_REQUEST',
    when: 'The request is not valid protobuf, or a field is missing or out of its range.',
    action: 'Correct the request; the message names the field.',
  },
  ILLEGAL_TOPIC: {
    wire: 'ILLEGAL_TOPIC',
    when: 'The topic name is empty, too long, has a character that is not allowed, or is reserved.',
    action: `Use 1 to ${NAME.topicCharsMax} letters, digits, - and _.`,
  },
  ILLEGAL_CONSUMER_GROUP: {
    wire: 'ILLEGAL_CONSUMER_GROUP',
    when: 'The group name is empty, too long, has a character that is not allowed, or is reserved.',
    action: `Use 1 to ${NAME.groupCharsMax} letters, digits, - and _.`,
  },
  ILLEGAL_MESSAGE_TAG: {
    wire: 'ILLEGAL_MESSAGE_TAG',
    when: 'The tag is blank, too long, or has `|` or a control character in it.',
    action: 'Choose another tag, or send without one.',
  },
  ILLEGAL_MESSAGE_KEY: {
    wire: 'ILLEGAL_MESSAGE_KEY',
    when: 'A key is blank, too long, or has a control character in it.',
    action: 'Choose other keys; a message needs none.',
  },
  ILLEGAL_MESSAGE_GROUP: {
    wire: 'ILLEGAL_MESSAGE_GROUP',
    when: 'The message group is blank, too long, or has a control character in it.',
    action: `Set a message group of 1 to ${MESSAGE.messageGroupBytesMax} bytes.`,
  },
  ILLEGAL_MESSAGE_PROPERTY_KEY: {
    wire: 'ILLEGAL_MESSAGE_PROPERTY_KEY',
    when: 'A property has no name or a reserved one, or has a control character in name or value.',
    action: 'Rename the property, or clean its value.',
  },
  ILLEGAL_MESSAGE_ID: {
    wire: 'ILLEGAL_MESSAGE_ID',
    when: 'The message id is blank, too long, or has a control character in it.',
    action: 'Let the client library make the id.',
  },
  ILLEGAL_FILTER_EXPRESSION: {
    wire: 'ILLEGAL_FILTER_EXPRESSION',
    when: 'The filter of a subscription is too long, or can not be read.',
    action: 'Use `*`, tags joined by `||`, or SQL92; see the message.',
  },
  ILLEGAL_INVISIBLE_TIME: {
    wire: 'ILLEGAL_INVISIBLE_TIME',
    when: 'The invisible time is shorter or longer than allowed.',
    action: `Use ${INVISIBLE_MIN} to ${INVISIBLE_MAX}; from 0 when changing it.`,
  },
  ILLEGAL_POLLING_TIME: {
    wire: 'ILLEGAL_POLLING_TIME',
    when: `The wait goes beyond the call's deadline, and that is in less than ${POLLING_MIN}.`,
    action: 'Give the call a deadline later than the polling time, or poll for less time.',
  },
  ILLEGAL_OFFSET: {
    wire: 'ILLEGAL_OFFSET',
    when: 'The offset or time is outside of what is kept, or goes back, or is of before a reset.',
    action: 'Ask for the offset with GetOffset or QueryOffset and go on from there.',
  },
  ILLEGAL_DELIVERY_TIME: {
    wire: 'ILLEGAL_DELIVERY_TIME',
    when: 'The scheduled message says no delivery time, or one too far ahead.',
    action: `Set a delivery time that is at most ${DELAY_MAX} ahead; one that is past is now.`,
  },
  INVALID_RECEIPT_HANDLE: {
    wire: 'INVALID_RECEIPT_HANDLE',
    when: 'The receipt handle is forged, expired, or replaced, or its message is done.',
    action: "Don't repeat the call; unless the message is done, it is delivered again.",
  },
  INVALID_TRANSACTION_ID: {
    wire: 'INVALID_TRANSACTION_ID',
    when: 'The transaction is not known, or has ended the other way.',
    action: "Don't repeat the call; the message says how the transaction ended.",
  },
  MESSAGE_PROPERTY_CONFLICT_WITH_TYPE: {
    wire: 'MESSAGE_PROPERTY_CONFLICT_WITH_TYPE',
    when: 'The message is of another kind than its topic.',
    action: 'Send to a topic of the right kind.',
  },
  MESSAGE_CORRUPTED: {
    wire: 'MESSAGE_CORRUPTED',
    when: 'The messages of one call have several topics.',
    action: 'Send each topic in its own call.',
  },
  UNRECOGNIZED_CLIENT_TYPE: {
    wire: 'UNRECOGNIZED_CLIENT_TYPE',
    when: 'The server does not know the settings of the client, or does not serve its type.',
    action: 'Send the settings on a Telemetry stream; client libraries do so by themselves.',
  },
  CLIENT_ID_REQUIRED: {
    wire: 'CLIENT_ID_REQUIRED',
    when: 'The call has no `x-mq-client-id`.',
    action: 'Set the header; client libraries do so by themselves.',
  },
  INVALID_CLIENT_PROPERTIES: {
    wire: 'INVALID_CLIENT_PROPERTIES',
    when: 'The settings say neither publishing nor subscription, or the client id is too long.',
    action: 'Correct the properties of the client.',
  },
  UNAUTHORIZED: {
    wire: 'UNAUTHORIZED',
    when: 'The token of the admin port is missing or wrong.',
    action: 'Present the token that the server was started with.',
  },
  FORBIDDEN: {
    wire: 'FORBIDDEN',
    when: 'The topic, the group, or the edition of the instance does not allow the call.',
    action: 'The message says what does not; change its definition, or use another one.',
  },
  MESSAGE_NOT_FOUND: {
    wire: 'MESSAGE_NOT_FOUND',
    when: 'There is no message now, or none with that id; the usual end of an empty poll.',
    action: 'Poll again.',
  },
  TOPIC_NOT_FOUND: {
    wire: 'TOPIC_NOT_FOUND',
    when: 'The topic does not exist, or no broker that has it is alive.',
    action: 'Create the topic; check that its brokers run.',
  },
  CONSUMER_GROUP_NOT_FOUND: {
    wire: 'CONSUMER_GROUP_NOT_FOUND',
    when: 'The group does not exist.',
    action: 'Create the group.',
  },
  OFFSET_NOT_FOUND: {
    wire: 'OFFSET_NOT_FOUND',
    when: 'The group, or the member of a broadcast group, has no offset in that queue yet.',
    action: 'Choose where to start with QueryOffset.',
  },
  CLIENT_NOT_FOUND: {
    wire: 'NOT_FOUND',
    when: 'No client of that id is connected to this broker, or not as a member of that group.',
    action: 'List the clients of the group; ask the broker that the client is connected to.',
  },
  CLIENT_TIMEOUT: {
    wire: 'PROXY_TIMEOUT',
    when: 'A client that was asked something on its Telemetry stream has not answered in time.',
    action: 'Repeat; the client may be busy, or of a kind that does not answer this.',
  },
  ALREADY_EXISTS: {
    wire: 'PRECONDITION_FAILED',
    when: 'What the call creates is already there.',
    action: 'Use another name, or update what is there.',
  },
  MESSAGE_BODY_TOO_LARGE: {
    wire: 'MESSAGE_BODY_TOO_LARGE',
    when: `The body is above ${BODY_MAX}, or ${TIMED_BODY_MAX} if scheduled or transactional.`,
    action: 'Send less: compress the body, split it, or send a reference to it.',
  },
  MESSAGE_BODY_EMPTY: {
    wire: 'MESSAGE_BODY_EMPTY',
    when: 'The body has no bytes.',
    action: 'Send at least one byte.',
  },
  MESSAGE_PROPERTIES_TOO_LARGE: {
    wire: 'MESSAGE_PROPERTIES_TOO_LARGE',
    when: `Over ${MESSAGE.userPropertiesMax} properties, or ${PROPERTIES_MAX} with tag and keys.`,
    action: 'Move data from the properties into the body.',
  },
  TOO_MANY_REQUESTS: {
    wire: 'TOO_MANY_REQUESTS',
    when: 'The quota of messages per second, or a limit on concurrent work, is reached.',
    action: 'Repeat after a backoff, as client libraries do; send less, or raise the quota.',
  },
  BROKER_READ_ONLY: {
    // Not TOO_MANY_REQUESTS: producers are to go on to another broker at once.
    wire: 'INTERNAL_SERVER_ERROR',
    when: 'The broker is drained before it is removed: it takes no messages, reads go on.',
    action: 'Repeat; client libraries go to another broker.',
  },
  DISK_FULL: {
    // Not TOO_MANY_REQUESTS: another broker may have room, and a producer should try it at once.
    wire: 'INTERNAL_SERVER_ERROR',
    when: "The broker's disk has less room than its reserve, or a write found none; reads go on.",
    action: 'Make room or let retention do so; writes resume by themselves.',
  },
  STORE_UNAVAILABLE: {
    wire: 'INTERNAL_SERVER_ERROR',
    when: 'The log or the index took a disk error and is out of service; reads go on.',
    action: 'Look at the log of the broker; it has to be restarted.',
  },
  SHUTTING_DOWN: {
    // Not TOO_MANY_REQUESTS: that would keep producers and consumers at the broker that is leaving.
    wire: 'INTERNAL_SERVER_ERROR',
    when: 'The broker is stopping.',
    action: 'Repeat; client libraries go to another broker or wait for this one.',
  },
  INTERNAL_ERROR: {
    wire: 'INTERNAL_ERROR',
    when: 'A fault in the server; its log has the cause.',
    action: 'Repeat; report it if it comes back.',
  },
  NOT_IMPLEMENTED: {
    wire: 'NOT_IMPLEMENTED',
    when: 'The call exists in the protocol, but is not served yet.',
    action: 'Do without it.',
  },
  UNSUPPORTED: {
    wire: 'UNSUPPORTED',
    when: 'The call is served, but not what it asks for.',
    action: 'Do without it; the message says what is supported.',
  },
};

/** The name of the error is in the text where the number alone does not tell it. */
export function statusOf(error: unknown): Status {
  const { code, message } = SluiceError.from(error);
  const { wire } = CODES[code];
  return { code: Code[wire], message: wire === code ? message : `${code}: ${message}` };
}

/** Of a call with several results: theirs if all agree, else MULTIPLE_RESULTS. wire.md A.7, A.9 */
export function overallStatus(results: readonly Status[]): Status {
  const first = results[0];
  if (!first) return OK_STATUS;
  if (results.every(({ code }) => code === first.code)) return first;
  return { code: Code.MULTIPLE_RESULTS, message: 'the entries have different results' };
}
