/** A broker without its doors: the store, and all that stands on it. */
import type { Clock } from '#lib/clock';
import type { Log } from '#lib/log';
import { parseIPv4 } from '#proto/message';

import { Sessions } from './client/sessions.ts';
import { Consumption } from './consume/consumption.ts';
import { keepIdentity } from './identity.ts';
import type { Identity } from './identity.ts';
import { Traffic } from './metrics/traffic.ts';
import { Producer } from './produce/produce.ts';
import { BrokerState } from './state.ts';
import type { Durability } from './store/commit-log.ts';
import type { StoreFiles } from './store/files.ts';
import type { Recovered } from './store/recovery.ts';
import { Store } from './store/store.ts';
import { Groups } from './topic/groups.ts';
import { QueueSelector } from './topic/queue-selector.ts';
import { Topics } from './topic/topics.ts';

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
  readonly consumption: Consumption;
  readonly sessions: Sessions;
  readonly selector = new QueueSelector();
  readonly traffic = new Traffic();

  private constructor(options: CoreOptions, identity: Identity, store: Store) {
    const { clock, log } = options;
    this.identity = identity;
    this.store = store;
    this.topics = new Topics(store);
    this.groups = new Groups(store);
    this.producer = new Producer(store, { ip: parseIPv4(options.host), port: options.port });
    this.sessions = new Sessions(clock);
    const { topics, groups, producer, sessions, traffic } = this;
    const { receiptKey } = identity;
    this.consumption = new Consumption({
      ...{ clock, log, store, topics, groups, producer, receiptKey },
      isConnected: (clientId) => sessions.isConnected(clientId),
      onDeadLetter: (group, topic) => traffic.deadLettered(group.name, topic.name),
      onDamage: () => traffic.damaged++,
    });
    this.topics.onDelete = (topic) => this.consumption.progress.forgetTopic(topic.id);
    store.onReadable = (queue) => this.consumption.onReadable(queue);
    sessions.onGone = ({ facts }) => this.consumption.releaseClient(facts.clientId);
  }

  /**
   * Opens the data in `directory` and brings everything to where it was.
   * @throws DamageError when something that was acknowledged can't be read
   */
  static async open(options: CoreOptions): Promise<{ core: Core; recovered: Recovered }> {
    const identity = await keepIdentity(options.directory);
    const store = await Store.open(options);
    const core = new Core(options, identity, store);
    const { topics, groups, consumption } = core;
    const { progress } = consumption;
    const recovered = await store.recover(new BrokerState({ store, topics, groups, progress }));
    consumption.start();
    return { core, recovered };
  }

  async close(): Promise<void> {
    this.sessions.stop();
    this.consumption.stop();
    await this.store.close();
  }
}
