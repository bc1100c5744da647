/**
 * Writes protobuf into one Buffer of a size that was computed before. The `…Bytes` functions say
 * what the writing functions of the same name will take, tag included; fields are numbered below
 * 2^11, so that a tag has one or two bytes.
 *
 * As in proto3, a field without presence is left out when it has its default value: use the
 * functions named `plain…` for those, and the others for fields that are optional.
 */

const TWO_TO_32 = 0x1_0000_0000;
/** Strings up to here are looked at one by one, which is faster than a call into the runtime. */
const SHORT_CHARS_MAX = 24;

/** A UTF-16 unit takes 3 bytes at most: up to here the length fits into one byte for sure. */
const ONE_BYTE_LENGTH_CHARS_MAX = 42;

const LENGTH_DELIMITED = 2;

export function varintBytes(value: number): number {
  if (value < 0) return 10;
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x20_0000) return 3;
  if (value < 0x1000_0000) return 4;
  let bytes = 5;
  for (let rest = value / 0x8_0000_0000; rest >= 1; rest /= 0x80) bytes += 1;
  return bytes;
}

function tagBytes(field: number): number {
  return field < 16 ? 1 : 2;
}

/** A field whose content has this length: nested messages, bytes, and strings once encoded. */
export function delimitedBytes(field: number, contentBytes: number): number {
  return tagBytes(field) + varintBytes(contentBytes) + contentBytes;
}

export function stringBytes(field: number, value: string): number {
  return delimitedBytes(field, utf8Bytes(value));
}

export function plainStringBytes(field: number, value: string): number {
  return value === '' ? 0 : stringBytes(field, value);
}

export function integerBytes(field: number, value: number): number {
  return tagBytes(field) + varintBytes(value);
}

export function plainIntegerBytes(field: number, value: number): number {
  return value === 0 ? 0 : integerBytes(field, value);
}

function utf8Bytes(value: string): number {
  const chars = value.length;
  if (chars > SHORT_CHARS_MAX) return Buffer.byteLength(value);
  for (let index = 0; index < chars; index += 1) {
    if (value.charCodeAt(index) > 0x7f) return Buffer.byteLength(value);
  }
  return chars;
}

export class WireWriter {
  readonly #buffer: Buffer;
  #position = 0;

  constructor(bytes: number) {
    this.#buffer = Buffer.allocUnsafe(bytes);
  }

  /** The whole buffer; every byte of it must have been written. */
  finish(): Buffer {
    if (this.#position !== this.#buffer.length) {
      throw new RangeError(`wrote ${this.#position} bytes of ${this.#buffer.length}`);
    }
    return this.#buffer;
  }

  /** Tag and length of a nested message or of bytes; its content must follow. */
  delimited(field: number, contentBytes: number): void {
    this.#varint((field << 3) | LENGTH_DELIMITED);
    this.#varint(contentBytes);
  }

  string(field: number, value: string): void {
    this.#varint((field << 3) | LENGTH_DELIMITED);
    if (value.length <= SHORT_CHARS_MAX && this.#shortAscii(value)) return;
    if (value.length <= ONE_BYTE_LENGTH_CHARS_MAX) {
      const bytes = this.#buffer.write(value, this.#position + 1, 'utf8');
      this.#buffer[this.#position] = bytes;
      this.#position += 1 + bytes;
      return;
    }
    this.#varint(Buffer.byteLength(value));
    this.#position += this.#buffer.write(value, this.#position, 'utf8');
  }

  plainString(field: number, value: string): void {
    if (value !== '') this.string(field, value);
  }

  /** int32, int64, bool and enums alike; a safe integer. */
  integer(field: number, value: number): void {
    this.#varint(field << 3);
    this.#varint(value);
  }

  plainInteger(field: number, value: number): void {
    if (value !== 0) this.integer(field, value);
  }

  bytes(field: number, value: Uint8Array): void {
    this.delimited(field, value.length);
    this.#buffer.set(value, this.#position);
    this.#position += value.length;
  }

  #varint(value: number): void {
    if (value >= 0 && value < 0x80) {
      this.#buffer[this.#position++] = value;
      return;
    }
    // Two halves of 32 bits; a negative number has all the upper bits set.
    let low = value >>> 0;
    let high = Math.floor(value / TWO_TO_32) >>> 0;
    while (high > 0) {
      this.#buffer[this.#position++] = (low & 0x7f) | 0x80;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    while (low >= 0x80) {
      this.#buffer[this.#position++] = (low & 0x7f) | 0x80;
      low >>>= 7;
    }
    this.#buffer[this.#position++] = low;
  }

  /** Length and text, if it is ASCII; else nothing is written. */
  #shortAscii(value: string): boolean {
    const start = this.#position + 1;
    const chars = value.length;
    if (start + chars > this.#buffer.length) return false;
    for (let index = 0; index < chars; index += 1) {
      const unit = value.charCodeAt(index);
      if (unit > 0x7f) return false;
      this.#buffer[start + index] = unit;
    }
    this.#buffer[this.#position] = chars;
    this.#position = start + chars;
    return true;
  }
}
