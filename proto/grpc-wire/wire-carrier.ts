/** Calls over our own HTTP/2 and gRPC framing. The way of a call: docs/architecture.md */
import type { Socket } from 'node:net';
import { GRPC, HTTP2 } from '#lib/transport-limits';
import type { Method, Service } from '#proto/grpc-transport/call';
import type { Carrier, CarrierOptions } from '#proto/grpc-transport/carrier';
import { Gate } from '#proto/grpc-wire/inflater';
import { type Shared, WireConnection } from '#proto/grpc-wire/wire-connection';
import { ByteBudget } from '#proto/http2/byte-budget';
import { Turn } from '#proto/http2/output';

const TIMEOUTS = [
  'handshakeMs',
  'idleConnectionMs',
  'pingMs',
  'pingTimeoutMs',
  'stalledReaderMs',
  'requestMs',
  'connectionAgeMs',
  'connectionAgeGraceMs',
] as const;

export class WireCarrier implements Carrier {
  readonly #shared: Shared;
  readonly #connections = new Set<WireConnection>();
  readonly #tickMs: number;
  #ticker: NodeJS.Timeout | undefined;
  #cutting: NodeJS.Timeout | undefined;

  constructor(options: CarrierOptions) {
    const { limits, services } = options;
    this.#shared = {
      options,
      limits,
      methods: methodsByPath(services),
      turn: new Turn(),
      partialRequests: new ByteBudget(limits.partialRequestsBytesMax),
      answers: new ByteBudget(limits.answersWaitingBytesMax),
      onAnswersFull: (bytes) => this.#makeRoom(bytes),
      inflations: new Gate(GRPC.inflationsMax),
    };
    const shortestMs = Math.min(...TIMEOUTS.map((name) => limits[name]));
    // Timeouts are kept to half of what they are, or to a second.
    this.#tickMs = Math.min(HTTP2.tickMs, shortestMs / 2);
  }

  take(socket: Socket, peer: string): void {
    const onGone = (gone: WireConnection): void => this.#forget(gone);
    const nowMs = performance.now();
    this.#connections.add(new WireConnection(socket, peer, this.#shared, nowMs, onGone));
    this.#ticker ??= setInterval(() => this.#tick(), this.#tickMs).unref();
  }

  drain(timeoutMs: number): void {
    const nowMs = performance.now();
    for (const connection of this.#connections) connection.shutDown(nowMs, timeoutMs);
    clearTimeout(this.#cutting);
    this.#cutting = setTimeout(() => this.#cut(), timeoutMs);
  }

  destroy(): void {
    clearTimeout(this.#cutting);
    this.#cut();
  }

  #tick(): void {
    const nowMs = performance.now();
    for (const connection of this.#connections) connection.tick(nowMs);
  }

  #cut(): void {
    for (const connection of this.#connections) connection.destroy();
  }

  /** Who leaves the most unread has to go, not who comes last. */
  #makeRoom(bytes: number): void {
    while (!this.#shared.answers.hasRoomFor(bytes)) {
      let largest: WireConnection | undefined;
      for (const connection of this.#connections) {
        if (connection.waitingBytes > (largest?.waitingBytes ?? 0)) largest = connection;
      }
      if (!largest) return;
      largest.cut('too much waits for all clients, and the most for this one');
    }
  }

  #forget(connection: WireConnection): void {
    this.#connections.delete(connection);
    if (this.#connections.size > 0) return;
    clearInterval(this.#ticker);
    this.#ticker = undefined;
  }
}

function methodsByPath(services: readonly Service[]): Map<string, Method> {
  const methods = new Map<string, Method>();
  for (const { name: serviceName, methods: served } of services) {
    for (const [name, method] of Object.entries(served)) {
      const path = `/${serviceName}/${name}`;
      if (methods.has(path)) throw new TypeError(`the method ${path} is served twice`);
      methods.set(path, method);
    }
  }
  return methods;
}
