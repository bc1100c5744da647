/**
 * What the admin service needs of a broker, in the broker's own words. `broker/admin` knows nothing
 * else of it; tests stand a fake behind this. Failures are SluiceErrors; names and limits are
 * checked by whoever owns them, not here.
 */
import type { DeadLetterAdmin } from '#broker/admin/dead-letter-backend';
import type { StoredMessage } from '#broker/admin/stored-message';
import type { Edition } from '#proto/fleet-settings';
import type { MessageTrace, TraceRequest } from '#broker/admin/message-trace';
import type { TopicKind, TopicPermission } from '#proto/route';

export type { StoredMessage };

export interface AdminBackend {
  readonly topics: TopicAdmin;
  readonly groups: GroupAdmin;
  readonly messages: MessageAdmin;
  readonly transactions: TransactionAdmin;
  readonly deadLetters: DeadLetterAdmin;
  /** The state of the broker at this moment. */
  status(): BrokerStatus | Promise<BrokerStatus>;
}

export interface TopicAdmin {
  /** ALREADY_EXISTS, ILLEGAL_TOPIC, BAD_REQUEST (queues out of range, or not for this kind). */
  create(topic: {
    readonly name: string;
    readonly kind: TopicKind;
    readonly queues: number | undefined;
    readonly permission: TopicPermission | undefined;
  }): Promise<TopicInfo>;
  /**
   * Undefined stays as it is. TOPIC_NOT_FOUND, BAD_REQUEST (a change that is not possible),
   * FORBIDDEN (not in this edition).
   */
  update(topic: {
    readonly name: string;
    readonly kind: TopicKind | undefined;
    readonly queues: number | undefined;
    readonly permission: TopicPermission | undefined;
  }): Promise<TopicInfo>;
  /** TOPIC_NOT_FOUND */
  delete(name: string): Promise<void>;
  /** TOPIC_NOT_FOUND */
  describe(name: string): TopicDescription | Promise<TopicDescription>;
  /** At most `limit` topics with names after `after`, in order of their names. */
  list(after: string, limit: number): readonly TopicInfo[];
}

export interface TopicInfo {
  readonly name: string;
  readonly kind: TopicKind;
  readonly queues: number;
  readonly permission: TopicPermission;
  readonly createdMs: number;
}

export interface TopicDescription extends TopicInfo {
  readonly queueStates: readonly TopicQueueState[];
  /** Names of the groups that consume it. */
  readonly groups: readonly string[];
}

export interface TopicQueueState {
  readonly queue: number;
  readonly minOffset: number;
  /** One past the newest message. */
  readonly maxOffset: number;
  readonly lastWriteMs: number | undefined;
}

export interface GroupAdmin {
  /** ALREADY_EXISTS, ILLEGAL_CONSUMER_GROUP, BAD_REQUEST (attempts out of range). */
  create(group: {
    readonly name: string;
    readonly ordered: boolean;
    readonly maxAttempts?: number | undefined;
    /** Undefined for the usual waits. */
    readonly backoffMs: readonly number[] | undefined;
    readonly pullAllowed?: boolean | undefined;
    readonly broadcast: boolean;
  }): Promise<GroupInfo>;
  /** Undefined stays as it is. CONSUMER_GROUP_NOT_FOUND, BAD_REQUEST. */
  update(group: {
    readonly name: string;
    readonly ordered: boolean | undefined;
    readonly maxAttempts: number | undefined;
    /** None: the usual waits again. */
    readonly backoffMs: readonly number[] | undefined;
    readonly pullAllowed: boolean | undefined;
    readonly broadcast: boolean | undefined;
  }): Promise<GroupInfo>;
  /** CONSUMER_GROUP_NOT_FOUND */
  delete(name: string): Promise<void>;
  /** CONSUMER_GROUP_NOT_FOUND */
  describe(name: string): GroupDescription | Promise<GroupDescription>;
  /** At most `limit` groups with names after `after`, in order of their names. */
  list(after: string, limit: number): readonly GroupSummary[];
  /**
   * CONSUMER_GROUP_NOT_FOUND, TOPIC_NOT_FOUND, BAD_REQUEST (no such queue), ILLEGAL_OFFSET (a time
   * or an offset that is not kept)
   */
  reset(request: ResetRequest): Promise<readonly QueueReset[]>;
  /** At most `limit` entries with names after `after`, in order of their names. */
  unread(after: string, limit: number): UnreadMessages;
}

