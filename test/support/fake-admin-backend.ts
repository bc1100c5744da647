import type {
  AdminBackend,
  BrokerStatus,
  GroupDescription,
  GroupSummary,
  KeyQuery,
  MessagePage,
  OutgoingMessage,
  PlaceQuery,
  ReceiveRequest,
  ResetRequest,
  SentMessage,
  StoredMessage,
  TopicDescription,
  TransactionInfo,
  UnreadTopic,
} from '#broker/admin/backend';
import type { MessageTrace, TraceRequest } from '#broker/admin/message-trace';
import { FakeDeadLetters } from '#support/fake-dead-letters';
import { SluiceError } from '#lib/errors';

/** 2026-01-02T03:04:05Z */
export const NOW_MS = Date.UTC(2026, 0, 2, 3, 4, 5);
const ATTEMPTS_DEFAULT = 16;
const QUEUES_DEFAULT = 8;
const BACKOFF_DEFAULT = [1000, 5000];

/** A broker of maps, for the admin service and its command line; tests read and set its fields. */
export class FakeAdminBackend implements AdminBackend {
  readonly topicsByName = new Map<string, TopicDescription>();
  readonly groupsByName = new Map<string, GroupDescription>();
  readonly stored: StoredMessage[] = [];
  readonly unread: UnreadTopic[] = [];
  readonly transactionsOfAll: TransactionInfo[] = [];
  readonly receives: ReceiveRequest[] = [];
  readonly resets: ResetRequest[] = [];
  readonly listed: PlaceQuery[] = [];
  unreadable = 0;
  readonly traces: TraceRequest[] = [];
  /** What is answered of every message. */
  messageTrace: MessageTrace | undefined;
  brokerStatus: BrokerStatus = STATUS;
  /** The next sends fail with this. */
  sendFailure: Error | undefined;

