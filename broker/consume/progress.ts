/**
 * How far one group has come in one queue: the next offset to hand out, and the messages handed out
 * but not acknowledged. Everything below `next` that is not outstanding is done. An ordered group
 * passes by messages that have to wait for others of their message group: then some above `next`
 * are outstanding or done as well.
 */
import { OffsetSet } from '#broker/consume/offset-set';

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

/** Whoever keeps the messages of an ordered group in order. */
export interface ProgressListener {
  /** There may be something that can be handed out now. */
  readonly ready: boolean;
  onGrant: (lease: Lease, before: Lease | undefined) => void;
  onExpire: (lease: Lease) => void;
  onSettle: (lease: Lease) => void;
}

export class Progress {
  readonly groupId: number;
  readonly topicId: number;
  readonly queueId: number;
  #next: number;
  /** The log knows of it. */
  recorded = false;
  /** The group begins anew, with another progress: nothing of this one is recorded any more. */
  forgotten = false;
  /** It was set elsewhere by hand, and no pull consumer of the group has been told yet. */
  resetUntold = false;
  readonly #outstanding = new Map<number, Lease>();
  /** Offsets whose lease has expired, oldest expiry first. */
  readonly #expired = new Set<number>();
  /** What is done above `next`. */
  readonly #doneAhead = new OffsetSet();
  listener: ProgressListener | undefined;

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

  get doneAhead(): OffsetSet {
    return this.#doneAhead;
  }

  /** Whether the message was handed out or passed over, whatever has become of it. */
  isTaken(offset: number): boolean {
    return offset < this.#next || this.#outstanding.has(offset) || this.#doneAhead.has(offset);
  }

  /** Messages handed out or passed over from `offset` on, which is not below `next`. */
  takenFrom(offset: number): number {
    let count = this.#doneAhead.countFrom(offset);
    for (const each of this.#outstanding.keys()) if (each >= offset) count++;
    return count;
  }

  /** Messages at `offset` and behind that are done with: a reset to there brings them again. */
  doneFrom(offset: number): number {
    let count = this.#doneAhead.countFrom(offset) + Math.max(0, this.#next - offset);
    for (const each of this.#outstanding.keys()) {
      if (each >= offset && each < this.#next) count--;
    }
    return count;
  }

  /** Messages from `offset` to below `end` that are not done with: a reset to `end` skips them. */
  openBetween(offset: number, end: number): number {
    return Math.max(0, end - offset) - this.doneFrom(offset) + this.doneFrom(end);
  }

  /** Begins anew at `next`, which may be before where it was: the one way back (P3). */
  reset(next: number): void {
    for (const lease of this.#outstanding.values()) lease.live = false;
    this.#outstanding.clear();
    this.#expired.clear();
    this.#doneAhead.clear();
    this.listener = undefined;
    this.#next = next;
    this.resetUntold = true;
  }

  /** Never goes back: offsets below `next` are handed out only again, by an expired lease (P3). */
  advance(next: number): void {
    if (next > this.#next) this.#next = next;
    while (this.#outstanding.has(this.#next) || this.#doneAhead.has(this.#next)) this.#next++;
    if (this.#doneAhead.size > 0) this.#doneAhead.dropBelow(this.#next);
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
    if (offset === this.#next) this.advance(offset);
    this.listener?.onGrant(lease, before);
    return lease;
  }

  /** The message is done with, handed out or not. Returns false if it was not outstanding. */
  settle(offset: number): boolean {
    const lease = this.#outstanding.get(offset);
    if (lease) {
      lease.live = false;
      this.#outstanding.delete(offset);
      this.#expired.delete(offset);
    }
    if (offset >= this.#next) {
      this.#doneAhead.add(offset);
      this.advance(this.#next);
    }
    if (lease) this.listener?.onSettle(lease);
    return lease !== undefined;
  }

  expire(lease: Lease): void {
    if (lease.expired) return;
    lease.expired = true;
    this.#expired.add(lease.offset);
    this.listener?.onExpire(lease);
  }

  /** Everything below `offset` is done with, whether it was handed out or not. */
  settleBelow(offset: number): void {
    for (const outstanding of this.#outstanding.keys()) {
      if (outstanding < offset) this.settle(outstanding);
    }
    this.advance(offset);
  }
}
