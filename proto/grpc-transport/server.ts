/**
 * The gRPC transport's server: services on one or more listeners. What carries the calls is chosen
 * here; handlers see `call.ts` and nothing else.
 */
import { LISTEN } from '#lib/limits';
import type { Part } from '#lib/lifecycle';
import type { Log } from '#lib/log';
import type { Service } from '#proto/grpc-transport/call';
import type { Carrier } from '#proto/grpc-transport/carrier';
import { createCarrier } from '#proto/grpc-transport/carriers';
import { Listener } from '#proto/grpc-transport/listener';
import type {
  ListenerAddress,
  ListenerCounters,
  TlsMaterial,
  Transport,
  TransportLimits,
} from '#proto/grpc-transport/listener-options';

export interface GrpcServerOptions {
  readonly transport: Transport;
  readonly services: readonly Service[];
  readonly listeners: readonly ListenerAddress[];
  /** Without it the listeners take plaintext only. */
  readonly tls?: TlsMaterial;
  readonly log: Log;
  readonly limits?: Partial<TransportLimits>;
}

export class GrpcServer implements Required<Part> {
  readonly name = 'grpc';
  readonly #listeners: readonly Listener[];

  /** Throws TypeError when two services have a method of the same path. */
  constructor({ transport, services, listeners, tls, log, ...given }: GrpcServerOptions) {
    const limits = { ...LISTEN, ...given.limits };
    this.#listeners = listeners.map((address) => {
      const carrier = (counters: ListenerCounters): Carrier =>
        createCarrier(transport, { listener: address.name, services, limits, log, counters });
      return new Listener({ ...address, carrier, tls, limits, log });
    });
  }

  /** Rejects when an address can't be listened on; then none is. */
  async start(): Promise<void> {
    try {
      for (const listener of this.#listeners) await listener.start();
    } catch (error) {
      await this.drain(0);
      throw error;
    }
  }

  stop(): Promise<void> {
    return this.drain(LISTEN.drainMs);
  }

  /**
   * New connections are refused, clients are told to make no further calls (GOAWAY), and calls
   * under way may end; those that last longer than `timeoutMs` are cut.
   */
  async drain(timeoutMs: number): Promise<void> {
    await Promise.all(this.#listeners.map((listener) => listener.drain(timeoutMs)));
  }

  /** The port of a listener, once started. Throws TypeError for an unknown name. */
  port(listenerName: string): number {
    const listener = this.#listeners.find(({ name }) => name === listenerName);
    if (!listener) throw new TypeError(`no listener ${listenerName}`);
    return listener.port;
  }

  /** By name of the listener; the objects are live. */
  get counters(): Readonly<Record<string, ListenerCounters>> {
    return Object.fromEntries(this.#listeners.map(({ name, counters }) => [name, counters]));
  }
}
