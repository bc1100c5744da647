/**
 * Finds the records of the log that say what became of a message. Leases and acknowledgements are
 * found by the bucket of offsets that they are about: those of one batch, queue and bucket are one
 * entry of the index. Offset commits, each of which may be about any number of messages, are found
 * by group. What is known of a message goes when the queue's first offset has passed its bucket.
 */
import { writeU48BE } from '#lib/integers';
import { TOPIC, TRACE } from '#lib/limits';

import { put } from '#broker/store/index-database';
import type { IndexChange, IndexDatabase } from '#broker/store/index-database';
import {
  commitsKey,
  deliveriesKey,
  deliveriesPrefix,
  range,
  readCommitsGroup,
  readDeliveriesPosition,
  tracePrefix,
} from '#broker/store/index-keys';

const BUCKET_OFFSETS = 1024;
/** Of an entry's bits: distance to its first record 28 · lowest offset 10 · further offsets 10. */
const ENTRY_BYTES = 6;
const SPAN = BUCKET_OFFSETS * BUCKET_OFFSETS;
const DISTANCE_MAX = 2 ** 28 - 1;
/** from u48 · to u48 · position u48 */
const COMMIT_BYTES = 18;
const U48 = 6;

/** A queue of a topic. */
export interface QueuePlace {
  readonly topicId: number;
  readonly queueId: number;
}

/** The group passed the offsets from `from` to below `to` at once, in either direction. */
export interface Commit {
  readonly groupId: number;
  readonly from: number;
  readonly to: number;
  readonly position: number;
}

/** Records about one bucket of a queue that the index lacks. */
class FreshRecords {
  readonly place: QueuePlace;
  readonly bucket: number;
  readonly first: number;
  #last: number;
  #lowest: number;
  #highest: number;
  #bytes = Buffer.allocUnsafe(4 * ENTRY_BYTES);
  #used = 0;

  constructor(place: QueuePlace, bucket: number, position: number, offset: number) {
    this.place = place;
    this.bucket = bucket;
    this.first = position;
    this.#last = position;
    this.#lowest = offset;
    this.#highest = offset;
    this.#write();
  }

