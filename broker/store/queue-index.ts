/**
 * All consume queues: which have entries that the index lacks, and which runs of them stay in
 * memory; and what is known of the lives of their messages.
 */
import { STORE } from '#lib/limits';

import { ENTRY_BYTES, Run } from '#broker/store/consume-queue';
import type { ConsumeQueue } from '#broker/store/consume-queue';
import { IndexDamageError } from '#broker/store/damage';
import { put } from '#broker/store/index-database';
import type { IndexChange, IndexDatabase } from '#broker/store/index-database';
import {
  queueEndKey,
  queueKey,
  queuePrefix,
  range,
  readQueueKeyOffset,
} from '#broker/store/index-keys';
import { TraceIndex } from '#broker/store/trace-index';

/** Runs read from the index in one go. */
const LOAD_RUNS_MAX = 32;
/** What a run costs in memory besides its entries. */
const RUN_OVERHEAD_BYTES = 200;
const END_BYTES = 6;

export class QueueIndex {
  readonly #database: () => IndexDatabase;
  readonly traces: TraceIndex;
  #dirty = new Set<ConsumeQueue>();
  /** Runs that are in the index as well, oldest first, and whose they are. */
  readonly #cached = new Map<Run, ConsumeQueue>();
  #cachedBytes = 0;
  /** Of deleted topics: somebody may still look for their messages. */
  readonly #removed = new WeakSet<ConsumeQueue>();
  readonly #loading = new Map<string, Promise<Run | undefined>>();

  constructor(database: () => IndexDatabase) {
    this.#database = database;
    this.traces = new TraceIndex(database);
  }

  /** Says that `queue` has entries, or an end, that the index lacks. */
  markDirty(queue: ConsumeQueue): void {
    this.#dirty.add(queue);
  }

  /** What the index lacks. The runs may leave memory after `written` has been called with them. */
  collect(changes: IndexChange[]): Map<Run, ConsumeQueue> {
    const taken = new Map<Run, ConsumeQueue>();
    for (const queue of this.#dirty) {
      const { topicId, queueId } = queue;
      for (const run of queue.takeFresh()) {
        changes.push(put(queueKey(topicId, queueId, run.first), run.bytes));
        taken.set(run, queue);
      }
      changes.push(put(queueEndKey(topicId, queueId), encodeEnd(queue)));
    }
    this.#dirty = new Set();
    this.traces.collect(changes);
    return taken;
  }

  written(runs: Map<Run, ConsumeQueue>): void {
    for (const [run, queue] of runs) this.#cache(run, queue);
    this.traces.written();
  }

  #cache(run: Run, queue: ConsumeQueue): void {
    this.#cached.set(run, queue);
    this.#cachedBytes += run.capacity + RUN_OVERHEAD_BYTES;
    for (const [oldest, owner] of this.#cached) {
      if (this.#cachedBytes <= STORE.indexCacheBytes) break;
      owner.forget(oldest);
      this.#cached.delete(oldest);
      this.#cachedBytes -= oldest.capacity + RUN_OVERHEAD_BYTES;
    }
  }

  /** Brings the run that has `offset` of `queue` into memory; undefined when there is none. */
  load(queue: ConsumeQueue, offset: number): Promise<Run | undefined> {
    const key = `${queue.topicId}/${queue.queueId}/${offset}`;
    let loading = this.#loading.get(key);
    if (!loading) {
      loading = this.#load(queue, offset).finally(() => this.#loading.delete(key));
      this.#loading.set(key, loading);
    }
    return loading;
  }

  async #load(queue: ConsumeQueue, offset: number): Promise<Run | undefined> {
    const { topicId, queueId } = queue;
    const from = queueKey(topicId, queueId, offset);
    const { gte, lt } = range(queuePrefix(topicId, queueId));
    const bounds = { gte: from, lt, limit: LOAD_RUNS_MAX };
    let found = await this.#database().entries(bounds);
    if (found[0] === undefined || readQueueKeyOffset(found[0][0]) !== offset) {
      const before = { gte, lte: from, limit: 1, reverse: true };
      found = [...(await this.#database().entries(before)), ...found];
    }
    const run = joinRuns(found);
    if (!run || offset < run.first || offset >= run.end) {
      const gone = offset < queue.minOffset || this.#removed.has(queue);
      if (!gone) await this.#database().condemn();
      return undefined;
    }
    const already = queue.find(offset);
    if (already) return already;
    queue.remember(run);
    this.#cache(run, queue);
    return run;
  }

  /** Forgets everything: the index is about to be made anew. */
  clear(): void {
    this.#dirty = new Set();
    this.#cached.clear();
    this.#cachedBytes = 0;
    this.traces.clear();
  }

  /** Takes what belongs to a deleted topic's queue out of the index. */
  async remove(queue: ConsumeQueue): Promise<void> {
    this.#dirty.delete(queue);
    this.#removed.add(queue);
    const { topicId, queueId } = queue;
    await this.#database().clear(range(queuePrefix(topicId, queueId)));
    await this.#database().clear(range(queueEndKey(topicId, queueId)));
    await this.traces.remove(queue);
  }

  /** Takes the entries below the queue's first offset out of the index. */
  async dropBelowMin(queue: ConsumeQueue): Promise<void> {
    const { topicId, queueId, minOffset } = queue;
    const gte = queueKey(topicId, queueId, 0);
    await this.#database().clear({ gte, lt: queueKey(topicId, queueId, minOffset) });
    await this.traces.dropBelow(queue, minOffset);
  }
}

/** One run of the entries found, as far as they follow on one another. */
function joinRuns(found: [Buffer, Buffer][]): Run | undefined {
  if (found[0] === undefined) return undefined;
  const first = readQueueKeyOffset(found[0][0]);
  const parts: Buffer[] = [];
  let end = first;
  for (const [key, value] of found) {
    if (readQueueKeyOffset(key) !== end) break;
    parts.push(value);
    end += value.length / ENTRY_BYTES;
  }
  return new Run(first, 0, Buffer.concat(parts));
}

function encodeEnd(queue: ConsumeQueue): Buffer {
  const value = Buffer.alloc(END_BYTES);
  value.writeUIntBE(queue.nextOffset, 0, END_BYTES);
  return value;
}

/** The offset that the next message of a queue gets, as the index has it. */
export function decodeEnd(value: Buffer): number {
  if (value.length !== END_BYTES) throw new IndexDamageError('a queue end of the wrong size');
  return value.readUIntBE(0, END_BYTES);
}
