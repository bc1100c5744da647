/** What connections are given: what they have in common, and who serves their streams. */
import type { ByteBudget } from '#proto/http2/byte-budget';
import type { ControlLimits } from '#proto/http2/control-frames';
import type { Turn } from '#proto/http2/output';
import type { RequestHead } from '#proto/http2/request-head';
import type { Http2Stream } from '#proto/http2/stream';

/** Of all connections of a listener. */
export interface SharedByConnections {
  readonly limits: ControlLimits & { readonly answersWaitingPerConnectionBytesMax: number };
  readonly turn: Turn;
  /** Of answers that wait for a window, or for the socket. */
  readonly answers: ByteBudget;
}

/** Of one connection. */
export interface Http2Handler {
  /** A request has begun: gives the stream its receiver, which is told of all that follows. */
  open(stream: Http2Stream, head: RequestHead): void;
  /** So many bytes more of answers are to wait than there is room for: some have to go. */
  onAnswersFull(bytes: number): void;
  /** More waits for this client than anybody should have to keep: it was cut. */
  onSlowReader(reason: string): void;
  /** The connection ends: a ConnectionError is the client's fault, what else it is is ours. */
  onBroken(error: unknown): void;
  /** Runs once. */
  onClosed(): void;
}