  /** `offset` is counted from the bucket's first. */
  add(position: number, offset: number): void {
    if (position === this.#last) {
      if (offset < this.#lowest) this.#lowest = offset;
      if (offset > this.#highest) this.#highest = offset;
      this.#used -= ENTRY_BYTES;
    } else {
      this.#last = position;
      this.#lowest = offset;
      this.#highest = offset;
    }
    this.#write();
  }

  #write(): void {
    if (this.#used === this.#bytes.length) {
      const larger = Buffer.allocUnsafe(this.#bytes.length * 2);
      this.#bytes.copy(larger);
      this.#bytes = larger;
    }
    const span = this.#lowest * BUCKET_OFFSETS + this.#highest - this.#lowest;
    writeU48BE(this.#bytes, (this.#last - this.first) * SPAN + span, this.#used);
    this.#used += ENTRY_BYTES;
  }

  get entries(): Buffer {
    return this.#bytes.subarray(0, this.#used);
  }
}

/** What the index lacks. */
class Fresh {
  /** By topic, then by bucket and queue together. */
  readonly #byTopic = new Map<number, Map<number, FreshRecords>>();
  /** Those before others of the same bucket: so far away that these had to begin anew. */
  readonly #closed: FreshRecords[] = [];
  readonly #commits = new Map<QueuePlace, Commit[]>();

  add(place: QueuePlace, offset: number, position: number): FreshRecords {
    const bucket = Math.floor(offset / BUCKET_OFFSETS);
    const within = offset % BUCKET_OFFSETS;
    let records = this.#byTopic.get(place.topicId);
    if (!records) this.#byTopic.set(place.topicId, (records = new Map()));
    const key = bucket * TOPIC.queuesMax + place.queueId;
    const found = records.get(key);
    if (found && position - found.first <= DISTANCE_MAX) {
      found.add(position, within);
      return found;
    }
    if (found) this.#closed.push(found);
    const begun = new FreshRecords(place, bucket, position, within);
    records.set(key, begun);
    return begun;
  }

  addCommit(place: QueuePlace, commit: Commit): void {
    const commits = this.#commits.get(place);
    if (commits) commits.push(commit);
    else this.#commits.set(place, [commit]);
  }

  *records(): Iterable<FreshRecords> {
    yield* this.#closed;
    for (const records of this.#byTopic.values()) yield* records.values();
  }

  commitsIn(place: QueuePlace): Commit[] {
    const isIn = ([its]: [QueuePlace, Commit[]]): boolean => sameQueue(its, place);
    return [...this.#commits].filter(isIn).flatMap(([, commits]) => commits);
  }

  /** Those of one place object are of one group. */
  get commits(): ReadonlyMap<QueuePlace, readonly Commit[]> {
    return this.#commits;
  }
}

export class TraceIndex {
  readonly #database: () => IndexDatabase;
  #fresh = new Fresh();
  /** What is on its way into the index, where it can't be found yet. */
  #leaving = new Fresh();

  constructor(database: () => IndexDatabase) {
    this.#database = database;
  }

  /** The record at `position` says something of the message at `offset`. */
  add(place: QueuePlace, offset: number, position: number): void {
    this.#fresh.add(place, offset, position);
  }

  /** One object as `place` stands for one group in one queue. */
  addCommit(place: QueuePlace, commit: Commit): void {
    this.#fresh.addCommit(place, commit);
  }

  /** Forgets what the index lacks: it is about to be made anew. */
  clear(): void {
    this.#fresh = new Fresh();
    this.#leaving = new Fresh();
  }

  collect(changes: IndexChange[]): void {
    for (const { place, bucket, first, entries } of this.#fresh.records()) {
      const key = deliveriesKey(place.topicId, place.queueId, bucket, first);
      changes.push(put(key, entries));
    }
    for (const [{ topicId, queueId }, commits] of this.#fresh.commits) {
      const { groupId, to, position } = commits.at(-1) as Commit;
      const key = commitsKey(topicId, queueId, groupId, to, position);
      changes.push(put(key, encodeCommits(commits)));
    }
    this.#leaving = this.#fresh;
    this.#fresh = new Fresh();
  }

  /** What was collected is in the index now. */
  written(): void {
    this.#leaving = new Fresh();
  }

  /**
   * Positions of records that may be about the message at `offset`, oldest first, `limit` at most;
   * look into the record.
   */
  async find(place: QueuePlace, offset: number, limit: number): Promise<number[]> {
    const { topicId, queueId } = place;
    const bucket = Math.floor(offset / BUCKET_OFFSETS);
    const within = offset % BUCKET_OFFSETS;
    const positions = new Set<number>();
    // Before the index is read: what is on its way into it now may be there a moment later.
    for (const fresh of [this.#leaving, this.#fresh]) {
      for (const records of fresh.records()) {
        const isIt = sameQueue(records.place, place) && records.bucket === bucket;
        if (isIt) findIn(records.entries, records.first, within, positions);
      }
    }
    const { gte, lt } = range(deliveriesPrefix(topicId, queueId, bucket));
    for (let from = gte; positions.size < limit;) {
      const bounds = { gte: from, lt, limit: TRACE.entriesPerRead };
      const found = await this.#database().entries(bounds);
      for (const [key, value] of found) {
        findIn(value, readDeliveriesPosition(key), within, positions);
      }
      if (found.length < TRACE.entriesPerRead) break;
      const [lastKey] = found.at(-1) as [Buffer, Buffer];
      from = deliveriesKey(topicId, queueId, bucket, readDeliveriesPosition(lastKey) + 1);
    }
    return [...positions].sort((a, b) => a - b).slice(0, limit);
  }

  /** Commits that passed the message at `offset`, oldest first, `limit` at most. */
  async findCommits(place: QueuePlace, offset: number, limit: number): Promise<Commit[]> {
    const { topicId, queueId } = place;
    const byPosition = new Map<number, Commit>();
    const inMemory = [this.#leaving, this.#fresh].flatMap((fresh) => fresh.commitsIn(place));
    const offer = (commits: Iterable<Commit>): void => {
      for (const commit of commits) {
        const { from, to, position } = commit;
        if (from <= offset && offset < to) byPosition.set(position, commit);
      }
    };
    for await (const groupId of this.#groups(place, limit)) {
      const gte = commitsKey(topicId, queueId, groupId, offset + 1, 0);
      const lt = commitsKey(topicId, queueId, groupId + 1, 0, 0);
      const found = await this.#database().entries({ gte, lt, limit: TRACE.commitEntriesMax });
      for (const [, value] of found) offer(decodeCommits(groupId, value));
    }
    offer(inMemory);
    const found = [...byPosition.values()];
    return found.sort((one, other) => one.position - other.position).slice(0, limit);
  }

  /** Groups that have committed an offset in the queue. */
  async *#groups({ topicId, queueId }: QueuePlace, limit: number): AsyncIterable<number> {
    const { lt } = range(tracePrefix(topicId, queueId));
    let gte = commitsKey(topicId, queueId, 0, 0, 0);
    for (let i = 0; i < limit; i++) {
      const [found] = await this.#database().entries({ gte, lt, limit: 1 });
      if (!found) return;
      const groupId = readCommitsGroup(found[0]);
      yield groupId;
      gte = commitsKey(topicId, queueId, groupId + 1, 0, 0);
    }
  }

  /** Takes what is known of a deleted topic's queue out of the index. */
  async remove({ topicId, queueId }: QueuePlace): Promise<void> {
    await this.#database().clear(range(tracePrefix(topicId, queueId)));
  }

  /** Takes what is known of messages below `minOffset` out of the index. */
  async dropBelow(place: QueuePlace, minOffset: number): Promise<void> {
    const { topicId, queueId } = place;
    const bucket = Math.floor(minOffset / BUCKET_OFFSETS);
    const lt = deliveriesKey(topicId, queueId, bucket, 0);
    await this.#database().clear({ gte: deliveriesKey(topicId, queueId, 0, 0), lt });
    for await (const groupId of this.#groups(place, TOPIC.groupsMax)) {
      const gte = commitsKey(topicId, queueId, groupId, 0, 0);
      const end = commitsKey(topicId, queueId, groupId, minOffset + 1, 0);
      await this.#database().clear({ gte, lt: end });
    }
  }
}

function sameQueue(one: QueuePlace, other: QueuePlace): boolean {
  return one.topicId === other.topicId && one.queueId === other.queueId;
}

function findIn(entries: Buffer, first: number, offset: number, positions: Set<number>): void {
  for (let at = 0; at + ENTRY_BYTES <= entries.length; at += ENTRY_BYTES) {
    const entry = entries.readUIntBE(at, U48);
    const span = entry % SPAN;
    const lowest = Math.floor(span / BUCKET_OFFSETS);
    const holds = offset >= lowest && offset <= lowest + (span % BUCKET_OFFSETS);
    if (holds) positions.add(first + Math.floor(entry / SPAN));
  }
}

function encodeCommits(commits: readonly Commit[]): Buffer {
  const bytes = Buffer.allocUnsafe(commits.length * COMMIT_BYTES);
  for (const [i, { from, to, position }] of commits.entries()) {
    writeU48BE(bytes, from, i * COMMIT_BYTES);
    writeU48BE(bytes, to, i * COMMIT_BYTES + 6);
    writeU48BE(bytes, position, i * COMMIT_BYTES + 12);
  }
  return bytes;
}

function* decodeCommits(groupId: number, bytes: Buffer): Iterable<Commit> {
  for (let at = 0; at + COMMIT_BYTES <= bytes.length; at += COMMIT_BYTES) {
    yield {
      groupId,
      from: bytes.readUIntBE(at, U48),
      to: bytes.readUIntBE(at + 6, U48),
      position: bytes.readUIntBE(at + 12, U48),
    };
  }
}
