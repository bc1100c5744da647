/**
 * Generated from proto/rocketmq-admin.proto by scripts/generate-types.ts; don't edit.
 *
 * Of each message the first interface is what decode returns, complete; the one that ends in Input
 * is what encode takes, where everything may be left out. Enums are open: a peer may send a number
 * that is not listed, so their type is number.
 */

export const ChangeLogLevelRequestLevel = {
  TRACE: 0,
  DEBUG: 1,
  INFO: 2,
  WARN: 3,
  ERROR: 4,
} as const;

export const GetTopicRouteRequestNetworkType = {
  INTERNAL: 0,
  INTERNET: 1,
  INTRANET: 2,
} as const;

export const MessageModel = {
  MESSAGE_MODEL_UNSPECIFIED: 0,
  CLUSTERING: 1,
  BROADCASTING: 2,
  LITE_SELECTIVE: 3,
} as const;

export const Code = {
  CODE_UNSPECIFIED: 0,
  OK: 20000,
  MULTIPLE_RESULTS: 30000,
  BAD_REQUEST: 40000,
  ILLEGAL_ACCESS_POINT: 40001,
  ILLEGAL_TOPIC: 40002,
  ILLEGAL_CONSUMER_GROUP: 40003,
  ILLEGAL_MESSAGE_TAG: 40004,
  ILLEGAL_MESSAGE_KEY: 40005,
  ILLEGAL_MESSAGE_GROUP: 40006,
  ILLEGAL_MESSAGE_PROPERTY_KEY: 40007,
  INVALID_TRANSACTION_ID: 40008,
  ILLEGAL_MESSAGE_ID: 40009,
  ILLEGAL_FILTER_EXPRESSION: 40010,
  ILLEGAL_INVISIBLE_TIME: 40011,
  ILLEGAL_DELIVERY_TIME: 40012,
  INVALID_RECEIPT_HANDLE: 40013,
  MESSAGE_PROPERTY_CONFLICT_WITH_TYPE: 40014,
  UNRECOGNIZED_CLIENT_TYPE: 40015,
  MESSAGE_CORRUPTED: 40016,
  CLIENT_ID_REQUIRED: 40017,
  ILLEGAL_POLLING_TIME: 40018,
  ILLEGAL_OFFSET: 40019,
  ILLEGAL_LITE_TOPIC: 40020,
  INVALID_CLIENT_PROPERTIES: 40021,
  UNAUTHORIZED: 40100,
  PAYMENT_REQUIRED: 40200,
  FORBIDDEN: 40300,
  NOT_FOUND: 40400,
  MESSAGE_NOT_FOUND: 40401,
  TOPIC_NOT_FOUND: 40402,
  CONSUMER_GROUP_NOT_FOUND: 40403,
  OFFSET_NOT_FOUND: 40404,
  REQUEST_TIMEOUT: 40800,
  PAYLOAD_TOO_LARGE: 41300,
  MESSAGE_BODY_TOO_LARGE: 41301,
  MESSAGE_BODY_EMPTY: 41302,
  PRECONDITION_FAILED: 42800,
  TOO_MANY_REQUESTS: 42900,
  LITE_TOPIC_QUOTA_EXCEEDED: 42901,
  LITE_SUBSCRIPTION_QUOTA_EXCEEDED: 42902,
  REQUEST_HEADER_FIELDS_TOO_LARGE: 43100,
  MESSAGE_PROPERTIES_TOO_LARGE: 43101,
  INTERNAL_ERROR: 50000,
  INTERNAL_SERVER_ERROR: 50001,
  HA_NOT_AVAILABLE: 50002,
  NOT_IMPLEMENTED: 50100,
  PROXY_TIMEOUT: 50400,
  MASTER_PERSISTENCE_TIMEOUT: 50401,
  SLAVE_PERSISTENCE_TIMEOUT: 50402,
  UNSUPPORTED: 50500,
  VERSION_UNSUPPORTED: 50501,
  VERIFY_FIFO_MESSAGE_UNSUPPORTED: 50502,
  FAILED_TO_CONSUME_MESSAGE: 60000,
} as const;

export const AddressScheme = {
  ADDRESS_SCHEME_UNSPECIFIED: 0,
  IPv4: 1,
  IPv6: 2,
  DOMAIN_NAME: 3,
} as const;

export const Permission = {
  PERMISSION_UNSPECIFIED: 0,
  NONE: 1,
  READ: 2,
  WRITE: 3,
  READ_WRITE: 4,
} as const;

export const FilterType = {
  FILTER_TYPE_UNSPECIFIED: 0,
  TAG: 1,
  SQL: 2,
} as const;

export const MessageType = {
  MESSAGE_TYPE_UNSPECIFIED: 0,
  NORMAL: 1,
  FIFO: 2,
  DELAY: 3,
  TRANSACTION: 4,
  LITE: 5,
  PRIORITY: 6,
} as const;

export const Encoding = {
  ENCODING_UNSPECIFIED: 0,
  IDENTITY: 1,
  GZIP: 2,
} as const;

export const DigestType = {
  DIGEST_TYPE_UNSPECIFIED: 0,
  CRC32: 1,
  MD5: 2,
  SHA1: 3,
} as const;

export const ClientType = {
  CLIENT_TYPE_UNSPECIFIED: 0,
  PRODUCER: 1,
  PUSH_CONSUMER: 2,
  SIMPLE_CONSUMER: 3,
  PULL_CONSUMER: 4,
  LITE_PUSH_CONSUMER: 5,
  LITE_SIMPLE_CONSUMER: 6,
} as const;

export const Language = {
  LANGUAGE_UNSPECIFIED: 0,
  JAVA: 1,
  CPP: 2,
  DOT_NET: 3,
  GOLANG: 4,
  RUST: 5,
  PYTHON: 6,
  PHP: 7,
  NODE_JS: 8,
  RUBY: 9,
  OBJECTIVE_C: 10,
  DART: 11,
  KOTLIN: 12,
} as const;

export const TransactionResolution = {
  TRANSACTION_RESOLUTION_UNSPECIFIED: 0,
  COMMIT: 1,
  ROLLBACK: 2,
} as const;

export const TransactionSource = {
  SOURCE_UNSPECIFIED: 0,
  SOURCE_CLIENT: 1,
  SOURCE_SERVER_CHECK: 2,
} as const;

export const QueryOffsetPolicy = {
  BEGINNING: 0,
  END: 1,
  TIMESTAMP: 2,
} as const;

export const LiteSubscriptionAction = {
  PARTIAL_ADD: 0,
  PARTIAL_REMOVE: 1,
  COMPLETE_ADD: 2,
  COMPLETE_REMOVE: 3,
} as const;

export const OffsetOptionPolicy = {
  LAST: 0,
  MIN: 1,
  MAX: 2,
} as const;

export interface ChangeLogLevelRequest {
  /** ChangeLogLevelRequestLevel */
  level: number;
}

export interface ChangeLogLevelRequestInput {
  /** ChangeLogLevelRequestLevel */
  level?: number | null | undefined;
}

export interface ChangeLogLevelResponse {
  remark: string;
}

export interface ChangeLogLevelResponseInput {
  remark?: string | null | undefined;
}

export interface GetProxyRuntimeStatsRequest {}

export interface GetProxyRuntimeStatsRequestInput {}

export interface GetProxyRuntimeStatsResponse {
  status: Status | null;
  proxyName: string;
  version: string;
  inTps: number;
  outTps: number;
  connections: number;
  producers: number;
  consumers: number;
}

