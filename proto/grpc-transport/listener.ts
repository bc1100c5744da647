/** One port that takes plaintext HTTP/2 and TLS, and gives what it accepts to a grpc-js server. */
import { once } from 'node:events';
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls';
import { Server, ServerCredentials, type ConnectionInjector } from '@grpc/grpc-js';
import { LISTEN } from '#lib/limits';
import type { Log } from '#lib/log';
import type { Service } from '#proto/grpc-transport/call';
import { boundMetadata, forgiveLongDeadlines } from '#proto/grpc-transport/grpc-js-corrections';
import { peekFirstByte, type FirstByte } from '#proto/grpc-transport/first-byte';
import { serve, type CallCounters } from '#proto/grpc-transport/serve';

/** What one listener puts up with: of `LISTEN`, so that tests can hand in smaller numbers. */
export type TransportLimits = Readonly<
  Record<
    | 'requestBytesMax'
    | 'metadataBytesMax'
    | 'streamsPerConnectionMax'
    | 'connectionsMax'
    | 'firstByteMs'
    | 'handshakeMs'
    | 'idleConnectionMs'
    | 'pingMs'
    | 'pingTimeoutMs'
    | 'sessionMemoryBytesMax'
    | 'backlogMessagesMax'
    | 'stalledReaderMs',
    number
  >
>;

/** Where to listen. Port 0 picks a free one. */
export interface ListenerAddress {
  /** What routes call this way in, e.g. `internal`. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

/** A certificate chain and its key, as PEM. */
export interface TlsMaterial {
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
}

export interface ListenerOptions extends ListenerAddress {
  readonly services: readonly Service[];
  /** Without it only plaintext is taken. */
  readonly tls: TlsMaterial | undefined;
  readonly limits: TransportLimits;
  readonly log: Log;
}

/** Totals since the start, but for `open`. */
export interface ListenerCounters {
  readonly connections: {
    open: number;
    tls: number;
    plaintext: number;
  };
  /** Connections that were closed before a call could be made, by reason. */
  readonly rejected: {
    /** There were as many as are allowed. */
    limit: number;
    /** The first byte belongs to neither protocol, or TLS is not offered. */
    protocol: number;
    /** Nothing came in time. */
    silent: number;
    /** The TLS handshake failed or took too long. */
    handshake: number;
  };
  /** Connections that were cut because their reader stood still. */
  slowReaders: number;
  readonly calls: CallCounters;
}

export class Listener {
  readonly name: string;
  readonly counters: ListenerCounters = {
    connections: { open: 0, tls: 0, plaintext: 0 },
    rejected: { limit: 0, protocol: 0, silent: 0, handshake: 0 },
    slowReaders: 0,
    calls: { started: 0, failed: 0 },
  };
  readonly #options: ListenerOptions;
  readonly #tcp;
  readonly #tls: TlsServer | undefined;
  readonly #sessions: ConnectionInjector;
  /** By `address:port` of the other end, which is all that a call knows of its connection. */
  readonly #sockets = new Map<string, Socket>();
  /** Those that are not HTTP/2 yet: nothing to wait for when draining. */
  readonly #early = new Set<Socket>();

  constructor(options: ListenerOptions) {
    this.#options = options;
    this.name = options.name;
    const server = new Server(transportOptions(options.limits));
    boundMetadata(server, options.limits.metadataBytesMax);
    forgiveLongDeadlines(server);
    this.#sessions = server.createConnectionInjector(ServerCredentials.createInsecure());
    for (const service of options.services) this.#serve(server, service);
    this.#tls = options.tls && this.#createTls(options.tls);
    this.#tcp = createTcpServer({ noDelay: true }, (socket) => this.#accept(socket));
    this.#tcp.maxConnections = options.limits.connectionsMax;
    this.#tcp.on('drop', () => this.counters.rejected.limit++);
  }

