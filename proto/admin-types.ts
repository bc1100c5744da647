/**
 * Generated from proto/admin.proto by scripts/generate-types.ts; don't edit.
 *
 * Of each message the first interface is what decode returns, complete; the one that ends in Input
 * is what encode takes, where everything may be left out. Enums are open: a peer may send a number
 * that is not listed, so their type is number.
 */

export const TopicKind = {
  TOPIC_KIND_UNSPECIFIED: 0,
  NORMAL: 1,
  FIFO: 2,
  GLOBAL_FIFO: 3,
  DELAY: 4,
  TRANSACTION: 5,
} as const;

export const TopicPermission = {
  TOPIC_PERMISSION_UNSPECIFIED: 0,
  READ_WRITE: 1,
  READ_ONLY: 2,
  WRITE_ONLY: 3,
} as const;

export const ResetPlace = {
  RESET_PLACE_UNSPECIFIED: 0,
  EARLIEST: 1,
  LATEST: 2,
  TIME: 3,
  OFFSET: 4,
} as const;

export const DeadLetterReason = {
  REASON_UNKNOWN: 0,
  ATTEMPTS_USED_UP: 1,
  FORWARDED: 2,
} as const;

export const ResendOutcome = {
  RESEND_OUTCOME_UNSPECIFIED: 0,
  RESENT: 1,
  ALREADY_RESENT: 2,
  NOT_FOUND: 3,
  TOPIC_GONE: 4,
  TOPIC_READ_ONLY: 5,
  UNREADABLE: 6,
} as const;

export const TransactionState = {
  TRANSACTION_STATE_UNSPECIFIED: 0,
  OPEN: 1,
  COMMITTED: 2,
  ROLLED_BACK: 3,
  GIVEN_UP: 4,
} as const;

export interface Topic {
  name: string;
  /** TopicKind */
  kind: number;
  queues: number;
  createdMs: number;
  /** TopicPermission */
  permission: number;
}

export interface TopicInput {
  name?: string | null | undefined;
  /** TopicKind */
  kind?: number | null | undefined;
  queues?: number | null | undefined;
  createdMs?: number | null | undefined;
  /** TopicPermission */
  permission?: number | null | undefined;
}

export interface CreateTopicRequest {
  name: string;
  /** TopicKind */
  kind: number;
  queues?: number;
  /** TopicPermission */
  permission: number;
}

export interface CreateTopicRequestInput {
  name?: string | null | undefined;
  /** TopicKind */
  kind?: number | null | undefined;
  queues?: number | null | undefined;
  /** TopicPermission */
  permission?: number | null | undefined;
}

export interface UpdateTopicRequest {
  name: string;
  /** TopicKind */
  kind: number;
  queues?: number;
  /** TopicPermission */
  permission: number;
}

export interface UpdateTopicRequestInput {
  name?: string | null | undefined;
  /** TopicKind */
  kind?: number | null | undefined;
  queues?: number | null | undefined;
  /** TopicPermission */
  permission?: number | null | undefined;
}

export interface DeleteTopicRequest {
  name: string;
}

export interface DeleteTopicRequestInput {
  name?: string | null | undefined;
}

export interface DeleteTopicResponse {}

export interface DeleteTopicResponseInput {}

export interface DescribeTopicRequest {
  name: string;
}

export interface DescribeTopicRequestInput {
  name?: string | null | undefined;
}

export interface TopicQueue {
  queue: number;
  minOffset: number;
  maxOffset: number;
  lastWriteMs?: number;
}

export interface TopicQueueInput {
  queue?: number | null | undefined;
  minOffset?: number | null | undefined;
  maxOffset?: number | null | undefined;
  lastWriteMs?: number | null | undefined;
}

export interface TopicDetails {
  topic: Topic | null;
  queues: TopicQueue[];
  groups: string[];
}

export interface TopicDetailsInput {
  topic?: TopicInput | null | undefined;
  queues?: readonly TopicQueueInput[] | null | undefined;
  groups?: readonly string[] | null | undefined;
}

export interface ListTopicsRequest {
  pageToken: string;
  pageSize: number;
}