  readonly topics: AdminBackend['topics'] = {
    create: async ({ name, kind, queues = QUEUES_DEFAULT, permission = 'read-write' }) => {
      if (this.topicsByName.has(name)) {
        throw new SluiceError('ALREADY_EXISTS', `topic ${name} exists already`);
      }
      const state = { createdMs: NOW_MS, queueStates: [], groups: [] };
      return this.#setTopic({ name, kind, queues, permission, ...state });
    },
    update: async ({ name, kind, queues, permission }) => {
      const topic = this.#topic(name);
      return this.#setTopic({
        ...topic,
        kind: kind ?? topic.kind,
        queues: queues ?? topic.queues,
        permission: permission ?? topic.permission,
      });
    },
    delete: async (name) => {
      this.#topic(name);
      this.topicsByName.delete(name);
    },
    describe: (name) => this.#topic(name),
    list: (after, limit) => page(this.topicsByName.values(), after, limit),
  };

  readonly transactions: AdminBackend['transactions'] = {
    list: async ({ state, topic }, after, limit) => {
      if (topic !== '') this.#topic(topic);
      const wanted = this.transactionsOfAll.filter(
        (each) => each.state === state && (topic === '' || each.topic === topic),
      );
      return page(wanted, after, limit);
    },
  };

  readonly groups: AdminBackend['groups'] = {
    create: async ({ name, ordered, maxAttempts = ATTEMPTS_DEFAULT, ...options }) => {
      const { backoffMs = BACKOFF_DEFAULT, pullAllowed = true, broadcast } = options;
      const settings = { ordered, maxAttempts, backoffMs, pullAllowed, broadcast };
      const state = { createdMs: NOW_MS, topics: [], members: [], readers: [] };
      return this.#setGroup({ name, ...settings, ...state });
    },
    update: async ({ name, ordered, maxAttempts, backoffMs, pullAllowed }) => {
      const group = this.#group(name);
      return this.#setGroup({
        ...group,
        ordered: ordered ?? group.ordered,
        maxAttempts: maxAttempts ?? group.maxAttempts,
        backoffMs: backoffMs?.length === 0 ? BACKOFF_DEFAULT : (backoffMs ?? group.backoffMs),
        pullAllowed: pullAllowed ?? group.pullAllowed,
      });
    },
    delete: async (name) => {
      this.#group(name);
      this.groupsByName.delete(name);
    },
    describe: (name) => this.#group(name),
    list: (after, limit) => page(this.groupsByName.values(), after, limit).map(summary),
    reset: async (request) => {
      this.#group(request.group);
      this.resets.push(request);
      const { topics } = this.#group(request.group);
      const { queues = [] } = topics.find(({ topic }) => topic === request.topic) ?? {};
      return queues.map(({ queue, progress: before, inFlight: leasesDropped }) => {
        const counts = { readAgain: before, skipped: 0, leasesDropped };
        return { queue, before, after: 0, ...counts };
      });
    },
    unread: (after, limit) => ({
      entries: page(this.unread, after, limit),
      total: this.unread.reduce((sum, { messages }) => sum + messages, 0),
      deadLetters: this.brokerStatus.deadLetters,
      scheduled: false,
    }),
  };

  readonly messages: AdminBackend['messages'] = {
    send: async (message) => this.#store(message),
    receive: async (request) => {
      this.receives.push(request);
      this.#topic(request.topic);
      return this.stored
        .splice(0, request.count)
        .map((message) => ({ ...message, attempt: message.attempt + 1 }));
    },
    recall: async (topic, handle) =>
      this.#found(topic, ({ messageId }) => handle === `recall-${messageId}`).messageId,
    getById: async (topic, id) => this.#found(topic, ({ messageId }) => messageId === id),
    trace: async (request) => {
      this.traces.push(request);
      if (this.messageTrace) return this.messageTrace;
      throw new SluiceError('MESSAGE_NOT_FOUND', 'there is no such message');
    },
    getByOffset: async (topic, queue, offset) =>
      this.#found(topic, (message) => message.queue === queue && message.offset === offset),
    find: async (query) => {
      this.#topic(query.topic);
      return this.#page(
        query,
        this.stored.filter(({ keys }) => keys.includes(query.key)),
      );
    },
    list: async (query) => {
      this.#topic(query.topic);
      this.listed.push(query);
      return this.#page(query, query.newestFirst ? this.stored.toReversed() : this.stored);
    },
  };

  readonly deadLetters = new FakeDeadLetters();

  /** Tokens are counts of what came before; with a half the page is empty, but not the last. */
  #page({ pageToken, pageSize }: KeyQuery | PlaceQuery, all: StoredMessage[]): MessagePage {
    const from = Math.floor(Number(pageToken));
    const isEmpty = !Number.isInteger(Number(pageToken));
    const messages = isEmpty ? [] : all.slice(from, from + pageSize);
    const reached = from + messages.length;
    const isLast = reached >= all.length;
    const next = isEmpty ? String(from) : String(reached + 0.5);
    return {
      messages,
      nextPageToken: isLast && !isEmpty ? '' : next,
      unreadable: this.unreadable,
      oldestMs: isLast && this.stored.length > 0 ? NOW_MS : undefined,
    };
  }

  status(): BrokerStatus {
    return this.brokerStatus;
  }

  #topic(name: string): TopicDescription {
    const topic = this.topicsByName.get(name);
    if (topic) return topic;
    throw new SluiceError('TOPIC_NOT_FOUND', `topic ${name} does not exist`);
  }

  #setTopic(topic: TopicDescription): TopicDescription {
    this.topicsByName.set(topic.name, topic);
    return topic;
  }

  #group(name: string): GroupDescription {
    const group = this.groupsByName.get(name);
    if (group) return group;
    throw new SluiceError('CONSUMER_GROUP_NOT_FOUND', `group ${name} does not exist`);
  }

  #setGroup(group: GroupDescription): GroupDescription {
    this.groupsByName.set(group.name, group);
    return group;
  }

  #store({ peer: _, ...message }: OutgoingMessage): SentMessage {
    if (this.sendFailure) throw this.sendFailure;
    this.#topic(message.topic);
    const offset = this.stored.length;
    const times = { bornHost: '10.0.0.7:5000', bornMs: NOW_MS, storedMs: NOW_MS };
    const stored = {
      ...message,
      ...times,
      messageId: `id-${offset}`,
      queue: 0,
      offset,
      attempt: 0,
    };
    this.stored.push(stored);
    const isLater = message.deliverAtMs !== undefined;
    return { ...stored, recallHandle: isLater ? `recall-${stored.messageId}` : '' };
  }

  #found(topic: string, isIt: (message: StoredMessage) => boolean): StoredMessage {
    this.#topic(topic);
    const found = this.stored.find(isIt);
    if (found) return found;
    throw new SluiceError('MESSAGE_NOT_FOUND', 'there is no such message');
  }
}

function page<T extends { readonly name: string }>(
  entries: Iterable<T>,
  after: string,
  limit: number,
): readonly T[] {
  const behind = [...entries].filter(({ name }) => name > after);
  return behind.sort((one, other) => (one.name < other.name ? -1 : 1)).slice(0, limit);
}

function summary(group: GroupDescription): GroupSummary {
  const queues = group.topics.flatMap((topic) => topic.queues);
  const lag = queues.reduce((sum, { maxOffset, progress }) => sum + maxOffset - progress, 0);
  return { ...group, lag, members: group.members.length };
}

const STATUS: BrokerStatus = {
  version: '1.2.3',
  identity: '0f8fad5b-d9cb-469f-a165-70867728950e',
  durability: 'sync',
  startedMs: NOW_MS - 3_723_000,
  uptimeMs: 3_723_000,
  readOnlyReason: undefined,
  log: {
    startOffset: 0,
    endOffset: 300_000_000,
    committedOffset: 299_999_000,
    appliedOffset: 299_998_000,
    segments: 3,
  },
  disk: { usedBytes: 314_572_800, freeBytes: 53_687_091_200, totalBytes: 107_374_182_400 },
  topics: 4,
  groups: 2,
  connections: 17,
  memoryBytes: 125_829_120,
  rates: {
    messagesInPerSecond: 1234.4,
    messagesOutPerSecond: 0,
    bytesInPerSecond: 1_263_616,
    bytesOutPerSecond: 0,
  },
  edition: 'platinum',
  readOnly: false,
  fleetRevision: undefined,
  quota: { limitPerSecond: undefined, passedPerSecond: 1234.4, throttledPerSecond: 0 },
  deadLetters: 3,
};
