/** The answer to what is no call: plain HTTP, for people and tools that come to the wrong port. */
import { plainFields } from '#proto/grpc-wire/answer-headers';
import type { Http2Stream, Receiver } from '#proto/http2/stream';

const NOTHING = Buffer.alloc(0);
const TEXT = Buffer.from(
  'This is a gRPC port of Sluice, for RocketMQ clients. ' +
    'Calls are POST requests with the content-type application/grpc.\n',
);

export class RefusedRequest implements Receiver {
  isAwaited = true;
  readonly #stream: Http2Stream;
  readonly #method: string;

  constructor(stream: Http2Stream, method: string) {
    this.#stream = stream;
    this.#method = method;
  }

  onData(): void {
    // Of no interest, whatever it is.
  }

  onEnd(): void {
    this.isAwaited = false;
    const stream = this.#stream;
    stream.sendHeaders(plainFields(this.#method === 'POST', TEXT.length));
    if (this.#method !== 'HEAD') stream.sendData(NOTHING, TEXT);
    stream.sendEnd();
    stream.release();
  }

  onClosed(): void {
    this.#stream.release();
  }

  onOverdue(): void {
    this.onEnd();
  }

  onWritable(): void {
    // There is nothing more to say.
  }
}