export interface GetProxyRuntimeStatsResponseInput {
  status?: StatusInput | null | undefined;
  proxyName?: string | null | undefined;
  version?: string | null | undefined;
  inTps?: number | null | undefined;
  outTps?: number | null | undefined;
  connections?: number | null | undefined;
  producers?: number | null | undefined;
  consumers?: number | null | undefined;
}

export interface DescribeTopicStatusRequest {
  deploymentName?: string;
  topic: Resource | null;
}

export interface DescribeTopicStatusRequestInput {
  deploymentName?: string | null | undefined;
  topic?: ResourceInput | null | undefined;
}

export interface DescribeTopicStatusResponse {
  status: Status | null;
  /** MessageType */
  topicMessageType: number;
  description?: string;
  createTimestamp?: Timestamp;
  tags: Record<string, string>;
}

export interface DescribeTopicStatusResponseInput {
  status?: StatusInput | null | undefined;
  /** MessageType */
  topicMessageType?: number | null | undefined;
  description?: string | null | undefined;
  createTimestamp?: TimestampInput | null | undefined;
  tags?: Readonly<Record<string, string>> | null | undefined;
}

export interface GetTopicRouteRequest {
  deploymentName?: string;
  topic: Resource | null;
  /** GetTopicRouteRequestNetworkType */
  networkType: number;
  protocolType: string;
  streamRequestType: boolean;
  clientAddress: string;
}

export interface GetTopicRouteRequestInput {
  deploymentName?: string | null | undefined;
  topic?: ResourceInput | null | undefined;
  /** GetTopicRouteRequestNetworkType */
  networkType?: number | null | undefined;
  protocolType?: string | null | undefined;
  streamRequestType?: boolean | null | undefined;
  clientAddress?: string | null | undefined;
}

export interface GetTopicRouteResponse {
  status: Status | null;
  topicRouteData: string;
}

export interface GetTopicRouteResponseInput {
  status?: StatusInput | null | undefined;
  topicRouteData?: string | null | undefined;
}

export interface ClientInfo {
  clientId: string;
  version: string;
  language: string;
  hostname: string;
  egressIp: string;
  /** MessageModel */
  messageModel: number;
}

export interface ClientInfoInput {
  clientId?: string | null | undefined;
  version?: string | null | undefined;
  language?: string | null | undefined;
  hostname?: string | null | undefined;
  egressIp?: string | null | undefined;
  /** MessageModel */
  messageModel?: number | null | undefined;
}

export interface SubscriptionInfo {
  group: Resource | null;
  topic: Resource | null;
  expression: FilterExpression | null;
  online: boolean;
  lastUpdateTimestamp: Timestamp | null;
  /** MessageModel */
  messageModel: number;
  subscriptionConsistency: boolean;
}

export interface SubscriptionInfoInput {
  group?: ResourceInput | null | undefined;
  topic?: ResourceInput | null | undefined;
  expression?: FilterExpressionInput | null | undefined;
  online?: boolean | null | undefined;
  lastUpdateTimestamp?: TimestampInput | null | undefined;
  /** MessageModel */
  messageModel?: number | null | undefined;
  subscriptionConsistency?: boolean | null | undefined;
}

export interface ListSubscriptionRequest {
  deploymentName?: string;
  topic?: Resource;
  group?: Resource;
}

export interface ListSubscriptionRequestInput {
  deploymentName?: string | null | undefined;
  topic?: ResourceInput | null | undefined;
  group?: ResourceInput | null | undefined;
}

export interface ListSubscriptionResponse {
  status: Status | null;
  subscriptionInfo: SubscriptionInfo[];
}

export interface ListSubscriptionResponseInput {
  status?: StatusInput | null | undefined;
  subscriptionInfo?: readonly SubscriptionInfoInput[] | null | undefined;
}

export interface DescribeSubscriptionRequest {
  deploymentName?: string;
  topic?: Resource;
  group?: Resource;
}

export interface DescribeSubscriptionRequestInput {
  deploymentName?: string | null | undefined;
  topic?: ResourceInput | null | undefined;
  group?: ResourceInput | null | undefined;
}

export interface ClientSubscriptionInfo {
  clientInfo: ClientInfo | null;
  subscriptionInfo: SubscriptionInfo | null;
}

export interface ClientSubscriptionInfoInput {
  clientInfo?: ClientInfoInput | null | undefined;
  subscriptionInfo?: SubscriptionInfoInput | null | undefined;
}

export interface DescribeSubscriptionResponse {
  status: Status | null;
  clientSubscriptionInfo: ClientSubscriptionInfo[];
}

export interface DescribeSubscriptionResponseInput {
  status?: StatusInput | null | undefined;
  clientSubscriptionInfo?: readonly ClientSubscriptionInfoInput[] | null | undefined;
}

export interface DeleteSubscriptionRequest {
  deploymentName?: string;
  topic: Resource | null;
  group: Resource | null;
  expression: FilterExpression | null;
}

export interface DeleteSubscriptionRequestInput {
  deploymentName?: string | null | undefined;
  topic?: ResourceInput | null | undefined;
  group?: ResourceInput | null | undefined;
  expression?: FilterExpressionInput | null | undefined;
}

export interface DeleteSubscriptionResponse {
  status: Status | null;
}

export interface DeleteSubscriptionResponseInput {
  status?: StatusInput | null | undefined;
}

export interface ListConsumerConnectionRequest {
  deploymentName?: string;
  group: Resource | null;
  topic?: Resource;
  liteTopic?: string;
}

export interface ListConsumerConnectionRequestInput {
  deploymentName?: string | null | undefined;
  group?: ResourceInput | null | undefined;
  topic?: ResourceInput | null | undefined;
  liteTopic?: string | null | undefined;
}

export interface ListConsumerConnectionResponse {
  status: Status | null;
  clientInfo: ClientInfo[];
}

export interface ListConsumerConnectionResponseInput {
  status?: StatusInput | null | undefined;
  clientInfo?: readonly ClientInfoInput[] | null | undefined;
}

export interface GetConsumerRunningInfoRequest {
  deploymentName?: string;
  group: Resource | null;
  clientId: string;
}

export interface GetConsumerRunningInfoRequestInput {
  deploymentName?: string | null | undefined;
  group?: ResourceInput | null | undefined;
  clientId?: string | null | undefined;
}

export interface ProcessQueueInfo {
  commitOffset: number;
  cachedMsgMinOffset: number;
  cachedMsgMaxOffset: number;
  cachedMsgCount: number;
  cachedMsgSizeInMib: number;
  transactionMsgMinOffset: number;
  transactionMsgMaxOffset: number;
  transactionMsgCount: number;
  locked: boolean;
  tryUnlockTimes: number;
  lastLockTimestamp: number;
  dropped: boolean;
  lastPullTimestamp: number;
  lastConsumeTimestamp: number;
}

export interface ProcessQueueInfoInput {
  commitOffset?: number | null | undefined;
  cachedMsgMinOffset?: number | null | undefined;
  cachedMsgMaxOffset?: number | null | undefined;
  cachedMsgCount?: number | null | undefined;
  cachedMsgSizeInMib?: number | null | undefined;
  transactionMsgMinOffset?: number | null | undefined;
  transactionMsgMaxOffset?: number | null | undefined;
  transactionMsgCount?: number | null | undefined;
  locked?: boolean | null | undefined;
  tryUnlockTimes?: number | null | undefined;
  lastLockTimestamp?: number | null | undefined;
  dropped?: boolean | null | undefined;
  lastPullTimestamp?: number | null | undefined;
  lastConsumeTimestamp?: number | null | undefined;
}