export interface ListTopicsRequestInput {
  pageToken?: string | null | undefined;
  pageSize?: number | null | undefined;
}

export interface ListTopicsResponse {
  topics: Topic[];
  nextPageToken: string;
}

export interface ListTopicsResponseInput {
  topics?: readonly TopicInput[] | null | undefined;
  nextPageToken?: string | null | undefined;
}

export interface Group {
  name: string;
  ordered: boolean;
  maxAttempts: number;
  createdMs: number;
  backoffMs: number[];
  pullAllowed: boolean;
  broadcast: boolean;
}

export interface GroupInput {
  name?: string | null | undefined;
  ordered?: boolean | null | undefined;
  maxAttempts?: number | null | undefined;
  createdMs?: number | null | undefined;
  backoffMs?: readonly number[] | null | undefined;
  pullAllowed?: boolean | null | undefined;
  broadcast?: boolean | null | undefined;
}

export interface Backoff {
  waitsMs: number[];
}

export interface BackoffInput {
  waitsMs?: readonly number[] | null | undefined;
}

export interface CreateGroupRequest {
  name: string;
  ordered: boolean;
  maxAttempts?: number;
  backoff: Backoff | null;
  pullAllowed?: boolean;
  broadcast: boolean;
}

export interface CreateGroupRequestInput {
  name?: string | null | undefined;
  ordered?: boolean | null | undefined;
  maxAttempts?: number | null | undefined;
  backoff?: BackoffInput | null | undefined;
  pullAllowed?: boolean | null | undefined;
  broadcast?: boolean | null | undefined;
}

export interface UpdateGroupRequest {
  name: string;
  ordered?: boolean;
  maxAttempts?: number;
  backoff: Backoff | null;
  pullAllowed?: boolean;
  broadcast?: boolean;
}

export interface UpdateGroupRequestInput {
  name?: string | null | undefined;
  ordered?: boolean | null | undefined;
  maxAttempts?: number | null | undefined;
  backoff?: BackoffInput | null | undefined;
  pullAllowed?: boolean | null | undefined;
  broadcast?: boolean | null | undefined;
}

export interface DeleteGroupRequest {
  name: string;
}

export interface DeleteGroupRequestInput {
  name?: string | null | undefined;
}

export interface DeleteGroupResponse {}

export interface DeleteGroupResponseInput {}

export interface DescribeGroupRequest {
  name: string;
}

export interface DescribeGroupRequestInput {
  name?: string | null | undefined;
}

export interface GroupQueue {
  queue: number;
  progress: number;
  maxOffset: number;
  lag: number;
  inFlight: number;
  waitingRetry: number;
}

export interface GroupQueueInput {
  queue?: number | null | undefined;
  progress?: number | null | undefined;
  maxOffset?: number | null | undefined;
  lag?: number | null | undefined;
  inFlight?: number | null | undefined;
  waitingRetry?: number | null | undefined;
}

export interface GroupTopic {
  topic: string;
  queues: GroupQueue[];
}

export interface GroupTopicInput {
  topic?: string | null | undefined;
  queues?: readonly GroupQueueInput[] | null | undefined;
}

export interface GroupMember {
  clientId: string;
  kind: string;
  address: string;
  language: string;
  version: string;
  connectedMs: number;
}

export interface GroupMemberInput {
  clientId?: string | null | undefined;
  kind?: string | null | undefined;
  address?: string | null | undefined;
  language?: string | null | undefined;
  version?: string | null | undefined;
  connectedMs?: number | null | undefined;
}

export interface GroupReader {
  clientId: string;
  seenMs: number;
  topics: GroupTopic[];
}

export interface GroupReaderInput {
  clientId?: string | null | undefined;
  seenMs?: number | null | undefined;
  topics?: readonly GroupTopicInput[] | null | undefined;
}

export interface GroupDetails {
  group: Group | null;
  topics: GroupTopic[];
  members: GroupMember[];
  readers: GroupReader[];
}

export interface GroupDetailsInput {
  group?: GroupInput | null | undefined;
  topics?: readonly GroupTopicInput[] | null | undefined;
  members?: readonly GroupMemberInput[] | null | undefined;
  readers?: readonly GroupReaderInput[] | null | undefined;
}

