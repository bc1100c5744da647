/** One message, a stream of answers. */
import type { ServerStreamHandler } from '#proto/grpc-transport/call';
import { SingleRequestCall } from '#proto/grpc-wire/single-request-call';
import { StreamingAnswer } from '#proto/grpc-wire/streaming-answer';
import type { CallContext, CallStart } from '#proto/grpc-wire/wire-call';

export class ServerStreamCall extends SingleRequestCall {
  readonly #handler: ServerStreamHandler;
  readonly #answer: StreamingAnswer;
  readonly #end = (): void => this.succeed();

  constructor(start: CallStart, context: CallContext, handler: ServerStreamHandler) {
    super(start, context);
    this.#handler = handler;
    const send = (message: Buffer): boolean => this.send(message);
    this.#answer = new StreamingAnswer(start.stream, send, context);
  }

  onWritable(): void {
    this.#answer.resume();
  }

  protected handle(request: Buffer): void | Promise<void> {
    const handled = this.#handler(request, this, this.#answer);
    if (handled) return handled.then(this.#end);
    this.succeed();
  }

  protected onOver(): void {
    this.#answer.close();
  }
}
