/**
 * Which message ids came lately, as Bloom filters: what they don't know is surely new, what they
 * know has to be looked up. A filter takes the ids of a while, and goes when all of them are old;
 * it knows where in the log they are, so that little of the index is to be looked through.
 */
import type { Clock } from '#lib/clock';
import { RESENT } from '#lib/limits';

import type { KeyHash, KeyHashes } from '#broker/store/key-index';

const BITS_PER_WORD = 32;
/** Filters grow by this from one to the next, and shrink by as much at most. */
const GROWTH = 4;

/** A part of the log. */
export interface LogRange {
  readonly from: number;
  readonly to: number;
  /** Messages stored before that don't count. */
  readonly sinceMs: number;
}

class Filter implements LogRange {
  readonly words: Uint32Array<ArrayBuffer>;
  readonly capacity: number;
  readonly from: number;
  readonly sinceMs: number;
  readonly openedMs: number;
  to = Infinity;
  lastMs: number;
  count = 0;

  constructor(words: Uint32Array<ArrayBuffer>, from: number, nowMs: number, sinceMs: number) {
    this.words = words;
    this.capacity = Math.floor((words.length * BITS_PER_WORD) / RESENT.bitsPerId);
    this.from = from;
    this.openedMs = nowMs;
    this.lastMs = nowMs;
    this.sinceMs = sinceMs;
  }

  takes(position: number, nowMs: number): boolean {
    const hasTime = nowMs - this.openedMs < RESENT.filterMs;
    return hasTime && this.count < this.capacity && position < this.to;
  }

  /** The ids that it holds are written as this many probes from a start by a step that grows. */
  add(high: number, low: number): void {
    const { words } = this;
    const mask = words.length * BITS_PER_WORD - 1;
    let step = low | 1;
    for (let i = 0, bit = high; i < RESENT.probes; i++, bit = (bit + step) | 0, step += i) {
      const word = (bit & mask) >>> 5;
      words[word] = (words[word] as number) | (1 << (bit & 31));
    }
    this.count++;
  }

  has(high: number, low: number): boolean {
    const { words } = this;
    const mask = words.length * BITS_PER_WORD - 1;
    let step = low | 1;
    for (let i = 0, bit = high; i < RESENT.probes; i++, bit = (bit + step) | 0, step += i) {
      if (((words[(bit & mask) >>> 5] as number) & (1 << (bit & 31))) === 0) return false;
    }
    return true;
  }
}

const NONE: readonly LogRange[] = [];

export class RememberedIds {
  readonly #clock: Clock;
  /** Oldest first; the last takes what comes. */
  readonly #filters: Filter[] = [];
  #bytes = 0;
  /** As of the last `find`: asking for it twice for each message would cost as much as all else. */
  #nowMs: number;
  /** Kept to be used again, since the garbage collector sees buffers late. */
  #spare: Uint32Array<ArrayBuffer> | undefined;
  /** Filters that went before all of their ids were old, for want of room. */
  forgotten = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#nowMs = clock.monotonicMs();
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Where messages with this id may be, newest first; nowhere when it is surely new. */
  find(hash: KeyHash): readonly LogRange[] {
    const filters = this.#filters;
    this.#nowMs = this.#clock.monotonicMs();
    if (filters.length === 0) return NONE;
    this.#expire();
    const { high, low } = hash;
    let found: LogRange[] | undefined;
    for (let i = filters.length - 1; i >= 0; i--) {
      const filter = filters[i] as Filter;
      if (filter.has(high, low)) (found ??= []).push(filter);
    }
    return found ?? NONE;
  }

  /** A message with this id was put into the log at `position`, as its last, after a `find`. */
  add({ high, low }: KeyHash, position: number): void {
    const nowMs = this.#nowMs;
    let filter = this.#filters.at(-1);
    if (!filter?.takes(position, nowMs)) filter = this.#open(filter, position, nowMs);
    filter.add(high, low);
    filter.lastMs = nowMs;
  }

  /**
   * What was in the log before this process, oldest part first: messages stored since `sinceMs`
   * count as if they came now. What there is no room for is left out: false.
   */
  refill(range: LogRange, { count, forEach }: KeyHashes): boolean {
    const bytes = sizeFor(count);
    if (this.#bytes + bytes > RESENT.bytesMax) return false;
    this.#nowMs = this.#clock.monotonicMs();
    const filter = this.#make(bytes, range.from, this.#nowMs, range.sinceMs);
    filter.to = range.to;
    forEach((high, low) => filter.add(high, low));
    this.#filters.unshift(filter);
    return true;
  }

  #open(previous: Filter | undefined, position: number, nowMs: number): Filter {
    if (previous) previous.to = Math.min(previous.to, position);
    const filter = this.#make(nextSize(previous), position, nowMs, 0);
    this.#filters.push(filter);
    return filter;
  }

  #make(bytes: number, from: number, nowMs: number, sinceMs: number): Filter {
    while (this.#filters.length > 0 && this.#bytes + bytes > RESENT.bytesMax) {
      this.#forgetOldest();
      this.forgotten++;
    }
    this.#bytes += bytes;
    let words = this.#spare;
    if (words?.byteLength === bytes) {
      this.#spare = undefined;
      words.fill(0);
    } else {
      words = new Uint32Array(bytes / Uint32Array.BYTES_PER_ELEMENT);
    }
    return new Filter(words, from, nowMs, sinceMs);
  }

  #expire(): void {
    for (let oldest = this.#filters[0]; oldest; oldest = this.#filters[0]) {
      if (this.#nowMs - oldest.lastMs <= RESENT.windowMs) return;
      this.#forgetOldest();
    }
  }

  #forgetOldest(): void {
    const { words } = this.#filters.shift() as Filter;
    this.#bytes -= words.byteLength;
    this.#spare = words;
  }
}

function sizeFor(ids: number): number {
  const bytes = (ids * RESENT.bitsPerId) / 8;
  let size: number = RESENT.filterBytesMin;
  while (size < bytes && size < RESENT.filterBytesMax) size *= 2;
  return size;
}

/** A filter that was full before its time is followed by a larger one. */
function nextSize(previous: Filter | undefined): number {
  if (!previous) return RESENT.filterBytesMin;
  const { byteLength } = previous.words;
  const isFull = previous.count >= previous.capacity;
  const size = isFull
    ? byteLength * GROWTH
    : Math.max(sizeFor(previous.count * 2), byteLength / GROWTH);
  return Math.min(Math.max(size, RESENT.filterBytesMin), RESENT.filterBytesMax);
}
