/** Servers of the echo service over one transport, and the clients of a test; all end with it. */
import { once } from 'node:events';
import type { ClientHttp2Session, ClientSessionOptions } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { expect } from '@jest/globals';
import { createSelfSigned } from '#proto/grpc-transport/self-signed';
import type { GrpcServer, GrpcServerOptions } from '#proto/grpc-transport/server';
import type { ListenerCounters, Transport } from '#proto/grpc-transport/listener-options';
import type { EchoRecord } from '#support/echo-service';
import { EchoClient, http2Session, startEcho } from '#support/grpc-echo';

const HOUR_MS = 3_600_000;

export const tls = createSelfSigned({
  names: ['localhost', '127.0.0.1'],
  notBefore: new Date(Date.now() - HOUR_MS),
  notAfter: new Date(Date.now() + HOUR_MS),
});

export interface StartedEcho {
  readonly server: GrpcServer;
  readonly port: number;
  readonly record: EchoRecord;
  /** Of the listener `internal`. */
  counters(): ListenerCounters;
}

interface StandOptions extends Partial<Omit<GrpcServerOptions, 'tls' | 'transport'>> {
  readonly isPlain?: boolean;
}

export class EchoStand {
  readonly #transport: Transport;
  readonly #servers: GrpcServer[] = [];
  readonly #closers: (() => void)[] = [];

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** With TLS as well, if it is not to be plaintext only. */
  async start({ isPlain = false, ...options }: StandOptions = {}): Promise<StartedEcho> {
    const offered = isPlain ? {} : { tls };
    const started = await startEcho({ transport: this.#transport, ...offered, ...options });
    this.#servers.push(started.server);
    return { ...started, counters: () => started.server.counters['internal']! };
  }

  client(...parameters: ConstructorParameters<typeof EchoClient>): EchoClient {
    const client = new EchoClient(...parameters);
    this.#closers.push(() => client.close());
    return client;
  }

  session(port: number, options: ClientSessionOptions = {}): ClientHttp2Session {
    const session = http2Session(port, options);
    this.#closers.push(() => session.destroy());
    return session;
  }

  /** A connection that nothing was sent on. */
  async tcp(port: number): Promise<Socket> {
    const socket = connect(port, '127.0.0.1');
    this.keep(socket);
    await once(socket, 'connect');
    return socket;
  }

  /** The socket may break, and goes with the test. */
  keep(socket: Socket): void {
    socket.on('error', () => undefined);
    this.#closers.push(() => socket.destroy());
  }

  /** The server still does its work. */
  async expectAlive(port: number): Promise<void> {
    expect(`${await this.client(port).unary('Echo', 'alive')}`).toBe('alive');
  }

  /** After each test. */
  async close(): Promise<void> {
    for (const close of this.#closers.splice(0)) close();
    await Promise.all(this.#servers.splice(0).map((server) => server.drain(0)));
  }
}
