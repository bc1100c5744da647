/**
 * Brings what was derived from the log into the index, in batches, each with the log position it
 * reaches. A batch is taken at the end of the log as it is in memory, and written only when the log
 * is durable up to there: so the index is never ahead of the log, and a crash loses nothing of it.
 */
import type { Clock, Timer } from '#lib/clock';
import { SluiceError } from '#lib/errors';
import { STORE } from '#lib/limits';

import type { IndexChange } from '#broker/store/index-database';

export interface MaterializerOptions {
  clock: Clock;
  /** The end of the log in memory. */
  end: () => number;
  whenDurable: (position: number) => Promise<void>;
  /**
   * Adds everything that changed since the last time; returns what to do once it is in the index.
   */
  collect: (changes: IndexChange[]) => () => void;
  write: (changes: IndexChange[], applied: number) => Promise<void>;
  onFailed: (error: unknown) => void;
}

interface TakenBatch {
  position: number;
  changes: IndexChange[];
  written: () => void;
}

export class Materializer {
  readonly #options: MaterializerOptions;
  #applied: number;
  #timer: Timer | undefined;
  #running: Promise<void> | undefined;
  #failed = false;
  #closed = false;
  #batch: TakenBatch | undefined;

  constructor(applied: number, options: MaterializerOptions) {
    this.#applied = applied;
    this.#options = options;
  }

  /** Everything in the log before this position is in the index. */
  get applied(): number {
    return this.#applied;
  }

  /** The index is out of service; the log still has everything. */
  get failed(): boolean {
    return this.#failed;
  }

  /** Something was derived that the index lacks; it gets there soon. */
  schedule(): void {
    if (this.#timer || this.#running || this.#failed || this.#closed) return;
    this.#timer = this.#options.clock.setTimeout(() => void this.run(), STORE.materializeMs);
  }

  /**
   * Brings the index up to the end of the log as it is now. Never rejects: failures go to onFailed.
   */
  async run(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    while (this.#running) await this.#running;
    if (this.#failed || this.#applied === this.#options.end()) return;
    this.#running = this.#run();
    await this.#running;
    this.#running = undefined;
    if (this.#applied < this.#options.end()) this.schedule();
  }

  /** Brings the index up to the end of the log, if that can be, for the last time. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.run();
  }

  async #run(): Promise<void> {
    // Never inside of an append: records that one step writes together are in one batch.
    await Promise.resolve();
    const batch = this.#batch ?? this.#take();
    try {
      await this.#options.whenDurable(batch.position);
      await this.#options.write(batch.changes, batch.position);
    } catch (error) {
      const waitsForRoom = SluiceError.from(error).code === 'DISK_FULL';
      if (waitsForRoom) return; // the batch stays, and goes when the log goes on
      this.#failed = true;
      this.#options.onFailed(error);
      return;
    }
    this.#batch = undefined;
    this.#applied = batch.position;
    batch.written();
  }

  #take(): TakenBatch {
    const position = this.#options.end();
    const changes: IndexChange[] = [];
    const written = this.#options.collect(changes);
    this.#batch = { position, changes, written };
    return this.#batch;
  }
}
