/** All of consuming, put together: what expires is handed out again or dead-lettered. */
import type { Clock } from '#lib/clock';
import type { Log } from '#lib/log';

import type { Members } from '#broker/store/members';
import type { Producer } from '#broker/produce/produce';
import type { ConsumeQueue } from '#broker/store/consume-queue';
import type { Store } from '#broker/store/store';
import type { Group, Groups } from '#broker/topic/groups';
import type { Topic, Topics } from '#broker/topic/topics';
import { Acknowledger } from '#broker/consume/acknowledge';
import { Broadcast } from '#broker/consume/broadcast';
import { DeadLetters } from '#broker/consume/dead-letter';
import { LeaseWatch } from '#broker/consume/lease-watch';
import { MemberTable } from '#broker/consume/member-table';
import { MessageReader } from '#broker/consume/message-reader';
import { Polls } from '#broker/consume/polls';
import { Pop } from '#broker/consume/pop';
import { CAUSE } from '#broker/consume/progress-records';
import { ProgressTable } from '#broker/consume/progress-table';
import type { Lease } from '#broker/consume/progress';
import { Pull } from '#broker/consume/pull';
import { Receipts } from '#broker/consume/receipt';

export interface ConsumptionOptions {
  clock: Clock;
  log: Log;
  store: Store;
  topics: Topics;
  groups: Groups;
  producer: Producer;
  members: Members;
  receiptKey: Buffer;
  /** How long messages are kept. */
  retentionMs: number;
  /** Whether the client, for which the server renews leases, is still there. */
  isConnected: (clientId: string) => boolean;
  onDeadLetter: (group: Group, topic: Topic) => void;
  onDamage: () => void;
}

export class Consumption {
  readonly progress: ProgressTable;
  readonly polls: Polls;
  readonly pop: Pop;
  readonly pull: Pull;
  readonly broadcast: Broadcast;
  readonly acknowledger: Acknowledger;
  readonly receipts: Receipts;
  readonly reader: MessageReader;
  readonly deadLetters: DeadLetters;
  readonly #watch: LeaseWatch;
  readonly #groups: Groups;

  constructor(options: ConsumptionOptions) {
    const { clock, log, store, topics, groups, producer } = options;
    const committed = (): number => store.committed;
    const progress = new ProgressTable(store, topics, groups, options.members);
    const reader = new MessageReader(store);
    const polls = new Polls((error) => log.error({ error }, 'a long poll failed'));
    const watch = new LeaseWatch({
      clock,
      isConnected: options.isConnected,
      onRenewed: (lease) => void progress.recordLeases(lease.progress, [lease], CAUSE.renewed),
      onExpired: (lease) => this.#onExpired(lease),
    });
    const onDamage = (error: unknown): void => {
      log.error({ error }, 'a message cannot be read as it was stored');
      options.onDamage();
    };
    const onError = (error: unknown): void =>
      log.error({ error }, 'a message could not be moved to the dead letters');
    const onMoved = options.onDeadLetter;
    this.#groups = groups;
    this.#watch = watch;
    this.progress = progress;
    this.reader = reader;
    this.polls = polls;
    this.receipts = new Receipts(options.receiptKey);
    this.pop = new Pop({ clock, log, progress, reader, polls, watch, committed, onDamage });
    this.pull = new Pull({ clock, progress, reader, polls, committed, onDamage });
    const members = new MemberTable(store, topics, groups, options.retentionMs);
    this.broadcast = new Broadcast(members, this.pull, committed);
    this.deadLetters = new DeadLetters({
      clock,
      topics,
      groups,
      progress,
      producer,
      reader,
      watch,
      onMoved,
      onError,
    });
    const { receipts } = this;
    const end = (): number => store.end;
    this.acknowledger = new Acknowledger({ clock, progress, receipts, watch, end });
    progress.onLease = (lease) => watch.watch(lease);
    progress.onRoom = (place) => polls.wake(place.topicId, place.queueId, place.groupId);
    groups.onDelete = ({ id }) => {
      progress.forgetGroup(id);
      members.forgetGroup(id);
    };
  }

  /** Whether the message has been delivered as often as its group allows. */
  isLastAttempt({ progress, attempt }: Lease): boolean {
    const group = this.#groups.byId(progress.groupId);
    return group !== undefined && attempt > group.retryMaxTimes;
  }

  #onExpired(lease: Lease): void {
    if (this.isLastAttempt(lease)) return this.deadLetters.moveInBackground(lease);
    const { progress } = lease;
    progress.expire(lease);
    this.polls.wake(progress.topicId, progress.queueId, progress.groupId);
  }

  /** There are new messages in a queue. */
  onReadable({ topicId, queueId }: ConsumeQueue): void {
    this.polls.wake(topicId, queueId);
  }

  /** A topic is gone: nobody is anywhere in it. */
  forgetTopic(topicId: number): void {
    this.progress.forgetTopic(topicId);
    this.broadcast.members.forgetTopic(topicId);
  }

  /** A client is gone: what was kept hidden for it goes to others at once. */
  releaseClient(clientId: string): void {
    this.#watch.release(clientId);
  }

  /** The state is restored: from now on leases expire. */
  start(): void {
    this.#watch.start();
  }

  stop(): void {
    this.#watch.stop();
  }
}
