/**
 * Finds messages by their id and keys: a hash of topic and text, kept per segment of the log.
 * Hashes of a batch that fall into one bucket are one entry of the index: an entry a key would cost
 * more than the message itself.
 */
import { writeU32BE, writeU48BE } from '#lib/integers';
import { Text } from '#proto/text';

import { put } from '#broker/store/index-database';
import type { IndexChange, IndexDatabase } from '#broker/store/index-database';
import {
  messageKeysBefore,
  messageKeysKey,
  messageKeysPrefix,
  range,
} from '#broker/store/index-keys';
import type { Segment } from '#broker/store/segments';

const BUCKET_BITS = 6;
/** hash 2 × u32 · position u48 */
const ENTRY_BYTES = 14;
const U48 = 6;

/** What one segment has of a key. */
export interface FoundKeys {
  readonly base: number;
  readonly positions: readonly number[];
}

export interface KeyHash {
  high: number;
  low: number;
}

type HashVisitor = (high: number, low: number) => void;

/** Those of very many keys. */
export interface KeyHashes {
  readonly count: number;
  readonly forEach: (visit: HashVisitor) => void;
}

/**
 * 64 bits of a text, well spread; whoever looks up compares the text itself. They are those of its
 * UTF-16, which of plain text is its bytes.
 */
function keyHash(topicId: number, text: Text): KeyHash {
  const { bytes, start } = text;
  const units = text.plain ? undefined : text.toString();
  const length = units?.length ?? text.length;
  let high = 0x9e3779b9 ^ topicId;
  let low = 0x85ebca6b ^ (topicId * 0x2545f491);
  for (let i = 0; i < length; i++) {
    const unit = units === undefined ? (bytes[start + i] as number) : units.charCodeAt(i);
    high = Math.imul(high ^ unit, 0x01000193);
    low = Math.imul(low ^ unit, 0x5bd1e995);
    low ^= low >>> 15;
  }
  high = Math.imul(high ^ (high >>> 16), 0x21f0aaad) ^ low;
  low = Math.imul(low ^ (low >>> 15), 0x735a2d97) ^ high;
  return { high: (high ^ (high >>> 15)) >>> 0, low: (low ^ (low >>> 16)) >>> 0 };
}

function bucketOf({ high }: KeyHash): number {
  return high >>> (32 - BUCKET_BITS);
}

/** Keys of one segment in one bucket that the index lacks. */
class FreshBucket {
  #bytes = Buffer.allocUnsafe(8 * ENTRY_BYTES);
  #used = 0;

