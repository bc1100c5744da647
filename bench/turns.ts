/** Several that do their work in turns: only one of them does anything at a time. */

export class Turns {
  readonly #waiting: (() => void)[] = [];
  #isTaken = false;

  /** Resolves when it is this one's turn. */
  async take(): Promise<void> {
    if (this.#isTaken) await this.#wait();
    this.#isTaken = true;
  }

  /** Who has the turn lets everyone else go who waits, and goes on then. */
  async pass(): Promise<void> {
    const again = this.#wait();
    this.#next();
    await again;
  }

  /** Who has the turn has no more to do. */
  end(): void {
    this.#isTaken = false;
    this.#next();
  }

  #wait(): Promise<void> {
    return new Promise((resolve) => void this.#waiting.push(resolve));
  }

  #next(): void {
    const next = this.#waiting.shift();
    if (next === undefined) return;
    this.#isTaken = true;
    next();
  }
}