export interface MessageQueueItem {
  messageQueue: MessageQueue | null;
  processQueueInfo: ProcessQueueInfo | null;
}

export interface MessageQueueItemInput {
  messageQueue?: MessageQueueInput | null | undefined;
  processQueueInfo?: ProcessQueueInfoInput | null | undefined;
}

export interface ConsumeStatus {
  receiveRt: number;
  receiveTps: number;
  consumeRt: number;
  consumeOkTps: number;
  consumeFailedTps: number;
  consumeFailedMsgs: number;
}

export interface ConsumeStatusInput {
  receiveRt?: number | null | undefined;
  receiveTps?: number | null | undefined;
  consumeRt?: number | null | undefined;
  consumeOkTps?: number | null | undefined;
  consumeFailedTps?: number | null | undefined;
  consumeFailedMsgs?: number | null | undefined;
}

export interface ConsumerRunningInfo {
  properties: Record<string, string>;
  subscriptions: Record<string, FilterExpression>;
  messageQueueTable: MessageQueueItem[];
  consumeStatusTable: Record<string, ConsumeStatus>;
}

export interface ConsumerRunningInfoInput {
  properties?: Readonly<Record<string, string>> | null | undefined;
  subscriptions?: Readonly<Record<string, FilterExpressionInput>> | null | undefined;
  messageQueueTable?: readonly MessageQueueItemInput[] | null | undefined;
  consumeStatusTable?: Readonly<Record<string, ConsumeStatusInput>> | null | undefined;
}

export interface GetConsumerRunningInfoResponse {
  status: Status | null;
  consumerRunningInfo: ConsumerRunningInfo | null;
}

export interface GetConsumerRunningInfoResponseInput {
  status?: StatusInput | null | undefined;
  consumerRunningInfo?: ConsumerRunningInfoInput | null | undefined;
}

export interface PrintThreadStackTraceRequest {
  deploymentName?: string;
  clientId: string;
  group: Resource | null;
}

export interface PrintThreadStackTraceRequestInput {
  deploymentName?: string | null | undefined;
  clientId?: string | null | undefined;
  group?: ResourceInput | null | undefined;
}

export interface PrintThreadStackTraceResponse {
  status: Status | null;
  threadStackTrace?: string;
}

export interface PrintThreadStackTraceResponseInput {
  status?: StatusInput | null | undefined;
  threadStackTrace?: string | null | undefined;
}

export interface VerifyMessageRequest {
  deploymentName?: string;
  clientId: string;
  group: Resource | null;
  topic: Resource | null;
  messageId: string;
}

export interface VerifyMessageRequestInput {
  deploymentName?: string | null | undefined;
  clientId?: string | null | undefined;
  group?: ResourceInput | null | undefined;
  topic?: ResourceInput | null | undefined;
  messageId?: string | null | undefined;
}

export interface VerifyMessageResponse {
  status: Status | null;
}

export interface VerifyMessageResponseInput {
  status?: StatusInput | null | undefined;
}

export interface DescribeGroupAccumulationRequest {
  deploymentName?: string;
  group: Resource | null;
  topics: Resource[];
  liteTopic?: string;
}

export interface DescribeGroupAccumulationRequestInput {
  deploymentName?: string | null | undefined;
  group?: ResourceInput | null | undefined;
  topics?: readonly ResourceInput[] | null | undefined;
  liteTopic?: string | null | undefined;
}

export interface GroupAccumulation {
  inflightMessages: number;
  readyMessages: number;
  accumulation: number;
  deliverDelayTime: Duration | null;
  lastConsumeTimestamp: number;
}

export interface GroupAccumulationInput {
  inflightMessages?: number | null | undefined;
  readyMessages?: number | null | undefined;
  accumulation?: number | null | undefined;
  deliverDelayTime?: DurationInput | null | undefined;
  lastConsumeTimestamp?: number | null | undefined;
}

export interface DescribeGroupAccumulationResponse {
  status: Status | null;
  accumulation: GroupAccumulation | null;
  topicAccumulation: Record<string, GroupAccumulation>;
  liteTopicAccumulation: Record<string, GroupAccumulation>;
}

export interface DescribeGroupAccumulationResponseInput {
  status?: StatusInput | null | undefined;
  accumulation?: GroupAccumulationInput | null | undefined;
  topicAccumulation?: Readonly<Record<string, GroupAccumulationInput>> | null | undefined;
  liteTopicAccumulation?: Readonly<Record<string, GroupAccumulationInput>> | null | undefined;
}

export interface QueryTimeSpanRequest {
  deploymentName?: string;
  group: Resource | null;
  topics: Resource[];
}

export interface QueryTimeSpanRequestInput {
  deploymentName?: string | null | undefined;
  group?: ResourceInput | null | undefined;
  topics?: readonly ResourceInput[] | null | undefined;
}

export interface QueueTimeSpan {
  messageQueue: MessageQueue | null;
  minTimestamp: number;
  maxTimestamp: number;
  consumeTimestamp: number;
  delayTimeMs: number;
}

export interface QueueTimeSpanInput {
  messageQueue?: MessageQueueInput | null | undefined;
  minTimestamp?: number | null | undefined;
  maxTimestamp?: number | null | undefined;
  consumeTimestamp?: number | null | undefined;
  delayTimeMs?: number | null | undefined;
}

export interface QueryTimeSpanResponse {
  status: Status | null;
  queueTimeSpanList: QueueTimeSpan[];
}

export interface QueryTimeSpanResponseInput {
  status?: StatusInput | null | undefined;
  queueTimeSpanList?: readonly QueueTimeSpanInput[] | null | undefined;
}

export interface ResetGroupOffsetRequest {
  deploymentName?: string;
  group: Resource | null;
  topic: Resource | null;
  resetTimestamp: Timestamp | null;
}

export interface ResetGroupOffsetRequestInput {
  deploymentName?: string | null | undefined;
  group?: ResourceInput | null | undefined;
  topic?: ResourceInput | null | undefined;
  resetTimestamp?: TimestampInput | null | undefined;
}

export interface ResetGroupOffsetResponse {
  status: Status | null;
}

export interface ResetGroupOffsetResponseInput {
  status?: StatusInput | null | undefined;
}

export interface ListMessageRequest {
  deploymentName?: string;
  topic: Resource | null;
  maxMessageNums: number;
  beginTimestamp: Timestamp | null;
  endTimestamp: Timestamp | null;
  messageId?: string;
  messageKey?: string;
  subscription?: string;
  liteTopic?: string;
  scrollId?: string;
  pageNum?: number;
  pageSize?: number;
  brokerName?: string;
  queueId?: number;
  /** Which of its members is set. */
  searchKey?: 'messageId' | 'messageKey' | 'subscription' | 'liteTopic';
}

export interface ListMessageRequestInput {
  deploymentName?: string | null | undefined;
  topic?: ResourceInput | null | undefined;
  maxMessageNums?: number | null | undefined;
  beginTimestamp?: TimestampInput | null | undefined;
  endTimestamp?: TimestampInput | null | undefined;
  messageId?: string | null | undefined;
  messageKey?: string | null | undefined;
  subscription?: string | null | undefined;
  liteTopic?: string | null | undefined;
  scrollId?: string | null | undefined;
  pageNum?: number | null | undefined;
  pageSize?: number | null | undefined;
  brokerName?: string | null | undefined;
  queueId?: number | null | undefined;
}

