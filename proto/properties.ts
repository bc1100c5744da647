/** Properties of a stored message: `key \x01 value \x02` repeated (wire.md B.4). */

/** System properties, by the names that every RocketMQ client and tool knows. */
export const PROPERTY = {
  tag: 'TAGS',
  keys: 'KEYS',
  messageId: 'UNIQ_KEY',
  producerGroup: 'PGROUP',
  messageGroup: '__SHARDINGKEY',
  traceContext: 'TRACE_CONTEXT',
  bornHost: '__BORNHOST',
  bornTimestamp: 'BORN_TIMESTAMP',
  deliverAt: 'TIMER_DELIVER_MS',
  transactional: 'TRAN_MSG',
  checkImmunity: 'CHECK_IMMUNITY_TIME_IN_SECONDS',
  deadLetterTopic: 'DLQ_ORIGIN_TOPIC',
  deadLetterMessageId: 'DLQ_ORIGIN_MESSAGE_ID',
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

const SYSTEM = new Set<string>([...Object.values(PROPERTY), ...OTHER_SYSTEM_NAMES]);

/** Whether a name is kept for the system: users' properties must not have it. */
export function isSystemProperty(name: string): boolean {
  return SYSTEM.has(name);
}

const AFTER_NAME = '\x01';
const AFTER_VALUE = '\x02';

/** Appends one property to a text of properties. */
export function addProperty(text: string, name: string, value: string): string {
  return text + name + AFTER_NAME + value + AFTER_VALUE;
}

/**
 * The properties of a stored message: the system's by name, the user's as name, value, …
 */
export interface StoredProperties {
  system: Map<string, string>;
  user: string[];
}

export function parseProperties(text: string): StoredProperties {
  const system = new Map<string, string>();
  const user: string[] = [];
  let at = 0;
  while (at < text.length) {
    const middle = text.indexOf(AFTER_NAME, at);
    if (middle < 0) break;
    const end = text.indexOf(AFTER_VALUE, middle);
    const value = text.slice(middle + 1, end < 0 ? text.length : end);
    const name = text.slice(at, middle);
    if (SYSTEM.has(name)) system.set(name, value);
    else user.push(name, value);
    at = end < 0 ? text.length : end + 1;
  }
  return { system, user };
}

/** Java's String.hashCode, by which the queue index knows a tag (wire.md B.4); 0 for no tag. */
export function tagHash(tag: string | undefined): number {
  let hash = 0;
  if (tag === undefined) return hash;
  for (let i = 0; i < tag.length; i++) hash = (Math.imul(hash, 31) + tag.charCodeAt(i)) | 0;
  return hash;
}
