/**
 * Writes integers for what is written with each message: the methods of Buffer look at the range of
 * value and position first, and take five times as long. Here a value that is too large loses its
 * upper bits.
 */

const TWO_32 = 2 ** 32;

export function writeU16BE(target: Buffer, value: number, at: number): void {
  target[at] = value >>> 8;
  target[at + 1] = value;
}

/** Also of a negative integer, in two's complement. */
export function writeU32BE(target: Buffer, value: number, at: number): void {
  target[at] = value >>> 24;
  target[at + 1] = value >>> 16;
  target[at + 2] = value >>> 8;
  target[at + 3] = value;
}

export function writeU48BE(target: Buffer, value: number, at: number): void {
  writeU16BE(target, Math.floor(value / TWO_32), at);
  writeU32BE(target, value, at + 2);
}

/** A safe integer. */
export function writeI64BE(target: Buffer, value: number, at: number): void {
  writeU32BE(target, Math.floor(value / TWO_32), at);
  writeU32BE(target, value, at + 4);
}

export function writeU32LE(target: Buffer, value: number, at: number): void {
  target[at] = value;
  target[at + 1] = value >>> 8;
  target[at + 2] = value >>> 16;
  target[at + 3] = value >>> 24;
}

export function writeU48LE(target: Buffer, value: number, at: number): void {
  const high = Math.floor(value / TWO_32);
  writeU32LE(target, value, at);
  target[at + 4] = high;
  target[at + 5] = high >>> 8;
}
