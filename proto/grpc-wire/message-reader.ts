/** Cuts a request's body into gRPC messages: a flag, a length, and so many bytes. */
import { GatheredBytes } from '#proto/grpc-wire/gathered-bytes';
import { GRPC_STATUS, WireFailure } from '#proto/grpc-wire/wire-failure';

export const PREFIX_BYTES = 5;

/** What incomplete requests may take, of a connection and of all of its listener. */
export interface PartialBudget {
  /** Returns false when there is no room for so many bytes. */
  take(bytes: number): boolean;
  give(bytes: number): void;
}

export interface MessageSink {
  /** Views of `message` may be kept. */
  onMessage(message: Buffer, isCompressed: boolean): void;
}

export class MessageReader {
  readonly #sink: MessageSink;
  readonly #budget: PartialBudget;
  readonly #messageBytesMax: number;
  readonly #gathered = new GatheredBytes();
  #isCompressed = false;
  /** Of the message under way; undefined until its prefix is complete. */
  #messageBytes: number | undefined;

  constructor(sink: MessageSink, budget: PartialBudget, messageBytesMax: number) {
    this.#sink = sink;
    this.#budget = budget;
    this.#messageBytesMax = messageBytesMax;
  }

  /** Something has come of a message that is not complete. */
  get isPartial(): boolean {
    return this.#gathered.bytes > 0 || this.#messageBytes !== undefined;
  }

  /** @throws WireFailure for a message that is too large, or no message */
  push(bytes: Buffer, start: number, end: number): void {
    let at = start;
    for (;;) {
      const needed = this.#messageBytes ?? PREFIX_BYTES;
      const missing = needed - this.#gathered.bytes;
      if (end - at < missing) {
        this.#keep(bytes, at, end);
        return;
      }
      const whole = this.#complete(bytes, at, at + missing);
      at += missing;
      if (this.#messageBytes === undefined) {
        this.#readPrefix(whole);
      } else {
        this.#messageBytes = undefined;
        this.#sink.onMessage(whole, this.#isCompressed);
      }
    }
  }

  /** What is kept is of no use any more. */
  drop(): void {
    this.#budget.give(this.#gathered.bytes);
    this.#gathered.clear();
  }

  #keep(bytes: Buffer, start: number, end: number): void {
    if (end === start) return;
    takeFrom(this.#budget, end - start);
    this.#gathered.add(bytes, start, end, this.#messageBytes ?? PREFIX_BYTES);
  }

  #complete(bytes: Buffer, start: number, end: number): Buffer {
    this.#budget.give(this.#gathered.bytes);
    return this.#gathered.takeWith(bytes, start, end);
  }

  #readPrefix(prefix: Buffer): void {
    const flag = prefix[0] as number;
    if (flag > 1) throw new WireFailure(GRPC_STATUS.internal, 'a message with an unknown flag');
    this.#isCompressed = flag === 1;
    const bytes = prefix.readUInt32BE(1);
    if (bytes > this.#messageBytesMax) throw tooLarge(this.#messageBytesMax, bytes);
    this.#messageBytes = bytes;
  }
}

/** @throws WireFailure when there is no room for so many bytes */
export function takeFrom(budget: PartialBudget, bytes: number): void {
  if (budget.take(bytes)) return;
  throw new WireFailure(
    GRPC_STATUS.resourceExhausted,
    'too many large requests at once: try again later',
  );
}

export function tooLarge(bytesMax: number, bytes: number): WireFailure {
  const message = `a request may have ${bytesMax} bytes, not ${bytes}`;
  return new WireFailure(GRPC_STATUS.resourceExhausted, message);
}
