/**
 * One queue of a topic: for each offset where in the log its message is. What is newest, and what
 * was read lately, is in memory as runs of entries; the rest is in the index, a run an entry.
 */
import { writeU32LE, writeU48LE } from '#lib/integers';

/** position u48 · size u32 · tag hash i32 · store time u48 */
export const ENTRY_BYTES = 20;
const FIRST_CAPACITY = 8;
const RUN_ENTRIES_MAX = 2048;

/** Entries of consecutive offsets. */
export class Run {
  readonly first: number;
  readonly segmentBase: number;
  #bytes: Buffer;
  count: number;

  constructor(first: number, segmentBase: number, bytes?: Buffer) {
    this.first = first;
    this.segmentBase = segmentBase;
    this.#bytes = bytes ?? Buffer.allocUnsafe(FIRST_CAPACITY * ENTRY_BYTES);
    this.count = bytes ? bytes.length / ENTRY_BYTES : 0;
  }

  get end(): number {
    return this.first + this.count;
  }

  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.count * ENTRY_BYTES);
  }

  /** What it occupies in memory. */
  get capacity(): number {
    return this.#bytes.length;
  }

  append(position: number, size: number, tagHash: number, storeTimeMs: number): void {
    const at = this.count * ENTRY_BYTES;
    if (at + ENTRY_BYTES > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(this.#bytes.length * 2);
      this.#bytes.copy(larger);
      this.#bytes = larger;
    }
    writeU48LE(this.#bytes, position, at);
    writeU32LE(this.#bytes, size, at + 6);
    writeU32LE(this.#bytes, tagHash, at + 10);
    writeU48LE(this.#bytes, storeTimeMs, at + 14);
    this.count++;
  }

  position(offset: number): number {
    return this.#bytes.readUIntLE((offset - this.first) * ENTRY_BYTES, 6);
  }

  size(offset: number): number {
    return this.#bytes.readUInt32LE((offset - this.first) * ENTRY_BYTES + 6);
  }

  tagHash(offset: number): number {
    return this.#bytes.readInt32LE((offset - this.first) * ENTRY_BYTES + 10);
  }

  storeTimeMs(offset: number): number {
    return this.#bytes.readUIntLE((offset - this.first) * ENTRY_BYTES + 14, 6);
  }
}

export class ConsumeQueue {
  readonly topicId: number;
  readonly queueId: number;
  /** The first offset that retention has left. */
  minOffset: number;
  /** The offset that the next message gets. */
  nextOffset: number;
  /** Not yet in the index, oldest first. */
  #fresh: Run[] = [];
  /** In the index as well, sorted by offset; may go at any time. */
  #known: Run[] = [];
  #readable: number;

  constructor(topicId: number, queueId: number, minOffset: number, nextOffset: number) {
    this.topicId = topicId;
    this.queueId = queueId;
    this.minOffset = minOffset;
    this.nextOffset = nextOffset;
    this.#readable = nextOffset;
  }

  /** Takes the next offset for a message. Returns true if this is the queue's first fresh entry. */
  append(
    position: number,
    size: number,
    tagHash: number,
    storeTimeMs: number,
    segmentBase: number,
  ): boolean {
    const wasClean = this.#fresh.length === 0;
    let run = this.#fresh.at(-1);
    if (!run || run.segmentBase !== segmentBase || run.count >= RUN_ENTRIES_MAX) {
      run = new Run(this.nextOffset, segmentBase);
      this.#fresh.push(run);
    }
    run.append(position, size, tagHash, storeTimeMs);
    this.nextOffset++;
    return wasClean;
  }

  /** The offset behind the last message that is stored: everything below may be read (P2). */
  readable(committed: number): number {
    while (this.#readable < this.nextOffset) {
      const run = this.find(this.#readable);
      if (!run || run.position(this.#readable) >= committed) break;
      this.#readable++;
    }
    return this.#readable;
  }

  /** The run in memory that has `offset`. */
  find(offset: number): Run | undefined {
    for (let i = this.#fresh.length - 1; i >= 0; i--) {
      const run = this.#fresh[i] as Run;
      if (offset >= run.first) return offset < run.end ? run : undefined;
    }
    for (let i = this.#known.length - 1; i >= 0; i--) {
      const run = this.#known[i] as Run;
      if (offset >= run.first) return offset < run.end ? run : undefined;
    }
    return undefined;
  }

  get hasFresh(): boolean {
    return this.#fresh.length > 0;
  }

  /** Hands over the fresh runs to be written; they stay readable as known ones. */
  takeFresh(): Run[] {
    const runs = this.#fresh;
    this.#fresh = [];
    for (const run of runs) this.#known.push(run);
    return runs;
  }

  /** Keeps a run that was loaded from the index. */
  remember(run: Run): void {
    let at = this.#known.length;
    while (at > 0 && (this.#known[at - 1] as Run).first > run.first) at--;
    this.#known.splice(at, 0, run);
  }

  /** Only what is in the index, and so committed, is ever forgotten. */
  forget(run: Run): void {
    this.#readable = Math.max(this.#readable, run.end);
    const at = this.#known.indexOf(run);
    if (at >= 0) this.#known.splice(at, 1);
  }

  /** Everything below `offset` is gone from the log. */
  raiseMin(offset: number): void {
    if (offset <= this.minOffset) return;
    this.minOffset = offset;
    this.#known = this.#known.filter((run) => run.end > offset);
  }
}
