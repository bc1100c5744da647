/**
 * The transactions of this broker: the open ones in memory, how the others ended in the index. Made
 * of the records of the log, as all state.
 */
import { TRANSACTION } from '#lib/transaction-limits';
import type { StoredMessage } from '#proto/message';

import {
  OUTCOME,
  OUTCOMES,
  decodeChecked,
  decodeEnded,
  decodeHalf,
  decodeOutcome,
  decodePlace,
  encodeEnded,
  encodePlace,
} from '#broker/produce/half-records';
import type { Ended, HalfPlace, Outcome } from '#broker/produce/half-records';
import type { Appended } from '#broker/store/commit-log';
import { put } from '#broker/store/index-database';
import type { IndexChange, IndexDatabase } from '#broker/store/index-database';
import {
  endedKey,
  halfKey,
  readEndedKeyId,
  readHalfKey,
  tableRange,
} from '#broker/store/index-keys';
import { RECORD_TYPE } from '#broker/store/record';
import type { LogRecord } from '#broker/store/record';
import type { Store } from '#broker/store/store';
import type { Topics } from '#broker/topic/topics';

/** An open transaction; there can be very many, so no more than this is in memory. */
export interface Half extends HalfPlace {
  readonly id: number;
  open: boolean;
}

/** A u48 above all positions. */
const ID_END = 2 ** 48 - 1;

export class HalfTable {
  readonly #store: Store;
  readonly #topics: Topics;
  /** In order of their ids, since a new one has the highest. */
  readonly #open = new Map<number, Half>();
  readonly #openByTopic = new Map<number, number>();
  #changed = new Set<Half>();
  /** What ended since the index was last brought up to date, and before: on its way there. */
  #ended = new Map<number, Ended>();
  #leaving = new Map<number, Ended>();
  /** Their topic is deleted. */
  #gone: number[] = [];
  /** A transaction was opened: somebody must watch when it is due. */
  onOpen: (half: Half) => void = () => undefined;

  constructor(store: Store, topics: Topics) {
    this.#store = store;
    this.#topics = topics;
  }

  get size(): number {
    return this.#open.size;
  }

  /** In order of their ids. */
  get all(): Iterable<Half> {
    return this.#open.values();
  }

  openOf(topicId: number): number {
    return this.#openByTopic.get(topicId) ?? 0;
  }

  find(id: number): Half | undefined {
    return this.#open.get(id);
  }

  open(id: number, place: HalfPlace): Half {
    const half: Half = { id, open: true, ...place };
    this.#open.set(id, half);
    this.#openByTopic.set(half.topicId, this.openOf(half.topicId) + 1);
    this.#changed.add(half);
    this.onOpen(half);
    return half;
  }

  /** Its record was appended once more, or its producers were asked. */
  change(half: Half, change: Partial<HalfPlace>): void {
    Object.assign(half, change);
    this.#changed.add(half);
  }

