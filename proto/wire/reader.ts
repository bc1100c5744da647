/**
 * Reads protobuf from a Buffer without copying it. Nothing outside of the message, or of the nested
 * message that was entered, is ever read; whatever is malformed is BAD_REQUEST.
 */
import { isUtf8 } from 'node:buffer';
import { SluiceError } from '#lib/errors';
import { WIRE } from '#lib/transport-limits';
import { NO_TEXT, Text } from '#proto/text';
import { nameAt } from '#proto/wire/name-cache';

const TWO_TO_32 = 0x1_0000_0000;

const VARINT = 0;
const FIXED64 = 1;
const DELIMITED = 2;
const GROUP = 3;
const GROUP_END = 4;
const FIXED32 = 5;

export class WireReader {
  readonly #buffer: Buffer;
  #position = 0;
  #end: number;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
    this.#end = buffer.length;
  }

  /** Whether the message that is being read has another field. */
  get more(): boolean {
    return this.#position < this.#end;
  }

  /** `field << 3 | wire type` of the next field. */
  tag(): number {
    const tag = this.int32() >>> 0;
    if (tag < 8) throw malformed('field number 0');
    return tag;
  }

  /** Starts on a nested message; pass what it returns to `leave` when `more` is false. */
  enter(): number {
    const outerEnd = this.#end;
    const bytes = this.#length();
    this.#end = this.#position + bytes;
    return outerEnd;
  }

  leave(outerEnd: number): void {
    this.#end = outerEnd;
  }

  /** The low 32 bits of a varint, signed; also right for enums. */
  int32(): number {
    let byte = this.#byte();
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    for (let shift = 7; shift < 70; shift += 7) {
      byte = this.#byte();
      if (shift < 32) value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw malformed('a varint of more than 10 bytes');
  }

  /** Signed; beyond 2^53 it is the nearest number. */
  int64(): number {
    let byte = this.#byte();
    if (byte < 0x80) return byte;
    let low = byte & 0x7f;
    let high = 0;
    for (let shift = 7; shift < 70; shift += 7) {
      byte = this.#byte();
      const bits = byte & 0x7f;
      if (shift < 32) low |= bits << shift;
      if (shift === 28) high = bits >>> 4;
      else if (shift > 28) high |= bits << (shift - 32);
      if (byte < 0x80) return high * TWO_TO_32 + (low >>> 0);
    }
    throw malformed('a varint of more than 10 bytes');
  }

  bool(): boolean {
    return this.int64() !== 0;
  }

  /** A view of the bytes, valid as long as the request's buffer is. */
  bytes(): Buffer {
    const start = this.#take(this.#length());
    return this.#buffer.subarray(start, this.#position);
  }

  /** As `bytes`, in place. */
  text(): Text {
    const start = this.#take(this.#length());
    if (start === this.#position) return NO_TEXT;
    const text = new Text(this.#buffer, start, this.#position);
    if (!text.plain && !isUtf8(this.#buffer.subarray(start, this.#position))) throw notUtf8();
    return text;
  }

  string(): string {
    const start = this.#take(this.#length());
    return textAt(this.#buffer, start, this.#position);
  }

  /** For strings that many messages have in common: names, hosts, keys of properties. */
  name(): string {
    const start = this.#take(this.#length());
    return (
      nameAt(this.#buffer, start, this.#position) ?? textAt(this.#buffer, start, this.#position)
    );
  }

  /** Passes over a field that is not known, given its tag. */
  skip(tag: number): void {
    this.#skip(tag, 0);
  }

  #skip(tag: number, depth: number): void {
    const wireType = tag & 7;
    if (wireType === VARINT) this.int64();
    else if (wireType === FIXED64) this.#take(8);
    else if (wireType === DELIMITED) this.#take(this.#length());
    else if (wireType === GROUP) this.#skipGroup(tag, depth + 1);
    else if (wireType === FIXED32) this.#take(4);
    else throw malformed(wireType === GROUP_END ? 'a stray end' : `wire type ${wireType}`);
  }

  /** A group ends with a tag of its own number. */
  #skipGroup(tag: number, depth: number): void {
    if (depth > WIRE.groupsMax) throw malformed(`groups nested ${depth} deep`);
    const end = tag + GROUP_END - GROUP;
    for (let inner = this.tag(); inner !== end; inner = this.tag()) this.#skip(inner, depth);
  }

  #byte(): number {
    if (this.#position >= this.#end) throw malformed('a field is cut off');
    return this.#buffer[this.#position++] as number;
  }

  /** The length of what follows, which is all there. */
  #length(): number {
    const length = this.int64();
    if (length < 0 || length > this.#end - this.#position) {
      throw malformed(`a length of ${length} with ${this.#end - this.#position} bytes left`);
    }
    return length;
  }

  /** Moves past `bytes` bytes and returns where they start. */
  #take(bytes: number): number {
    const start = this.#position;
    if (bytes > this.#end - start) throw malformed('a field is cut off');
    this.#position = start + bytes;
    return start;
  }
}

/** U+FFFD is what takes the place of bytes that are no text; it may also have been sent. */
function textAt(buffer: Buffer, start: number, end: number): string {
  if (start === end) return '';
  const text = buffer.toString('utf8', start, end);
  if (text.includes('\ufffd') && !isUtf8(buffer.subarray(start, end))) {
    throw notUtf8();
  }
  return text;
}

function notUtf8(): SluiceError {
  return malformed('a string is not UTF-8');
}

function malformed(what: string): SluiceError {
  return new SluiceError('BAD_REQUEST', `the request is not valid protobuf: ${what}`);
}
