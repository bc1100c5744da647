/** The answer of a call that streams, with a bound on what waits for a slow reader. */
import type { Outgoing } from '#proto/grpc-transport/call';
import type { Http2Stream } from '#proto/http2/stream';

interface Bound {
  readonly backlogMessagesMax: number;
  cutSlowReader(): void;
}

/** A message written after the call is over is dropped: there is nobody left to read it. */
export class StreamingAnswer implements Outgoing {
  readonly #stream: Http2Stream;
  readonly #send: (message: Buffer) => boolean;
  readonly #bound: Bound;
  #isOver = false;
  #draining: Promise<void> | undefined;
  #onDrained: (() => void) | undefined;

  constructor(stream: Http2Stream, send: (message: Buffer) => boolean, bound: Bound) {
    this.#stream = stream;
    this.#send = send;
    this.#bound = bound;
  }

  write(message: Buffer): boolean {
    if (this.#isOver) return true;
    if (this.#stream.queuedMessages >= this.#bound.backlogMessagesMax) this.#bound.cutSlowReader();
    return this.#send(message);
  }

  drained(): Promise<void> {
    if (this.#isOver || this.#stream.isWritable) return Promise.resolve();
    this.#draining ??= new Promise((resolve) => (this.#onDrained = resolve));
    return this.#draining;
  }

  /** There is room again. */
  resume(): void {
    this.#draining = undefined;
    this.#onDrained?.();
  }

  /** Nothing more is sent. */
  close(): void {
    this.#isOver = true;
    this.resume();
  }
}
