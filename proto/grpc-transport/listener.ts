/** One port that takes plaintext HTTP/2 and TLS, and gives what it accepts to a carrier. */
import { once } from 'node:events';
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls';
import { LISTEN } from '#lib/limits';
import type { Log } from '#lib/log';
import type { Carrier } from '#proto/grpc-transport/carrier';
import type {
  ListenerAddress,
  ListenerCounters,
  TlsMaterial,
  TransportLimits,
} from '#proto/grpc-transport/listener-options';
import { readOpening, type FirstByte } from '#proto/grpc-transport/opening';

export interface ListenerOptions extends ListenerAddress {
  /** Makes what carries the calls; it counts in the listener's counters. */
  readonly carrier: (counters: ListenerCounters) => Carrier;
  /** Without it only plaintext is taken. */
  readonly tls: TlsMaterial | undefined;
  readonly limits: TransportLimits;
  readonly log: Log;
}

/** What TLS calls it. */
const HTTP2 = 'h2';

interface EarlyConnection {
  readonly socket: Socket;
  /** `address:port` of the client. */
  peer: string;
}

export class Listener {
  readonly name: string;
  readonly counters: ListenerCounters = {
    connections: { open: 0, tls: 0, plaintext: 0 },
    rejected: { limit: 0, protocol: 0, silent: 0, handshake: 0 },
    slowReaders: 0,
    protocolErrors: 0,
    calls: { started: 0, failed: 0 },
  };
  readonly #options: ListenerOptions;
  readonly #tcp;
  readonly #tls: TlsServer | undefined;
  readonly #carrier: Carrier;
  /**
   * Those that are not HTTP/2 yet: nothing to wait for when draining. By the other end of the
   * socket, which is all that a connection has in common with what TLS makes of it.
   */
  readonly #early = new Map<string, EarlyConnection>();

  constructor(options: ListenerOptions) {
    this.#options = options;
    this.name = options.name;
    this.#carrier = options.carrier(this.counters);
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
    for (const { socket } of this.#early.values()) socket.destroy();
    this.#carrier.drain(timeoutMs);
    await closed;
    this.#carrier.destroy();
    this.#tls?.close();
  }

  #createTls({ cert, key }: TlsMaterial): TlsServer {
    const tls = createTlsServer({
      cert,
      key,
      ALPNProtocols: [HTTP2],
      minVersion: 'TLSv1.2',
      handshakeTimeout: this.#options.limits.handshakeMs,
    });
    tls.on('secureConnection', (socket) => {
      const address = addressOf(socket);
      const peer = this.#early.get(address)?.peer ?? address;
      this.#early.delete(address);
      socket.on('error', (error) => this.#logBroken(error, peer));
      if (socket.alpnProtocol !== HTTP2) {
        this.counters.rejected.protocol++;
        socket.destroy();
        return;
      }
      this.counters.connections.tls++;
      this.#carrier.take(socket, peer);
    });
    tls.on('tlsClientError', (error, socket) => {
      this.counters.rejected.handshake++;
      this.#logBroken(error, addressOf(socket));
      socket.destroy();
    });
    return tls;
  }

  #accept(socket: Socket): void {
    const address = addressOf(socket);
    const connection: EarlyConnection = { socket, peer: address };
    this.#early.set(address, connection);
    this.counters.connections.open++;
    socket.on('error', (error) => this.#logBroken(error, address));
    socket.once('close', () => {
      // A new connection may have the address of one that is not quite gone.
      if (this.#early.get(address) === connection) this.#early.delete(address);
      this.counters.connections.open--;
    });
    const { isProxied = false, limits } = this.#options;
    readOpening(socket, { isProxied, timeoutMs: limits.firstByteMs }, ({ firstByte, client }) => {
      if (client !== undefined) connection.peer = client;
      this.#handOver(connection, address, firstByte);
    });
  }

  #handOver({ socket, peer }: EarlyConnection, address: string, firstByte: FirstByte): void {
    if (firstByte === 'h2c') {
      this.#early.delete(address);
      this.counters.connections.plaintext++;
      this.#carrier.take(socket, peer);
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

  /** Peers break connections all the time: worth a line only to who looks for it. */
  #logBroken(error: Error, peer: string): void {
    this.#options.log.debug({ error, peer, listener: this.name }, 'a connection broke');
  }
}

function addressOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress}:${remotePort}`;
}
