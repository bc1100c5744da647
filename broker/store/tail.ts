/**
 * The newest part of the log in memory: slabs into which records are encoded, from which they are
 * written to disk, and from which consumers that keep up are served. A record never spans two
 * slabs. Slabs are used again, since the garbage collector sees buffers late: readers get copies.
 */
import { STORE } from '#lib/limits';

interface Slab {
  readonly base: number;
  readonly buffer: Buffer;
  used: number;
}

export class Tail {
  #slabs: Slab[] = [];
  readonly #free: Buffer[] = [];
  #bytes = 0;
  #end: number;

  constructor(end: number) {
    this.#end = end;
  }

  get end(): number {
    return this.#end;
  }

  /** Room for a record of `length` bytes at the end of the log; the caller fills all of it. */
  reserve(length: number): { buffer: Buffer; at: number; position: number } {
    let slab = this.#slabs.at(-1);
    if (!slab || slab.used + length > slab.buffer.length) {
      const buffer = this.#buffer(length);
      slab = { base: this.#end, buffer, used: 0 };
      this.#slabs.push(slab);
      this.#bytes += buffer.length;
    }
    const at = slab.used;
    const position = this.#end;
    slab.used += length;
    this.#end += length;
    return { buffer: slab.buffer, at, position };
  }

  #buffer(length: number): Buffer {
    if (length > STORE.tailSlabBytes) return Buffer.allocUnsafeSlow(length);
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(STORE.tailSlabBytes);
  }

  /** Gives back the room that was reserved last: nothing was put there. */
  release(length: number): void {
    (this.#slabs.at(-1) as Slab).used -= length;
    this.#end -= length;
  }

  /** The bytes from `from` to `to`, in as few buffers as possible. */
  slices(from: number, to: number): Buffer[] {
    const buffers: Buffer[] = [];
    for (const { base, buffer, used } of this.#slabs) {
      const begin = Math.max(0, from - base);
      const end = Math.min(used, to - base);
      if (end > begin) buffers.push(buffer.subarray(begin, end));
    }
    return buffers;
  }

  /** A copy of the `length` bytes at `position`; undefined when they are no longer in memory. */
  read(position: number, length: number): Buffer | undefined {
    for (let i = this.#slabs.length - 1; i >= 0; i--) {
      const slab = this.#slabs[i] as Slab;
      if (slab.base > position) continue;
      const at = position - slab.base;
      if (at + length > slab.used) return undefined;
      const copy = Buffer.allocUnsafe(length);
      slab.buffer.copy(copy, 0, at, at + length);
      return copy;
    }
    return undefined;
  }

  /** Forgets the oldest slabs that are on disk (end before `written`) beyond what is to be kept. */
  trim(written: number): void {
    const keep = STORE.tailSlabs * STORE.tailSlabBytes;
    while (this.#slabs.length > 1 && this.#bytes > keep) {
      const oldest = this.#slabs[0] as Slab;
      if (oldest.base + oldest.used > written) return;
      this.#bytes -= oldest.buffer.length;
      this.#slabs.shift();
      if (oldest.buffer.length === STORE.tailSlabBytes) this.#free.push(oldest.buffer);
    }
  }
}
