/** Properties of a stored message: `key \x01 value \x02` repeated (wire.md B.4). */
import { NO_TEXT, Text } from '#proto/text';
import { nameAt } from '#proto/wire/name-cache';

/** System properties, by the names that every RocketMQ client and tool knows. */
export const PROPERTY = {
  tag: 'TAGS',
  keys: 'KEYS',
  messageId: 'UNIQ_KEY',
  producerGroup: 'PGROUP',
  messageGroup: '__SHARDINGKEY',
  /** Log position of the record that says who sent it. */
  sender: '__SENDER',
  traceContext: 'TRACE_CONTEXT',
  bornHost: '__BORNHOST',
  bornTimestamp: 'BORN_TIMESTAMP',
  deliverAt: 'TIMER_DELIVER_MS',
  /** Of a scheduled message whose time has come: where in the log it was scheduled. */
  scheduledPosition: '__SCHEDULED_POSITION',
  transactional: 'TRAN_MSG',
  checkImmunity: 'CHECK_IMMUNITY_TIME_IN_SECONDS',
  deadLetterTopic: 'DLQ_ORIGIN_TOPIC',
  deadLetterMessageId: 'DLQ_ORIGIN_MESSAGE_ID',
  /** Of a dead letter: how often it was delivered, who gave it up, where if not in its origin. */
  deadLetterAttempts: '__DLQ_ATTEMPTS',
  deadLetterReason: '__DLQ_REASON',
  deadLetterFailedIn: '__DLQ_FAILED_IN',
  /** Of a dead letter: ids of group and topic, queue and offset of what it is the copy of. */
  deadLetterOf: '__DLQ_OF',
  /** Of a dead letter that was sent again: the one group that is to get it, and which it was. */
  resentFor: '__RESENT_FOR',
  resentFrom: '__RESENT_FROM',
} as const;

const OTHER_SYSTEM_NAMES = [
  'WAIT',
  'DELAY',
  'RETRY_TOPIC',
  'REAL_TOPIC',
  'REAL_QID',
  'MIN_OFFSET',
  'MAX_OFFSET',
  'ORIGIN_MESSAGE_ID',
  'RECONSUME_TIME',
  'MAX_RECONSUME_TIMES',
  'MSG_REGION',
  'TRACE_ON',
  'CONSUME_START_TIME',
  'TRAN_PREPARED_QUEUE_OFFSET',
  '__transactionId__',
  'TRANSACTION_CHECK_TIMES',
  'INSTANCE_ID',
  'CORRELATION_ID',
  'REPLY_TO_CLIENT',
  'TTL',
  'ARRIVE_TIME',
  'PUSH_REPLY_TIME',
  'CLUSTER',
  'MSG_TYPE',
  'POP_CK',
  '1ST_POP_TIME',
  'TIMER_DELAY_SEC',
  'TIMER_DELAY_MS',
  'TIMER_OUT_MS',
  'TIMER_DEL_UNIQKEY',
  '__CRC32#',
  'INNER_NUM',
  'INNER_BASE',
];

/** Each name by itself, so that a name that was read becomes the constant above. */
const SYSTEM: ReadonlyMap<string, string> = new Map(
  [...Object.values(PROPERTY), ...OTHER_SYSTEM_NAMES].map((name) => [name, name]),
);

/** Most names of users begin in another way than any of the system's. */
const SYSTEM_BEGINNINGS = new Set([...SYSTEM.keys()].map((name) => name.charCodeAt(0)));

/** Whether a name is kept for the system: users' properties must not have it. */
export function isSystemProperty(name: string): boolean {
  return SYSTEM.has(name);
}

/** The name if it is one of the system's, as the constant that it is above. */
export function systemName({ bytes, start, end }: Text): string | undefined {
  const first = bytes[start] as number;
  if (!SYSTEM_BEGINNINGS.has(first)) return undefined;
  return SYSTEM.get(nameAt(bytes, start, end) ?? '');
}

const AFTER_NAME = 0x01;
const AFTER_VALUE = 0x02;
const BETWEEN_KEYS = 0x20;

/** To properties on their way into the log, names and values in turn, adds one of the system's. */
export function addProperty(properties: Text[], name: string, value: Text): void {
  properties.push(Text.ofName(name), value);
}

