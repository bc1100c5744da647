/**
 * What every message must pass before it is taken, whatever door it came by: a list of small steps,
 * in the order in which a client is to learn of its mistakes (wire.md A.7).
 */
import { SluiceError } from '#lib/errors';
import type { ErrorCode } from '#lib/errors';
import { MESSAGE } from '#lib/limits';
import { TRANSACTION } from '#lib/transaction-limits';
import { systemName } from '#proto/properties';
import type { TopicKind } from '#proto/route';
import { NO_TEXT } from '#proto/text';
import type { Text } from '#proto/text';

import type { Topic } from '#broker/topic/topics';

/** A message as a door has understood it, before anything is known to be allowed. */
export interface Candidate {
  body: Buffer;
  tag: Text | undefined;
  keys: readonly Text[];
  messageId: Text;
  messageGroup: Text | undefined;
  deliveryTimestampMs?: number | undefined;
  /** Name and value in turn. */
  userProperties: readonly Text[];
  /** What else the sender says and is stored with it. */
  traceContext?: Text | undefined;
  bornHost?: Text;
  /** Of a half message: how long its producer may be silent before it is asked. */
  orphanedRecoveryMs?: number | undefined;
}

export type MessageKind = 'normal' | 'fifo' | 'delay' | 'transaction';

const KINDS_OF_TOPIC: Readonly<Record<TopicKind, MessageKind>> = {
  normal: 'normal',
  fifo: 'fifo',
  'global-fifo': 'fifo',
  delay: 'delay',
  transaction: 'transaction',
};

// Unicode's control characters, as Java's Character.isISOControl has them.
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

function hasControl(text: Text): boolean {
  return !text.plain && CONTROL.test(text.toString());
}

function isBlank(text: Text): boolean {
  const first = text.bytes[text.start] as number;
  const startsVisible = text.length > 0 && first > 0x20 && first < 0x7f;
  return !startsVisible && text.toString().trim() === '';
}

function shown(text: Text): string {
  return JSON.stringify(text.toString());
}

function refuse(code: ErrorCode, message: string): never {
  throw new SluiceError(code, message);
}

function withinBytes(code: ErrorCode, what: string, { length }: Text, bytesMax: number): void {
  if (length > bytesMax) {
    refuse(code, `${what} has at most ${bytesMax} bytes, this one has ${length}`);
  }
}

/** `kind` is what the sender says the message is. */
type Step = (candidate: Candidate, topic: Topic, kind: MessageKind) => void;

const permission: Step = (_candidate, topic) => topic.assertWritable();

const bodySize: Step = ({ body }, _topic, kind) => {
  if (body.length === 0) refuse('MESSAGE_BODY_EMPTY', 'a message must have a body');
  const timed = kind === 'delay' || kind === 'transaction';
  const bytesMax = timed ? MESSAGE.timedBodyBytesMax : MESSAGE.bodyBytesMax;
  if (body.length > bytesMax) {
    refuse(
      'MESSAGE_BODY_TOO_LARGE',
      `the body of a ${kind} message has at most ${bytesMax} bytes, this one has ${body.length}`,
    );
  }
};

const propertiesSize: Step = (candidate) => {
  const { userProperties, tag, keys, traceContext = NO_TEXT, bornHost = NO_TEXT } = candidate;
  const count = userProperties.length / 2;
  if (count > MESSAGE.userPropertiesMax) {
    refuse(
      'MESSAGE_PROPERTIES_TOO_LARGE',
      `a message has at most ${MESSAGE.userPropertiesMax} properties, this one has ${count}`,
    );
  }
  let bytes = traceContext.length + bornHost.length + (tag?.length ?? 0);
  for (const text of userProperties) bytes += text.length;
  for (const key of keys) bytes += key.length + 1;
  if (bytes > MESSAGE.propertiesBytesMax) {
    refuse(
      'MESSAGE_PROPERTIES_TOO_LARGE',
      `properties have at most ${MESSAGE.propertiesBytesMax} bytes together, these have ${bytes}`,
    );
  }
};

const propertyNames: Step = ({ userProperties }) => {
  for (let i = 0; i < userProperties.length; i += 2) {
    const name = userProperties[i] as Text;
    const value = userProperties[i + 1] as Text;
    if (isBlank(name)) refuse('ILLEGAL_MESSAGE_PROPERTY_KEY', 'a property must have a name');
    if (systemName(name) !== undefined) {
      refuse('ILLEGAL_MESSAGE_PROPERTY_KEY', `the property name ${shown(name)} is the system's`);
    }
    if (hasControl(name) || hasControl(value)) {
      refuse('ILLEGAL_MESSAGE_PROPERTY_KEY', `the property ${shown(name)} has a control character`);
    }
  }
};

