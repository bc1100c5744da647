/**
 * A rate with a small burst: tokens come with time, what passes takes them. It holds at most one
 * burst, and owes at most one.
 */
import type { Clock } from '#lib/clock';
import { QUOTA } from '#lib/limits';

const SECOND_MS = 1000;

export class TokenBucket {
  readonly #clock: Clock;
  #perSecond: number;
  #burst: number;
  #tokens: number;
  #filledMs: number;

  /** Begins full. */
  constructor(clock: Clock, perSecond: number) {
    this.#clock = clock;
    this.#perSecond = perSecond;
    this.#burst = burstOf(perSecond);
    this.#tokens = this.#burst;
    this.#filledMs = clock.monotonicMs();
  }

  get perSecond(): number {
    return this.#perSecond;
  }

  /** Tokens that are there stay, up to the new burst; debts stay too. */
  setRate(perSecond: number): void {
    this.#fill();
    this.#perSecond = perSecond;
    this.#burst = burstOf(perSecond);
    this.#tokens = Math.min(this.#tokens, this.#burst);
  }

  /** Whether `count` could be taken now without a debt. */
  has(count: number): boolean {
    this.#fill();
    return this.#tokens >= count;
  }

  /** Takes `count`, or nothing. */
  take(count: number): boolean {
    const enough = this.has(count);
    if (enough) this.#tokens -= count;
    return enough;
  }

  /** Takes `count`, into debt if need be, or nothing when the debt would be above the burst. */
  takeOnCredit(count: number): boolean {
    this.#fill();
    if (this.#tokens - count < -this.#burst) return false;
    this.#tokens -= count;
    return true;
  }

  #fill(): void {
    const nowMs = this.#clock.monotonicMs();
    const gained = ((nowMs - this.#filledMs) / SECOND_MS) * this.#perSecond;
    this.#filledMs = nowMs;
    this.#tokens = Math.min(this.#burst, this.#tokens + gained);
  }
}

function burstOf(perSecond: number): number {
  if (perSecond <= 0) return 0;
  return Math.max((perSecond * QUOTA.burstMs) / SECOND_MS, QUOTA.burstMessagesMin);
}
