/**
 * Scheduled messages that are pending, by the time when they are due. All of them are in the index;
 * what has changed since its last batch is in memory, and goes over whatever the index says.
 */
import { put } from '#broker/store/index-database';
import type { IndexChange, IndexDatabase } from '#broker/store/index-database';
import {
  readTimerKey,
  readTimerPlaceKey,
  tableRange,
  timerKey,
  timerPlaceKey,
} from '#broker/store/index-keys';
import type { TimerKey } from '#broker/store/index-keys';

const U48 = 6;
/** position u48 · length u32 · topic id u48 */
const TIMER_BYTES = 16;
/** due u48 · id u48 */
const PLACE_BYTES = 12;

/** A pending message, and where its record is. */
export interface StoredTimer extends TimerKey {
  readonly position: number;
  /** Of the whole record. */
  readonly length: number;
  readonly topicId: number;
}

interface PlacedTimers {
  timers: StoredTimer[];
  next: number;
}

/** As much as is known of one: replay does not always know where its record is. */
type KnownTimer = TimerKey & { readonly position?: number };

/** What the index had when the change was first made, and what it is to have. */
interface Change {
  readonly before: KnownTimer | undefined;
  readonly now: StoredTimer | undefined;
}

type Changes = Map<number, Change>;

/** Behind all that can be due. */
export const TIMERS_END: TimerKey = { dueMs: 2 ** 48 - 1, id: 2 ** 48 - 1 };
/** Before all of them. */
export const TIMERS_START: TimerKey = { dueMs: 0, id: 0 };

/** The order in which timers are due. */
export function isBefore(a: TimerKey, b: TimerKey): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.id < b.id);
}

export class TimerIndex {
  readonly #database: () => IndexDatabase;
  /** Oldest first: those in the index already, those on their way into it, those it lacks. */
  #changes: Changes[] = [new Map()];
  /** How many of them are in the index, and are kept for reads that began before. */
  #written = 0;
  #reads = 0;

  constructor(database: () => IndexDatabase) {
    this.#database = database;
  }