export interface ListMessageResponse {
  status: Status | null;
  messages: Message[];
  scrollId: string;
}

export interface ListMessageResponseInput {
  status?: StatusInput | null | undefined;
  messages?: readonly MessageInput[] | null | undefined;
  scrollId?: string | null | undefined;
}

export interface AdminSendMessageRequest {
  deploymentName?: string;
  topic: Resource | null;
  tag?: string;
  key?: string;
  body: Buffer;
  userProperties: Record<string, string>;
  systemProperties?: SystemProperties;
  extInfo: Record<string, string>;
}

export interface AdminSendMessageRequestInput {
  deploymentName?: string | null | undefined;
  topic?: ResourceInput | null | undefined;
  tag?: string | null | undefined;
  key?: string | null | undefined;
  body?: Uint8Array | null | undefined;
  userProperties?: Readonly<Record<string, string>> | null | undefined;
  systemProperties?: SystemPropertiesInput | null | undefined;
  extInfo?: Readonly<Record<string, string>> | null | undefined;
}

export interface AdminSendMessageResponse {
  status: Status | null;
  messageId: string;
}

export interface AdminSendMessageResponseInput {
  status?: StatusInput | null | undefined;
  messageId?: string | null | undefined;
}

export interface Status {
  /** Code */
  code: number;
  message: string;
}

export interface StatusInput {
  /** Code */
  code?: number | null | undefined;
  message?: string | null | undefined;
}

export interface Resource {
  resourceNamespace: string;
  name: string;
}

export interface ResourceInput {
  resourceNamespace?: string | null | undefined;
  name?: string | null | undefined;
}

export interface Address {
  host: string;
  port: number;
}

export interface AddressInput {
  host?: string | null | undefined;
  port?: number | null | undefined;
}

export interface Endpoints {
  /** AddressScheme */
  scheme: number;
  addresses: Address[];
}

export interface EndpointsInput {
  /** AddressScheme */
  scheme?: number | null | undefined;
  addresses?: readonly AddressInput[] | null | undefined;
}

export interface Broker {
  name: string;
  id: number;
  endpoints: Endpoints | null;
}

export interface BrokerInput {
  name?: string | null | undefined;
  id?: number | null | undefined;
  endpoints?: EndpointsInput | null | undefined;
}

export interface MessageQueue {
  topic: Resource | null;
  id: number;
  /** Permission */
  permission: number;
  broker: Broker | null;
  /** MessageType */
  acceptMessageTypes: number[];
}

export interface MessageQueueInput {
  topic?: ResourceInput | null | undefined;
  id?: number | null | undefined;
  /** Permission */
  permission?: number | null | undefined;
  broker?: BrokerInput | null | undefined;
  /** MessageType */
  acceptMessageTypes?: readonly number[] | null | undefined;
}

export interface Assignment {
  messageQueue: MessageQueue | null;
}

export interface AssignmentInput {
  messageQueue?: MessageQueueInput | null | undefined;
}

export interface FilterExpression {
  /** FilterType */
  type: number;
  expression: string;
}

export interface FilterExpressionInput {
  /** FilterType */
  type?: number | null | undefined;
  expression?: string | null | undefined;
}

export interface SubscriptionEntry {
  topic: Resource | null;
  expression: FilterExpression | null;
}

export interface SubscriptionEntryInput {
  topic?: ResourceInput | null | undefined;
  expression?: FilterExpressionInput | null | undefined;
}

export interface Digest {
  /** DigestType */
  type: number;
  checksum: string;
}

export interface DigestInput {
  /** DigestType */
  type?: number | null | undefined;
  checksum?: string | null | undefined;
}

export interface DeadLetterQueue {
  topic: string;
  messageId: string;
}

export interface DeadLetterQueueInput {
  topic?: string | null | undefined;
  messageId?: string | null | undefined;
}

export interface SystemProperties {
  tag?: string;
  keys: string[];
  messageId: string;
  bodyDigest: Digest | null;
  /** Encoding */
  bodyEncoding: number;
  /** MessageType */
  messageType: number;
  bornTimestamp: Timestamp | null;
  bornHost: string;
  storeTimestamp?: Timestamp;
  storeHost: string;
  deliveryTimestamp?: Timestamp;
  receiptHandle?: string;
  queueId: number;
  queueOffset?: number;
  invisibleDuration?: Duration;
  deliveryAttempt?: number;
  messageGroup?: string;
  traceContext?: string;
  orphanedTransactionRecoveryDuration?: Duration;
  deadLetterQueue?: DeadLetterQueue;
  liteTopic?: string;
  priority?: number;
}

export interface SystemPropertiesInput {
  tag?: string | null | undefined;
  keys?: readonly string[] | null | undefined;
  messageId?: string | null | undefined;
  bodyDigest?: DigestInput | null | undefined;
  /** Encoding */
  bodyEncoding?: number | null | undefined;
  /** MessageType */
  messageType?: number | null | undefined;
  bornTimestamp?: TimestampInput | null | undefined;
  bornHost?: string | null | undefined;
  storeTimestamp?: TimestampInput | null | undefined;
  storeHost?: string | null | undefined;
  deliveryTimestamp?: TimestampInput | null | undefined;
  receiptHandle?: string | null | undefined;
  queueId?: number | null | undefined;
  queueOffset?: number | null | undefined;
  invisibleDuration?: DurationInput | null | undefined;
  deliveryAttempt?: number | null | undefined;
  messageGroup?: string | null | undefined;
  traceContext?: string | null | undefined;
  orphanedTransactionRecoveryDuration?: DurationInput | null | undefined;
  deadLetterQueue?: DeadLetterQueueInput | null | undefined;
  liteTopic?: string | null | undefined;
  priority?: number | null | undefined;
}

export interface Message {
  topic: Resource | null;
  userProperties: Record<string, string>;
  systemProperties: SystemProperties | null;
  body: Buffer;
}

export interface MessageInput {
  topic?: ResourceInput | null | undefined;
  userProperties?: Readonly<Record<string, string>> | null | undefined;
  systemProperties?: SystemPropertiesInput | null | undefined;
  body?: Uint8Array | null | undefined;
}

export interface UA {
  /** Language */
  language: number;
  version: string;
  platform: string;
  hostname: string;
}

export interface UAInput {
  /** Language */
  language?: number | null | undefined;
  version?: string | null | undefined;
  platform?: string | null | undefined;
  hostname?: string | null | undefined;
}

export interface ExponentialBackoff {
  initial: Duration | null;
  max: Duration | null;
  multiplier: number;
}

export interface ExponentialBackoffInput {
  initial?: DurationInput | null | undefined;
  max?: DurationInput | null | undefined;
  multiplier?: number | null | undefined;
}

export interface CustomizedBackoff {
  next: Duration[];
}

export interface CustomizedBackoffInput {
  next?: readonly DurationInput[] | null | undefined;
}

export interface RetryPolicy {
  maxAttempts: number;
  exponentialBackoff?: ExponentialBackoff;
  customizedBackoff?: CustomizedBackoff;
  /** Which of its members is set. */
  strategy?: 'exponentialBackoff' | 'customizedBackoff';
}