  #close(half: Half): void {
    half.open = false;
    this.#open.delete(half.id);
    const left = this.openOf(half.topicId) - 1;
    if (left > 0) this.#openByTopic.set(half.topicId, left);
    else this.#openByTopic.delete(half.topicId);
  }

  /** It has ended, as a record says. */
  end(ended: Ended): void {
    const half = this.#open.get(ended.id);
    if (half) {
      this.#close(half);
      this.#changed.add(half);
    }
    this.#ended.set(ended.id, ended);
  }

  /** How a transaction that is not open ended; undefined when it is unknown. */
  async ended(id: number): Promise<Ended | undefined> {
    const fresh = this.#ended.get(id) ?? this.#leaving.get(id);
    if (fresh) return fresh;
    for (const outcome of OUTCOMES) {
      const key = endedKey(outcome, id);
      const [found] = await this.#store.indexEntries({ gte: key, lte: key, limit: 1 });
      if (found) return decodeEnded(id, outcome, found[1]);
    }
    return undefined;
  }

  /** At most `limit` that ended so, with ids after `after`, in order. */
  async listEnded(outcome: Outcome, after: number, limit: number): Promise<Ended[]> {
    await this.#store.materialize();
    const gte = endedKey(outcome, after + 1);
    const lt = endedKey(outcome, ID_END);
    const entries = await this.#store.indexEntries({ gte, lt, limit });
    return entries.map(([key, value]) => decodeEnded(readEndedKeyId(key), outcome, value));
  }

  forgetTopic(topicId: number): void {
    if (this.openOf(topicId) === 0) return;
    for (const half of this.#open.values()) {
      if (half.topicId !== topicId) continue;
      this.#close(half);
      this.#changed.delete(half);
      this.#gone.push(half.id);
    }
  }

  async load(database: IndexDatabase): Promise<void> {
    for (const half of this.#open.values()) half.open = false; // of a bad index
    this.#open.clear();
    this.#openByTopic.clear();
    const { lt } = tableRange('half');
    let { gte } = tableRange('half');
    for (;;) {
      const limit = TRANSACTION.entriesPerRead;
      const entries = await database.entries({ gte, lt, limit });
      for (const [key, value] of entries) this.open(readHalfKey(key), decodePlace(value));
      if (entries.length < limit) break;
      gte = halfKey(readHalfKey((entries.at(-1) as [Buffer, Buffer])[0]) + 1);
    }
    this.#changed = new Set();
    this.#ended = new Map();
    this.#leaving = new Map();
    this.#gone = [];
  }

  apply(record: LogRecord): void {
    if (record.type === RECORD_TYPE.half) return this.#applyHalf(record);
    if (record.type === RECORD_TYPE.halfOutcome) {
      return this.end({ ...decodeOutcome(record.payload), endPosition: record.position });
    }
    const { id, dueMs, checks } = decodeChecked(record.payload);
    const half = this.#open.get(id);
    if (half) this.change(half, { timeMs: dueMs, checks });
  }

  #applyHalf({ position, payload }: LogRecord): void {
    const { id, topicId, sinceMs, dueMs, checks } = decodeHalf(payload, position);
    if (!this.#topics.byId(topicId)) return; // deleted while the message was under way
    const place = { topicId, position, sinceMs, timeMs: dueMs, checks };
    const known = this.#open.get(id);
    if (known) this.change(known, place);
    else this.open(id, place);
  }

  /** A message that was committed is in the log at `position`: that ended its transaction. */
  applyMessage(message: StoredMessage, position: number): void {
    const id = message.preparedOffset;
    if (id === 0) return;
    const topicId = this.#topics.find(message.topic)?.id ?? 0;
    this.end(this.committed(id, topicId, { position, timestampMs: message.storeTimeMs }));
  }

  /** What a committed message in the log makes of its transaction. */
  committed(id: number, topicId: number, at: Omit<Appended, 'end'>): Ended {
    const { position, timestampMs: timeMs } = at;
    const half = this.#open.get(id);
    const { sinceMs = timeMs, checks = 0 } = half ?? {};
    const place = { topicId, position, sinceMs, timeMs, checks };
    return { id, outcome: OUTCOME.committed, ...place, endPosition: position };
  }

  collect(changes: IndexChange[]): void {
    for (const half of this.#changed) {
      if (half.open) changes.push(put(halfKey(half.id), encodePlace(half)));
      else changes.push({ type: 'del', key: halfKey(half.id) });
    }
    for (const ended of this.#ended.values()) {
      changes.push(put(endedKey(ended.outcome, ended.id), encodeEnded(ended)));
    }
    for (const id of this.#gone) changes.push({ type: 'del', key: halfKey(id) });
    this.#changed = new Set();
    this.#leaving = this.#ended;
    this.#ended = new Map();
    this.#gone = [];
  }

  /** With the record that ended a transaction goes the knowledge of how it ended. */
  async forgetBefore(position: number, database: IndexDatabase): Promise<void> {
    for (const outcome of OUTCOMES) await forget(outcome, position, database);
  }
}

async function forget(outcome: Outcome, position: number, database: IndexDatabase): Promise<void> {
  const limit = TRANSACTION.entriesPerRead;
  const lt = endedKey(outcome, position); // what ended before began before
  let from = 0;
  for (let next = 0; ;) {
    const entries = await database.entries({ gte: endedKey(outcome, next), lt, limit });
    for (const [key, value] of entries) {
      const { id, endPosition } = decodeEnded(readEndedKeyId(key), outcome, value);
      next = id + 1;
      if (endPosition < position) continue;
      await database.clear({ gte: endedKey(outcome, from), lt: key });
      from = next;
    }
    if (entries.length < limit) break;
  }
  await database.clear({ gte: endedKey(outcome, from), lt });
}
