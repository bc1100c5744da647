/** Looks at the room on the disk: turns writes away before it is full, and lets them in again. */
import type { Clock, Timer } from '#lib/clock';
import { STORE } from '#lib/limits';

import type { DiskSpace } from '#broker/store/files';

export interface DiskWatchOptions {
  clock: Clock;
  /** Below this many free bytes messages are turned away, until there are twice as many. */
  reserveBytes: number;
  space: () => Promise<DiskSpace>;
  onChange: (full: boolean, space: DiskSpace) => void;
  /**
   * Every look that finds enough room. A write may have found none in between, or for its quota.
   */
  onRoom: () => void;
  onError: (error: unknown) => void;
}

export class DiskWatch {
  readonly #options: DiskWatchOptions;
  #timer: Timer | undefined;
  #space: DiskSpace = { freeBytes: Infinity, totalBytes: Infinity };
  #full = false;

  constructor(options: DiskWatchOptions) {
    this.#options = options;
  }

  get full(): boolean {
    return this.#full;
  }

  get space(): DiskSpace {
    return this.#space;
  }

  /** Share of the disk that is in use, 0..1. */
  get used(): number {
    const { freeBytes, totalBytes } = this.#space;
    return totalBytes === Infinity ? 0 : 1 - freeBytes / totalBytes;
  }

  async start(): Promise<void> {
    await this.check();
    const look = (): void => void this.check();
    this.#timer = this.#options.clock.setInterval(look, STORE.diskCheckMs);
  }

  async check(): Promise<void> {
    try {
      this.#space = await this.#options.space();
    } catch (error) {
      this.#options.onError(error);
      return;
    }
    const enough = this.#options.reserveBytes * (this.#full ? 2 : 1);
    const full = this.#space.freeBytes < enough;
    const changed = full !== this.#full;
    this.#full = full;
    if (changed) this.#options.onChange(full, this.#space);
    if (!full) this.#options.onRoom();
  }

  stop(): void {
    this.#timer?.cancel();
  }
}
