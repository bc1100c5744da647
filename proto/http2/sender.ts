/** The sending half of a connection: its window, and the streams that wait for it. RFC 9113 5.2 */
import { HTTP2 } from '#lib/transport-limits';
import { ConnectionError } from '#proto/http2/errors';
import type { EncodableFields, HpackEncoder } from '#proto/http2/hpack/encoder';
import type { Output } from '#proto/http2/output';
import {
  ERROR,
  FLAG,
  FRAME,
  FRAME_BYTES_DEFAULT,
  WINDOW_BYTES_DEFAULT,
  WINDOW_BYTES_MAX,
} from '#proto/http2/protocol';

/** A stream, as far as it sends. */
export interface Sending {
  /** Its own window. */
  readonly sendWindow: number;
  /** Sends one frame of what waits. */
  sendWaiting(): void;
}

export class Sender {
  readonly output: Output;
  /** What the client takes on all streams together. */
  window = WINDOW_BYTES_DEFAULT;
  /** The first window of its streams. */
  streamWindow = WINDOW_BYTES_DEFAULT;
  /** Of the frames that we send. */
  frameBytesMax = FRAME_BYTES_DEFAULT;
  readonly #encoder: HpackEncoder;
  /** Streams that have something to send and a window of their own. */
  readonly #ready = new Set<Sending>();
  /** All that the client ever let us send; and what was sent when that was last asked for. */
  #grantedBytes = WINDOW_BYTES_DEFAULT;
  #countedBytes = 0;

  constructor(output: Output, encoder: HpackEncoder) {
    this.output = output;
    this.#encoder = encoder;
  }

  /** Whether so much DATA of a stream can go at once, in one frame. */
  admits(stream: Sending, bytes: number): boolean {
    return (
      bytes <= this.frameBytesMax &&
      bytes <= stream.sendWindow &&
      bytes <= this.window &&
      this.output.hasRoom()
    );
  }

  /** A header block of any size, which windows don't count for. */
  headers(streamId: number, fields: EncodableFields, isLast: boolean): void {
    // Not before it is sent: blocks mean something only in the order in which they were made.
    const block = this.#encoder.block(fields);
    const end = isLast ? FLAG.endStream : 0;
    const { output, frameBytesMax } = this;
    if (block.length <= frameBytesMax) {
      output.head(block.length, FRAME.headers, FLAG.endHeaders | end, streamId);
      output.bytes(block);
      return;
    }
    for (let at = 0; at < block.length; at += frameBytesMax) {
      const part = block.subarray(at, at + frameBytesMax);
      const flags = at + frameBytesMax >= block.length ? FLAG.endHeaders : 0;
      if (at === 0) output.head(part.length, FRAME.headers, flags | end, streamId);
      else output.head(part.length, FRAME.continuation, flags, streamId);
      output.bytes(part);
    }
  }

  /** @throws ConnectionError when the window gets larger than there is */
  widen(bytes: number): void {
    this.window += bytes;
    this.#grantedBytes += bytes;
    if (this.window > WINDOW_BYTES_MAX) {
      throw new ConnectionError(ERROR.flowControl, 'the window of the connection is too large');
    }
    this.resume();
  }

  /** DATA, in bytes, since this was last asked for. */
  takeSentBytes(): number {
    const sentBytes = this.#grantedBytes - this.window;
    const newBytes = sentBytes - this.#countedBytes;
    this.#countedBytes = sentBytes;
    return newBytes;
  }

  limitFrames(bytes: number): void {
    this.frameBytesMax = Math.min(bytes, HTTP2.sentFrameBytesMax);
  }

  setReady(stream: Sending, isReady: boolean): void {
    if (isReady) this.#ready.add(stream);
    else this.#ready.delete(stream);
  }

  /** Streams take turns, a frame each, as far as the windows and the socket go. */
  resume(): void {
    while (this.#ready.size > 0) {
      let hasSent = false;
      for (const stream of this.#ready) {
        if (this.window <= 0 || !this.output.hasRoom()) return;
        stream.sendWaiting();
        hasSent = true;
      }
      if (!hasSent) return;
    }
  }
}
