/** What has come of the answer to one call, and what has not gone of a large request. */
import { FRAME_BYTES_MAX } from './frames.ts';

/** The head of every gRPC message: a flag for compression, and the length. */
export const GRPC_HEAD_BYTES = 5;

/** What becomes of a call. One object may serve many calls, one after the other. */
export interface CallObserver {
  /** The message is `start..end` of `bytes`, until the function returns. */
  onMessage(bytes: Buffer, start: number, end: number): void;
  /** Once a call; 0 is OK. */
  onEnd(grpcStatus: number, grpcMessage: string): void;
}

export class OpenCall {
  readonly observer: CallObserver;
  /** Bytes that count for the window of the stream. */
  received = 0;
  /** A message, or only a head, whose end has not come yet. */
  #partial: Buffer | undefined;
  #partialBytes = 0;

  constructor(observer: CallObserver) {
    this.observer = observer;
  }

  get isCutOff(): boolean {
    return this.#partial !== undefined;
  }

  /** Takes a part of the answer's messages and hands on those that are complete. */
  onData(bytes: Buffer, start: number, end: number): void {
    let at = start;
    while (at < end) {
      if (this.#partial !== undefined) {
        at = this.#complete(this.#partial, bytes, at, end);
        continue;
      }
      if (end - at >= GRPC_HEAD_BYTES) {
        const messageEnd = at + messageBytes(bytes, at);
        if (messageEnd <= end) {
          this.observer.onMessage(bytes, at + GRPC_HEAD_BYTES, messageEnd);
          at = messageEnd;
          continue;
        }
      }
      this.#partial = Buffer.allocUnsafe(GRPC_HEAD_BYTES);
      this.#partialBytes = 0;
    }
  }

  #complete(partial: Buffer, bytes: Buffer, start: number, end: number): number {
    const copied = bytes.copy(partial, this.#partialBytes, start, end);
    this.#partialBytes += copied;
    if (this.#partialBytes < partial.length) return start + copied;
    const whole = messageBytes(partial, 0);
    if (partial.length < whole) {
      this.#partial = Buffer.allocUnsafe(whole);
      partial.copy(this.#partial);
    } else {
      this.#partial = undefined;
      this.observer.onMessage(partial, GRPC_HEAD_BYTES, whole);
    }
    return start + copied;
  }
}

/** Of the message at `at`, its head included. */
function messageBytes(bytes: Buffer, at: number): number {
  if (bytes[at] !== 0) throw new Error('a compressed message that was not asked for');
  return GRPC_HEAD_BYTES + bytes.readUInt32BE(at + 1);
}

/** A request that does not fit in one frame or in what the windows leave. */
export class Upload {
  /** Of the stream. */
  window: number;
  readonly keepOpen: boolean;
  readonly #bytes: Buffer;
  #sent = 0;

  constructor(message: Buffer, window: number, keepOpen: boolean) {
    this.#bytes = Buffer.allocUnsafe(GRPC_HEAD_BYTES + message.length);
    this.#bytes[0] = 0;
    this.#bytes.writeUInt32BE(message.length, 1);
    message.copy(this.#bytes, GRPC_HEAD_BYTES);
    this.window = window;
    this.keepOpen = keepOpen;
  }

  get isDone(): boolean {
    return this.#sent === this.#bytes.length;
  }

  /** Of the next frame, with so much left of the connection's window. */
  nextBytes(connectionWindow: number): number {
    const rest = this.#bytes.length - this.#sent;
    return Math.max(0, Math.min(rest, FRAME_BYTES_MAX, this.window, connectionWindow));
  }

  copyNext(out: Buffer, at: number, bytes: number): void {
    this.#bytes.copy(out, at, this.#sent, this.#sent + bytes);
    this.#sent += bytes;
    this.window -= bytes;
  }
}
