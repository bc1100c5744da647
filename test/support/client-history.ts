/**
 * What clients of a fleet saw, through faults and changes, and a check of it: what was acknowledged
 * to its sender is received in the end, in the order of its queue unless the answer that it was in
 * got lost, and not again once the consumer has acknowledged it. A send that failed may have been
 * stored all the same.
 */

export interface Receipt {
  readonly id: string;
  readonly queue: string;
  readonly offset: number;
  readonly attempt: number;
}

export interface FailedSend {
  readonly id: string;
  readonly error: string;
  readonly atMs: number;
}

type Outcome = 'under way' | 'sent' | 'failed';

export class ClientHistory {
  readonly #sends = new Map<string, Outcome>();
  readonly #failed: FailedSend[] = [];
  readonly #received = new Set<string>();
  /** Places (queue and offset) whose acknowledgement was answered. */
  readonly #acked = new Set<string>();
  /** By queue: the offset of the latest message that came for the first time. */
  readonly #reached = new Map<string, number>();
  /** By queue: messages that may come late, since the answer that they were in got lost. */
  readonly #mayBeLate = new Map<string, number>();
  readonly #violations: string[] = [];
  #sentCount = 0;

  sending(id: string): void {
    this.#sends.set(id, 'under way');
  }

  sent(id: string): void {
    this.#sends.set(id, 'sent');
    this.#sentCount++;
  }

  failed(id: string, error: string): void {
    this.#sends.set(id, 'failed');
    this.#failed.push({ id, error, atMs: performance.now() });
  }

  received({ id, queue, offset, attempt }: Receipt): void {
    const place = `${queue}/${offset}`;
    if (this.#acked.has(place)) {
      this.#violations.push(`${id}, ${place}, came again after its acknowledgement was answered`);
    }
    const isFirst = attempt === 1 && !this.#received.has(id);
    this.#received.add(id);
    if (!isFirst) return;
    const reached = this.#reached.get(queue) ?? -1;
    if (offset > reached) this.#reached.set(queue, offset);
    else if (!this.#isExcused(queue)) {
      this.#violations.push(`${id}, ${place}, came after offset ${reached}`);
    }
  }

  /** A call for messages failed: as many as it asked for may have been on their way. */
  lost(queue: string, messages: number): void {
    this.#mayBeLate.set(queue, (this.#mayBeLate.get(queue) ?? 0) + messages);
  }

  #isExcused(queue: string): boolean {
    const left = this.#mayBeLate.get(queue) ?? 0;
    this.#mayBeLate.set(queue, left - 1);
    return left > 0;
  }

  acked(queue: string, offset: number): void {
    this.#acked.add(`${queue}/${offset}`);
  }

  get violations(): readonly string[] {
    // Only now: a message may be heard of before its sender is.
    const unsent = [...this.#received].filter((id) => !this.#sends.has(id));
    return [...this.#violations, ...unsent.map((id) => `nobody sent ${id}`)];
  }

  get failures(): readonly FailedSend[] {
    return this.#failed;
  }

  get sentCount(): number {
    return this.#sentCount;
  }

  get receivedCount(): number {
    return this.#received.size;
  }

  /** Those that messages came from. */
  get queues(): readonly string[] {
    return [...this.#reached.keys()];
  }

  /** Acknowledged to their sender, and not received yet. */
  missing(): string[] {
    return [...this.#sends]
      .filter(([id, outcome]) => outcome === 'sent' && !this.#received.has(id))
      .map(([id]) => id);
  }
}
