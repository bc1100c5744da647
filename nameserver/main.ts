/** The composition root of a name server: routes for clients, and the reports of brokers. */
import { systemClock, type Clock } from '#lib/clock';
import { LISTEN } from '#lib/limits';
import type { Log } from '#lib/log';
import { createRouteService } from '#nameserver/handlers';
import { createRegistryService } from '#nameserver/registry-service';
import { Registrations } from '#nameserver/registrations';
import { RouteTable } from '#nameserver/route-table';
import type { ListenerAddress, TlsMaterial } from '#proto/grpc-transport/listener';
import { GrpcServer } from '#proto/grpc-transport/server';

/** Name of the listener for brokers. */
const REGISTRY_LISTENER = 'registry';

export interface NameServerConfig {
  /** For clients; brokers advertise an address for each of these names. */
  readonly listeners: readonly ListenerAddress[];
  /** For brokers; not to be reached by clients. */
  readonly registry: { readonly host: string; readonly port: number };
  /** Brokers have to show it. */
  readonly fleetToken?: string;
  readonly tls?: TlsMaterial;
}

export interface NameServer {
  /** By name of the listener, and `registry`. */
  readonly ports: Readonly<Record<string, number>>;
  readonly table: RouteTable;
  stop(): Promise<void>;
}

/** Rejects when an address can't be listened on. */
export async function startNameServer(
  { listeners, registry, fleetToken, tls }: NameServerConfig,
  { log, clock = systemClock }: { log: Log; clock?: Clock },
): Promise<NameServer> {
  const table = new RouteTable();
  const registrations = new Registrations({ table, clock, log });
  const certificate = tls ? { tls } : {};
  const clients = new GrpcServer({
    services: [createRouteService({ table, log })],
    listeners,
    log,
    ...certificate,
  });
  const brokers = new GrpcServer({
    services: [createRegistryService({ registrations, token: fleetToken, log })],
    listeners: [{ name: REGISTRY_LISTENER, ...registry }],
    log,
    ...certificate,
  });
  await brokers.start();
  try {
    await clients.start();
  } catch (error) {
    await brokers.drain(0);
    throw error;
  }
  const ports: Record<string, number> = { [REGISTRY_LISTENER]: brokers.port(REGISTRY_LISTENER) };
  for (const { name } of listeners) ports[name] = clients.port(name);
  return {
    ports,
    table,
    async stop() {
      // Brokers' streams last as long as the brokers: no use in waiting for them.
      await Promise.all([clients.drain(LISTEN.drainMs), brokers.drain(0)]);
      registrations.stop();
    },
  };
}
