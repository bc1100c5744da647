/** Streams in both directions. */
import type { DuplexHandler } from '#proto/grpc-transport/call';
import { DuplexStream } from '#proto/grpc-wire/duplex-stream';
import { StreamingAnswer } from '#proto/grpc-wire/streaming-answer';
import { type CallContext, type CallStart, WireCall } from '#proto/grpc-wire/wire-call';

export class DuplexCall extends WireCall {
  readonly #answer: StreamingAnswer;
  readonly #duplex: DuplexStream;

  constructor(start: CallStart, context: CallContext) {
    super(start, context, false);
    const send = (message: Buffer): boolean => this.send(message);
    this.#answer = new StreamingAnswer(start.stream, send, context);
    this.#duplex = new DuplexStream(this.#answer, {
      succeed: () => this.succeed(),
      failWith: (failure) => this.failWith(failure),
      fail: (error) => this.fail(error),
    });
  }

  /** At once, before the client has sent a message. */
  start(handler: DuplexHandler): void {
    this.begin();
    try {
      handler(this.#duplex, this);
    } catch (error) {
      this.fail(error);
    }
    this.settle();
  }

  override onData(bytes: Buffer, start: number, end: number): void {
    super.onData(bytes, start, end);
    this.isAwaited = this.hasPartialMessage && !this.isOver;
  }

  onWritable(): void {
    this.#answer.resume();
  }

  protected onMessage(message: Buffer): void {
    this.stream.awaitedSinceMs = undefined;
    this.#duplex.deliver(message);
  }

  protected onRequest(): void {
    this.#duplex.finish();
  }

  protected onOver(): void {
    this.#answer.close();
    // Not while the handler is at ending it itself.
    queueMicrotask(() => this.#duplex.finish());
  }
}
