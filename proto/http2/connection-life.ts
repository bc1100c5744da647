/** How long a connection lives: silence, idleness, age, and clients that stand still. */
import { HTTP2 } from '#lib/transport-limits';
import type { Http2Connection } from '#proto/http2/connection';
import { ConnectionError } from '#proto/http2/errors';
import { ERROR } from '#proto/http2/protocol';
import type { Http2Stream } from '#proto/http2/stream';

export interface LifeLimits {
  /** Until the client has said what HTTP/2 begins with. */
  readonly handshakeMs: number;
  readonly idleConnectionMs: number;
  readonly pingMs: number;
  readonly pingTimeoutMs: number;
  readonly stalledReaderMs: number;
  readonly requestMs: number;
  readonly connectionAgeMs: number;
  readonly connectionAgeGraceMs: number;
}

/** Times are in ms of a monotonic clock, and are handed in by whoever ticks. */
export class ConnectionLife {
  readonly #connection: Http2Connection;
  readonly #limits: LifeLimits;
  readonly #openedMs: number;
  readonly #ageMs: number;
  #tickedMs: number;
  #heardMs: number;
  #idleSinceMs: number;
  #blockSinceMs = Infinity;
  #readersCheckedMs: number;
  #streamsOpened = 0;
  /** The other end has yet to answer it. */
  #pingMs: number | undefined;
  /** From when on no call is served, and none is waited for. */
  #endMs = Infinity;
  #cutMs = Infinity;

  /** `jitter` from 0 to 1: how much of a tenth of its age it is spared. */
  constructor(connection: Http2Connection, limits: LifeLimits, nowMs: number, jitter: number) {
    this.#connection = connection;
    this.#limits = limits;
    this.#openedMs = nowMs;
    this.#tickedMs = nowMs;
    this.#heardMs = nowMs;
    this.#idleSinceMs = nowMs;
    this.#readersCheckedMs = nowMs;
    this.#ageMs = limits.connectionAgeMs * (1 - AGE_JITTER * jitter);
  }

  tick(nowMs: number): void {
    const connection = this.#connection;
    connection.guard.elapsed(nowMs - this.#tickedMs);
    this.#tickedMs = nowMs;
    if (connection.hasHeard) this.#hear(nowMs);
    if (!connection.hasBegun) {
      const { handshakeMs, idleConnectionMs } = this.#limits;
      const leastMs = Math.min(handshakeMs, idleConnectionMs);
      if (nowMs - this.#openedMs > leastMs) connection.destroy();
      return;
    }
    if (nowMs > this.#cutMs) return connection.destroy();
    if (nowMs > this.#endMs) connection.end();
    this.#checkPeer(nowMs);
    this.#checkRequests(nowMs);
    this.#checkReaders(nowMs);
    this.#checkIdleness(nowMs);
    if (nowMs - this.#openedMs > this.#ageMs) {
      this.shutDown(nowMs, this.#limits.connectionAgeGraceMs);
    }
  }

  /**
   * Asks the client to make no further calls. A PING's answer tells that it knows: from then on
   * none is served. When the calls under way are done, or after the grace, the connection closes.
   * RFC 9113 6.8
   */
  shutDown(nowMs: number, graceMs: number): void {
    this.#cutMs = Math.min(this.#cutMs, nowMs + graceMs);
    if (this.#endMs !== Infinity) return;
    this.#endMs = nowMs + HTTP2.goodbyeMs;
    this.#connection.announceEnd();
    this.#connection.control.ping(() => this.#connection.end());
  }

  #hear(nowMs: number): void {
    this.#connection.hasHeard = false;
    this.#heardMs = nowMs;
    this.#pingMs = undefined;
  }

  #checkPeer(nowMs: number): void {
    const { pingMs, pingTimeoutMs } = this.#limits;
    if (this.#pingMs !== undefined) {
      if (nowMs - this.#pingMs > pingTimeoutMs) this.#connection.destroy();
    } else if (nowMs - this.#heardMs > pingMs) {
      this.#pingMs = nowMs;
      this.#connection.control.ping();
    }
  }

  #checkRequests(nowMs: number): void {
    if (!this.#connection.hasPartialBlock) this.#blockSinceMs = Infinity;
    else if (this.#blockSinceMs === Infinity) this.#blockSinceMs = nowMs;
    if (nowMs - this.#blockSinceMs > HTTP2.headerBlockMs) {
      const message = 'a header block without an end';
      this.#connection.fail(new ConnectionError(ERROR.enhanceYourCalm, message));
    }
    for (const stream of this.#connection.streams.values()) {
      if (!stream.receiver.isAwaited) continue;
      stream.awaitedSinceMs ??= nowMs;
      if (nowMs - stream.awaitedSinceMs > this.#limits.requestMs) stream.receiver.onOverdue();
    }
  }

  /** Twice in a row nothing has gone to a reader for which something waits. */
  #checkReaders(nowMs: number): void {
    if (nowMs - this.#readersCheckedMs < this.#limits.stalledReaderMs) return;
    this.#readersCheckedMs = nowMs;
    const connection = this.#connection;
    if (connection.sender.output.isStalled()) return connection.cut('it does not read');
    for (const stream of connection.streams.values()) {
      if (isStalled(stream)) return connection.cut('it does not read one of its streams');
    }
  }

  #checkIdleness(nowMs: number): void {
    const { streams, streamsOpened } = this.#connection;
    if (streams.size > 0 || streamsOpened !== this.#streamsOpened) {
      this.#streamsOpened = streamsOpened;
      this.#idleSinceMs = nowMs;
    } else if (nowMs - this.#idleSinceMs > this.#limits.idleConnectionMs) {
      this.shutDown(nowMs, HTTP2.goodbyeMs);
    }
  }
}

const AGE_JITTER = 0.1;

function isStalled(stream: Http2Stream): boolean {
  if (stream.queuedBytes === 0) return false;
  const isStill = stream.checkedBytes === stream.sentBytes;
  stream.checkedBytes = stream.sentBytes;
  return isStill;
}
