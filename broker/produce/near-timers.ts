/**
 * The scheduled messages that are due next: all before some key are in memory, those behind it are
 * in the index alone, however many there are.
 */
import { Heap } from '#lib/heap';
import { SCHEDULE } from '#lib/schedule-limits';

import { TIMERS_END, TIMERS_START, isBefore } from '#broker/store/timer-index';
import type { StoredTimer } from '#broker/store/timer-index';
import type { TimerKey } from '#broker/store/index-keys';

/** The heap is cleaned of settled timers when it has grown to this beside those that are live. */
const SETTLED_MAX = 1024;

export class NearTimers {
  readonly #byId = new Map<number, StoredTimer>();
  /** Also has settled ones, until their time comes. */
  readonly #heap = new Heap<StoredTimer>(isBefore);
  #end = TIMERS_START;

  /** Everything that is due before this is in memory. */
  get end(): TimerKey {
    return this.#end;
  }

  /** Whether it would be in memory if it were pending. */
  covers(key: TimerKey): boolean {
    return isBefore(key, this.#end);
  }

  /** There are others, and they have to be read soon. */
  get wantsMore(): boolean {
    return this.#end !== TIMERS_END && this.#byId.size < SCHEDULE.nearRefillBelow;
  }

  get size(): number {
    return this.#byId.size;
  }

  get(id: number): StoredTimer | undefined {
    return this.#byId.get(id);
  }

  /** One that is new. */
  add(timer: StoredTimer): void {
    if (!this.covers(timer)) return;
    this.#insert(timer);
    if (this.#byId.size > SCHEDULE.nearMax) this.#shrink();
  }

  #insert(timer: StoredTimer): void {
    this.#byId.set(timer.id, timer);
    this.#heap.push(timer);
  }

  /** The latest go; they are in the index, or on their way into it. */
  #shrink(): void {
    const sorted = [...this.#byId.values()].sort((a, b) => (isBefore(a, b) ? -1 : 1));
    const { dueMs, id } = sorted[SCHEDULE.nearKept] as StoredTimer;
    this.#end = { dueMs, id };
    for (const timer of sorted.slice(SCHEDULE.nearKept)) this.#byId.delete(timer.id);
    this.#heap.filter((timer) => isBefore(timer, this.#end) && this.#byId.has(timer.id));
  }

  /** All that are pending between the end so far and `end`. */
  extend(timers: Iterable<StoredTimer>, end: TimerKey): void {
    this.#end = end;
    for (const timer of timers) this.#insert(timer);
    if (this.#byId.size > SCHEDULE.nearMax) this.#shrink();
  }

  /** Its record is in another place now. */
  moved(timer: StoredTimer): void {
    if (this.#byId.has(timer.id)) this.#byId.set(timer.id, timer);
  }

  /** Those of a topic that is gone. */
  removeTopic(topicId: number): void {
    for (const timer of this.#byId.values()) {
      if (timer.topicId === topicId) this.remove(timer.id);
    }
  }

  remove(id: number): void {
    this.#byId.delete(id);
    if (this.#heap.size < 2 * this.#byId.size + SETTLED_MAX) return;
    this.#heap.filter((timer) => this.#byId.has(timer.id));
  }

  #first(): StoredTimer | undefined {
    for (let first = this.#heap.peek(); first; first = this.#heap.peek()) {
      if (this.#byId.has(first.id)) return first;
      this.#heap.pop();
    }
    return undefined;
  }

  get nextDueMs(): number | undefined {
    return this.#first()?.dueMs;
  }

  /**
   * Some of those that are due, in the order of their records. They are pending until `remove`d; to
   * come up again they have to be given back.
   */
  takeDue(nowMs: number): StoredTimer[] {
    const due: StoredTimer[] = [];
    let bytes = 0;
    for (let first = this.#first(); first && first.dueMs <= nowMs; first = this.#first()) {
      if (due.length === SCHEDULE.turnTimersMax || bytes >= SCHEDULE.turnBytesMax) break;
      this.#heap.pop();
      due.push(this.#byId.get(first.id) as StoredTimer);
      bytes += first.length;
    }
    return due.sort((a, b) => a.position - b.position);
  }

  /** Those that were taken and could not be delivered yet. */
  giveBack(timers: readonly StoredTimer[]): void {
    for (const { id } of timers) {
      const timer = this.#byId.get(id);
      if (timer) this.#heap.push(timer);
    }
  }
}
