/**
 * Generated from proto/rocketmq.proto by scripts/generate-fields.ts; don't edit.
 *
 * Of each message that a codec of this folder reads or writes: its fields as they are announced on
 * the wire, `field number << 3 | wire type`.
 */

export const TIMESTAMP = {
  seconds: 0x8,
  nanos: 0x10,
} as const;

export const STATUS = {
  code: 0x8,
  message: 0x12,
} as const;

export const RESOURCE = {
  resourceNamespace: 0xa,
  name: 0x12,
} as const;

export const DIGEST = {
  type: 0x8,
  checksum: 0x12,
} as const;

export const DEAD_LETTER_QUEUE = {
  topic: 0xa,
  messageId: 0x12,
} as const;

export const SYSTEM_PROPERTIES = {
  tag: 0xa,
  keys: 0x12,
  messageId: 0x1a,
  bodyDigest: 0x22,
  bodyEncoding: 0x28,
  messageType: 0x30,
  bornTimestamp: 0x3a,
  bornHost: 0x42,
  storeTimestamp: 0x4a,
  storeHost: 0x52,
  deliveryTimestamp: 0x5a,
  receiptHandle: 0x62,
  queueId: 0x68,
  queueOffset: 0x70,
  invisibleDuration: 0x7a,
  deliveryAttempt: 0x80,
  messageGroup: 0x8a,
  traceContext: 0x92,
  orphanedTransactionRecoveryDuration: 0x9a,
  deadLetterQueue: 0xa2,
  liteTopic: 0xaa,
  priority: 0xb0,
} as const;

export const USER_PROPERTIES = {
  key: 0xa,
  value: 0x12,
} as const;

export const MESSAGE = {
  topic: 0xa,
  userProperties: 0x12,
  systemProperties: 0x1a,
  body: 0x22,
} as const;

export const SEND_MESSAGE_REQUEST = {
  messages: 0xa,
} as const;

export const SEND_MESSAGE_RESPONSE = {
  status: 0xa,
  entries: 0x12,
} as const;

export const SEND_RESULT_ENTRY = {
  status: 0xa,
  messageId: 0x12,
  transactionId: 0x1a,
  offset: 0x20,
  recallHandle: 0x2a,
} as const;

export const BROKER = {
  name: 0xa,
  id: 0x10,
  endpoints: 0x1a,
} as const;

export const MESSAGE_QUEUE = {
  topic: 0xa,
  id: 0x10,
  permission: 0x18,
  broker: 0x22,
  acceptMessageTypes: 0x2a,
} as const;

export const FILTER_EXPRESSION = {
  type: 0x8,
  expression: 0x12,
} as const;

export const RECEIVE_MESSAGE_REQUEST = {
  group: 0xa,
  messageQueue: 0x12,
  filterExpression: 0x1a,
  batchSize: 0x20,
  invisibleDuration: 0x2a,
  autoRenew: 0x30,
  longPollingTimeout: 0x3a,
  attemptId: 0x42,
} as const;

export const RECEIVE_MESSAGE_RESPONSE = {
  status: 0xa,
  message: 0x12,
  deliveryTimestamp: 0x1a,
} as const;

export const ACK_MESSAGE_REQUEST = {
  group: 0xa,
  topic: 0x12,
  entries: 0x1a,
} as const;

export const ACK_MESSAGE_ENTRY = {
  messageId: 0xa,
  receiptHandle: 0x12,
  liteTopic: 0x1a,
} as const;

export const ACK_MESSAGE_RESPONSE = {
  status: 0xa,
  entries: 0x12,
} as const;

export const ACK_MESSAGE_RESULT_ENTRY = {
  messageId: 0xa,
  receiptHandle: 0x12,
  status: 0x1a,
} as const;

export const CHANGE_INVISIBLE_DURATION_REQUEST = {
  group: 0xa,
  topic: 0x12,
  receiptHandle: 0x1a,
  invisibleDuration: 0x22,
  messageId: 0x2a,
  liteTopic: 0x32,
  suspend: 0x38,
} as const;

export const CHANGE_INVISIBLE_DURATION_RESPONSE = {
  status: 0xa,
  receiptHandle: 0x12,
} as const;

export const HEARTBEAT_REQUEST = {
  group: 0xa,
  clientType: 0x10,
} as const;

export const HEARTBEAT_RESPONSE = {
  status: 0xa,
} as const;