export interface ListGroupsRequest {
  pageToken: string;
  pageSize: number;
}

export interface ListGroupsRequestInput {
  pageToken?: string | null | undefined;
  pageSize?: number | null | undefined;
}

export interface GroupSummary {
  group: Group | null;
  lag: number;
  members: number;
}

export interface GroupSummaryInput {
  group?: GroupInput | null | undefined;
  lag?: number | null | undefined;
  members?: number | null | undefined;
}

export interface ListGroupsResponse {
  groups: GroupSummary[];
  nextPageToken: string;
}

export interface ListGroupsResponseInput {
  groups?: readonly GroupSummaryInput[] | null | undefined;
  nextPageToken?: string | null | undefined;
}

export interface ResetOffsetsRequest {
  group: string;
  topic: string;
  queues: number[];
  /** ResetPlace */
  place: number;
  timeMs?: number;
  offset?: number;
  dryRun: boolean;
}

export interface ResetOffsetsRequestInput {
  group?: string | null | undefined;
  topic?: string | null | undefined;
  queues?: readonly number[] | null | undefined;
  /** ResetPlace */
  place?: number | null | undefined;
  timeMs?: number | null | undefined;
  offset?: number | null | undefined;
  dryRun?: boolean | null | undefined;
}

export interface QueueReset {
  queue: number;
  before: number;
  after: number;
  readAgain: number;
  skipped: number;
  leasesDropped: number;
}

export interface QueueResetInput {
  queue?: number | null | undefined;
  before?: number | null | undefined;
  after?: number | null | undefined;
  readAgain?: number | null | undefined;
  skipped?: number | null | undefined;
  leasesDropped?: number | null | undefined;
}

export interface ResetOffsetsResponse {
  queues: QueueReset[];
}

export interface ResetOffsetsResponseInput {
  queues?: readonly QueueResetInput[] | null | undefined;
}

export interface SendMessageRequest {
  topic: string;
  tag?: string;
  keys: string[];
  properties: Record<string, string>;
  body: Buffer;
  messageGroup?: string;
  deliverAtMs?: number;
}

export interface SendMessageRequestInput {
  topic?: string | null | undefined;
  tag?: string | null | undefined;
  keys?: readonly string[] | null | undefined;
  properties?: Readonly<Record<string, string>> | null | undefined;
  body?: Uint8Array | null | undefined;
  messageGroup?: string | null | undefined;
  deliverAtMs?: number | null | undefined;
}

export interface SendMessageResponse {
  messageId: string;
  queue: number;
  offset: number;
  recallHandle: string;
}

export interface SendMessageResponseInput {
  messageId?: string | null | undefined;
  queue?: number | null | undefined;
  offset?: number | null | undefined;
  recallHandle?: string | null | undefined;
}

export interface RecallMessageRequest {
  topic: string;
  recallHandle: string;
}

export interface RecallMessageRequestInput {
  topic?: string | null | undefined;
  recallHandle?: string | null | undefined;
}

export interface RecallMessageResponse {
  messageId: string;
}

export interface RecallMessageResponseInput {
  messageId?: string | null | undefined;
}

export interface ReceiveMessagesRequest {
  group: string;
  topic: string;
  filter: string;
  count: number;
  waitMs: number;
  invisibleMs: number;
  ack: boolean;
  sql: boolean;
}

export interface ReceiveMessagesRequestInput {
  group?: string | null | undefined;
  topic?: string | null | undefined;
  filter?: string | null | undefined;
  count?: number | null | undefined;
  waitMs?: number | null | undefined;
  invisibleMs?: number | null | undefined;
  ack?: boolean | null | undefined;
  sql?: boolean | null | undefined;
}

export interface ReceiveMessagesResponse {
  messages: Message[];
}

export interface ReceiveMessagesResponseInput {
  messages?: readonly MessageInput[] | null | undefined;
}

export interface GetMessageRequest {
  topic: string;
  messageId?: string;
  queue?: number;
  offset?: number;
}

