/** How long to wait before the next attempt: longer each time, and never in step with others. */

export interface RetryPolicy {
  readonly initialMs: number;
  readonly maxMs: number;
  readonly multiplier: number;
}

export class Backoff {
  readonly #policy: RetryPolicy;
  readonly #random: () => number;
  #boundMs: number;

  /** `random` gives numbers in [0, 1). */
  constructor(policy: RetryPolicy, random: () => number = Math.random) {
    this.#policy = policy;
    this.#random = random;
    this.#boundMs = policy.initialMs;
  }

  /** The next wait: between half of its bound and all of it. */
  nextMs(): number {
    const boundMs = this.#boundMs;
    this.#boundMs = Math.min(boundMs * this.#policy.multiplier, this.#policy.maxMs);
    return boundMs / 2 + (boundMs / 2) * this.#random();
  }

  /** It worked: the next failure waits as the first did. */
  reset(): void {
    this.#boundMs = this.#policy.initialMs;
  }
}
