/** A set of offsets that lie close together, a bit each. */

const BITS = 8;
const FIRST_BYTES = 32;
/** Of its encoded form: the offset of the first bit. */
const BASE_BYTES = 6;

export class OffsetSet {
  /** The offset of the first bit, a multiple of 8. */
  #base = 0;
  #bytes: Buffer = Buffer.alloc(0);
  /** No offset below this is in it. */
  #low = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  has(offset: number): boolean {
    const at = offset - this.#base;
    if (this.#size === 0 || at < 0) return false;
    const byte = this.#bytes[Math.floor(at / BITS)];
    return byte !== undefined && (byte & (1 << (at % BITS))) !== 0;
  }

  add(offset: number): void {
    if (this.#size === 0) this.#beginAt(offset);
    if (offset < this.#base) this.#extendDownTo(offset);
    const at = offset - this.#base;
    const index = Math.floor(at / BITS);
    if (index >= this.#bytes.length) this.#grow(index + 1);
    const byte = this.#bytes[index] as number;
    const bit = 1 << (at % BITS);
    if ((byte & bit) !== 0) return;
    this.#bytes[index] = byte | bit;
    this.#size++;
    if (offset < this.#low) this.#low = offset;
  }

  #beginAt(offset: number): void {
    this.#base = offset - (offset % BITS);
    this.#low = offset;
    this.#bytes.fill(0);
  }

  #grow(bytes: number): void {
    const larger = Buffer.alloc(Math.max(FIRST_BYTES, bytes, this.#bytes.length * 2));
    this.#bytes.copy(larger);
    this.#bytes = larger;
  }

  #extendDownTo(offset: number): void {
    const base = offset - (offset % BITS);
    const more = (this.#base - base) / BITS;
    this.#bytes = Buffer.concat([Buffer.alloc(more), this.#bytes]);
    this.#base = base;
  }

  /** Takes everything below `offset` out of it. */
  dropBelow(offset: number): void {
    const end = Math.min(offset, this.#base + this.#bytes.length * BITS);
    for (; this.#size > 0 && this.#low < end; this.#low++) {
      if (!this.has(this.#low)) continue;
      const at = this.#low - this.#base;
      const index = Math.floor(at / BITS);
      this.#bytes[index] = (this.#bytes[index] as number) & ~(1 << (at % BITS));
      this.#size--;
    }
    const unused = Math.floor((this.#low - this.#base) / BITS);
    if (this.#size === 0 || unused * 2 < this.#bytes.length) return;
    this.#bytes = Buffer.from(this.#bytes.subarray(unused)); // as many are moved as were dropped
    this.#base += unused * BITS;
  }

  clear(): void {
    this.#bytes = Buffer.alloc(0);
    this.#size = 0;
  }

  /** How many of it are not below `offset`. */
  countFrom(offset: number): number {
    let count = this.#size;
    for (const each of this) {
      if (each >= offset) break;
      count--;
    }
    return count;
  }

  /** Ascending. */
  *[Symbol.iterator](): Iterator<number> {
    let left = this.#size;
    for (let offset = this.#low; left > 0; offset++) {
      if (!this.has(offset)) continue;
      left--;
      yield offset;
    }
  }

  /** The first bit's offset u48, then the bits, the lowest of a byte first. */
  encode(): Buffer {
    const end = this.#bytes.findLastIndex((byte) => byte !== 0) + 1;
    const encoded = Buffer.alloc(BASE_BYTES + end);
    encoded.writeUIntBE(this.#base, 0, BASE_BYTES);
    this.#bytes.copy(encoded, BASE_BYTES, 0, end);
    return encoded;
  }

  /** The offsets of an encoded set. */
  static *decode(encoded: Buffer): Iterable<number> {
    const base = encoded.readUIntBE(0, BASE_BYTES);
    for (let index = BASE_BYTES; index < encoded.length; index++) {
      const byte = encoded[index] as number;
      for (let bit = 0; bit < BITS; bit++) {
        if ((byte & (1 << bit)) !== 0) yield base + (index - BASE_BYTES) * BITS + bit;
      }
    }
  }
}
