/** What handlers write to, over grpc-js streams, with a bound on what waits for a slow reader. */
import type { EventEmitter } from 'node:events';
import type { Connection } from '#proto/grpc-js/connections';
import { encodable } from '#proto/grpc-js/corrections';
import type { ServerCall } from '#proto/grpc-js/server-call';
import type { Duplex, Outgoing } from '#proto/grpc-transport/call';

/** The writing side of grpc-js' streams. */
export interface TransportWriter extends EventEmitter {
  readonly destroyed: boolean;
  readonly writableEnded: boolean;
  readonly writableNeedDrain: boolean;
  readonly writableLength: number;
  write(message: Buffer): boolean;
  end(): unknown;
}

/** What to do about readers that don't read. */
export interface SlowReaders {
  /** Messages of one stream that may wait. */
  readonly backlogMax: number;
  /** How long a full stream may take to get rid of a single message. */
  readonly stalledMs: number;
  /** What happens to the connection of a peer that goes beyond either. */
  cut(connection: Connection): void;
}

/** A message written after the call is over is dropped: there is nobody left to read it. */
export class OutgoingStream implements Outgoing {
  readonly #inner: TransportWriter;
  readonly #call: ServerCall;
  readonly #slowReaders: SlowReaders;
  #draining: Promise<void> | undefined;

  constructor(inner: TransportWriter, call: ServerCall, slowReaders: SlowReaders) {
    this.#inner = inner;
    this.#call = call;
    this.#slowReaders = slowReaders;
  }

  write(message: Buffer): boolean {
    const inner = this.#inner;
    if (inner.destroyed || inner.writableEnded) return true;
    if (inner.writableLength < this.#slowReaders.backlogMax) return inner.write(message);
    this.#cut();
    return true;
  }

  /** Resolves also when the call ends meanwhile. */
  drained(): Promise<void> {
    if (!this.#inner.writableNeedDrain || this.#inner.destroyed) return Promise.resolve();
    this.#draining ??= this.#waitForDrain();
    return this.#draining;
  }

  /** Ends the call with OK once all is written. */
  end(): void {
    this.#call.finish();
    if (!this.#inner.destroyed && !this.#inner.writableEnded) this.#inner.end();
  }

  /** Ends the call with a status other than OK, behind what is written. */
  fail(grpcStatus: number, message: string): void {
    this.#call.finish();
    if (this.#inner.destroyed || this.#inner.writableEnded) return;
    // This is how grpc-js is told the status of a stream.
    this.#inner.emit('error', { code: grpcStatus, details: encodable(message) });
  }

  #cut(): void {
    const { connection } = this.#call;
    if (connection) this.#slowReaders.cut(connection);
  }

  #waitForDrain(): Promise<void> {
    const inner = this.#inner;
    let waiting = inner.writableLength;
    const timer = setInterval(() => {
      if (inner.writableLength === waiting) this.#cut();
      waiting = inner.writableLength;
    }, this.#slowReaders.stalledMs);
    timer.unref();
    return new Promise((resolve) => {
      const finish = (): void => {
        clearInterval(timer);
        inner.off('drain', finish);
        inner.off('close', finish);
        this.#draining = undefined;
        resolve();
      };
      inner.once('drain', finish);
      inner.once('close', finish);
    });
  }
}

/** Both halves of a stream in both directions. */
export interface TransportDuplex extends TransportWriter {
  on(event: 'data', listener: (message: Buffer) => void): this;
  on(event: string, listener: () => void): this;
}

export class DuplexStream extends OutgoingStream implements Duplex {
  readonly #inner: TransportDuplex;
  readonly #onFailure: (error: unknown) => void;

  /** `onFailure` gets what a listener throws; nothing above it would catch it. */
  constructor(
    inner: TransportDuplex,
    call: ServerCall,
    slowReaders: SlowReaders,
    onFailure: (error: unknown) => void,
  ) {
    super(inner, call, slowReaders);
    this.#inner = inner;
    this.#onFailure = onFailure;
  }

  onMessage(listener: (message: Buffer) => void): void {
    this.#inner.on('data', (message) => {
      try {
        listener(message);
      } catch (error) {
        this.#onFailure(error);
      }
    });
  }

  onEnd(listener: () => void): void {
    let isOver = false;
    const finish = (): void => {
      if (isOver) return;
      isOver = true;
      try {
        listener();
      } catch (error) {
        this.#onFailure(error);
      }
    };
    // 'end' is the client's half-close. A call that is cut short ends like that too, just before it
    // says that it was cancelled: wait for that, so that the listener can tell the two apart.
    this.#inner.on('end', () => setImmediate(finish));
    this.#inner.on('close', finish);
  }
}
