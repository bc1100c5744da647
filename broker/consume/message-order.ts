/**
 * The order of an ordered group in one queue. Messages of one message group are a line: while some
 * of it are handed out and neither done nor free again, the line gives no further one, and what
 * comes for it waits. Other lines go on. Nothing of this is stored: leases and what is done are,
 * and the rest is found out again from the messages.
 */
import { Heap } from '#lib/heap';

import type { Lease, Progress, ProgressListener } from '#broker/consume/progress';

/** Waiting offsets that were taken are let go when there are so many, and more than are left. */
const DROP_AT_LEAST = 64;

/** The messages of one message group in one queue that are not done. */
export class Line {
  readonly name: string;
  /** Handed out, and not done. */
  out = 0;
  /** Of these, hidden from the rest of the group. */
  held = 0;
  /** Among those that can give something: spares a look there, which costs more. */
  isReady = false;
  /** To be handed out once more; some may not be any longer. */
  #again: Heap<number> | undefined;
  /** Never handed out, ascending. */
  #waiting: number[] = [];
  #waitingFrom = 0;

  constructor(name: string) {
    this.name = name;
  }

  get waitingCount(): number {
    return this.#waiting.length - this.#waitingFrom;
  }

  addWaiting(offset: number): void {
    this.#waiting.push(offset);
  }

  addAgain(offset: number): void {
    this.#again ??= new Heap<number>((a, b) => a < b);
    this.#again.push(offset);
  }

  /** The next of the line in its order; undefined when there is none. */
  first(progress: Progress): number | undefined {
    for (let again = this.#again?.peek(); again !== undefined; again = this.#again?.peek()) {
      if (progress.lease(again)?.expired) return again;
      this.#again?.pop();
    }
    while (this.waitingCount > 0) {
      const offset = this.#waiting[this.#waitingFrom] as number;
      if (!progress.isTaken(offset)) return offset;
      this.#dropWaiting(); // it is done by a commit, or gone with its segment
    }
    return undefined;
  }

  #dropWaiting(): void {
    this.#waitingFrom++;
    if (this.#waitingFrom < Math.max(DROP_AT_LEAST, this.waitingCount)) return;
    this.#waiting = this.#waiting.slice(this.#waitingFrom);
    this.#waitingFrom = 0;
  }
}

export class MessageOrder implements ProgressListener {
  readonly #progress: Progress;
  /** All messages of the queue are one line. */
  readonly isGlobal: boolean;
  /** The next offset of which the line is not known yet. */
  frontier: number;
  /** As many messages wait as may: there is more behind them. */
  stalled = false;
  readonly #lines = new Map<string, Line>();
  /** Of each message that is handed out. */
  readonly #lineOf = new Map<number, Line>();
  /** Handed out before a restart, or while the group was not ordered: their lines are unknown. */
  readonly #unplaced = new Set<number>();
  /** Lines that can give something, the one that has waited longest first. */
  readonly #ready = new Set<Line>();
  /** What a receive has got that is still hidden for it, by its attempt id. */
  readonly #attempts = new Map<string, Set<number>>();
  readonly #attemptOf = new Map<number, string>();

  constructor(progress: Progress, isGlobal: boolean) {
    this.#progress = progress;
    this.isGlobal = isGlobal;
    this.frontier = progress.next;
    for (const { offset } of progress.leases) this.#unplaced.add(offset);
  }

  get ready(): boolean {
    return this.#ready.size > 0 || this.stalled;
  }

  get firstReady(): Line | undefined {
    return this.#ready.values().next().value;
  }

  /** A message that is handed out and must be placed before any other is. */
  get firstUnplaced(): number | undefined {
    return this.#unplaced.values().next().value;
  }

  line(name: string): Line {
    let line = this.#lines.get(name);
    if (!line) this.#lines.set(name, (line = new Line(name)));
    return line;
  }

  /** Says which line a message is of that is handed out, or is just about to be. */
  place(offset: number, line: Line): void {
    if (this.#lineOf.has(offset)) return;
    this.#lineOf.set(offset, line);
    line.out++;
    if (this.#unplaced.size === 0 || !this.#unplaced.delete(offset)) return;
    if (this.#progress.lease(offset)?.expired) line.addAgain(offset);
    else line.held++;
    this.#refresh(line);
  }

  /** The message at the frontier has to wait for others of its line. */
  wait(offset: number, line: Line): void {
    line.addWaiting(offset);
    this.#refresh(line);
  }

  /** The next message of a line that may give one; a line without any is forgotten. */
  firstOf(line: Line): number | undefined {
    const first = line.first(this.#progress);
    if (first === undefined) this.#refresh(line);
    return first;
  }

  #refresh(line: Line): void {
    const hasMore = line.out > 0 || line.waitingCount > 0;
    const isReady = line.held === 0 && hasMore;
    if (isReady !== line.isReady) {
      line.isReady = isReady;
      if (isReady) this.#ready.add(line);
      else this.#ready.delete(line);
    }
    if (!hasMore) this.#lines.delete(line.name);
  }

  onGrant({ offset }: Lease, before: Lease | undefined): void {
    this.#forgetAttempt(offset);
    const line = this.#lineOf.get(offset);
    if (!line) {
      this.#unplaced.add(offset);
      return;
    }
    if (!before || before.expired) line.held++;
    this.#refresh(line);
  }

  onExpire({ offset }: Lease): void {
    this.#forgetAttempt(offset);
    const line = this.#lineOf.get(offset);
    if (!line) return;
    line.held--;
    line.addAgain(offset);
    this.#refresh(line);
  }

  onSettle({ offset, expired }: Lease): void {
    this.#forgetAttempt(offset);
    if (this.#unplaced.size > 0) this.#unplaced.delete(offset);
    const line = this.#lineOf.get(offset);
    if (!line) return;
    this.#lineOf.delete(offset);
    line.out--;
    if (!expired) line.held--;
    this.#refresh(line);
  }

  /** A receive has got the message. wire.md A.8 */
  remember(attemptId: string, offset: number): void {
    this.#attemptOf.set(offset, attemptId);
    const offsets = this.#attempts.get(attemptId);
    if (offsets) offsets.add(offset);
    else this.#attempts.set(attemptId, new Set([offset]));
  }

  /** What an earlier receive with this attempt id has got and still holds, in its order. */
  heldBy(attemptId: string): number[] {
    return [...(this.#attempts.get(attemptId) ?? [])];
  }

  #forgetAttempt(offset: number): void {
    if (this.#attemptOf.size === 0) return;
    const attemptId = this.#attemptOf.get(offset);
    if (attemptId === undefined) return;
    this.#attemptOf.delete(offset);
    const offsets = this.#attempts.get(attemptId);
    offsets?.delete(offset);
    if (offsets?.size === 0) this.#attempts.delete(attemptId);
  }
}