export function propertiesBytes(properties: readonly Text[]): number {
  let bytes = properties.length; // a separator behind each
  for (const text of properties) bytes += text.length;
  return bytes;
}

/** Writes `propertiesBytes(properties)` bytes to `target` at `at`. */
export function writeProperties(properties: readonly Text[], target: Buffer, at: number): void {
  let end = at;
  for (let i = 0; i < properties.length; i++) {
    end = (properties[i] as Text).copy(target, end);
    target[end++] = i % 2 === 0 ? AFTER_NAME : AFTER_VALUE;
  }
}

/** The properties of a stored message, told apart but not looked at. */
export class StoredProperties {
  /** Names of the system's, each beside its value in `#values`. */
  readonly #names: string[] = [];
  readonly #values: Text[] = [];
  /** The user's: names and values in turn. */
  readonly user: Text[] = [];

  add(name: Text, value: Text): void {
    const known = systemName(name);
    if (known === undefined) {
      this.user.push(name, value);
      return;
    }
    this.#names.push(known);
    this.#values.push(value);
  }

  /** One of the system's. */
  get(name: string): string | undefined {
    return this.text(name)?.toString();
  }

  text(name: string): Text | undefined {
    for (let i = this.#names.length - 1; i >= 0; i--) {
      if (this.#names[i] === name) return this.#values[i];
    }
    return undefined;
  }

  has(name: string): boolean {
    return this.#names.includes(name);
  }

  /** One of the system's or the user's, by an ASCII name. */
  find(name: string): string | undefined {
    if (isSystemProperty(name)) return this.get(name);
    const { user } = this;
    for (let i = user.length - 2; i >= 0; i -= 2) {
      if ((user[i] as Text).is(name)) return (user[i + 1] as Text).toString();
    }
    return undefined;
  }

  /** All of them, to be stored once more. */
  get all(): Text[] {
    return this.allBut([]);
  }

  /** The user's, and of the system's all but these. */
  allBut(names: readonly string[]): Text[] {
    const system = this.#names.flatMap((name, i) =>
      names.includes(name) ? [] : [Text.ofName(name), this.#values[i] as Text],
    );
    return [...system, ...this.user];
  }
}

export function parseProperties({ bytes, start, end }: Text): StoredProperties {
  const properties = new StoredProperties();
  let at = start;
  while (at < end) {
    const middle = indexOf(bytes, AFTER_NAME, at, end);
    if (middle === end) break;
    const valueEnd = indexOf(bytes, AFTER_VALUE, middle + 1, end);
    properties.add(new Text(bytes, at, middle), new Text(bytes, middle + 1, valueEnd));
    at = valueEnd + 1;
  }
  return properties;
}

/** All keys of a message are one property. */
export function joinKeys(keys: readonly Text[]): Text {
  return keys.length === 1 ? (keys[0] as Text) : Text.of(keys.join(' '));
}

export function storedKeys(properties: StoredProperties): Text[] {
  const joined = properties.text(PROPERTY.keys);
  if (joined === undefined) return [];
  const { bytes, start, end } = joined;
  const keys: Text[] = [];
  for (let at = start; at <= end;) {
    const keyEnd = indexOf(bytes, BETWEEN_KEYS, at, end);
    keys.push(new Text(bytes, at, keyEnd));
    at = keyEnd + 1;
  }
  return keys;
}

/** What a message can be found by: its id, its keys, and the dead letter that it was. */
export function lookupKeys(properties: StoredProperties): Text[] {
  const keys = [properties.text(PROPERTY.messageId) ?? NO_TEXT, ...storedKeys(properties)];
  const resentFrom = properties.text(PROPERTY.resentFrom);
  if (resentFrom) keys.push(resentFrom);
  return keys;
}

/** Where a byte comes first; `end` when it does not. */
function indexOf(bytes: Buffer, wanted: number, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] !== wanted) at++;
  return at;
}

/** Java's String.hashCode, by which the queue index knows a tag (wire.md B.4); 0 for no tag. */
export function tagHash(tag: string | undefined): number {
  let hash = 0;
  if (tag === undefined) return hash;
  for (let i = 0; i < tag.length; i++) hash = (Math.imul(hash, 31) + tag.charCodeAt(i)) | 0;
  return hash;
}