/** Where in each queue a group is to go on. */
export type ResetPlace =
  | { readonly at: 'beginning' }
  | { readonly at: 'end' }
  | { readonly at: 'time'; readonly timeMs: number }
  | { readonly at: 'offset'; readonly offset: number };

export interface ResetRequest {
  readonly group: string;
  readonly topic: string;
  /** None: all queues. */
  readonly queues: readonly number[];
  readonly to: ResetPlace;
  /** Only say what would change. */
  readonly dryRun: boolean;
}

export interface QueueReset {
  readonly queue: number;
  /** Where the group was and where it goes on: everything below is done with. */
  readonly before: number;
  readonly after: number;
  /** Messages that were done with and come again. */
  readonly readAgain: number;
  /** Messages that were not done with and never come. */
  readonly skipped: number;
  readonly leasesDropped: number;
}

/** What groups of this broker are not done with. */
export interface UnreadMessages {
  readonly entries: readonly UnreadTopic[];
  /** Over all entries there are. */
  readonly total: number;
  readonly deadLetters: number;
  /** Whether scheduled messages wait for their time. */
  readonly scheduled: boolean;
}

export interface UnreadTopic {
  /** Of group and topic together. */
  readonly name: string;
  readonly group: string;
  readonly topic: string;
  readonly messages: number;
  readonly inFlight: number;
  readonly waitingRetry: number;
}

export interface GroupInfo {
  readonly name: string;
  readonly ordered: boolean;
  /** Retries after the first delivery; then the message goes to the dead letters. */
  readonly maxAttempts: number;
  readonly backoffMs: readonly number[];
  readonly pullAllowed: boolean;
  readonly broadcast: boolean;
  readonly createdMs: number;
}

export interface GroupSummary extends GroupInfo {
  /** Over all topics and queues; of a broadcast group, that of the member furthest behind. */
  readonly lag: number;
  readonly members: number;
}

export interface GroupDescription extends GroupInfo {
  readonly topics: readonly GroupTopicState[];
  readonly members: readonly GroupMember[];
  readonly readers: readonly GroupReader[];
}

/** A member of a broadcast group that keeps its positions here. */
export interface GroupReader {
  readonly clientId: string;
  readonly seenMs: number;
  readonly topics: readonly GroupTopicState[];
}

export interface GroupTopicState {
  readonly topic: string;
  readonly queues: readonly GroupQueueState[];
}

export interface GroupQueueState {
  readonly queue: number;
  readonly progress: number;
  readonly maxOffset: number;
  readonly inFlight: number;
  readonly waitingRetry: number;
}

export interface GroupMember {
  readonly clientId: string;
  /** push, simple, pull */
  readonly kind: string;
  readonly address: string;
  readonly language: string;
  readonly version: string;
  readonly connectedMs: number;
}

export interface MessageAdmin {
  /** Resolves when the message is stored; any refusal of the clients' door. */
  send(message: OutgoingMessage): Promise<SentMessage>;
  /** The id of what will not come; INVALID_RECEIPT_HANDLE, MESSAGE_NOT_FOUND, TOPIC_NOT_FOUND. */
  recall(topic: string, recallHandle: string): Promise<string>;
  /** Waits up to `waitMs` for a first message; empty when none came. */
  receive(request: ReceiveRequest): Promise<readonly StoredMessage[]>;
  /** MESSAGE_NOT_FOUND, TOPIC_NOT_FOUND */
  getById(topic: string, messageId: string): Promise<StoredMessage>;
  /** ILLEGAL_OFFSET, MESSAGE_NOT_FOUND, TOPIC_NOT_FOUND */
  getByOffset(topic: string, queue: number, offset: number): Promise<StoredMessage>;
  /** MESSAGE_NOT_FOUND, TOPIC_NOT_FOUND, BAD_REQUEST (too many topics to search) */
  trace(request: TraceRequest): Promise<MessageTrace>;
  /** TOPIC_NOT_FOUND, BAD_REQUEST (no such page) */
  find(query: KeyQuery): Promise<MessagePage>;
  /** TOPIC_NOT_FOUND, BAD_REQUEST (no such queue, no such page), ILLEGAL_OFFSET */
  list(query: PlaceQuery): Promise<MessagePage>;
}

