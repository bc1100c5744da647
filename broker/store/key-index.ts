/** Finds messages by their id and keys: a hash of topic and text, kept per segment of the log. */
import type { IndexChange, IndexDatabase } from '#broker/store/index-database';
import {
  MESSAGE_KEY_BYTES,
  messageKeyPrefix,
  messageKeysBefore,
  range,
  readMessageKeyPosition,
  writeMessageKey,
} from '#broker/store/index-keys';
import type { Segment } from '#broker/store/segments';

const FIRST_CAPACITY_KEYS = 1024;
const EMPTY = Buffer.alloc(0);

/** 64 bits of a text, well spread; whoever looks up compares the text itself. */
export function keyHash(topicId: number, text: string): { high: number; low: number } {
  let high = 0x9e3779b9 ^ topicId;
  let low = 0x85ebca6b ^ (topicId * 0x2545f491);
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    high = Math.imul(high ^ unit, 0x01000193);
    low = Math.imul(low ^ unit, 0x5bd1e995);
    low ^= low >>> 15;
  }
  high = Math.imul(high ^ (high >>> 16), 0x21f0aaad) ^ low;
  low = Math.imul(low ^ (low >>> 15), 0x735a2d97) ^ high;
  return { high: (high ^ (high >>> 15)) >>> 0, low: (low ^ (low >>> 16)) >>> 0 };
}

export class KeyIndex {
  readonly #database: () => IndexDatabase;
  readonly #segments: () => readonly Segment[];
  /** Keys that the index lacks, one behind the other. */
  #fresh = Buffer.allocUnsafeSlow(FIRST_CAPACITY_KEYS * MESSAGE_KEY_BYTES);
  #count = 0;
  /** Keys on their way into the index, where they can't be found yet. */
  #leaving: Buffer = EMPTY;

  constructor(database: () => IndexDatabase, segments: () => readonly Segment[]) {
    this.#database = database;
    this.#segments = segments;
  }

  get freshCount(): number {
    return this.#count;
  }

  add(topicId: number, text: string, segmentBase: number, position: number): void {
    const at = this.#count * MESSAGE_KEY_BYTES;
    if (at === this.#fresh.length) {
      const larger = Buffer.allocUnsafeSlow(this.#fresh.length * 2);
      this.#fresh.copy(larger);
      this.#fresh = larger;
    }
    writeMessageKey(this.#fresh, at, segmentBase, keyHash(topicId, text), position);
    this.#count++;
  }

  /** Forgets what the index lacks: it is about to be made anew. */
  clear(): void {
    this.#count = 0;
    this.#leaving = EMPTY;
  }

  collect(changes: IndexChange[]): void {
    for (let i = 0; i < this.#count; i++) {
      const key = this.#fresh.subarray(i * MESSAGE_KEY_BYTES, (i + 1) * MESSAGE_KEY_BYTES);
      changes.push({ type: 'put', key, value: EMPTY });
    }
    this.#leaving = this.#fresh.subarray(0, this.#count * MESSAGE_KEY_BYTES);
    this.#fresh = Buffer.allocUnsafeSlow(this.#fresh.length);
    this.#count = 0;
  }

  /** What was collected is in the index now. */
  written(): void {
    this.#leaving = EMPTY;
  }

  /** Log positions of messages that may have this key, newest segment first; check the text. */
  async find(topicId: number, text: string, limit: number): Promise<number[]> {
    const hash = keyHash(topicId, text);
    const fresh = this.#fresh.subarray(0, this.#count * MESSAGE_KEY_BYTES);
    const positions = [...findIn(fresh, hash), ...findIn(this.#leaving, hash)];
    const segments = this.#segments();
    for (let i = segments.length - 1; i >= 0 && positions.length < limit; i--) {
      const prefix = messageKeyPrefix((segments[i] as Segment).base, hash);
      const keys = await this.#database().keys({ ...range(prefix), limit });
      positions.push(...keys.map(readMessageKeyPosition));
    }
    return [...new Set(positions)].slice(0, limit);
  }

  dropBefore(segmentBase: number): Promise<void> {
    return this.#database().clear(messageKeysBefore(segmentBase));
  }
}

/** Positions of the messages with `hash`, newest first. */
function findIn(keys: Buffer, hash: { high: number; low: number }): number[] {
  const positions: number[] = [];
  for (let at = keys.length - MESSAGE_KEY_BYTES; at >= 0; at -= MESSAGE_KEY_BYTES) {
    const same = keys.readUInt32BE(at + 7) === hash.high && keys.readUInt32BE(at + 11) === hash.low;
    if (same) positions.push(readMessageKeyPosition(keys.subarray(at)));
  }
  return positions;
}