  /** Rejects when the address can't be listened on. */
  async start(): Promise<void> {
    const { host, port } = this.#options;
    this.#tcp.listen({ port, host, backlog: LISTEN.backlogConnections });
    await once(this.#tcp, 'listening');
  }

  /** Once started. */
  get port(): number {
    return (this.#tcp.address() as AddressInfo).port;
  }

  /**
   * Takes no new connections, tells the clients of the open ones to make no further calls (GOAWAY),
   * and waits for the calls under way; after `timeoutMs` cuts those that are left.
   */
  async drain(timeoutMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#tcp.close(() => resolve()));
    for (const socket of this.#early) socket.destroy();
    this.#sessions.drain(timeoutMs);
    const timer = setTimeout(() => {
      for (const socket of this.#sockets.values()) socket.destroy();
    }, timeoutMs);
    await closed;
    clearTimeout(timer);
    this.#sessions.destroy();
    this.#tls?.close();
  }

  #serve(server: Server, service: Service): void {
    const { limits, log } = this.#options;
    serve(server, service, {
      listener: this.name,
      log,
      counters: this.counters.calls,
      slowReaders: {
        backlogMax: limits.backlogMessagesMax,
        stalledMs: limits.stalledReaderMs,
        cut: (peer) => this.#cutSlowReader(peer),
      },
    });
  }

  #createTls({ cert, key }: TlsMaterial): TlsServer {
    // Not grpc-js' own TLS server: this one bounds the handshake's time and tells of failures.
    const tls = createTlsServer({
      cert,
      key,
      ALPNProtocols: ['h2'],
      minVersion: 'TLSv1.2',
      handshakeTimeout: this.#options.limits.handshakeMs,
    });
    tls.on('secureConnection', (socket) => {
      const peer = peerOf(socket);
      const carrier = this.#sockets.get(peer);
      if (carrier) this.#early.delete(carrier);
      this.counters.connections.tls++;
      socket.on('error', (error) => this.#logBroken(error, peer));
      this.#sessions.injectConnection(socket);
    });
    tls.on('tlsClientError', (error, socket) => {
      this.counters.rejected.handshake++;
      this.#logBroken(error, peerOf(socket));
      socket.destroy();
    });
    return tls;
  }

  #accept(socket: Socket): void {
    const peer = peerOf(socket);
    this.#sockets.set(peer, socket);
    this.#early.add(socket);
    this.counters.connections.open++;
    socket.on('error', (error) => this.#logBroken(error, peer));
    socket.once('close', () => {
      this.#sockets.delete(peer);
      this.#early.delete(socket);
      this.counters.connections.open--;
    });
    peekFirstByte(socket, this.#options.limits.firstByteMs, (firstByte) => {
      this.#handOver(socket, firstByte);
    });
  }

  #handOver(socket: Socket, firstByte: FirstByte): void {
    if (firstByte === 'h2c') {
      this.#early.delete(socket);
      this.counters.connections.plaintext++;
      this.#sessions.injectConnection(socket);
      return;
    }
    if (firstByte === 'tls' && this.#tls) {
      this.#tls.emit('connection', socket);
      return;
    }
    if (firstByte === 'timeout') this.counters.rejected.silent++;
    if (firstByte === 'unknown' || firstByte === 'tls') this.counters.rejected.protocol++;
    socket.destroy();
  }

  #cutSlowReader(peer: string): void {
    const socket = this.#sockets.get(peer);
    if (!socket || socket.destroyed) return;
    this.counters.slowReaders++;
    this.#options.log.warn({ peer, listener: this.name }, 'cut a connection: it does not read');
    socket.destroy();
  }

  /** Peers break connections all the time: worth a line only to who looks for it. */
  #logBroken(error: Error, peer: string): void {
    this.#options.log.debug({ error, peer, listener: this.name }, 'a connection broke');
  }
}

/** As grpc-js spells the peer of a call. */
function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress}:${remotePort}`;
}

function transportOptions(limits: TransportLimits) {
  return {
    'grpc.enable_channelz': 0,
    'grpc.max_receive_message_length': limits.requestBytesMax,
    'grpc.max_concurrent_streams': limits.streamsPerConnectionMax,
    'grpc.max_connection_idle_ms': limits.idleConnectionMs,
    'grpc.keepalive_time_ms': limits.pingMs,
    'grpc.keepalive_timeout_ms': limits.pingTimeoutMs,
    // node:http2 counts it in megabytes.
    'grpc-node.max_session_memory': Math.ceil(limits.sessionMemoryBytesMax / 2 ** 20),
  };
}