interface PageQuery {
  readonly topic: string;
  /** Stored then or later. */
  readonly sinceMs: number | undefined;
  /** Stored before. */
  readonly untilMs: number | undefined;
  /** From the page before; empty for the first one. */
  readonly pageToken: string;
  readonly pageSize: number;
}

/** Messages with a key, the newest first. */
export interface KeyQuery extends PageQuery {
  readonly key: string;
}

/** Messages in the order in which they were stored. */
export interface PlaceQuery extends PageQuery {
  /** Undefined for all queues. */
  readonly queue: number | undefined;
  /** Only with a queue: where in it the first page begins. */
  readonly offset: number | undefined;
  readonly newestFirst: boolean;
}

/** Work is bounded, so that any page but the last may have few messages, or none. */
export interface MessagePage<Message = StoredMessage> {
  readonly messages: readonly Message[];
  /** Empty on the last page. */
  readonly nextPageToken: string;
  /** Damaged messages that would belong here. */
  readonly unreadable: number;
  /** On the last page: when the oldest message of the topic was stored, if it has any. */
  readonly oldestMs: number | undefined;
}

export interface OutgoingMessage {
  readonly topic: string;
  readonly tag: string | undefined;
  readonly keys: readonly string[];
  readonly properties: ReadonlyMap<string, string>;
  readonly body: Buffer;
  readonly messageGroup: string | undefined;
  readonly deliverAtMs: number | undefined;
  /** `host:port` of the caller: the message's born host. */
  readonly peer: string;
}

export interface SentMessage {
  readonly messageId: string;
  readonly queue: number;
  readonly offset: number;
  /** Empty for a message that does not wait for its time. */
  readonly recallHandle: string;
}

export interface ReceiveRequest {
  readonly group: string;
  readonly topic: string;
  /** Tags, `a || b`; `*` for all. Or a condition of SQL92. */
  readonly filter: string;
  readonly isSql: boolean;
  readonly count: number;
  readonly waitMs: number;
  readonly invisibleMs: number;
  /** Acknowledge before they are answered; otherwise they come again after `invisibleMs`. */
  readonly ack: boolean;
  /** The caller went away: hand out nothing any more. */
  readonly signal: AbortSignal;
}

export type TransactionState = 'open' | 'committed' | 'rolled-back' | 'given-up';

export interface TransactionAdmin {
  /**
   * At most `limit` that began after the one named `after`, in order; of all topics when `topic` is
   * empty. TOPIC_NOT_FOUND
   */
  list(
    what: { readonly state: TransactionState; readonly topic: string },
    after: string,
    limit: number,
  ): Promise<readonly TransactionInfo[]>;
}

export interface TransactionInfo {
  /** Its id. */
  readonly name: string;
  readonly state: TransactionState;
  /** Empty when that is deleted. */
  readonly topic: string;
  readonly messageId: string | undefined;
  readonly begunMs: number;
  readonly checks: number;
  readonly nextCheckMs: number | undefined;
  readonly endedMs: number | undefined;
}

export interface BrokerStatus {
  readonly version: string;
  readonly identity: string;
  readonly durability: 'sync' | 'fast';
  readonly startedMs: number;
  readonly uptimeMs: number;
  /** Undefined when writes are accepted. */
  readonly readOnlyReason: string | undefined;
  /** Positions in bytes since the log's beginning. */
  readonly log: {
    readonly startOffset: number;
    readonly endOffset: number;
    readonly committedOffset: number;
    readonly appliedOffset: number;
    readonly segments: number;
  };
  readonly disk: {
    readonly usedBytes: number;
    readonly freeBytes: number;
    readonly totalBytes: number;
  };
  readonly topics: number;
  readonly groups: number;
  readonly connections: number;
  readonly memoryBytes: number;
  readonly rates: {
    readonly messagesInPerSecond: number;
    readonly messagesOutPerSecond: number;
    readonly bytesInPerSecond: number;
    readonly bytesOutPerSecond: number;
  };
  readonly edition: Edition;
  /** Clients' sends are refused, since the broker is drained. */
  readonly readOnly: boolean;
  readonly fleetRevision: string | undefined;
  readonly quota: {
    readonly limitPerSecond: number | undefined;
    readonly passedPerSecond: number;
    readonly throttledPerSecond: number;
  };
  readonly deadLetters: number;
}
