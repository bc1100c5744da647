/** How much of its time a check has left. */

export class Deadline {
  readonly totalMs: number;
  readonly #endMs: number;

  constructor(totalMs: number) {
    this.totalMs = totalMs;
    this.#endMs = performance.now() + totalMs;
  }

  /** For one call: at most `mostMs`. @throws OutOfTime */
  forCallMs(mostMs: number): number {
    const leftMs = this.#endMs - performance.now();
    if (leftMs < 1) throw new OutOfTime(this.totalMs);
    return Math.min(mostMs, leftMs);
  }
}

export class OutOfTime extends Error {
  readonly totalMs: number;

  constructor(totalMs: number) {
    super(`the ${totalMs / 1000} s of the check were over`);
    this.totalMs = totalMs;
  }
}