export interface GetMessageRequestInput {
  topic?: string | null | undefined;
  messageId?: string | null | undefined;
  queue?: number | null | undefined;
  offset?: number | null | undefined;
}

export interface Message {
  messageId: string;
  topic: string;
  queue: number;
  offset: number;
  tag?: string;
  keys: string[];
  properties: Record<string, string>;
  body: Buffer;
  messageGroup?: string;
  deliverAtMs?: number;
  attempt: number;
  bornHost: string;
  bornMs: number;
  storedMs: number;
}

export interface MessageInput {
  messageId?: string | null | undefined;
  topic?: string | null | undefined;
  queue?: number | null | undefined;
  offset?: number | null | undefined;
  tag?: string | null | undefined;
  keys?: readonly string[] | null | undefined;
  properties?: Readonly<Record<string, string>> | null | undefined;
  body?: Uint8Array | null | undefined;
  messageGroup?: string | null | undefined;
  deliverAtMs?: number | null | undefined;
  attempt?: number | null | undefined;
  bornHost?: string | null | undefined;
  bornMs?: number | null | undefined;
  storedMs?: number | null | undefined;
}

export interface DeadLetterSelection {
  key?: string;
  tag?: string;
  topic?: string;
  sinceMs?: number;
  untilMs?: number;
}

export interface DeadLetterSelectionInput {
  key?: string | null | undefined;
  tag?: string | null | undefined;
  topic?: string | null | undefined;
  sinceMs?: number | null | undefined;
  untilMs?: number | null | undefined;
}

export interface ListDeadLettersRequest {
  group: string;
  selection: DeadLetterSelection | null;
  pageToken: string;
  pageSize: number;
  oldestFirst: boolean;
  withBodies: boolean;
}

export interface ListDeadLettersRequestInput {
  group?: string | null | undefined;
  selection?: DeadLetterSelectionInput | null | undefined;
  pageToken?: string | null | undefined;
  pageSize?: number | null | undefined;
  oldestFirst?: boolean | null | undefined;
  withBodies?: boolean | null | undefined;
}

export interface ListDeadLettersResponse {
  letters: DeadLetter[];
  nextPageToken: string;
  left: number;
}

export interface ListDeadLettersResponseInput {
  letters?: readonly DeadLetterInput[] | null | undefined;
  nextPageToken?: string | null | undefined;
  left?: number | null | undefined;
}

export interface GetDeadLetterRequest {
  group: string;
  messageId: string;
}

export interface GetDeadLetterRequestInput {
  group?: string | null | undefined;
  messageId?: string | null | undefined;
}

export interface DeadLetter {
  message: Message | null;
  originTopic: string;
  originMessageId: string;
  attempts?: number;
  /** DeadLetterReason */
  reason: number;
  resent: ResentPlace | null;
}

export interface DeadLetterInput {
  message?: MessageInput | null | undefined;
  originTopic?: string | null | undefined;
  originMessageId?: string | null | undefined;
  attempts?: number | null | undefined;
  /** DeadLetterReason */
  reason?: number | null | undefined;
  resent?: ResentPlaceInput | null | undefined;
}

export interface ResentPlace {
  topic: string;
  queue: number;
  offset: number;
}

export interface ResentPlaceInput {
  topic?: string | null | undefined;
  queue?: number | null | undefined;
  offset?: number | null | undefined;
}

export interface ResendDeadLettersRequest {
  group: string;
  messageIds: string[];
  selection: DeadLetterSelection | null;
  again: boolean;
  pageToken: string;
  pageSize: number;
}

export interface ResendDeadLettersRequestInput {
  group?: string | null | undefined;
  messageIds?: readonly string[] | null | undefined;
  selection?: DeadLetterSelectionInput | null | undefined;
  again?: boolean | null | undefined;
  pageToken?: string | null | undefined;
  pageSize?: number | null | undefined;
}

export interface ResendResult {
  messageId: string;
  topic: string;
  /** ResendOutcome */
  outcome: number;
  resent: ResentPlace | null;
}

export interface ResendResultInput {
  messageId?: string | null | undefined;
  topic?: string | null | undefined;
  /** ResendOutcome */
  outcome?: number | null | undefined;
  resent?: ResentPlaceInput | null | undefined;
}

