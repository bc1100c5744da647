/**
 * Text as it lies in a request or in a record of the log. Most texts of a message are only checked
 * and copied on, and a string costs more than both: it is made when somebody looks at the text.
 */
import { Kept } from '#lib/kept';
import { TOPIC } from '#lib/limits';
import { nameAt } from '#proto/wire/name-cache';

/** Up to here a loop is faster than a call into the runtime. */
const SHORT_BYTES_MAX = 24;

/** UTF-8 at `start..end` of a buffer that it keeps alive. */
export class Text {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
  #plain: boolean | undefined;

  constructor(bytes: Buffer, start: number, end: number) {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
  }

  static of(value: string): Text {
    const bytes = Buffer.from(value);
    return new Text(bytes, 0, bytes.length);
  }

  /** As `of`, in memory of its own: what is kept must not keep what lies beside it. */
  static toKeep(value: string): Text {
    const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(value));
    return new Text(bytes, 0, bytes.write(value));
  }

  /** As `of`, for the name of a topic or of one of the system's properties. */
  static ofName(value: string): Text {
    return knownNames.get(value);
  }

  /** In bytes. */
  get length(): number {
    return this.end - this.start;
  }

  /** Whether it has printable ASCII and nothing else, so that a byte is a character. */
  get plain(): boolean {
    return (this.#plain ??= isPrintable(this.bytes, this.start, this.end));
  }

  /** Whether it is this ASCII text. */
  is(ascii: string): boolean {
    const { bytes, start, end } = this;
    if (end - start !== ascii.length) return false;
    for (let i = 0; i < ascii.length; i++) {
      if (bytes[start + i] !== ascii.charCodeAt(i)) return false;
    }
    return true;
  }

  /** Copies it to `target` at `at`; returns where it ends there. */
  copy(target: Buffer, at: number): number {
    const { bytes, start, end } = this;
    const length = end - start;
    if (length > SHORT_BYTES_MAX) bytes.copy(target, at, start, end);
    else for (let i = 0; i < length; i++) target[at + i] = bytes[start + i] as number;
    return at + length;
  }

  toString(): string {
    const { bytes, start, end } = this;
    if (start === end) return '';
    return nameAt(bytes, start, end) ?? bytes.toString('utf8', start, end);
  }
}

export const NO_TEXT = Text.of('');

const knownNames = new Kept(TOPIC.topicsMax, Text.toKeep);

function isPrintable(bytes: Buffer, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    const byte = bytes[i] as number;
    if (byte < 0x20 || byte > 0x7e) return false;
  }
  return true;
}
