/** The admin port of one broker, and what is known from it for a moment. */
import type { Clock } from '#lib/clock';
import { SluiceError, type ErrorCode } from '#lib/errors';
import { OPERATOR } from '#lib/kubernetes-limits';
import type { AdminMethod, AnswerOf, RequestOf } from '#proto/admin';
import { createAdminClient, type AdminClient } from '#proto/admin-client';
import type {
  BrokerStatusResponse,
  GroupSummary,
  Topic,
  UnreadMessagesResponse,
} from '#proto/admin-types';

export interface BrokerAdminOptions {
  /** The broker's name, for messages. */
  readonly broker: string;
  /** `host:port`, asked at each new connection. */
  readonly address: () => string;
  /** Asked at each new connection; undefined: the instance has no token yet. */
  readonly token: () => Promise<string | undefined>;
  /** The token was refused: it is read again. */
  readonly onUnauthorized: () => void;
  readonly clock: Clock;
}

/** A list that was read, and when. */
interface Listed<T> {
  readonly atMs: number;
  readonly items: Promise<Map<string, T>>;
}

/** No answer came: the broker is down or can't be reached. */
export class BrokerUnreachable extends Error {
  constructor(broker: string, address: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(`the admin port of ${broker} at ${address} does not answer: ${reason}`, { cause });
    this.name = 'BrokerUnreachable';
  }
}

/** Told when what was listed is not so any more. */
export const OUTDATED: readonly ErrorCode[] = [
  'ALREADY_EXISTS',
  'TOPIC_NOT_FOUND',
  'CONSUMER_GROUP_NOT_FOUND',
];

export class BrokerAdmin {
  readonly #options: BrokerAdminOptions;
  #client: Promise<AdminClient> | undefined;
  #topics: Listed<Topic> | undefined;
  #groups: Listed<GroupSummary> | undefined;

  constructor(options: BrokerAdminOptions) {
    this.#options = options;
  }

  status(): Promise<BrokerStatusResponse> {
    return this.call('BrokerStatus', {});
  }

  /** All topics by name; a list that is some seconds old will do, except for our own changes. */
  async topics(): Promise<ReadonlyMap<string, Topic>> {
    this.#topics = this.#fresh(this.#topics, () => this.#listTopics());
    return this.#topics.items;
  }

  async groups(): Promise<ReadonlyMap<string, GroupSummary>> {
    this.#groups = this.#fresh(this.#groups, () => this.#listGroups());
    return this.#groups.items;
  }

  async topicChanged(topic: Topic): Promise<void> {
    (await this.#topics?.items)?.set(topic.name, topic);
  }

  /** What was listed is not so any more. */
  forgetLists(): void {
    this.#topics = undefined;
    this.#groups = undefined;
  }

  /** Everything that groups still have to read, over all pages. */
  async unread(): Promise<Omit<UnreadMessagesResponse, 'nextPageToken' | 'totalMessages'>> {
    const found: UnreadMessagesResponse['unread'] = [];
    let deadLetters = 0;
    let scheduled = false;
    for (let pageToken = ''; ;) {
      const page = await this.call('UnreadMessages', { pageToken });
      found.push(...page.unread);
      ({ deadLetters, scheduled } = page);
      pageToken = page.nextPageToken;
      if (pageToken === '') return { unread: found, deadLetters, scheduled };
    }
  }

  /** Rejects with the broker's SluiceError, or with BrokerUnreachable. */
  async call<M extends AdminMethod>(
    method: M,
    request: RequestOf<M>['input'],
  ): Promise<AnswerOf<M>['decoded']> {
    try {
      this.#client ??= this.#connect();
      return await (await this.#client).call(method, request, OPERATOR.adminCallMs);
    } catch (error) {
      if (error instanceof SluiceError) {
        if (error.code === 'UNAUTHORIZED') {
          this.#options.onUnauthorized();
          this.close();
        }
        // Somebody else made or removed it since it was listed.
        if (OUTDATED.includes(error.code)) this.forgetLists();
        throw error;
      }
      // The next call resolves the name again: the pod may have another address by then.
      this.close();
      const { broker, address } = this.#options;
      throw new BrokerUnreachable(broker, address(), error);
    }
  }

  close(): void {
    const client = this.#client;
    this.#client = undefined;
    this.forgetLists();
    void client?.then((opened) => opened.close()).catch(() => undefined);
  }

  async #connect(): Promise<AdminClient> {
    const token = await this.#options.token();
    return createAdminClient({ address: this.#options.address(), token });
  }

  #fresh<T>(listed: Listed<T> | undefined, read: () => Promise<Map<string, T>>): Listed<T> {
    const nowMs = this.#options.clock.monotonicMs();
    if (listed && nowMs - listed.atMs < OPERATOR.brokerListsMs) return listed;
    const items = read();
    items.catch(() => this.forgetLists());
    return { atMs: nowMs, items };
  }

  async #listTopics(): Promise<Map<string, Topic>> {
    const topics = new Map<string, Topic>();
    for (let pageToken = ''; ;) {
      const page = await this.call('ListTopics', { pageToken, pageSize: OPERATOR.pageSize });
      for (const topic of page.topics) topics.set(topic.name, topic);
      pageToken = page.nextPageToken;
      if (pageToken === '') return topics;
    }
  }

  async #listGroups(): Promise<Map<string, GroupSummary>> {
    const groups = new Map<string, GroupSummary>();
    for (let pageToken = ''; ;) {
      const page = await this.call('ListGroups', { pageToken, pageSize: OPERATOR.pageSize });
      for (const summary of page.groups) groups.set(summary.group?.name ?? '', summary);
      pageToken = page.nextPageToken;
      if (pageToken === '') return groups;
    }
  }
}
