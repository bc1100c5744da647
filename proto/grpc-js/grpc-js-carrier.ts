/**
 * Calls over @grpc/grpc-js. This folder is the only place that knows grpc-js as a server; handlers
 * see `call.ts` and nothing else.
 */
import type { Socket } from 'node:net';
import {
  Server,
  ServerCredentials,
  logVerbosity,
  setLogVerbosity,
  type ConnectionInjector,
} from '@grpc/grpc-js';
import type { Log } from '#lib/log';
import { Connections, type Connection } from '#proto/grpc-js/connections';
import { boundMetadata, forgiveLongDeadlines } from '#proto/grpc-js/corrections';
import { serve } from '#proto/grpc-js/serve';
import type { Carrier, CarrierOptions } from '#proto/grpc-transport/carrier';
import type { ListenerCounters, TransportLimits } from '#proto/grpc-transport/listener-options';

export class GrpcJsCarrier implements Carrier {
  readonly #sessions: ConnectionInjector;
  readonly #connections = new Connections();
  readonly #listener: string;
  readonly #counters: ListenerCounters;
  readonly #log: Log;
  #cutting: NodeJS.Timeout | undefined;

  constructor({ listener, services, limits, log, counters }: CarrierOptions) {
    // grpc-js writes what it thinks of malformed metadata to stderr, as often as a client sends it.
    setLogVerbosity(logVerbosity.NONE);
    this.#listener = listener;
    this.#counters = counters;
    this.#log = log;
    const server = new Server(serverOptions(limits));
    boundMetadata(server, limits.metadataBytesMax);
    forgiveLongDeadlines(server);
    const slowReaders = {
      backlogMax: limits.backlogMessagesMax,
      stalledMs: limits.stalledReaderMs,
      cut: (connection: Connection) => this.#cutSlowReader(connection),
    };
    const connections = this.#connections;
    for (const service of services) {
      serve(server, service, { listener, log, connections, slowReaders, counters: counters.calls });
    }
    this.#sessions = server.createConnectionInjector(ServerCredentials.createInsecure());
  }

  take(socket: Socket, peer: string): void {
    this.#connections.add(socket, peer);
    this.#sessions.injectConnection(socket);
  }

  drain(timeoutMs: number): void {
    this.#sessions.drain(timeoutMs);
    clearTimeout(this.#cutting);
    this.#cutting = setTimeout(() => this.#connections.cut(), timeoutMs);
  }

  destroy(): void {
    clearTimeout(this.#cutting);
    this.#sessions.destroy();
    this.#connections.cut();
  }

  #cutSlowReader({ socket, peer }: Connection): void {
    if (socket.destroyed) return;
    this.#counters.slowReaders++;
    this.#log.warn({ peer, listener: this.#listener }, 'cut a connection: it does not read');
    socket.destroy();
  }
}

function serverOptions(limits: TransportLimits) {
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
