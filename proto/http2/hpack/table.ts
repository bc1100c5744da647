/** The indexes that both ends count alike: the static table, and behind it the dynamic one. */
import { HpackError } from '#proto/http2/hpack/hpack-error';
import { STATIC_ENTRIES, STATIC_NAMES, STATIC_VALUES } from '#proto/http2/hpack/static-table';

/** RFC 7541 4.1: what an entry counts beside its name and value. */
export const ENTRY_OVERHEAD_BYTES = 32;
const FIRST_SLOTS = 16;

/** Text is latin1, a character a byte. */
export class HpackTable {
  /** Rings of a power of two; the newest entry is at `#newest`, older ones behind it. */
  #names: string[] = slots(FIRST_SLOTS);
  #values: string[] = slots(FIRST_SLOTS);
  #newest = 0;
  #entries = 0;
  #bytes = 0;
  #bytesMax: number;
  #version = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Of the entries of the dynamic table. */
  get bytes(): number {
    return this.#bytes;
  }

  get bytesMax(): number {
    return this.#bytesMax;
  }

  /** Another number as soon as any index may mean something else than before. */
  get version(): number {
    return this.#version;
  }

  /** The highest index that means something. */
  get indexMax(): number {
    return STATIC_ENTRIES + this.#entries;
  }

  nameAt(index: number): string {
    if (index <= STATIC_ENTRIES && index > 0) return STATIC_NAMES[index] as string;
    return this.#names[this.#slotOf(index)] as string;
  }

  valueAt(index: number): string {
    if (index <= STATIC_ENTRIES && index > 0) return STATIC_VALUES[index] as string;
    return this.#values[this.#slotOf(index)] as string;
  }

  /** Older entries give way; an entry larger than the table leaves it empty. RFC 7541 4.4 */
  insert(name: string, value: string): void {
    this.#version += 1;
    const bytes = name.length + value.length + ENTRY_OVERHEAD_BYTES;
    this.#shrinkTo(this.#bytesMax - bytes);
    if (bytes > this.#bytesMax) return;
    if (this.#entries === this.#names.length) this.#grow();
    this.#newest = (this.#newest - 1) & (this.#names.length - 1);
    this.#names[this.#newest] = name;
    this.#values[this.#newest] = value;
    this.#entries += 1;
    this.#bytes += bytes;
  }

  setBytesMax(bytesMax: number): void {
    if (bytesMax === this.#bytesMax) return;
    this.#version += 1;
    this.#bytesMax = bytesMax;
    this.#shrinkTo(bytesMax);
  }

  #slotOf(index: number): number {
    const age = index - STATIC_ENTRIES - 1;
    if (age < 0 || age >= this.#entries) throw new HpackError(`no header has the index ${index}`);
    return (this.#newest + age) & (this.#names.length - 1);
  }

  #shrinkTo(bytes: number): void {
    while (this.#entries > 0 && this.#bytes > bytes) {
      this.#entries -= 1;
      const oldest = (this.#newest + this.#entries) & (this.#names.length - 1);
      const name = this.#names[oldest] as string;
      const value = this.#values[oldest] as string;
      this.#bytes -= name.length + value.length + ENTRY_OVERHEAD_BYTES;
      this.#names[oldest] = '';
      this.#values[oldest] = '';
    }
  }

  #grow(): void {
    const newest = this.#newest;
    this.#names = unrolled(this.#names, newest);
    this.#values = unrolled(this.#values, newest);
    this.#newest = 0;
  }
}

function slots(count: number): string[] {
  return Array.from({ length: count }, () => '');
}

/** A ring of twice the size, with what was at `start` at its beginning. */
function unrolled(ring: readonly string[], start: number): string[] {
  return [...ring.slice(start), ...ring.slice(0, start), ...slots(ring.length)];
}
