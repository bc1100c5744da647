/**
 * The streams that were closed last: frames may still come for one that we closed, and are an error
 * on one that the client did. RFC 9113 5.1
 */
import { HTTP2 } from '#lib/transport-limits';

export type ClosedBy = 'client' | 'server';

export class ClosedStreams {
  /** Stream ids; negative when we closed the stream before its client had ended it. */
  #ring: Int32Array | undefined;
  #next = 0;

  add(streamId: number, by: ClosedBy): void {
    // Not for connections that never have a call: there are many of them.
    this.#ring ??= new Int32Array(HTTP2.closedStreamsKept);
    this.#ring[this.#next] = by === 'server' ? -streamId : streamId;
    this.#next = (this.#next + 1) % this.#ring.length;
  }

  /** Undefined for one that was closed long ago, or was never open. */
  closedBy(streamId: number): ClosedBy | undefined {
    if (this.#ring?.includes(-streamId)) return 'server';
    return this.#ring?.includes(streamId) ? 'client' : undefined;
  }
}
