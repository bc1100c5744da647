/** One message, one answer. */
import type { UnaryHandler } from '#proto/grpc-transport/call';
import { SingleRequestCall } from '#proto/grpc-wire/single-request-call';
import type { CallContext, CallStart } from '#proto/grpc-wire/wire-call';

export class UnaryCall extends SingleRequestCall {
  readonly #handler: UnaryHandler;
  readonly #answer = (answer: Buffer): void => {
    if (this.isOver) return;
    this.send(answer);
    this.succeed();
  };

  constructor(start: CallStart, context: CallContext, handler: UnaryHandler) {
    super(start, context);
    this.#handler = handler;
  }

  onWritable(): void {
    // Nothing comes behind the answer.
  }

  protected handle(request: Buffer): void | Promise<void> {
    const answer = this.#handler(request, this);
    if (!Buffer.isBuffer(answer)) return answer.then(this.#answer);
    this.#answer(answer);
  }

  protected onOver(): void {
    // Nobody waits for anything.
  }
}
