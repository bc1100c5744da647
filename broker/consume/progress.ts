/**
 * How far one group has come in one queue: the next offset to hand out, and the messages handed out
 * but not acknowledged. Everything below `next` that is not outstanding is done.
 */

/** A message that was handed out: until when it is hidden from the rest of the group. */
export interface Lease {
  readonly progress: Progress;
  readonly offset: number;
  deadlineMs: number;
  /** Deliveries so far, this one included. */
  readonly attempt: number;
  /** Tells one lease of a message from the next; a receipt handle names it. */
  readonly sequence: number;
  /** The push consumer for which the server renews it, and until when at most. */
  readonly renewal: { clientId: string; untilMs: number } | undefined;
  /** False once acknowledged, replaced, or moved to the dead letters. */
  live: boolean;
  /** The deadline has passed: the message waits to be handed out again. */
  expired: boolean;
}

/** A lease as it is in the log and in the index. */
export interface LeaseEntry {
  offset: number;
  deadlineMs: number;
  attempt: number;
  sequence: number;
}

export class Progress {
  readonly groupId: number;
  readonly topicId: number;
  readonly queueId: number;
  #next: number;
  /** The log knows of it. */
  recorded = false;
  readonly #outstanding = new Map<number, Lease>();
  /** Offsets whose lease has expired, oldest expiry first. */
  readonly #expired = new Set<number>();

  constructor(groupId: number, topicId: number, queueId: number, next: number) {
    this.groupId = groupId;
    this.topicId = topicId;
    this.queueId = queueId;
    this.#next = next;
  }

  /** The lowest offset never handed out. */
  get next(): number {
    return this.#next;
  }

  /** Everything below is done with. */
  get committed(): number {
    let lowest = this.#next;
    for (const offset of this.#outstanding.keys()) if (offset < lowest) lowest = offset;
    return lowest;
  }

  get outstandingCount(): number {
    return this.#outstanding.size;
  }

  /** Of the outstanding, those that wait for their next delivery. */
  get expiredCount(): number {
    return this.#expired.size;
  }

  get leases(): Iterable<Lease> {
    return this.#outstanding.values();
  }

  lease(offset: number): Lease | undefined {
    return this.#outstanding.get(offset);
  }

  /** The offset whose lease expired first; it stays until it is leased again. */
  firstExpired(): number | undefined {
    return this.#expired.values().next().value;
  }

  /** Never goes back: offsets below `next` are handed out only again, by an expired lease (P3). */
  advance(next: number): void {
    this.#next = Math.max(this.#next, next);
  }

  /** Records a delivery; it replaces the lease that the message had before. */
  grant(entry: LeaseEntry, renewal?: Lease['renewal']): Lease {
    const { offset, deadlineMs, attempt, sequence } = entry;
    const before = this.#outstanding.get(offset);
    if (before) before.live = false;
    const lease: Lease = {
      progress: this,
      offset,
      deadlineMs,
      attempt,
      sequence,
      renewal,
      live: true,
      expired: false,
    };
    this.#outstanding.set(offset, lease);
    this.#expired.delete(offset);
    return lease;
  }

  /** The message is done with. Returns false if it was already. */
  settle(offset: number): boolean {
    const lease = this.#outstanding.get(offset);
    if (!lease) return false;
    lease.live = false;
    this.#outstanding.delete(offset);
    this.#expired.delete(offset);
    return true;
  }

  expire(lease: Lease): void {
    lease.expired = true;
    this.#expired.add(lease.offset);
  }

  /** Everything below `offset` is done with, whether it was handed out or not. */
  settleBelow(offset: number): void {
    for (const outstanding of this.#outstanding.keys()) {
      if (outstanding < offset) this.settle(outstanding);
    }
    this.advance(offset);
  }
}
