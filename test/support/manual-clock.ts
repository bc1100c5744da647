import type { Clock, Timer } from '#lib/clock';

interface Pending {
  dueMs: number;
  readonly order: number;
  readonly run: () => void;
  /** Undefined for a timer that runs once. */
  readonly periodMs: number | undefined;
}

/** A clock that stands still until the test moves it. Timers run in order of their due time. */
export class ManualClock implements Clock {
  #nowMs: number;
  #order = 0;
  #startMs: number;
  readonly #pending = new Set<Pending>();

  /** Starts at 2026-01-01T00:00:00Z unless told otherwise. */
  constructor(nowMs: number = Date.UTC(2026, 0, 1)) {
    this.#nowMs = nowMs;
    this.#startMs = nowMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs - this.#startMs;
  }

  setTimeout(run: () => void, delayMs: number): Timer {
    return this.#add(run, delayMs, undefined);
  }

  setInterval(run: () => void, periodMs: number): Timer {
    return this.#add(run, Math.max(1, periodMs), Math.max(1, periodMs));
  }

  /** Timers that would still run. */
  get pendingTimers(): number {
    return this.#pending.size;
  }

  /** Moves time on by `ms`, running what falls due on the way, each at its own due time. */
  advance(ms: number): void {
    const targetMs = this.#nowMs + ms;
    for (let next = this.#next(targetMs); next; next = this.#next(targetMs)) {
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      if (next.periodMs === undefined) this.#pending.delete(next);
      else next.dueMs += next.periodMs;
      next.run();
    }
    this.#nowMs = targetMs;
  }

  /** Somebody sets the clock: no time passes, and no timer comes sooner or later for it. */
  set(nowMs: number): void {
    const byMs = nowMs - this.#nowMs;
    this.#nowMs += byMs;
    this.#startMs += byMs;
    for (const pending of this.#pending) pending.dueMs += byMs;
  }

  /** As `advance`, and lets promises that are settled by then, or by the timers, run on. */
  async advanceAsync(ms: number): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.advance(ms);
    await new Promise((resolve) => setImmediate(resolve));
  }

  #add(run: () => void, delayMs: number, periodMs: number | undefined): Timer {
    const dueMs = this.#nowMs + Math.max(0, delayMs);
    const pending: Pending = { dueMs, order: this.#order++, run, periodMs };
    this.#pending.add(pending);
    return { cancel: () => this.#pending.delete(pending) };
  }

  #next(targetMs: number): Pending | undefined {
    let first: Pending | undefined;
    for (const pending of this.#pending) {
      if (pending.dueMs > targetMs) continue;
      if (!first || pending.dueMs < first.dueMs) first = pending;
      else if (pending.dueMs === first.dueMs && pending.order < first.order) first = pending;
    }
    return first;
  }
}
