/** What a handler of a call in both directions sees of it. */
import type { Duplex } from '#proto/grpc-transport/call';
import type { Failure } from '#proto/grpc-wire/answer-headers';
import type { StreamingAnswer } from '#proto/grpc-wire/streaming-answer';

/** The call behind it. */
interface Ending {
  succeed(): void;
  failWith(failure: Failure): void;
  /** For what a listener throws: nothing above it would catch it. */
  fail(error: unknown): void;
}

export class DuplexStream implements Duplex {
  readonly #answer: StreamingAnswer;
  readonly #ending: Ending;
  #onMessage: (message: Buffer) => void = () => undefined;
  #onEnd: () => void = () => undefined;
  #hasEnded = false;

  constructor(answer: StreamingAnswer, ending: Ending) {
    this.#answer = answer;
    this.#ending = ending;
  }

  write(message: Buffer): boolean {
    return this.#answer.write(message);
  }

  drained(): Promise<void> {
    return this.#answer.drained();
  }

  onMessage(listener: (message: Buffer) => void): void {
    this.#onMessage = listener;
  }

  onEnd(listener: () => void): void {
    this.#onEnd = listener;
  }

  end(): void {
    this.#ending.succeed();
  }

  fail(grpcStatus: number, message: string): void {
    this.#ending.failWith({ grpcStatus, message });
  }

  /** A message of the client's. */
  deliver(message: Buffer): void {
    this.#onMessage(message);
  }

  /** Nothing more comes from the client. */
  finish(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    try {
      this.#onEnd();
    } catch (error) {
      this.#ending.fail(error);
    }
  }
}