/** With a control character they would be read back as several properties. */
const senderFacts: Step = ({ traceContext = NO_TEXT, bornHost = NO_TEXT }) => {
  if (hasControl(traceContext) || hasControl(bornHost)) {
    refuse(
      'ILLEGAL_MESSAGE_PROPERTY_KEY',
      'trace context and born host must not have a control character',
    );
  }
};

const tag: Step = ({ tag: text }) => {
  if (text === undefined) return;
  if (isBlank(text)) refuse('ILLEGAL_MESSAGE_TAG', 'a tag must not be blank');
  if (text.toString().includes('|') || hasControl(text)) {
    refuse('ILLEGAL_MESSAGE_TAG', `the tag ${shown(text)} has | or a control character`);
  }
  withinBytes('ILLEGAL_MESSAGE_TAG', 'a tag', text, MESSAGE.tagBytesMax);
};

const keys: Step = ({ keys: texts }) => {
  for (const key of texts) {
    if (isBlank(key)) refuse('ILLEGAL_MESSAGE_KEY', 'a message key must not be blank');
    if (hasControl(key)) {
      refuse('ILLEGAL_MESSAGE_KEY', `the key ${shown(key)} has a control character`);
    }
    withinBytes('ILLEGAL_MESSAGE_KEY', 'a message key', key, MESSAGE.keyBytesMax);
  }
};

const messageGroup: Step = ({ messageGroup: text }) => {
  if (text === undefined) return;
  if (isBlank(text) || hasControl(text)) {
    refuse(
      'ILLEGAL_MESSAGE_GROUP',
      'a message group must not be blank or have a control character',
    );
  }
  withinBytes('ILLEGAL_MESSAGE_GROUP', 'a message group', text, MESSAGE.messageGroupBytesMax);
};

const messageId: Step = ({ messageId: text }) => {
  if (isBlank(text) || hasControl(text)) {
    refuse('ILLEGAL_MESSAGE_ID', 'a message id must not be blank or have a control character');
  }
  withinBytes('ILLEGAL_MESSAGE_ID', 'a message id', text, MESSAGE.idBytesMax);
};

const recovery: Step = ({ orphanedRecoveryMs = 0 }) => {
  if (orphanedRecoveryMs > TRANSACTION.recoveryMaxMs) {
    refuse('BAD_REQUEST', `a transaction is checked after ${TRANSACTION.recoveryMaxMs} ms at most`);
  }
};

const kind: Step = ({ messageGroup: group }, topic, sent) => {
  const wanted = KINDS_OF_TOPIC[topic.kind];
  if (sent !== wanted) {
    refuse(
      'MESSAGE_PROPERTY_CONFLICT_WITH_TYPE',
      `${topic.name} takes ${wanted} messages, this one is a ${sent} message`,
    );
  }
  if (topic.kind === 'fifo' && group === undefined) {
    refuse('ILLEGAL_MESSAGE_GROUP', `${topic.name} orders by message group, this message has none`);
  }
};

/** How far ahead it may be is for the scheduler to say. */
const deliveryTime: Step = ({ deliveryTimestampMs }, _topic, sent) => {
  if (sent === 'delay' && deliveryTimestampMs === undefined) {
    refuse('ILLEGAL_DELIVERY_TIME', 'a scheduled message must say when it is to be delivered');
  }
  if (sent !== 'delay' && deliveryTimestampMs !== undefined) {
    refuse(
      'MESSAGE_PROPERTY_CONFLICT_WITH_TYPE',
      `a ${sent} message has no delivery time: only scheduled ones do`,
    );
  }
};

const STEPS: readonly Step[] = [
  permission,
  bodySize,
  propertiesSize,
  propertyNames,
  senderFacts,
  tag,
  keys,
  messageGroup,
  messageId,
  recovery,
  kind,
  deliveryTime,
];

/** @throws SluiceError with the code of the first step that the message does not pass */
export function admit(candidate: Candidate, topic: Topic, messageKind: MessageKind): void {
  for (const step of STEPS) step(candidate, topic, messageKind);
}
