/** A call whose request is one message. */
import { compact } from '#proto/grpc-wire/gathered-bytes';
import { GRPC_STATUS, WireFailure } from '#proto/grpc-wire/wire-failure';
import { type CallContext, type CallStart, WireCall } from '#proto/grpc-wire/wire-call';

export abstract class SingleRequestCall extends WireCall {
  #request: Buffer | undefined;
  #heldBytes = 0;

  constructor(start: CallStart, context: CallContext) {
    super(start, context, true);
  }

  /** What it throws, or rejects with, fails the call. */
  protected abstract handle(request: Buffer): void | Promise<void>;

  protected onMessage(message: Buffer): void {
    if (this.#request) {
      throw new WireFailure(GRPC_STATUS.unimplemented, 'more than one message in the request');
    }
    this.#request = message;
    if (!this.stream.isRequestOpen) return;
    // The end of the request may be long in coming.
    this.hold(message.length);
    this.#heldBytes = message.length;
    this.#request = compact(message);
  }

  protected onRequest(): void {
    const request = this.#request;
    if (!request) {
      throw new WireFailure(GRPC_STATUS.unimplemented, 'the request has no message');
    }
    this.#request = undefined;
    this.letGo(this.#heldBytes);
    this.begin();
    try {
      const handled = this.handle(request);
      if (handled)
        handled.then(
          () => this.settle(),
          (error) => this.#failHandler(error),
        );
      else this.settle();
    } catch (error) {
      this.#failHandler(error);
    }
  }

  #failHandler(error: unknown): void {
    this.fail(error);
    this.settle();
  }
}
