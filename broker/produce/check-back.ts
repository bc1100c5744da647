/**
 * Asks producers how transactions ended on which they are silent: one timer for all of them. What
 * was asked is in the log, so that a restart does not begin to count anew.
 */
import type { Clock, Timer } from '#lib/clock';
import { SluiceError } from '#lib/errors';
import { Heap } from '#lib/heap';
import { TRANSACTION } from '#lib/transaction-limits';

import { checkedPayload } from '#broker/produce/half-records';
import type { Half } from '#broker/produce/half-table';
import type { HalfMessage, Transactions } from '#broker/produce/transaction';
import { RECORD_TYPE } from '#broker/store/record';
import type { Store } from '#broker/store/store';
import type { Topic, Topics } from '#broker/topic/topics';

/** The producers that are there, as far as checks need them. */
export interface Askers {
  /** Whether somebody could be asked now. */
  hasProducer(topic: Topic): boolean;
  /** Asks one of them; false when none takes a question now. */
  ask(topic: Topic, half: HalfMessage): boolean;
}

export interface CheckBackOptions {
  clock: Clock;
  store: Store;
  topics: Topics;
  transactions: Transactions;
  askers: Askers;
  onError: (error: unknown) => void;
}

/** The heap is cleaned of what has ended when it has come to this, and to twice what was left. */
const CLEAN_AT_LEAST = 1024;

interface Due {
  half: Half;
  dueMs: number;
}

export class CheckBack {
  readonly #options: CheckBackOptions;
  readonly #heap = new Heap<Due>((a, b) => a.dueMs < b.dueMs);
  #cleanAt = CLEAN_AT_LEAST;
  #timer: Timer | undefined;
  #timerDueMs = Infinity;
  #running = false;
  #started = false;

  constructor(options: CheckBackOptions) {
    this.#options = options;
    options.transactions.table.onOpen = (half) => this.#watch(half, half.timeMs);
  }

  #watch(half: Half, dueMs: number): void {
    this.#heap.push({ half, dueMs });
    if (this.#heap.size >= this.#cleanAt) {
      this.#heap.filter(({ half: { open } }) => open);
      this.#cleanAt = Math.max(CLEAN_AT_LEAST, this.#heap.size * 2);
    }
    if (dueMs < this.#timerDueMs) this.#arm();
  }

  /** Before this, while the state is being restored, nobody is asked. */
  start(): void {
    this.#started = true;
    this.#arm();
  }

  stop(): void {
    this.#started = false;
    this.#timer?.cancel();
  }

  #arm(pauseMs = 0): void {
    if (!this.#started || this.#running) return;
    this.#timer?.cancel();
    this.#timerDueMs = this.#heap.peek()?.dueMs ?? Infinity;
    if (this.#timerDueMs === Infinity) return;
    const { clock } = this.#options;
    // Not longer than between two checks: somebody may set the machine's clock.
    const waitMs = Math.min(this.#timerDueMs - clock.nowMs(), TRANSACTION.checkEveryMs);
    this.#timer = clock.setTimeout(() => void this.#turn(), Math.max(pauseMs, waitMs));
  }

  async #turn(): Promise<void> {
    this.#running = true;
    try {
      for (let i = 0; i < TRANSACTION.checksPerTurn && this.#started; i++) {
        const due = this.#heap.peek();
        if (!due || due.dueMs > this.#options.clock.nowMs()) break;
        this.#heap.pop();
        if (due.half.open) await this.#look(due.half);
      }
    } finally {
      this.#running = false;
      this.#arm(TRANSACTION.checkPauseMs);
    }
  }

  /** A transaction is due: asks, gives up, or puts it off. */
  async #look(half: Half): Promise<void> {
    const { clock, transactions, store } = this.#options;
    const nowMs = clock.nowMs();
    if (half.timeMs > nowMs) return this.#watch(half, half.timeMs); // of a record read at start
    try {
      if (half.checks >= TRANSACTION.checksMax) return transactions.giveUp(half);
      if (half.position < store.committed && (await this.#ask(half, nowMs))) return;
    } catch (error) {
      const passes = error instanceof SluiceError && error.retryable;
      if (!passes && this.#started) this.#options.onError(error);
    }
    if (half.open) this.#watch(half, nowMs + TRANSACTION.checkEveryMs);
  }

  /** Whether there is nothing more to do for now. */
  async #ask(half: Half, nowMs: number): Promise<boolean> {
    const { topics, transactions, askers } = this.#options;
    const topic = topics.byId(half.topicId);
    if (!topic) return true; // deleted this moment
    const message = askers.hasProducer(topic) ? await transactions.read(half) : undefined;
    if (!half.open) return true;
    if (message && askers.ask(topic, { ...message, checks: half.checks })) {
      this.#asked(half, nowMs);
      return true;
    }
    if (nowMs - half.sinceMs < TRANSACTION.openMaxMs) return false;
    transactions.giveUp(half);
    return true;
  }

  #asked(half: Half, nowMs: number): void {
    const { store, transactions } = this.#options;
    const dueMs = nowMs + TRANSACTION.checkEveryMs;
    const checks = half.checks + 1;
    transactions.table.change(half, { timeMs: dueMs, checks });
    transactions.counts.checks++;
    this.#watch(half, dueMs);
    // Where the log takes nothing, a crash only means that one check more is made.
    if (store.writable) {
      store.append(RECORD_TYPE.halfChecked, checkedPayload({ id: half.id, dueMs, checks }));
    }
  }
}