  get #fresh(): Changes {
    return this.#changes.at(-1) as Changes;
  }

  /** Changes that wait for the next batch. */
  get freshCount(): number {
    return this.#fresh.size;
  }

  add(timer: StoredTimer): void {
    this.#fresh.set(timer.id, { before: undefined, now: timer });
  }

  /** Its record is in another place now; undefined when it is pending no more. */
  change(timer: KnownTimer, now: StoredTimer | undefined): void {
    const { id } = timer;
    const fresh = this.#fresh.get(id);
    const before = fresh ? fresh.before : (this.#latest(id)?.now ?? timer);
    if (before === undefined && now === undefined) this.#fresh.delete(id);
    else this.#fresh.set(id, { before, now });
  }

  #latest(id: number): Change | undefined {
    for (let i = this.#changes.length - 1; i >= 0; i--) {
      const change = this.#changes[i]?.get(id);
      if (change) return change;
    }
    return undefined;
  }

  /** Whether one that was found during the same `reading` has been settled since. */
  isSettled({ id }: TimerKey): boolean {
    const change = this.#latest(id);
    return change !== undefined && change.now === undefined;
  }

  collect(changes: IndexChange[]): void {
    for (const { before, now } of this.#fresh.values()) {
      if (before?.position !== undefined && before.position !== now?.position) {
        changes.push({ type: 'del', key: timerPlaceKey(before.position) });
      }
      if (now) {
        changes.push(put(timerKey(now), timerValue(now)));
        changes.push(put(timerPlaceKey(now.position), placeValue(now)));
      } else if (before) {
        changes.push({ type: 'del', key: timerKey(before) });
      }
    }
    this.#changes.push(new Map());
  }

  /** What was collected is in the index now. */
  written(): void {
    this.#written = this.#changes.length - 1;
    this.#forgetWritten();
  }

  #forgetWritten(): void {
    if (this.#reads > 0) return;
    this.#changes.splice(0, this.#written);
    this.#written = 0;
  }

  /**
   * Looks at the next `limit` that are due: damage is to be known while the index can be made anew.
   * @throws IndexDamageError
   */
  async check(database: IndexDatabase, limit: number): Promise<void> {
    await database.entries({ ...tableRange('timer'), limit });
  }

  /** Forgets everything: the index is about to be made anew. */
  clear(): void {
    this.#changes = [new Map()];
    this.#written = 0;
  }

  /**
   * While `work` runs, what changes is remembered even when the index has it: what was read before
   * can be checked against it.
   */
  async reading<T>(work: () => Promise<T>): Promise<T> {
    this.#reads++;
    try {
      return await work();
    } finally {
      this.#reads--;
      this.#forgetWritten();
    }
  }

  /**
   * Hands over the pending from `from` on, some `limit` of them in no order, and the key before
   * which that is all there is. `take` is called in the turn in which that is true.
   */
  page(
    from: TimerKey,
    limit: number,
    take: (timers: Iterable<StoredTimer>, end: TimerKey) => void,
  ): Promise<void> {
    return this.reading(async () => {
      const { lt } = tableRange('timer');
      const rows = await this.#database().entries({ gte: timerKey(from), lt, limit });
      const found = new Map<number, StoredTimer>();
      let end = TIMERS_END;
      for (const [key, value] of rows) {
        const timer = readTimer(readTimerKey(key), value);
        found.set(timer.id, timer);
        if (found.size === limit) end = { dueMs: timer.dueMs, id: timer.id + 1 };
      }
      for (const changes of this.#changes) {
        for (const [id, { now }] of changes) {
          if (now && !isBefore(now, from) && isBefore(now, end)) found.set(id, now);
          else found.delete(id);
        }
      }
      take(found.values(), end);
    });
  }

  /** Undefined when it is pending no more; to be called while `reading`. */
  async find(key: TimerKey): Promise<StoredTimer | undefined> {
    const change = this.#latest(key.id);
    if (change) return change.now;
    const bound = timerKey(key);
    const [row] = await this.#database().entries({ gte: bound, lte: bound, limit: 1 });
    const settled = this.#latest(key.id);
    if (settled) return settled.now;
    return row && readTimer(key, row[1]);
  }

  /**
   * The pending whose records are from `from` on and before `end`, `limit` at most, and where to go
   * on; `end` must be before what the index has come to. To be called while `reading`.
   */
  async placed(from: number, end: number, limit: number): Promise<PlacedTimers> {
    const range = { gte: timerPlaceKey(from), lt: timerPlaceKey(end), limit };
    const rows = await this.#database().entries(range);
    const timers: StoredTimer[] = [];
    for (const [key, value] of rows) {
      const position = readTimerPlaceKey(key);
      const timer = await this.find(readPlace(value));
      if (timer?.position === position) timers.push(timer); // else it was settled in a replay
    }
    const last = rows.at(-1)?.[0];
    const isAll = rows.length < limit || last === undefined;
    return { timers, next: isAll ? end : readTimerPlaceKey(last) + 1 };
  }

  /** The log now begins at `position`. */
  dropBefore(position: number): Promise<void> {
    return this.#database().clear({ gte: timerPlaceKey(0), lt: timerPlaceKey(position) });
  }
}

function timerValue({ position, length, topicId }: StoredTimer): Buffer {
  const value = Buffer.allocUnsafe(TIMER_BYTES);
  value.writeUIntBE(position, 0, U48);
  value.writeUInt32BE(length, U48);
  value.writeUIntBE(topicId, 10, U48);
  return value;
}

function readTimer({ dueMs, id }: TimerKey, value: Buffer): StoredTimer {
  return {
    dueMs,
    id,
    position: value.readUIntBE(0, U48),
    length: value.readUInt32BE(U48),
    topicId: value.readUIntBE(10, U48),
  };
}

function placeValue({ dueMs, id }: TimerKey): Buffer {
  const value = Buffer.allocUnsafe(PLACE_BYTES);
  value.writeUIntBE(dueMs, 0, U48);
  value.writeUIntBE(id, U48, U48);
  return value;
}

function readPlace(value: Buffer): TimerKey {
  return { dueMs: value.readUIntBE(0, U48), id: value.readUIntBE(U48, U48) };
}
