/** A name server as a part of a process: routes for clients, and the reports of brokers. */
import { join } from 'node:path';
import type { Clock } from '#lib/clock';
import { REGISTRY } from '#lib/fleet-limits';
import { LISTEN } from '#lib/limits';
import type { Part } from '#lib/lifecycle';
import type { Log } from '#lib/log';
import type { Registry } from '#lib/metrics';
import { exposeMetrics } from '#nameserver/exposition';
import { createRouteService } from '#nameserver/handlers';
import { QuotaLedger } from '#nameserver/quota-ledger';
import { createRegistryService } from '#nameserver/registry-service';
import { Registrations } from '#nameserver/registrations';
import { RouteTable } from '#nameserver/route-table';
import { Traffic } from '#nameserver/traffic';
import type { FleetSettingsSource } from '#proto/fleet-settings';
import { openCertificate, type CertificateFiles } from '#proto/grpc-transport/certificate';
import type { ListenerAddress, Transport } from '#proto/grpc-transport/listener-options';
import { GrpcServer } from '#proto/grpc-transport/server';

/** Name of the listener for brokers. */
const REGISTRY_LISTENER = 'registry';

export interface NameServerConfig {
  /** Directory that holds the self-signed certificate, where one is used. */
  readonly data: string;
  /** What carries the calls of clients. */
  readonly transport: Transport;
  /** For clients; brokers advertise an address for each of these names. */
  readonly listeners: readonly ListenerAddress[];
  /** For brokers; not to be reached by clients. */
  readonly registry: { readonly host: string; readonly port: number };
  /** Brokers have to show it; undefined lets everybody report who can reach the port. */
  readonly fleetToken: string | undefined;
  /** Undefined for a self-signed certificate, kept in the data directory. */
  readonly certificate: CertificateFiles | undefined;
}

export interface NameServerOptions {
  readonly config: NameServerConfig;
  /** Started before; undefined where there is no quota to share out. */
  readonly fleet?: FleetSettingsSource | undefined;
  readonly log: Log;
  readonly registry: Registry;
  readonly clock: Clock;
}

export class NameServer implements Required<Part> {
  readonly name = 'name server';
  readonly table = new RouteTable();
  readonly #options: NameServerOptions;
  readonly #registrations: Registrations;
  readonly #traffic = new Traffic();
  #clients: GrpcServer | undefined;
  #brokers: GrpcServer | undefined;
  #startedMs: number | undefined;

  constructor(options: NameServerOptions) {
    const { log, clock, registry } = options;
    const traffic = this.#traffic;
    const ledger = new QuotaLedger();
    const shared = { table: this.table, ledger };
    this.#options = options;
    this.#registrations = new Registrations({
      ...shared,
      quota: () => (this.#knowsBrokers ? this.#quota : undefined),
      clock,
      log,
    });
    const openConnections = (): number => this.#openConnections;
    exposeMetrics({ registry, ...shared, quota: () => this.#quota, traffic, openConnections });
  }

  get #quota(): number | undefined {
    // Before the start the settings are not there yet.
    return this.#startedMs === undefined ? undefined : this.#options.fleet?.current.tps;
  }

  /** Those that did not report by then are not there: the quota is for the others. */
  get #knowsBrokers(): boolean {
    if (this.readiness() === undefined) return true;
    const { fleet } = this.#options;
    if (!fleet) return false;
    return Object.keys(fleet.current.brokers).every((name) => this.#registrations.has(name));
  }

  /** Rejects when an address can't be listened on; then none is. */
  async start(): Promise<void> {
    const { config, log, clock } = this.#options;
    const tls = await openCertificate(config.certificate, join(config.data, 'tls'), log);
    const { table } = this;
    const registrations = this.#registrations;
    const registryService = createRegistryService({ registrations, token: config.fleetToken, log });
    const brokers = new GrpcServer({
      transport: 'grpc-js',
      services: [registryService],
      listeners: [{ name: REGISTRY_LISTENER, ...config.registry }],
      tls,
      log,
    });
    const clients = new GrpcServer({
      transport: config.transport,
      services: [createRouteService({ table, traffic: this.#traffic, log })],
      listeners: config.listeners,
      tls,
      log,
    });
    await brokers.start();
    try {
      await clients.start();
    } catch (error) {
      await brokers.drain(0);
      throw error;
    }
    this.#brokers = brokers;
    this.#clients = clients;
    this.#startedMs = clock.monotonicMs();
  }

  /** The port of a listener for clients, once started. */
  port(listener: string): number {
    return this.#clients?.port(listener) ?? 0;
  }

  get registryPort(): number {
    return this.#brokers?.port(REGISTRY_LISTENER) ?? 0;
  }

  /** Why clients had better ask another one; undefined when it knows what there is to know. */
  readiness(): string | undefined {
    if (this.#startedMs === undefined) return 'the listeners are being opened';
    const upMs = this.#options.clock.monotonicMs() - this.#startedMs;
    return upMs < REGISTRY.relearnMs ? 'brokers still have to report' : undefined;
  }

  async stop(): Promise<void> {
    // Brokers' streams last as long as the brokers: no use in waiting for them.
    await Promise.all([this.#clients?.drain(LISTEN.drainMs), this.#brokers?.drain(0)]);
    this.#registrations.stop();
  }

  get #openConnections(): number {
    const counters = Object.values(this.#clients?.counters ?? {});
    return counters.reduce((sum, { connections }) => sum + connections.open, 0);
  }
}
