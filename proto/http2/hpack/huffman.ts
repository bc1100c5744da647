/** Text as HPACK shortens it. RFC 7541 5.2 and appendix B */
import { HpackError } from '#proto/http2/hpack/hpack-error';

/**
 * Appendix B: bits of the code of each byte value. The code is canonical, so that the lengths are
 * all there is to know: codes of one length count up in the order of the values.
 */
const CODE_BITS: readonly number[] = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28,
  28, 28, 28, 28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5,
  6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
  7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6,
  7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23,
  23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22,
  22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22,
  23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27,
  27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25,
  24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
];

/** A 257th value, which marks an end and is never sent, has the last of the longest codes. */
const CODE_BITS_MAX = 30;
/** At the end of a text, ones fill up the last byte. */
const PADDING_BITS_MAX = 7;

/** Per length: the lowest code, how many there are, and where their values are in `VALUES`. */
const LOWEST_CODE = new Int32Array(CODE_BITS_MAX + 1);
const CODES = new Int32Array(CODE_BITS_MAX + 1);
const FIRST_VALUE = new Int32Array(CODE_BITS_MAX + 1);
const VALUES = Array.from(CODE_BITS.keys());
VALUES.sort((one, other) => bitsOf(one) - bitsOf(other) || one - other);

for (const bits of CODE_BITS) CODES[bits] = (CODES[bits] as number) + 1;
for (let bits = 1; bits <= CODE_BITS_MAX; bits += 1) {
  const shorter = CODES[bits - 1] as number;
  LOWEST_CODE[bits] = ((LOWEST_CODE[bits - 1] as number) + shorter) * 2;
  FIRST_VALUE[bits] = (FIRST_VALUE[bits - 1] as number) + shorter;
}

/** A look at so many bits sees nearly every value that text has, and often two of them. */
const LOOK_BITS = 12;
const LOOK_MASK = (1 << LOOK_BITS) - 1;

/**
 * What such bits begin with, 0 for a longer code:
 * `value | second value << 8 | number of values << 16 | their bits << 20`.
 */
const LOOK = new Int32Array(1 << LOOK_BITS);
const SECOND_SHIFT = 8;
const COUNT_SHIFT = 16;
const COUNT_MASK = 0xf;
const BITS_SHIFT = 20;

const NONE = -1;

for (let look = 0; look <= LOOK_MASK; look += 1) LOOK[look] = lookAt(look);

function bitsOf(value: number): number {
  return CODE_BITS[value] as number;
}

function lookAt(look: number): number {
  const bytes = Buffer.from([look >>> 4, (look << 4) & 0xff]);
  const first = codeAt(bytes, 0, LOOK_BITS);
  if (first === NONE) return 0;
  const firstBits = bitsOf(first);
  const second = codeAt(bytes, firstBits, LOOK_BITS);
  if (second === NONE) return first | (1 << COUNT_SHIFT) | (firstBits << BITS_SHIFT);
  const bits = firstBits + bitsOf(second);
  return first | (second << SECOND_SHIFT) | (2 << COUNT_SHIFT) | (bits << BITS_SHIFT);
}

/** The value whose code begins at a bit; slow, and for codes of any length. */
function codeAt(bytes: Buffer, startBit: number, endBit: number): number {
  const lastBit = Math.min(endBit, startBit + CODE_BITS_MAX);
  let code = 0;
  for (let at = startBit; at < lastBit; at += 1) {
    code = (code << 1) | (((bytes[at >>> 3] as number) >>> (7 - (at & 7))) & 1);
    const bits = at - startBit + 1;
    const index = code - (LOWEST_CODE[bits] as number);
    if (index < (CODES[bits] as number))
      return VALUES[(FIRST_VALUE[bits] as number) + index] as number;
  }
  return NONE;
}

/** Of one text at a time; longer ones get a buffer of their own. */
const SCRATCH = Buffer.allocUnsafeSlow(4096);
/** Five bits are the shortest code. */
const BYTES_PER_BYTE_MAX = 8 / 5;

/** The text that lies at `start..end`, as latin1. */
export function decodeHuffman(bytes: Buffer, start: number, end: number): string {
  const outBytesMax = Math.ceil((end - start) * BYTES_PER_BYTE_MAX) + 1;
  const out = outBytesMax <= SCRATCH.length ? SCRATCH : Buffer.allocUnsafeSlow(outBytesMax);
  let length = 0;
  let position = start;
  // The last `bits` of `read` come from before `position` and are still to be decoded.
  let read = 0;
  let bits = 0;
  for (;;) {
    if (bits < LOOK_BITS) {
      if (position + 2 > end) break;
      read = (read << 16) | ((bytes[position] as number) << 8) | (bytes[position + 1] as number);
      position += 2;
      bits += 16;
    }
    const look = LOOK[(read >>> (bits - LOOK_BITS)) & LOOK_MASK] as number;
    if (look !== 0) {
      // The second is written in any case, and kept only if it is one: cheaper than a branch.
      out[length] = look;
      out[length + 1] = look >>> SECOND_SHIFT;
      length += (look >>> COUNT_SHIFT) & COUNT_MASK;
      bits -= look >>> BITS_SHIFT;
    } else {
      const value = codeAt(bytes, position * 8 - bits, end * 8);
      if (value === NONE) break;
      out[length] = value;
      length += 1;
      const next = position * 8 - bits + bitsOf(value);
      position = Math.ceil(next / 8);
      bits = position * 8 - next;
      read = bytes[position - 1] as number;
    }
  }
  return out.toString('latin1', 0, decodeRest(bytes, position * 8 - bits, end * 8, out, length));
}

/** What is too little for a look, and the padding. Returns the length of all. RFC 7541 5.2 */
function decodeRest(
  bytes: Buffer,
  startBit: number,
  endBit: number,
  out: Buffer,
  start: number,
): number {
  let length = start;
  let at = startBit;
  for (;;) {
    const value = codeAt(bytes, at, endBit);
    if (value === NONE) break;
    out[length] = value;
    length += 1;
    at += bitsOf(value);
  }
  const padding = endBit - at;
  const lastByte = padding === 0 ? 0 : (bytes[endBit / 8 - 1] as number);
  const ones = (1 << padding) - 1;
  if (padding > PADDING_BITS_MAX || (lastByte & ones) !== ones) {
    throw new HpackError('a text that is not in Huffman code');
  }
  return length;
}
