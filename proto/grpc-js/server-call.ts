/** The context of one call over @grpc/grpc-js; nothing is read before it is asked for. */
import type { EventEmitter } from 'node:events';
import type { Metadata } from '@grpc/grpc-js';
import type { Connection, Connections } from '#proto/grpc-js/connections';
import type { Call } from '#proto/grpc-transport/call';

/** What every kind of call in grpc-js has. */
export interface TransportCall extends EventEmitter {
  readonly cancelled: boolean;
  readonly metadata: Metadata;
  getPeer(): string;
  getHost(): string;
  getDeadline(): Date | number;
}

export class ServerCall implements Call {
  readonly listener: string;
  readonly #inner: TransportCall;
  readonly #connections: Connections;
  #isFinished = false;

  constructor(inner: TransportCall, listener: string, connections: Connections) {
    this.#inner = inner;
    this.listener = listener;
    this.#connections = connections;
  }

  get clientId(): string {
    return this.header('x-mq-client-id');
  }

  get language(): string {
    return this.header('x-mq-language');
  }

  get clientVersion(): string {
    return this.header('x-mq-client-version');
  }

  get namespace(): string {
    return this.header('x-mq-namespace');
  }

  get peer(): string {
    return this.connection?.peer ?? 'unknown';
  }

  /** Undefined once it is gone. */
  get connection(): Connection | undefined {
    return this.#connections.at(this.#inner.getPeer());
  }

  get authority(): string {
    return this.#inner.getHost() ?? '';
  }

  get deadlineMs(): number {
    return Number(this.#inner.getDeadline());
  }

  /** grpc-js calls every call cancelled once it is over; here only one that was cut short is. */
  get cancelled(): boolean {
    return !this.#isFinished && this.#inner.cancelled;
  }

  header(name: string): string {
    const [value] = this.#inner.metadata.get(name);
    return typeof value === 'string' ? value : '';
  }

  binaryHeader(name: string): Buffer | undefined {
    const [value] = this.#inner.metadata.get(name);
    return Buffer.isBuffer(value) ? value : undefined;
  }

  onCancel(listener: () => void): void {
    if (this.cancelled) {
      listener();
      return;
    }
    this.#inner.once('cancelled', () => {
      if (!this.#isFinished) listener();
    });
  }

  /** The handler has answered: from here on nothing counts as cancelled that was not before. */
  finish(): void {
    if (!this.#inner.cancelled) this.#isFinished = true;
  }
}