  add({ high, low }: KeyHash, position: number): void {
    if (this.#used === this.#bytes.length) {
      const larger = Buffer.allocUnsafe(this.#bytes.length * 2);
      this.#bytes.copy(larger);
      this.#bytes = larger;
    }
    writeU32BE(this.#bytes, high, this.#used);
    writeU32BE(this.#bytes, low, this.#used + 4);
    writeU48BE(this.#bytes, position, this.#used + 8);
    this.#used += ENTRY_BYTES;
  }

  get entries(): Buffer {
    return this.#bytes.subarray(0, this.#used);
  }
}

/** By segment base, then by bucket. */
type FreshKeys = Map<number, (FreshBucket | undefined)[]>;

export class KeyIndex {
  readonly #database: () => IndexDatabase;
  readonly #segments: () => readonly Segment[];
  readonly #appendBase: () => number;
  #fresh: FreshKeys = new Map();
  #freshCount = 0;
  /** Keys on their way into the index, where they can't be found yet. */
  #leaving: FreshKeys = new Map();
  /** The last that somebody asked for: mostly it is added next. */
  #asked: { topicId: number; text: Text; hash: KeyHash } | undefined;

  constructor(
    database: () => IndexDatabase,
    segments: () => readonly Segment[],
    appendBase: () => number,
  ) {
    this.#database = database;
    this.#segments = segments;
    this.#appendBase = appendBase;
  }

  get freshCount(): number {
    return this.#freshCount;
  }

  /** What a key is known by: it costs as much as all the rest of adding it. */
  hash(topicId: number, text: Text): KeyHash {
    const hash = keyHash(topicId, text);
    this.#asked = { topicId, text, hash };
    return hash;
  }

  add(topicId: number, text: Text, segmentBase: number, position: number): void {
    const asked = this.#asked;
    const isAsked = asked?.text === text && asked.topicId === topicId;
    const hash = isAsked ? asked.hash : keyHash(topicId, text);
    this.#asked = undefined; // it holds the request that the text is in
    const bucket = bucketOf(hash);
    let buckets = this.#fresh.get(segmentBase);
    if (!buckets) this.#fresh.set(segmentBase, (buckets = []));
    (buckets[bucket] ??= new FreshBucket()).add(hash, position);
    this.#freshCount++;
  }

  /** As `add`, of the record that was appended last. */
  addAppended(topicId: number, text: Text, position: number): void {
    this.add(topicId, text, this.#appendBase(), position);
  }

  /** Forgets what the index lacks: it is about to be made anew. */
  clear(): void {
    this.#fresh = new Map();
    this.#freshCount = 0;
    this.#leaving = new Map();
  }

  collect(changes: IndexChange[]): void {
    for (const [segmentBase, buckets] of this.#fresh) {
      for (const [bucket, keys] of buckets.entries()) {
        if (!keys) continue;
        const { entries } = keys;
        const key = messageKeysKey(segmentBase, bucket, entries.readUIntBE(8, U48));
        changes.push(put(key, entries));
      }
    }
    this.#leaving = this.#fresh;
    this.#fresh = new Map();
    this.#freshCount = 0;
  }

  /** What was collected is in the index now. */
  written(): void {
    this.#leaving = new Map();
  }

  /**
   * Log positions of messages that may have this key, newest first; check the text. Those before
   * `since` may be left out.
   */
  async find(topicId: number, text: string, limit: number, since = 0): Promise<number[]> {
    const hash = keyHash(topicId, Text.of(text));
    return (await this.#findWithin(hash, since, Infinity, limit)).slice(0, limit);
  }

  /** As `find`, of the messages at positions from `from` on and before `to`. */
  async findBetween(hash: KeyHash, from: number, to: number, limit: number): Promise<number[]> {
    const positions = await this.#findWithin(hash, from, to, limit);
    return positions.filter((position) => position >= from).slice(0, limit);
  }

  /** Those of the last segments, down to the one with `from`, until there are `enough`. */
  async #findWithin(hash: KeyHash, from: number, to: number, enough: number): Promise<number[]> {
    const positions: number[] = [];
    let before = to;
    while (positions.length < enough && before > from) {
      const found = await this.#findBefore(hash, before);
      if (!found) break;
      positions.push(...found.positions);
      before = found.base;
    }
    return positions;
  }

  /**
   * As `find`, in the newest segment that begins below the position `before`, as far as it lies
   * below: its base, and its positions, the highest first. Undefined when there is no such segment.
   */
  findBefore(topicId: number, text: string, before: number): Promise<FoundKeys | undefined> {
    return this.#findBefore(keyHash(topicId, Text.of(text)), before);
  }

  async #findBefore(hash: KeyHash, before: number): Promise<FoundKeys | undefined> {
    const base = this.#segments().findLast((segment) => segment.base < before)?.base;
    if (base === undefined) return undefined;
    const bucket = bucketOf(hash);
    const positions = new Set<number>();
    // In memory first: an entry may be on its way into the index, but never out of it.
    for (const keys of [this.#fresh, this.#leaving]) {
      const entries = keys.get(base)?.[bucket]?.entries;
      if (entries) addFound(positions, entries, hash, before);
    }
    const found = await this.#database().entries(range(messageKeysPrefix(base, bucket)));
    for (const [, entries] of found) addFound(positions, entries, hash, before);
    return { base, positions: [...positions].sort((one, other) => other - one) };
  }

  /** The hashes of a segment's keys that are in the index; those in memory are not. */
  async hashesOf(segmentBase: number): Promise<KeyHashes> {
    const parts: Buffer[] = [];
    for (let bucket = 0; bucket < 1 << BUCKET_BITS; bucket++) {
      const entries = await this.#database().entries(range(messageKeysPrefix(segmentBase, bucket)));
      for (const [, value] of entries) parts.push(value);
    }
    const count = parts.reduce((sum, { length }) => sum + length / ENTRY_BYTES, 0);
    return { count, forEach: (visit) => visitHashes(parts, visit) };
  }

  dropBefore(segmentBase: number): Promise<void> {
    return this.#database().clear(messageKeysBefore(segmentBase));
  }
}

/** Adds the positions below `before` of the messages with `hash`. */
function addFound(
  positions: Set<number>,
  entries: Buffer,
  { high, low }: KeyHash,
  before: number,
): void {
  for (let at = 0; at < entries.length; at += ENTRY_BYTES) {
    if (entries.readUInt32BE(at) !== high || entries.readUInt32BE(at + 4) !== low) continue;
    const position = entries.readUIntBE(at + 8, U48);
    if (position < before) positions.add(position);
  }
}

function visitHashes(parts: readonly Buffer[], visit: HashVisitor): void {
  for (const entries of parts) {
    for (let at = 0; at < entries.length; at += ENTRY_BYTES) {
      visit(entries.readUInt32BE(at), entries.readUInt32BE(at + 4));
    }
  }
}