export interface RetryPolicyInput {
  maxAttempts?: number | null | undefined;
  exponentialBackoff?: ExponentialBackoffInput | null | undefined;
  customizedBackoff?: CustomizedBackoffInput | null | undefined;
}

export interface Publishing {
  topics: Resource[];
  maxBodySize: number;
  validateMessageType: boolean;
}

export interface PublishingInput {
  topics?: readonly ResourceInput[] | null | undefined;
  maxBodySize?: number | null | undefined;
  validateMessageType?: boolean | null | undefined;
}

export interface Subscription {
  group?: Resource;
  subscriptions: SubscriptionEntry[];
  fifo?: boolean;
  receiveBatchSize?: number;
  longPollingTimeout?: Duration;
  liteSubscriptionQuota?: number;
  maxLiteTopicSize?: number;
}

export interface SubscriptionInput {
  group?: ResourceInput | null | undefined;
  subscriptions?: readonly SubscriptionEntryInput[] | null | undefined;
  fifo?: boolean | null | undefined;
  receiveBatchSize?: number | null | undefined;
  longPollingTimeout?: DurationInput | null | undefined;
  liteSubscriptionQuota?: number | null | undefined;
  maxLiteTopicSize?: number | null | undefined;
}

export interface Metric {
  on: boolean;
  endpoints?: Endpoints;
}

export interface MetricInput {
  on?: boolean | null | undefined;
  endpoints?: EndpointsInput | null | undefined;
}

export interface Settings {
  /** ClientType */
  clientType?: number;
  accessPoint?: Endpoints;
  backoffPolicy?: RetryPolicy;
  requestTimeout?: Duration;
  publishing?: Publishing;
  subscription?: Subscription;
  userAgent: UA | null;
  metric: Metric | null;
  clientProperties: Record<string, string>;
  /** Which of its members is set. */
  pubSub?: 'publishing' | 'subscription';
}

export interface SettingsInput {
  /** ClientType */
  clientType?: number | null | undefined;
  accessPoint?: EndpointsInput | null | undefined;
  backoffPolicy?: RetryPolicyInput | null | undefined;
  requestTimeout?: DurationInput | null | undefined;
  publishing?: PublishingInput | null | undefined;
  subscription?: SubscriptionInput | null | undefined;
  userAgent?: UAInput | null | undefined;
  metric?: MetricInput | null | undefined;
  clientProperties?: Readonly<Record<string, string>> | null | undefined;
}

export interface QueryRouteRequest {
  topic: Resource | null;
  endpoints: Endpoints | null;
}

export interface QueryRouteRequestInput {
  topic?: ResourceInput | null | undefined;
  endpoints?: EndpointsInput | null | undefined;
}

export interface QueryRouteResponse {
  status: Status | null;
  messageQueues: MessageQueue[];
}

export interface QueryRouteResponseInput {
  status?: StatusInput | null | undefined;
  messageQueues?: readonly MessageQueueInput[] | null | undefined;
}

export interface QueryAssignmentRequest {
  topic: Resource | null;
  group: Resource | null;
  endpoints: Endpoints | null;
}

export interface QueryAssignmentRequestInput {
  topic?: ResourceInput | null | undefined;
  group?: ResourceInput | null | undefined;
  endpoints?: EndpointsInput | null | undefined;
}

export interface QueryAssignmentResponse {
  status: Status | null;
  assignments: Assignment[];
}

export interface QueryAssignmentResponseInput {
  status?: StatusInput | null | undefined;
  assignments?: readonly AssignmentInput[] | null | undefined;
}

export interface HeartbeatRequest {
  group?: Resource;
  /** ClientType */
  clientType: number;
}

export interface HeartbeatRequestInput {
  group?: ResourceInput | null | undefined;
  /** ClientType */
  clientType?: number | null | undefined;
}

export interface HeartbeatResponse {
  status: Status | null;
}

export interface HeartbeatResponseInput {
  status?: StatusInput | null | undefined;
}

export interface NotifyClientTerminationRequest {
  group?: Resource;
}

export interface NotifyClientTerminationRequestInput {
  group?: ResourceInput | null | undefined;
}

export interface NotifyClientTerminationResponse {
  status: Status | null;
}

export interface NotifyClientTerminationResponseInput {
  status?: StatusInput | null | undefined;
}

export interface ThreadStackTrace {
  nonce: string;
  threadStackTrace?: string;
}

export interface ThreadStackTraceInput {
  nonce?: string | null | undefined;
  threadStackTrace?: string | null | undefined;
}

export interface VerifyMessageResult {
  nonce: string;
}

export interface VerifyMessageResultInput {
  nonce?: string | null | undefined;
}

export interface RecoverOrphanedTransactionCommand {
  message: Message | null;
  transactionId: string;
}

export interface RecoverOrphanedTransactionCommandInput {
  message?: MessageInput | null | undefined;
  transactionId?: string | null | undefined;
}

export interface PrintThreadStackTraceCommand {
  nonce: string;
}

export interface PrintThreadStackTraceCommandInput {
  nonce?: string | null | undefined;
}

export interface VerifyMessageCommand {
  nonce: string;
  message: Message | null;
}

export interface VerifyMessageCommandInput {
  nonce?: string | null | undefined;
  message?: MessageInput | null | undefined;
}

export interface ReconnectEndpointsCommand {
  nonce: string;
}

export interface ReconnectEndpointsCommandInput {
  nonce?: string | null | undefined;
}

export interface NotifyUnsubscribeLiteCommand {
  liteTopic: string;
}

export interface NotifyUnsubscribeLiteCommandInput {
  liteTopic?: string | null | undefined;
}

export interface TelemetryCommand {
  status?: Status;
  settings?: Settings;
  threadStackTrace?: ThreadStackTrace;
  verifyMessageResult?: VerifyMessageResult;
  recoverOrphanedTransactionCommand?: RecoverOrphanedTransactionCommand;
  printThreadStackTraceCommand?: PrintThreadStackTraceCommand;
  verifyMessageCommand?: VerifyMessageCommand;
  reconnectEndpointsCommand?: ReconnectEndpointsCommand;
  notifyUnsubscribeLiteCommand?: NotifyUnsubscribeLiteCommand;
  /** Which of its members is set. */
  command?:
    | 'settings'
    | 'threadStackTrace'
    | 'verifyMessageResult'
    | 'recoverOrphanedTransactionCommand'
    | 'printThreadStackTraceCommand'
    | 'verifyMessageCommand'
    | 'reconnectEndpointsCommand'
    | 'notifyUnsubscribeLiteCommand';
}

export interface TelemetryCommandInput {
  status?: StatusInput | null | undefined;
  settings?: SettingsInput | null | undefined;
  threadStackTrace?: ThreadStackTraceInput | null | undefined;
  verifyMessageResult?: VerifyMessageResultInput | null | undefined;
  recoverOrphanedTransactionCommand?: RecoverOrphanedTransactionCommandInput | null | undefined;
  printThreadStackTraceCommand?: PrintThreadStackTraceCommandInput | null | undefined;
  verifyMessageCommand?: VerifyMessageCommandInput | null | undefined;
  reconnectEndpointsCommand?: ReconnectEndpointsCommandInput | null | undefined;
  notifyUnsubscribeLiteCommand?: NotifyUnsubscribeLiteCommandInput | null | undefined;
}

export interface SendMessageRequest {
  messages: Message[];
}

export interface SendMessageRequestInput {
  messages?: readonly MessageInput[] | null | undefined;
}

