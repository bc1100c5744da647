/** Cuts what a client sends into frames. RFC 9113 3.4, 4.1 */
import { ConnectionError } from '#proto/http2/errors';
import { ERROR, FRAME_BYTES_DEFAULT, HEAD_BYTES, PREFACE } from '#proto/http2/protocol';

export interface FrameSink {
  /**
   * The payload is `bytes` from `start` to `end`; views of it may be kept.
   *
   * @throws ConnectionError to end the connection: nothing further is read
   */
  onFrame(
    type: number,
    flags: number,
    streamId: number,
    bytes: Buffer,
    start: number,
    end: number,
  ): void;
}

const NOTHING = Buffer.alloc(0);

/** Frames are no objects: a connection reads some hundred thousand a second. */
export class FrameReader {
  readonly #sink: FrameSink;
  #hasPreface = false;
  /** What is not complete yet, with room for all of it, and how much of it is there. */
  #rest: Buffer = NOTHING;
  #restBytes = 0;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  /** @throws ConnectionError when these are no frames, and what the sink throws */
  push(chunk: Buffer): void {
    let at = this.#restBytes === 0 ? 0 : this.#complete(chunk);
    if (at < 0) return;
    if (!this.#hasPreface) {
      if (!this.#has(chunk, at, PREFACE.length)) return;
      this.#readPreface(chunk, at);
      at += PREFACE.length;
    }
    while (this.#has(chunk, at, HEAD_BYTES)) {
      const length = payloadBytes(chunk, at);
      if (!this.#has(chunk, at, HEAD_BYTES + length)) return;
      this.#emit(chunk, at, length);
      at += HEAD_BYTES + length;
    }
  }

  /** Whether so many bytes are there; if not, keeps what is. */
  #has(chunk: Buffer, at: number, neededBytes: number): boolean {
    if (chunk.length - at >= neededBytes) return true;
    // A copy: a few bytes must not keep a large chunk in memory.
    if (at < chunk.length) this.#keep(chunk.subarray(at), neededBytes);
    return false;
  }

  #keep(beginning: Buffer, neededBytes: number): void {
    this.#rest = Buffer.allocUnsafe(neededBytes);
    this.#restBytes = beginning.copy(this.#rest);
  }

  /**
   * Completes what was begun with as much of the chunk as it takes, so that the bulk of the chunk
   * is never copied. Returns where the chunk goes on, or -1 when it was used up without success.
   */
  #complete(chunk: Buffer): number {
    let at = 0;
    while (this.#restBytes > 0) {
      const copied = chunk.copy(this.#rest, this.#restBytes, at);
      this.#restBytes += copied;
      at += copied;
      if (this.#restBytes < this.#rest.length) return -1;
      const whole = this.#rest;
      if (!this.#isWhole(whole)) continue;
      this.#rest = NOTHING;
      this.#restBytes = 0;
      if (this.#hasPreface) this.#emit(whole, 0, whole.length - HEAD_BYTES);
      else this.#readPreface(whole, 0);
    }
    return at;
  }

  /** A head alone is followed by a payload: then more is needed. */
  #isWhole(bytes: Buffer): boolean {
    if (!this.#hasPreface) return true;
    const neededBytes = HEAD_BYTES + payloadBytes(bytes, 0);
    if (bytes.length === neededBytes) return true;
    this.#keep(bytes, neededBytes);
    return false;
  }

  #readPreface(bytes: Buffer, at: number): void {
    if (PREFACE.compare(bytes, at, at + PREFACE.length) !== 0) {
      throw new ConnectionError(ERROR.protocol, 'this is not HTTP/2');
    }
    this.#hasPreface = true;
  }

  #emit(bytes: Buffer, at: number, length: number): void {
    const start = at + HEAD_BYTES;
    const streamId = bytes.readUInt32BE(at + 5) & 0x7fff_ffff;
    const type = bytes[at + 3] as number;
    this.#sink.onFrame(type, bytes[at + 4] as number, streamId, bytes, start, start + length);
  }
}

function payloadBytes(bytes: Buffer, at: number): number {
  const length =
    ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
  if (length > FRAME_BYTES_DEFAULT) {
    throw new ConnectionError(
      ERROR.frameSize,
      `a frame of ${length} bytes, ${FRAME_BYTES_DEFAULT} are allowed`,
    );
  }
  return length;
}