export interface ResendDeadLettersResponse {
  results: ResendResult[];
  nextPageToken: string;
  left: number;
}

export interface ResendDeadLettersResponseInput {
  results?: readonly ResendResultInput[] | null | undefined;
  nextPageToken?: string | null | undefined;
  left?: number | null | undefined;
}

export interface ListTransactionsRequest {
  /** TransactionState */
  state: number;
  topic: string;
  pageToken: string;
  pageSize: number;
}

export interface ListTransactionsRequestInput {
  /** TransactionState */
  state?: number | null | undefined;
  topic?: string | null | undefined;
  pageToken?: string | null | undefined;
  pageSize?: number | null | undefined;
}

export interface Transaction {
  transactionId: string;
  /** TransactionState */
  state: number;
  topic: string;
  messageId?: string;
  begunMs: number;
  checks: number;
  nextCheckMs?: number;
  endedMs?: number;
}

export interface TransactionInput {
  transactionId?: string | null | undefined;
  /** TransactionState */
  state?: number | null | undefined;
  topic?: string | null | undefined;
  messageId?: string | null | undefined;
  begunMs?: number | null | undefined;
  checks?: number | null | undefined;
  nextCheckMs?: number | null | undefined;
  endedMs?: number | null | undefined;
}

export interface ListTransactionsResponse {
  transactions: Transaction[];
  nextPageToken: string;
}

export interface ListTransactionsResponseInput {
  transactions?: readonly TransactionInput[] | null | undefined;
  nextPageToken?: string | null | undefined;
}

export interface FindMessagesRequest {
  topic: string;
  key: string;
  sinceMs?: number;
  untilMs?: number;
  pageToken: string;
  pageSize: number;
}

export interface FindMessagesRequestInput {
  topic?: string | null | undefined;
  key?: string | null | undefined;
  sinceMs?: number | null | undefined;
  untilMs?: number | null | undefined;
  pageToken?: string | null | undefined;
  pageSize?: number | null | undefined;
}

export interface ListMessagesRequest {
  topic: string;
  queue?: number;
  offset?: number;
  sinceMs?: number;
  untilMs?: number;
  newestFirst: boolean;
  pageToken: string;
  pageSize: number;
}

export interface ListMessagesRequestInput {
  topic?: string | null | undefined;
  queue?: number | null | undefined;
  offset?: number | null | undefined;
  sinceMs?: number | null | undefined;
  untilMs?: number | null | undefined;
  newestFirst?: boolean | null | undefined;
  pageToken?: string | null | undefined;
  pageSize?: number | null | undefined;
}

export interface MessagePage {
  messages: Message[];
  nextPageToken: string;
  unreadable: number;
  oldestMs?: number;
}

export interface MessagePageInput {
  messages?: readonly MessageInput[] | null | undefined;
  nextPageToken?: string | null | undefined;
  unreadable?: number | null | undefined;
  oldestMs?: number | null | undefined;
}

export interface GetMessageTraceRequest {
  topic?: string;
  messageId?: string;
  queue?: number;
  offset?: number;
}

export interface GetMessageTraceRequestInput {
  topic?: string | null | undefined;
  messageId?: string | null | undefined;
  queue?: number | null | undefined;
  offset?: number | null | undefined;
}

export interface TraceClient {
  clientId: string;
  address: string;
  language: string;
}

export interface TraceClientInput {
  clientId?: string | null | undefined;
  address?: string | null | undefined;
  language?: string | null | undefined;
}

export interface TracePlace {
  topic: string;
  queue: number;
  offset: number;
}

export interface TracePlaceInput {
  topic?: string | null | undefined;
  queue?: number | null | undefined;
  offset?: number | null | undefined;
}

export interface TraceEvent {
  kind: string;
  atMs: number;
  group?: string;
  attempt?: number;
  untilMs?: number;
  tookMs?: number;
  times: number;
  by: TraceClient | null;
  copy: TracePlace | null;
}

