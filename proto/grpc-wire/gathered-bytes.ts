/** What has come of something larger: copied together, in memory that grows with what came. */
import { GRPC } from '#lib/transport-limits';

const NOTHING = Buffer.alloc(0);

export class GatheredBytes {
  #buffer: Buffer = NOTHING;
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  /** `neededBytes` is how many there are to be in the end, if that is true. */
  add(bytes: Buffer, start: number, end: number, neededBytes: number): void {
    const length = this.#bytes + end - start;
    if (length > this.#buffer.length) this.#grow(length, neededBytes);
    bytes.copy(this.#buffer, this.#bytes, start, end);
    this.#bytes = length;
  }

  /** All that came, and this behind it; afterwards there is nothing. */
  takeWith(bytes: Buffer, start: number, end: number): Buffer {
    if (this.#bytes === 0) return bytes.subarray(start, end);
    this.add(bytes, start, end, this.#bytes + end - start);
    const whole = this.#buffer.subarray(0, this.#bytes);
    this.clear();
    return whole;
  }

  clear(): void {
    this.#buffer = NOTHING;
    this.#bytes = 0;
  }

  /** Never to more than a few times what has come, whatever is promised. */
  #grow(leastBytes: number, neededBytes: number): void {
    const bytes = Math.max(leastBytes * GROWTH, GRPC.gatheredFirstBytes);
    const grown = Buffer.allocUnsafeSlow(Math.max(leastBytes, Math.min(bytes, neededBytes)));
    this.#buffer.copy(grown, 0, 0, this.#bytes);
    this.#buffer = grown;
  }
}

const GROWTH = 4;

/** A view of a part keeps the whole of what was read with it. */
export function compact(part: Buffer): Buffer {
  const isWorth = part.length * KEPT_SHARE >= part.buffer.byteLength;
  return isWorth ? part : Buffer.from(part);
}

/** So many times as much may be kept as is of use. */
const KEPT_SHARE = 4;