export interface SendResultEntry {
  status: Status | null;
  messageId: string;
  transactionId: string;
  offset: number;
  recallHandle: string;
}

export interface SendResultEntryInput {
  status?: StatusInput | null | undefined;
  messageId?: string | null | undefined;
  transactionId?: string | null | undefined;
  offset?: number | null | undefined;
  recallHandle?: string | null | undefined;
}

export interface SendMessageResponse {
  status: Status | null;
  entries: SendResultEntry[];
}

export interface SendMessageResponseInput {
  status?: StatusInput | null | undefined;
  entries?: readonly SendResultEntryInput[] | null | undefined;
}

export interface EndTransactionRequest {
  topic: Resource | null;
  messageId: string;
  transactionId: string;
  /** TransactionResolution */
  resolution: number;
  /** TransactionSource */
  source: number;
  traceContext: string;
}

export interface EndTransactionRequestInput {
  topic?: ResourceInput | null | undefined;
  messageId?: string | null | undefined;
  transactionId?: string | null | undefined;
  /** TransactionResolution */
  resolution?: number | null | undefined;
  /** TransactionSource */
  source?: number | null | undefined;
  traceContext?: string | null | undefined;
}

export interface EndTransactionResponse {
  status: Status | null;
}

export interface EndTransactionResponseInput {
  status?: StatusInput | null | undefined;
}

export interface RecallMessageRequest {
  topic: Resource | null;
  recallHandle: string;
}

export interface RecallMessageRequestInput {
  topic?: ResourceInput | null | undefined;
  recallHandle?: string | null | undefined;
}

export interface RecallMessageResponse {
  status: Status | null;
  messageId: string;
}

export interface RecallMessageResponseInput {
  status?: StatusInput | null | undefined;
  messageId?: string | null | undefined;
}

export interface ReceiveMessageRequest {
  group: Resource | null;
  messageQueue: MessageQueue | null;
  filterExpression: FilterExpression | null;
  batchSize: number;
  invisibleDuration?: Duration;
  autoRenew: boolean;
  longPollingTimeout?: Duration;
  attemptId?: string;
}

export interface ReceiveMessageRequestInput {
  group?: ResourceInput | null | undefined;
  messageQueue?: MessageQueueInput | null | undefined;
  filterExpression?: FilterExpressionInput | null | undefined;
  batchSize?: number | null | undefined;
  invisibleDuration?: DurationInput | null | undefined;
  autoRenew?: boolean | null | undefined;
  longPollingTimeout?: DurationInput | null | undefined;
  attemptId?: string | null | undefined;
}

export interface ReceiveMessageResponse {
  status?: Status;
  message?: Message;
  deliveryTimestamp?: Timestamp;
  /** Which of its members is set. */
  content?: 'status' | 'message' | 'deliveryTimestamp';
}

export interface ReceiveMessageResponseInput {
  status?: StatusInput | null | undefined;
  message?: MessageInput | null | undefined;
  deliveryTimestamp?: TimestampInput | null | undefined;
}

export interface AckMessageEntry {
  messageId: string;
  receiptHandle: string;
  liteTopic?: string;
}

export interface AckMessageEntryInput {
  messageId?: string | null | undefined;
  receiptHandle?: string | null | undefined;
  liteTopic?: string | null | undefined;
}

export interface AckMessageRequest {
  group: Resource | null;
  topic: Resource | null;
  entries: AckMessageEntry[];
}

export interface AckMessageRequestInput {
  group?: ResourceInput | null | undefined;
  topic?: ResourceInput | null | undefined;
  entries?: readonly AckMessageEntryInput[] | null | undefined;
}

export interface AckMessageResultEntry {
  messageId: string;
  receiptHandle: string;
  status: Status | null;
}

export interface AckMessageResultEntryInput {
  messageId?: string | null | undefined;
  receiptHandle?: string | null | undefined;
  status?: StatusInput | null | undefined;
}

export interface AckMessageResponse {
  status: Status | null;
  entries: AckMessageResultEntry[];
}

export interface AckMessageResponseInput {
  status?: StatusInput | null | undefined;
  entries?: readonly AckMessageResultEntryInput[] | null | undefined;
}

export interface ChangeInvisibleDurationRequest {
  group: Resource | null;
  topic: Resource | null;
  receiptHandle: string;
  invisibleDuration: Duration | null;
  messageId: string;
  liteTopic?: string;
  suspend?: boolean;
}

export interface ChangeInvisibleDurationRequestInput {
  group?: ResourceInput | null | undefined;
  topic?: ResourceInput | null | undefined;
  receiptHandle?: string | null | undefined;
  invisibleDuration?: DurationInput | null | undefined;
  messageId?: string | null | undefined;
  liteTopic?: string | null | undefined;
  suspend?: boolean | null | undefined;
}

export interface ChangeInvisibleDurationResponse {
  status: Status | null;
  receiptHandle: string;
}

export interface ChangeInvisibleDurationResponseInput {
  status?: StatusInput | null | undefined;
  receiptHandle?: string | null | undefined;
}

export interface ForwardMessageToDeadLetterQueueRequest {
  group: Resource | null;
  topic: Resource | null;
  receiptHandle: string;
  messageId: string;
  deliveryAttempt: number;
  maxDeliveryAttempts: number;
  liteTopic?: string;
}

export interface ForwardMessageToDeadLetterQueueRequestInput {
  group?: ResourceInput | null | undefined;
  topic?: ResourceInput | null | undefined;
  receiptHandle?: string | null | undefined;
  messageId?: string | null | undefined;
  deliveryAttempt?: number | null | undefined;
  maxDeliveryAttempts?: number | null | undefined;
  liteTopic?: string | null | undefined;
}

export interface ForwardMessageToDeadLetterQueueResponse {
  status: Status | null;
}

export interface ForwardMessageToDeadLetterQueueResponseInput {
  status?: StatusInput | null | undefined;
}

export interface PullMessageRequest {
  group: Resource | null;
  messageQueue: MessageQueue | null;
  offset: number;
  batchSize: number;
  filterExpression: FilterExpression | null;
  longPollingTimeout: Duration | null;
}

export interface PullMessageRequestInput {
  group?: ResourceInput | null | undefined;
  messageQueue?: MessageQueueInput | null | undefined;
  offset?: number | null | undefined;
  batchSize?: number | null | undefined;
  filterExpression?: FilterExpressionInput | null | undefined;
  longPollingTimeout?: DurationInput | null | undefined;
}

export interface PullMessageResponse {
  status?: Status;
  message?: Message;
  nextOffset?: number;
  /** Which of its members is set. */
  content?: 'status' | 'message' | 'nextOffset';
}

export interface PullMessageResponseInput {
  status?: StatusInput | null | undefined;
  message?: MessageInput | null | undefined;
  nextOffset?: number | null | undefined;
}

export interface UpdateOffsetRequest {
  group: Resource | null;
  messageQueue: MessageQueue | null;
  offset: number;
}

export interface UpdateOffsetRequestInput {
  group?: ResourceInput | null | undefined;
  messageQueue?: MessageQueueInput | null | undefined;
  offset?: number | null | undefined;
}

export interface UpdateOffsetResponse {
  status: Status | null;
}

export interface UpdateOffsetResponseInput {
  status?: StatusInput | null | undefined;
}

export interface GetOffsetRequest {
  group: Resource | null;
  messageQueue: MessageQueue | null;
}

export interface GetOffsetRequestInput {
  group?: ResourceInput | null | undefined;
  messageQueue?: MessageQueueInput | null | undefined;
}