export interface TraceEventInput {
  kind?: string | null | undefined;
  atMs?: number | null | undefined;
  group?: string | null | undefined;
  attempt?: number | null | undefined;
  untilMs?: number | null | undefined;
  tookMs?: number | null | undefined;
  times?: number | null | undefined;
  by?: TraceClientInput | null | undefined;
  copy?: TracePlaceInput | null | undefined;
}

export interface GroupTrace {
  group: string;
  outcome: string;
  attempts: number;
  tookMs?: number;
}

export interface GroupTraceInput {
  group?: string | null | undefined;
  outcome?: string | null | undefined;
  attempts?: number | null | undefined;
  tookMs?: number | null | undefined;
}

export interface ClientTraceEvent {
  kind: string;
  atMs?: number;
  group: string;
  tookMs?: number;
  succeeded?: boolean;
  address: string;
}

export interface ClientTraceEventInput {
  kind?: string | null | undefined;
  atMs?: number | null | undefined;
  group?: string | null | undefined;
  tookMs?: number | null | undefined;
  succeeded?: boolean | null | undefined;
  address?: string | null | undefined;
}

export interface MessageTrace {
  messageId: string;
  place: TracePlace | null;
  tag?: string;
  keys: string[];
  originTopic?: string;
  originMessageId?: string;
  broker: string;
  events: TraceEvent[];
  groups: GroupTrace[];
  others: TracePlace[];
  truncated: boolean;
  clientEvents: ClientTraceEvent[];
}

export interface MessageTraceInput {
  messageId?: string | null | undefined;
  place?: TracePlaceInput | null | undefined;
  tag?: string | null | undefined;
  keys?: readonly string[] | null | undefined;
  originTopic?: string | null | undefined;
  originMessageId?: string | null | undefined;
  broker?: string | null | undefined;
  events?: readonly TraceEventInput[] | null | undefined;
  groups?: readonly GroupTraceInput[] | null | undefined;
  others?: readonly TracePlaceInput[] | null | undefined;
  truncated?: boolean | null | undefined;
  clientEvents?: readonly ClientTraceEventInput[] | null | undefined;
}

export interface UnreadMessagesRequest {
  pageToken: string;
  pageSize: number;
}

export interface UnreadMessagesRequestInput {
  pageToken?: string | null | undefined;
  pageSize?: number | null | undefined;
}

export interface UnreadTopic {
  group: string;
  topic: string;
  messages: number;
  inFlight: number;
  waitingRetry: number;
}

export interface UnreadTopicInput {
  group?: string | null | undefined;
  topic?: string | null | undefined;
  messages?: number | null | undefined;
  inFlight?: number | null | undefined;
  waitingRetry?: number | null | undefined;
}

export interface UnreadMessagesResponse {
  unread: UnreadTopic[];
  nextPageToken: string;
  totalMessages: number;
  deadLetters: number;
  scheduled: boolean;
}

export interface UnreadMessagesResponseInput {
  unread?: readonly UnreadTopicInput[] | null | undefined;
  nextPageToken?: string | null | undefined;
  totalMessages?: number | null | undefined;
  deadLetters?: number | null | undefined;
  scheduled?: boolean | null | undefined;
}

export interface BrokerStatusRequest {}

export interface BrokerStatusRequestInput {}

export interface BrokerStatusResponse {
  version: string;
  identity: string;
  durability: string;
  startedMs: number;
  uptimeMs: number;
  readOnlyReason?: string;
  log: LogStatus | null;
  disk: DiskStatus | null;
  topics: number;
  groups: number;
  connections: number;
  memoryBytes: number;
  rates: Rates | null;
  edition: string;
  readOnly: boolean;
  fleetRevision?: string;
  quota: QuotaStatus | null;
  deadLetters: number;
}

export interface BrokerStatusResponseInput {
  version?: string | null | undefined;
  identity?: string | null | undefined;
  durability?: string | null | undefined;
  startedMs?: number | null | undefined;
  uptimeMs?: number | null | undefined;
  readOnlyReason?: string | null | undefined;
  log?: LogStatusInput | null | undefined;
  disk?: DiskStatusInput | null | undefined;
  topics?: number | null | undefined;
  groups?: number | null | undefined;
  connections?: number | null | undefined;
  memoryBytes?: number | null | undefined;
  rates?: RatesInput | null | undefined;
  edition?: string | null | undefined;
  readOnly?: boolean | null | undefined;
  fleetRevision?: string | null | undefined;
  quota?: QuotaStatusInput | null | undefined;
  deadLetters?: number | null | undefined;
}

