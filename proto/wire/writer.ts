/**
 * Writes protobuf from its end to its beginning: the length of a nested message, which goes before
 * it, is known once it is written. So the fields of a message are written from the last to the
 * first; they come out in order. Tags are those of `fields.ts`.
 *
 * As in proto3, a field without presence is left out when it has its default value: use the
 * functions named `plain…` for those, and the others for fields that are optional.
 */
import type { Text } from '#proto/text';

const TWO_TO_32 = 0x1_0000_0000;
/** Strings up to here are looked at one by one, which is faster than a call into the runtime. */
const SHORT_CHARS_MAX = 24;

export class WireWriter {
  #buffer: Buffer;
  /** Where in the buffer begins what was written. */
  #start: number;

  /** Makes room for `bytesExpected`; for more when that is not enough. */
  constructor(bytesExpected: number) {
    this.#buffer = Buffer.allocUnsafe(bytesExpected);
    this.#start = bytesExpected;
  }

  /** In bytes. */
  get written(): number {
    return this.#buffer.length - this.#start;
  }

  finish(): Buffer {
    return this.#buffer.subarray(this.#start);
  }

  /** Makes a nested message of everything since `written` was `before`. */
  message(tag: number, before: number): void {
    this.integer(tag, this.written - before);
  }

  text(tag: number, value: Text): void {
    const { length } = value;
    const at = this.#reserve(length);
    value.copy(this.#buffer, at);
    this.integer(tag, length);
  }

  plainText(tag: number, value: Text): void {
    if (value.length > 0) this.text(tag, value);
  }

  string(tag: number, value: string): void {
    const chars = value.length;
    if (chars > SHORT_CHARS_MAX || !this.#shortAscii(value)) {
      const bytes = Buffer.byteLength(value);
      const at = this.#reserve(bytes);
      this.#buffer.write(value, at, 'utf8');
      this.#varint(bytes);
    }
    this.#varint(tag);
  }

  /** A string that is ASCII for sure, such as hex or base64. */
  ascii(tag: number, value: string): void {
    const at = this.#reserve(value.length);
    this.#buffer.write(value, at, 'latin1');
    this.integer(tag, value.length);
  }

  plainString(tag: number, value: string): void {
    if (value !== '') this.string(tag, value);
  }

  /** int32, int64, bool and enums alike; a safe integer. */
  integer(tag: number, value: number): void {
    if (tag < 0x80 && value < 0x80 && value >= 0) {
      const at = this.#reserve(2); // as nearly all are
      this.#buffer[at] = tag;
      this.#buffer[at + 1] = value;
      return;
    }
    this.#varint(value);
    this.#varint(tag);
  }

  plainInteger(tag: number, value: number): void {
    if (value !== 0) this.integer(tag, value);
  }

  bytes(tag: number, value: Uint8Array): void {
    const at = this.#reserve(value.length);
    this.#buffer.set(value, at);
    this.integer(tag, value.length);
  }

  #varint(value: number): void {
    if (value >= 0 && value < 0x80) {
      const at = this.#reserve(1);
      this.#buffer[at] = value;
      return;
    }
    let at = this.#reserve(varintBytes(value));
    const buffer = this.#buffer;
    // Two halves of 32 bits; a negative number has all the upper bits set.
    let low = value >>> 0;
    let high = value === low ? 0 : Math.floor(value / TWO_TO_32) >>> 0;
    while (high > 0) {
      buffer[at++] = (low & 0x7f) | 0x80;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    while (low >= 0x80) {
      buffer[at++] = (low & 0x7f) | 0x80;
      low >>>= 7;
    }
    buffer[at] = low;
  }

  /** Length and text, if it is ASCII; else nothing is written. */
  #shortAscii(value: string): boolean {
    const chars = value.length;
    const at = this.#reserve(1 + chars);
    const buffer = this.#buffer;
    buffer[at] = chars;
    for (let index = 0; index < chars; index += 1) {
      const unit = value.charCodeAt(index);
      if (unit > 0x7f) {
        this.#start += 1 + chars;
        return false;
      }
      buffer[at + 1 + index] = unit;
    }
    return true;
  }

  /** Room for so many bytes in front of the others; returns where it begins. */
  #reserve(bytes: number): number {
    if (bytes > this.#start) this.#grow(bytes);
    this.#start -= bytes;
    return this.#start;
  }

  #grow(bytes: number): void {
    const { written } = this;
    const larger = Buffer.allocUnsafe(2 * (written + bytes));
    const start = larger.length - written;
    this.#buffer.copy(larger, start, this.#start);
    this.#buffer = larger;
    this.#start = start;
  }
}

function varintBytes(value: number): number {
  if (value < 0) return 10;
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x20_0000) return 3;
  if (value < 0x1000_0000) return 4;
  let bytes = 5;
  for (let rest = value / 0x8_0000_0000; rest >= 1; rest /= 0x80) bytes += 1;
  return bytes;
}