export interface GetOffsetResponse {
  status: Status | null;
  offset: number;
}

export interface GetOffsetResponseInput {
  status?: StatusInput | null | undefined;
  offset?: number | null | undefined;
}

export interface QueryOffsetRequest {
  messageQueue: MessageQueue | null;
  /** QueryOffsetPolicy */
  queryOffsetPolicy: number;
  timestamp?: Timestamp;
}

export interface QueryOffsetRequestInput {
  messageQueue?: MessageQueueInput | null | undefined;
  /** QueryOffsetPolicy */
  queryOffsetPolicy?: number | null | undefined;
  timestamp?: TimestampInput | null | undefined;
}

export interface QueryOffsetResponse {
  status: Status | null;
  offset: number;
}

export interface QueryOffsetResponseInput {
  status?: StatusInput | null | undefined;
  offset?: number | null | undefined;
}

export interface OffsetOption {
  /** OffsetOptionPolicy */
  policy?: number;
  offset?: number;
  tailN?: number;
  timestamp?: number;
  /** Which of its members is set. */
  offsetType?: 'policy' | 'offset' | 'tailN' | 'timestamp';
}

export interface OffsetOptionInput {
  /** OffsetOptionPolicy */
  policy?: number | null | undefined;
  offset?: number | null | undefined;
  tailN?: number | null | undefined;
  timestamp?: number | null | undefined;
}

export interface SyncLiteSubscriptionRequest {
  /** LiteSubscriptionAction */
  action: number;
  topic: Resource | null;
  group: Resource | null;
  liteTopicSet: string[];
  version?: number;
  offsetOption?: OffsetOption;
}

export interface SyncLiteSubscriptionRequestInput {
  /** LiteSubscriptionAction */
  action?: number | null | undefined;
  topic?: ResourceInput | null | undefined;
  group?: ResourceInput | null | undefined;
  liteTopicSet?: readonly string[] | null | undefined;
  version?: number | null | undefined;
  offsetOption?: OffsetOptionInput | null | undefined;
}

export interface SyncLiteSubscriptionResponse {
  status: Status | null;
}

export interface SyncLiteSubscriptionResponseInput {
  status?: StatusInput | null | undefined;
}

export interface Duration {
  seconds: number;
  nanos: number;
}

export interface DurationInput {
  seconds?: number | null | undefined;
  nanos?: number | null | undefined;
}

export interface Timestamp {
  seconds: number;
  nanos: number;
}

export interface TimestampInput {
  seconds?: number | null | undefined;
  nanos?: number | null | undefined;
}