export interface QuotaStatus {
  limitPerSecond?: number;
  passedPerSecond: number;
  throttledPerSecond: number;
}

export interface QuotaStatusInput {
  limitPerSecond?: number | null | undefined;
  passedPerSecond?: number | null | undefined;
  throttledPerSecond?: number | null | undefined;
}

export interface LogStatus {
  startOffset: number;
  endOffset: number;
  committedOffset: number;
  appliedOffset: number;
  segments: number;
}

export interface LogStatusInput {
  startOffset?: number | null | undefined;
  endOffset?: number | null | undefined;
  committedOffset?: number | null | undefined;
  appliedOffset?: number | null | undefined;
  segments?: number | null | undefined;
}

export interface DiskStatus {
  usedBytes: number;
  freeBytes: number;
  totalBytes: number;
}

export interface DiskStatusInput {
  usedBytes?: number | null | undefined;
  freeBytes?: number | null | undefined;
  totalBytes?: number | null | undefined;
}

export interface Rates {
  messagesInPerSecond: number;
  messagesOutPerSecond: number;
  bytesInPerSecond: number;
  bytesOutPerSecond: number;
}

export interface RatesInput {
  messagesInPerSecond?: number | null | undefined;
  messagesOutPerSecond?: number | null | undefined;
  bytesInPerSecond?: number | null | undefined;
  bytesOutPerSecond?: number | null | undefined;
}

