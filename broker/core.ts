/** A broker without its doors: the store, and all that stands on it. */
import type { Clock } from '#lib/clock';
import type { Log } from '#lib/log';
import { parseIPv4 } from '#proto/message';

import { Mode } from '#broker/admit/mode';
import { Quota } from '#broker/admit/quota';
import { ClientQuestions } from '#broker/client/questions';
import { Members } from '#broker/store/members';
import { Sessions } from '#broker/client/sessions';
import { Consumption } from '#broker/consume/consumption';
import { keepIdentity } from '#broker/identity';
import type { Identity } from '#broker/identity';
import { Traffic } from '#broker/metrics/traffic';
import { askersAmong } from '#broker/grpc/ask-producer';
import { CheckBack } from '#broker/produce/check-back';
import { HalfTable } from '#broker/produce/half-table';
import { Producer } from '#broker/produce/produce';
import type { Recallable } from '#broker/produce/recall-handle';
import { Resent } from '#broker/produce/resent';
import { Scheduler } from '#broker/produce/scheduled';
import { Transactions } from '#broker/produce/transaction';
import { BrokerState } from '#broker/state';
import type { Durability } from '#broker/store/commit-log';
import type { StoreFiles } from '#broker/store/files';
import type { Recovered } from '#broker/store/recovery';
import { Store } from '#broker/store/store';
import { Groups } from '#broker/topic/groups';
import { QueueSelector } from '#broker/topic/queue-selector';
import { Topics } from '#broker/topic/topics';

export interface CoreOptions {
  directory: string;
  durability: Durability;
  retentionMs: number;
  diskWatermark: number;
  diskReserveBytes: number;
  segmentBytes: number;
  /** Where this broker is reached; it goes into every stored message. */
  host: string;
  port: number;
  clock: Clock;
  files: StoreFiles;
  log: Log;
}

export class Core {
  readonly identity: Identity;
  readonly store: Store;
  readonly topics: Topics;
  readonly groups: Groups;
  readonly producer: Producer;
  readonly scheduler: Scheduler;
  readonly transactions: Transactions;
  readonly resent: Resent;
  readonly consumption: Consumption;
  readonly sessions: Sessions;
  readonly questions: ClientQuestions;
  readonly members: Members;
  readonly selector = new QueueSelector();
  readonly traffic = new Traffic();
  /** Who may do what, by the settings of the fleet; all may everything until they are set. */
  readonly mode = new Mode();
  readonly quota: Quota;
  readonly #checkBack: CheckBack;

  private constructor(options: CoreOptions, identity: Identity, store: Store) {
    const { clock, log } = options;
    this.identity = identity;
    this.store = store;
    this.quota = new Quota(clock);
    this.topics = new Topics(store);
    this.groups = new Groups(store);
    this.producer = new Producer(store, { ip: parseIPv4(options.host), port: options.port });
    this.sessions = new Sessions(clock);
    this.questions = new ClientQuestions(clock, this.sessions);
    this.members = new Members(store);
    const { topics, groups, producer, sessions, members, traffic } = this;
    const { receiptKey } = identity;
    const onDamage = (): void => void traffic.damaged++;
    this.scheduler = new Scheduler({
      clock,
      log,
      store,
      topics,
      producer,
      key: receiptKey,
      onDamage,
    });
    const recallHandle = (message: Recallable): string => this.scheduler.recallHandle(message);
    this.resent = new Resent({ clock, log, store, recallHandle });
    const table = new HalfTable(store, topics);
    this.transactions = new Transactions({
      store,
      topics,
      producer,
      table,
      onDamage: (error) => {
        log.error({ error }, 'a half message cannot be read as it was stored');
        onDamage();
      },
    });
    this.consumption = new Consumption({
      clock,
      log,
      store,
      topics,
      groups,
      producer,
      members,
      receiptKey,
      retentionMs: options.retentionMs,
      isConnected: (clientId) => sessions.isConnected(clientId),
      onDeadLetter: (group, topic) => traffic.deadLettered(group.name, topic.name),
      onDamage,
    });
    const { transactions } = this;
    this.#checkBack = new CheckBack({
      clock,
      store,
      topics,
      transactions,
      askers: askersAmong(sessions),
      onError: (error) => log.error({ error }, 'a transaction could not be checked'),
    });
    this.topics.onDelete = ({ id }) => {
      this.consumption.forgetTopic(id);
      this.scheduler.forgetTopic(id);
      table.forgetTopic(id);
    };
    store.onReadable = (queue) => this.consumption.onReadable(queue);
    sessions.onGone = ({ facts }) => {
      this.consumption.releaseClient(facts.clientId);
      this.questions.clientGone(facts.clientId);
    };
  }

  /**
   * Opens the data in `directory` and brings everything to where it was.
   * @throws DamageError when something that was acknowledged can't be read
   */
  static async open(options: CoreOptions): Promise<{ core: Core; recovered: Recovered }> {
    const identity = await keepIdentity(options.directory);
    const store = await Store.open(options);
    const core = new Core(options, identity, store);
    const { topics, groups, consumption, scheduler, transactions } = core;
    const { progress, broadcast } = consumption;
    const { members } = broadcast;
    try {
      const parts = { store, topics, groups, progress, members, scheduler, transactions };
      const state = new BrokerState(parts);
      const recovered = await store.recover(state);
      await core.resent.refill();
      await scheduler.start();
      consumption.start();
      core.#checkBack.start();
      return { core, recovered };
    } catch (error) {
      await store.release();
      throw error;
    }
  }

  async close(): Promise<void> {
    this.sessions.stop();
    this.consumption.stop();
    await this.scheduler.stop();
    this.#checkBack.stop();
    await this.store.close();
  }
}
