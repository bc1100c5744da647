/**
 * Keys of objects that want work: each waits once, is worked on by one worker at a time, and comes
 * back later, ever later, when its work fails.
 */
import { systemClock, type Clock, type Timer } from '#lib/clock';
import { WORK_QUEUE } from '#lib/kubernetes-limits';
import type { Log } from '#lib/log';
import { Backoff, type RetryPolicy } from '#lib/retry';

export interface WorkResult {
  readonly key: string;
  readonly isGood: boolean;
  /** The work itself. */
  readonly ms: number;
}

export interface WorkQueueOptions {
  /** For the log. */
  readonly name: string;
  /** Keys that are worked on side by side. */
  readonly workers: number;
  readonly retry?: RetryPolicy;
  readonly log: Log;
  readonly clock?: Clock;
  /** Numbers in [0, 1), for jitter. */
  readonly random?: () => number;
  /** What it throws is logged, and the key tried again later. The signal: the queue is to stop. */
  readonly work: (key: string, signal: AbortSignal) => Promise<void>;
  readonly onResult?: (result: WorkResult) => void;
}

interface Delayed {
  readonly dueMs: number;
  readonly timer: Timer;
}

export class WorkQueue {
  readonly #options: WorkQueueOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #stopping = new AbortController();
  /** Keys that wait for a worker, in their order, and since when. */
  readonly #waiting = new Map<string, number>();
  /** Keys that were added while they were worked on, and since when: they wait again afterwards. */
  readonly #again = new Map<string, number>();
  readonly #working = new Map<string, Promise<void>>();
  readonly #delayed = new Map<string, Delayed>();
  readonly #backoffs = new Map<string, Backoff>();
  #isStarted = false;

  constructor(options: WorkQueueOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#log = options.log.child({ queue: options.name });
  }

  /** Keys that could be worked on now, and wait. */
  get depth(): number {
    return this.#waiting.size + this.#again.size;
  }

  /** How long the first of them has waited; 0 when none waits. */
  get oldestAgeMs(): number {
    const nowMs = this.#clock.monotonicMs();
    let oldestMs = nowMs;
    for (const sinceMs of this.#waiting.values()) oldestMs = Math.min(oldestMs, sinceMs);
    for (const sinceMs of this.#again.values()) oldestMs = Math.min(oldestMs, sinceMs);
    return nowMs - oldestMs;
  }

  /** Keys that are worked on right now. */
  get working(): number {
    return this.#working.size;
  }

  /** Keys may be added before; work on them begins now. */
  start(): void {
    this.#isStarted = true;
    this.#fill();
  }

  /** Begins no more work, and resolves when what is under way has ended. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const { timer } of this.#delayed.values()) timer.cancel();
    this.#delayed.clear();
    this.#waiting.clear();
    this.#again.clear();
    await Promise.all(this.#working.values());
  }

  /** At once, also a key that waits for its next attempt: something about it has changed. */
  add(key: string): void {
    if (this.#stopping.signal.aborted) return;
    this.#forgetDelay(key);
    const nowMs = this.#clock.monotonicMs();
    if (this.#working.has(key)) {
      if (!this.#again.has(key)) this.#again.set(key, nowMs);
      return;
    }
    if (this.#waiting.has(key)) return;
    this.#waiting.set(key, nowMs);
    this.#fill();
  }

  /** Not before `delayMs` from now; of several such wishes the soonest counts. */
  addAfter(key: string, delayMs: number): void {
    if (this.#stopping.signal.aborted) return;
    const dueMs = this.#clock.monotonicMs() + delayMs;
    const known = this.#delayed.get(key);
    if (known && known.dueMs <= dueMs) return;
    this.#forgetDelay(key);
    const timer = this.#clock.setTimeout(() => {
      this.#delayed.delete(key);
      this.add(key);
    }, delayMs);
    this.#delayed.set(key, { dueMs, timer });
  }

  #forgetDelay(key: string): void {
    this.#delayed.get(key)?.timer.cancel();
    this.#delayed.delete(key);
  }

  #fill(): void {
    if (!this.#isStarted || this.#stopping.signal.aborted) return;
    for (const key of this.#waiting.keys()) {
      if (this.#working.size >= this.#options.workers) return;
      this.#waiting.delete(key);
      this.#working.set(key, this.#work(key));
    }
  }

  async #work(key: string): Promise<void> {
    // Whoever added the key goes first: others may be about to hear of the same change.
    await Promise.resolve();
    const startMs = this.#clock.monotonicMs();
    let isGood = true;
    try {
      await this.#options.work(key, this.#stopping.signal);
      this.#backoffs.delete(key);
    } catch (error) {
      isGood = false;
      this.#failed(key, error);
    }
    this.#options.onResult?.({ key, isGood, ms: this.#clock.monotonicMs() - startMs });
    this.#working.delete(key);
    const sinceMs = this.#again.get(key);
    this.#again.delete(key);
    if (sinceMs !== undefined) {
      this.#forgetDelay(key);
      this.#waiting.set(key, sinceMs);
    }
    this.#fill();
  }

  #failed(key: string, error: unknown): void {
    if (this.#stopping.signal.aborted) {
      this.#log.info({ key, error }, 'work was broken off by the stop');
      return;
    }
    const policy = this.#options.retry ?? WORK_QUEUE.retry;
    const backoff = this.#backoffs.get(key) ?? new Backoff(policy, this.#options.random);
    this.#backoffs.set(key, backoff);
    const retryMs = backoff.nextMs();
    this.#log.warn({ key, error, retryMs: Math.round(retryMs) }, 'work failed; trying again');
    this.addAfter(key, retryMs);
  }
}