/** Every message of the package by its name. */
export interface Messages {
  Topic: { decoded: Topic; input: TopicInput };
  CreateTopicRequest: { decoded: CreateTopicRequest; input: CreateTopicRequestInput };
  UpdateTopicRequest: { decoded: UpdateTopicRequest; input: UpdateTopicRequestInput };
  DeleteTopicRequest: { decoded: DeleteTopicRequest; input: DeleteTopicRequestInput };
  DeleteTopicResponse: { decoded: DeleteTopicResponse; input: DeleteTopicResponseInput };
  DescribeTopicRequest: { decoded: DescribeTopicRequest; input: DescribeTopicRequestInput };
  TopicQueue: { decoded: TopicQueue; input: TopicQueueInput };
  TopicDetails: { decoded: TopicDetails; input: TopicDetailsInput };
  ListTopicsRequest: { decoded: ListTopicsRequest; input: ListTopicsRequestInput };
  ListTopicsResponse: { decoded: ListTopicsResponse; input: ListTopicsResponseInput };
  Group: { decoded: Group; input: GroupInput };
  Backoff: { decoded: Backoff; input: BackoffInput };
  CreateGroupRequest: { decoded: CreateGroupRequest; input: CreateGroupRequestInput };
  UpdateGroupRequest: { decoded: UpdateGroupRequest; input: UpdateGroupRequestInput };
  DeleteGroupRequest: { decoded: DeleteGroupRequest; input: DeleteGroupRequestInput };
  DeleteGroupResponse: { decoded: DeleteGroupResponse; input: DeleteGroupResponseInput };
  DescribeGroupRequest: { decoded: DescribeGroupRequest; input: DescribeGroupRequestInput };
  GroupQueue: { decoded: GroupQueue; input: GroupQueueInput };
  GroupTopic: { decoded: GroupTopic; input: GroupTopicInput };
  GroupMember: { decoded: GroupMember; input: GroupMemberInput };
  GroupReader: { decoded: GroupReader; input: GroupReaderInput };
  GroupDetails: { decoded: GroupDetails; input: GroupDetailsInput };
  ListGroupsRequest: { decoded: ListGroupsRequest; input: ListGroupsRequestInput };
  GroupSummary: { decoded: GroupSummary; input: GroupSummaryInput };
  ListGroupsResponse: { decoded: ListGroupsResponse; input: ListGroupsResponseInput };
  ResetOffsetsRequest: { decoded: ResetOffsetsRequest; input: ResetOffsetsRequestInput };
  QueueReset: { decoded: QueueReset; input: QueueResetInput };
  ResetOffsetsResponse: { decoded: ResetOffsetsResponse; input: ResetOffsetsResponseInput };
  SendMessageRequest: { decoded: SendMessageRequest; input: SendMessageRequestInput };
  SendMessageResponse: { decoded: SendMessageResponse; input: SendMessageResponseInput };
  RecallMessageRequest: { decoded: RecallMessageRequest; input: RecallMessageRequestInput };
  RecallMessageResponse: { decoded: RecallMessageResponse; input: RecallMessageResponseInput };
  ReceiveMessagesRequest: { decoded: ReceiveMessagesRequest; input: ReceiveMessagesRequestInput };
  ReceiveMessagesResponse: {
    decoded: ReceiveMessagesResponse;
    input: ReceiveMessagesResponseInput;
  };
  GetMessageRequest: { decoded: GetMessageRequest; input: GetMessageRequestInput };
  Message: { decoded: Message; input: MessageInput };
  DeadLetterSelection: { decoded: DeadLetterSelection; input: DeadLetterSelectionInput };
  ListDeadLettersRequest: { decoded: ListDeadLettersRequest; input: ListDeadLettersRequestInput };
  ListDeadLettersResponse: {
    decoded: ListDeadLettersResponse;
    input: ListDeadLettersResponseInput;
  };
  GetDeadLetterRequest: { decoded: GetDeadLetterRequest; input: GetDeadLetterRequestInput };
  DeadLetter: { decoded: DeadLetter; input: DeadLetterInput };
  ResentPlace: { decoded: ResentPlace; input: ResentPlaceInput };
  ResendDeadLettersRequest: {
    decoded: ResendDeadLettersRequest;
    input: ResendDeadLettersRequestInput;
  };
  ResendResult: { decoded: ResendResult; input: ResendResultInput };
  ResendDeadLettersResponse: {
    decoded: ResendDeadLettersResponse;
    input: ResendDeadLettersResponseInput;
  };
  ListTransactionsRequest: {
    decoded: ListTransactionsRequest;
    input: ListTransactionsRequestInput;
  };
  Transaction: { decoded: Transaction; input: TransactionInput };
  ListTransactionsResponse: {
    decoded: ListTransactionsResponse;
    input: ListTransactionsResponseInput;
  };
  FindMessagesRequest: { decoded: FindMessagesRequest; input: FindMessagesRequestInput };
  ListMessagesRequest: { decoded: ListMessagesRequest; input: ListMessagesRequestInput };
  MessagePage: { decoded: MessagePage; input: MessagePageInput };
  GetMessageTraceRequest: { decoded: GetMessageTraceRequest; input: GetMessageTraceRequestInput };
  TraceClient: { decoded: TraceClient; input: TraceClientInput };
  TracePlace: { decoded: TracePlace; input: TracePlaceInput };
  TraceEvent: { decoded: TraceEvent; input: TraceEventInput };
  GroupTrace: { decoded: GroupTrace; input: GroupTraceInput };
  ClientTraceEvent: { decoded: ClientTraceEvent; input: ClientTraceEventInput };
  MessageTrace: { decoded: MessageTrace; input: MessageTraceInput };
  UnreadMessagesRequest: { decoded: UnreadMessagesRequest; input: UnreadMessagesRequestInput };
  UnreadTopic: { decoded: UnreadTopic; input: UnreadTopicInput };
  UnreadMessagesResponse: { decoded: UnreadMessagesResponse; input: UnreadMessagesResponseInput };
  BrokerStatusRequest: { decoded: BrokerStatusRequest; input: BrokerStatusRequestInput };
  BrokerStatusResponse: { decoded: BrokerStatusResponse; input: BrokerStatusResponseInput };
  QuotaStatus: { decoded: QuotaStatus; input: QuotaStatusInput };
  LogStatus: { decoded: LogStatus; input: LogStatusInput };
  DiskStatus: { decoded: DiskStatus; input: DiskStatusInput };
  Rates: { decoded: Rates; input: RatesInput };
}
