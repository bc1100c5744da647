/** The streams of one connection: those that are open, what of others matters, and their bounds. */
import { HTTP2 } from '#lib/transport-limits';
import { type ClosedBy, ClosedStreams } from '#proto/http2/closed-streams';
import { STREAM_ID_MAX } from '#proto/http2/protocol';
import type { RequestHead } from '#proto/http2/request-head';
import type { Http2Stream } from '#proto/http2/stream';

/** A stream is in use twice: until it is closed, and until its handler is done. */
const USES = 2;

export class OpenStreams {
  readonly byId = new Map<number, Http2Stream>();
  /** Of those that the client opened, also without success. */
  lastId = 0;
  /** Those above it are not served any more. */
  lastServedId = STREAM_ID_MAX;
  readonly #streamsMax: number;
  readonly #closed = new ClosedStreams();
  /** Of streams that are open, and of those that somebody still works for. */
  #uses = 0;
  #headersBytes = 0;

  constructor(streamsMax: number) {
    this.#streamsMax = streamsMax;
  }

  isFullFor(head: RequestHead): boolean {
    return (
      this.byId.size >= this.#streamsMax ||
      this.#uses >= this.#streamsMax * USES ||
      this.#headersBytes + head.fields.keptBytes > HTTP2.openHeadersBytesMax
    );
  }

  add(stream: Http2Stream): void {
    this.byId.set(stream.id, stream);
    this.#uses += USES;
    this.#headersBytes += stream.headersBytes;
  }

  remove(stream: Http2Stream, by: ClosedBy): void {
    this.byId.delete(stream.id);
    this.#headersBytes -= stream.headersBytes;
    this.#closed.add(stream.id, by);
    this.release();
  }

  /** Nobody works for one of them any more. */
  release(): void {
    this.#uses -= 1;
  }

  /** One that never came to be open. */
  refuse(streamId: number): void {
    this.#closed.add(streamId, 'server');
  }

  /** Never opened, and so nothing can be said about it. Ours would be even; there are none. */
  isIdle(streamId: number): boolean {
    return streamId % 2 === 0 || streamId > this.lastId;
  }

  /** Undefined for one that was closed long ago. */
  closedBy(streamId: number): ClosedBy | undefined {
    return this.#closed.closedBy(streamId);
  }
}