/** Every message of the package by its name. */
export interface Messages {
  ChangeLogLevelRequest: { decoded: ChangeLogLevelRequest; input: ChangeLogLevelRequestInput };
  ChangeLogLevelResponse: { decoded: ChangeLogLevelResponse; input: ChangeLogLevelResponseInput };
  GetProxyRuntimeStatsRequest: {
    decoded: GetProxyRuntimeStatsRequest;
    input: GetProxyRuntimeStatsRequestInput;
  };
  GetProxyRuntimeStatsResponse: {
    decoded: GetProxyRuntimeStatsResponse;
    input: GetProxyRuntimeStatsResponseInput;
  };
  DescribeTopicStatusRequest: {
    decoded: DescribeTopicStatusRequest;
    input: DescribeTopicStatusRequestInput;
  };
  DescribeTopicStatusResponse: {
    decoded: DescribeTopicStatusResponse;
    input: DescribeTopicStatusResponseInput;
  };
  GetTopicRouteRequest: { decoded: GetTopicRouteRequest; input: GetTopicRouteRequestInput };
  GetTopicRouteResponse: { decoded: GetTopicRouteResponse; input: GetTopicRouteResponseInput };
  ClientInfo: { decoded: ClientInfo; input: ClientInfoInput };
  SubscriptionInfo: { decoded: SubscriptionInfo; input: SubscriptionInfoInput };
  ListSubscriptionRequest: {
    decoded: ListSubscriptionRequest;
    input: ListSubscriptionRequestInput;
  };
  ListSubscriptionResponse: {
    decoded: ListSubscriptionResponse;
    input: ListSubscriptionResponseInput;
  };
  DescribeSubscriptionRequest: {
    decoded: DescribeSubscriptionRequest;
    input: DescribeSubscriptionRequestInput;
  };
  ClientSubscriptionInfo: { decoded: ClientSubscriptionInfo; input: ClientSubscriptionInfoInput };
  DescribeSubscriptionResponse: {
    decoded: DescribeSubscriptionResponse;
    input: DescribeSubscriptionResponseInput;
  };
  DeleteSubscriptionRequest: {
    decoded: DeleteSubscriptionRequest;
    input: DeleteSubscriptionRequestInput;
  };
  DeleteSubscriptionResponse: {
    decoded: DeleteSubscriptionResponse;
    input: DeleteSubscriptionResponseInput;
  };
  ListConsumerConnectionRequest: {
    decoded: ListConsumerConnectionRequest;
    input: ListConsumerConnectionRequestInput;
  };
  ListConsumerConnectionResponse: {
    decoded: ListConsumerConnectionResponse;
    input: ListConsumerConnectionResponseInput;
  };
  GetConsumerRunningInfoRequest: {
    decoded: GetConsumerRunningInfoRequest;
    input: GetConsumerRunningInfoRequestInput;
  };
  ProcessQueueInfo: { decoded: ProcessQueueInfo; input: ProcessQueueInfoInput };
  MessageQueueItem: { decoded: MessageQueueItem; input: MessageQueueItemInput };
  ConsumeStatus: { decoded: ConsumeStatus; input: ConsumeStatusInput };
  ConsumerRunningInfo: { decoded: ConsumerRunningInfo; input: ConsumerRunningInfoInput };
  GetConsumerRunningInfoResponse: {
    decoded: GetConsumerRunningInfoResponse;
    input: GetConsumerRunningInfoResponseInput;
  };
  PrintThreadStackTraceRequest: {
    decoded: PrintThreadStackTraceRequest;
    input: PrintThreadStackTraceRequestInput;
  };
  PrintThreadStackTraceResponse: {
    decoded: PrintThreadStackTraceResponse;
    input: PrintThreadStackTraceResponseInput;
  };
  VerifyMessageRequest: { decoded: VerifyMessageRequest; input: VerifyMessageRequestInput };
  VerifyMessageResponse: { decoded: VerifyMessageResponse; input: VerifyMessageResponseInput };
  DescribeGroupAccumulationRequest: {
    decoded: DescribeGroupAccumulationRequest;
    input: DescribeGroupAccumulationRequestInput;
  };
  GroupAccumulation: { decoded: GroupAccumulation; input: GroupAccumulationInput };
  DescribeGroupAccumulationResponse: {
    decoded: DescribeGroupAccumulationResponse;
    input: DescribeGroupAccumulationResponseInput;
  };
  QueryTimeSpanRequest: { decoded: QueryTimeSpanRequest; input: QueryTimeSpanRequestInput };
  QueueTimeSpan: { decoded: QueueTimeSpan; input: QueueTimeSpanInput };
  QueryTimeSpanResponse: { decoded: QueryTimeSpanResponse; input: QueryTimeSpanResponseInput };
  ResetGroupOffsetRequest: {
    decoded: ResetGroupOffsetRequest;
    input: ResetGroupOffsetRequestInput;
  };
  ResetGroupOffsetResponse: {
    decoded: ResetGroupOffsetResponse;
    input: ResetGroupOffsetResponseInput;
  };
  ListMessageRequest: { decoded: ListMessageRequest; input: ListMessageRequestInput };
  ListMessageResponse: { decoded: ListMessageResponse; input: ListMessageResponseInput };
  AdminSendMessageRequest: {
    decoded: AdminSendMessageRequest;
    input: AdminSendMessageRequestInput;
  };
  AdminSendMessageResponse: {
    decoded: AdminSendMessageResponse;
    input: AdminSendMessageResponseInput;
  };
  Status: { decoded: Status; input: StatusInput };
  Resource: { decoded: Resource; input: ResourceInput };
  Address: { decoded: Address; input: AddressInput };
  Endpoints: { decoded: Endpoints; input: EndpointsInput };
  Broker: { decoded: Broker; input: BrokerInput };
  MessageQueue: { decoded: MessageQueue; input: MessageQueueInput };
  Assignment: { decoded: Assignment; input: AssignmentInput };
  FilterExpression: { decoded: FilterExpression; input: FilterExpressionInput };
  SubscriptionEntry: { decoded: SubscriptionEntry; input: SubscriptionEntryInput };
  Digest: { decoded: Digest; input: DigestInput };
  DeadLetterQueue: { decoded: DeadLetterQueue; input: DeadLetterQueueInput };
  SystemProperties: { decoded: SystemProperties; input: SystemPropertiesInput };
  Message: { decoded: Message; input: MessageInput };
  UA: { decoded: UA; input: UAInput };
  ExponentialBackoff: { decoded: ExponentialBackoff; input: ExponentialBackoffInput };
  CustomizedBackoff: { decoded: CustomizedBackoff; input: CustomizedBackoffInput };
  RetryPolicy: { decoded: RetryPolicy; input: RetryPolicyInput };
  Publishing: { decoded: Publishing; input: PublishingInput };
  Subscription: { decoded: Subscription; input: SubscriptionInput };
  Metric: { decoded: Metric; input: MetricInput };
  Settings: { decoded: Settings; input: SettingsInput };
  QueryRouteRequest: { decoded: QueryRouteRequest; input: QueryRouteRequestInput };
  QueryRouteResponse: { decoded: QueryRouteResponse; input: QueryRouteResponseInput };
  QueryAssignmentRequest: { decoded: QueryAssignmentRequest; input: QueryAssignmentRequestInput };
  QueryAssignmentResponse: {
    decoded: QueryAssignmentResponse;
    input: QueryAssignmentResponseInput;
  };
  HeartbeatRequest: { decoded: HeartbeatRequest; input: HeartbeatRequestInput };
  HeartbeatResponse: { decoded: HeartbeatResponse; input: HeartbeatResponseInput };
  NotifyClientTerminationRequest: {
    decoded: NotifyClientTerminationRequest;
    input: NotifyClientTerminationRequestInput;
  };
  NotifyClientTerminationResponse: {
    decoded: NotifyClientTerminationResponse;
    input: NotifyClientTerminationResponseInput;
  };
  ThreadStackTrace: { decoded: ThreadStackTrace; input: ThreadStackTraceInput };
  VerifyMessageResult: { decoded: VerifyMessageResult; input: VerifyMessageResultInput };
  RecoverOrphanedTransactionCommand: {
    decoded: RecoverOrphanedTransactionCommand;
    input: RecoverOrphanedTransactionCommandInput;
  };
  PrintThreadStackTraceCommand: {
    decoded: PrintThreadStackTraceCommand;
    input: PrintThreadStackTraceCommandInput;
  };
  VerifyMessageCommand: { decoded: VerifyMessageCommand; input: VerifyMessageCommandInput };
  ReconnectEndpointsCommand: {
    decoded: ReconnectEndpointsCommand;
    input: ReconnectEndpointsCommandInput;
  };
  NotifyUnsubscribeLiteCommand: {
    decoded: NotifyUnsubscribeLiteCommand;
    input: NotifyUnsubscribeLiteCommandInput;
  };
  TelemetryCommand: { decoded: TelemetryCommand; input: TelemetryCommandInput };
  SendMessageRequest: { decoded: SendMessageRequest; input: SendMessageRequestInput };
  SendResultEntry: { decoded: SendResultEntry; input: SendResultEntryInput };
  SendMessageResponse: { decoded: SendMessageResponse; input: SendMessageResponseInput };
  EndTransactionRequest: { decoded: EndTransactionRequest; input: EndTransactionRequestInput };
  EndTransactionResponse: { decoded: EndTransactionResponse; input: EndTransactionResponseInput };
  RecallMessageRequest: { decoded: RecallMessageRequest; input: RecallMessageRequestInput };
  RecallMessageResponse: { decoded: RecallMessageResponse; input: RecallMessageResponseInput };
  ReceiveMessageRequest: { decoded: ReceiveMessageRequest; input: ReceiveMessageRequestInput };
  ReceiveMessageResponse: { decoded: ReceiveMessageResponse; input: ReceiveMessageResponseInput };
  AckMessageEntry: { decoded: AckMessageEntry; input: AckMessageEntryInput };
  AckMessageRequest: { decoded: AckMessageRequest; input: AckMessageRequestInput };
  AckMessageResultEntry: { decoded: AckMessageResultEntry; input: AckMessageResultEntryInput };
  AckMessageResponse: { decoded: AckMessageResponse; input: AckMessageResponseInput };
  ChangeInvisibleDurationRequest: {
    decoded: ChangeInvisibleDurationRequest;
    input: ChangeInvisibleDurationRequestInput;
  };
  ChangeInvisibleDurationResponse: {
    decoded: ChangeInvisibleDurationResponse;
    input: ChangeInvisibleDurationResponseInput;
  };
  ForwardMessageToDeadLetterQueueRequest: {
    decoded: ForwardMessageToDeadLetterQueueRequest;
    input: ForwardMessageToDeadLetterQueueRequestInput;
  };
  ForwardMessageToDeadLetterQueueResponse: {
    decoded: ForwardMessageToDeadLetterQueueResponse;
    input: ForwardMessageToDeadLetterQueueResponseInput;
  };
  PullMessageRequest: { decoded: PullMessageRequest; input: PullMessageRequestInput };
  PullMessageResponse: { decoded: PullMessageResponse; input: PullMessageResponseInput };
  UpdateOffsetRequest: { decoded: UpdateOffsetRequest; input: UpdateOffsetRequestInput };
  UpdateOffsetResponse: { decoded: UpdateOffsetResponse; input: UpdateOffsetResponseInput };
  GetOffsetRequest: { decoded: GetOffsetRequest; input: GetOffsetRequestInput };
  GetOffsetResponse: { decoded: GetOffsetResponse; input: GetOffsetResponseInput };
  QueryOffsetRequest: { decoded: QueryOffsetRequest; input: QueryOffsetRequestInput };
  QueryOffsetResponse: { decoded: QueryOffsetResponse; input: QueryOffsetResponseInput };
  OffsetOption: { decoded: OffsetOption; input: OffsetOptionInput };
  SyncLiteSubscriptionRequest: {
    decoded: SyncLiteSubscriptionRequest;
    input: SyncLiteSubscriptionRequestInput;
  };
  SyncLiteSubscriptionResponse: {
    decoded: SyncLiteSubscriptionResponse;
    input: SyncLiteSubscriptionResponseInput;
  };
}
