/** A broker as a part of a process: opens its data, serves clients and the admin port, drains. */
import path from 'node:path';

import type { Clock } from '#lib/clock';
import { formatHostPort } from '#lib/host-port';
import type { HostPort } from '#lib/host-port';
import { LISTEN, STORE } from '#lib/limits';
import type { Part } from '#lib/lifecycle';
import type { Log } from '#lib/log';
import type { Registry } from '#lib/metrics';
import { INTERNAL_LISTENER } from '#proto/fleet';
import type { FleetSettingsSource } from '#proto/fleet-settings';
import { openCertificate } from '#proto/grpc-transport/certificate';
import type { CertificateFiles } from '#proto/grpc-transport/certificate';
import { GrpcServer } from '#proto/grpc-transport/server';
import type {
  ListenerCounters,
  TlsMaterial,
  Transport,
} from '#proto/grpc-transport/listener-options';

import { FleetMember, fixedSettings } from '#broker/register/fleet-member';
import { createAdminService } from '#broker/admin/service';
import { Core } from '#broker/core';
import { deadLetterAdmin } from '#broker/core-admin/dead-letters';
import { groupAdmin } from '#broker/core-admin/groups';
import { messageAdmin } from '#broker/core-admin/messages';
import { statusReporter } from '#broker/core-admin/status';
import { topicAdmin } from '#broker/core-admin/topics';
import { transactionAdmin } from '#broker/core-admin/transactions';
import { messagingService } from '#broker/grpc/dispatch';
import { createRocketmqAdminService } from '#broker/rocketmq-admin/service';
import { exposeMetrics } from '#broker/exposition';
import type { Durability } from '#broker/store/commit-log';
import { nodeFiles } from '#broker/store/files';

const ADMIN_LISTENER = 'admin';

export interface BrokerConfig {
  name: string;
  /** Directory that holds everything that is kept. */
  data: string;
  host: string;
  grpcPort: number;
  /** What carries the calls of clients. */
  transport: Transport;
  /** Further ways in for clients, on the same host. */
  listeners: readonly { name: string; port: number }[];
  /** Names of those whose connections begin with a PROXY header. */
  proxied: readonly string[];
  /** The endpoint that routes name; undefined for the one that the client dialled. */
  advertised: HostPort | undefined;
  /** Undefined for a self-signed certificate, kept in the data directory. */
  certificate: CertificateFiles | undefined;
  adminHost: string;
  adminPort: number;
  adminToken: string | undefined;
  durability: Durability;
  retentionMs: number;
  diskWatermark: number;
  /** Unknown topics and groups are made at their first use. */
  autoCreate: boolean;
  /**
   * `host:port` of the registry of each name server; none where clients ask the broker itself, or
   * where the settings of a fleet say them.
   */
  nameServers: readonly string[];
  fleetToken: string | undefined;
}

export interface BrokerOptions {
  config: BrokerConfig;
  /** Started before; undefined where nothing changes while the broker runs. */
  fleet?: FleetSettingsSource | undefined;
  log: Log;
  registry: Registry;
  clock: Clock;
}

export class Broker implements Part {
  readonly name = 'broker';
  readonly #options: BrokerOptions;
  #core: Core | undefined;
  #clients: GrpcServer | undefined;
  #admin: GrpcServer | undefined;
  #member: FleetMember | undefined;
  #stopStatus: () => void = () => undefined;

  constructor(options: BrokerOptions) {
    this.#options = options;
    exposeMetrics({
      registry: options.registry,
      durability: options.config.durability,
      core: () => this.#core,
      openConnections: () => this.#openConnections,
      rejectedConnections: () => {
        const reasons = this.#counters.flatMap(({ rejected }) => Object.values(rejected));
        return reasons.reduce((sum, count) => sum + count, 0);
      },
    });
  }

  get #counters(): readonly ListenerCounters[] {
    return Object.values(this.#clients?.counters ?? {});
  }

  get #openConnections(): number {
    return this.#counters.reduce((sum, { connections }) => sum + connections.open, 0);
  }

  async start(): Promise<void> {
    const { config, log } = this.#options;
    if (config.durability === 'fast') {
      log.warn('durability is fast: a send is answered before fsync, a crash can lose the latest');
    }
    const core = await this.#openCore();
    this.#core = core;
    const tls = await openCertificate(config.certificate, path.join(config.data, 'tls'), log);
    const member = this.#fleetMember(core);
    this.#member = member;
    this.#admin = this.#adminServer(core, member);
    this.#clients = this.#clientServer(core, member, tls);
    await this.#admin.start();
    await this.#clients.start();
    member.start();
  }

  #fleetMember(core: Core): FleetMember {
    const { config, log, clock } = this.#options;
    const { name, nameServers, advertised, fleetToken: token } = config;
    const internal = advertised && formatHostPort(advertised);
    const fleet = this.#options.fleet ?? fixedSettings(name, nameServers, internal);
    const door = (): HostPort => this.#door(INTERNAL_LISTENER);
    return new FleetMember({ name, core, fleet, door, token, log, clock });
  }

  /** Where clients reach a listener on this machine, once started. */
  #door(listener: string): HostPort {
    return { host: this.#options.config.host, port: this.#clients?.port(listener) ?? 0 };
  }

  /** As `#door`, for a listener that may not be there. */
  #doorOf(listener: string): HostPort | undefined {
    const names = [INTERNAL_LISTENER, ...this.#options.config.listeners.map(({ name }) => name)];
    return names.includes(listener) ? this.#door(listener) : undefined;
  }

  async #openCore(): Promise<Core> {
    const { config, log, clock } = this.#options;
    const { durability, retentionMs, diskWatermark } = config;
    const startedMs = clock.monotonicMs();
    const { core, recovered } = await Core.open({
      durability,
      retentionMs,
      diskWatermark,
      clock,
      log,
      files: nodeFiles,
      directory: config.data,
      diskReserveBytes: STORE.diskReserveBytes,
      segmentBytes: STORE.segmentBytes,
      host: config.advertised?.host ?? config.host,
      port: config.advertised?.port ?? config.grpcPort,
    });
    const tookMs = Math.round(clock.monotonicMs() - startedMs);
    const { records, tornBytes } = recovered;
    const { id } = core.identity;
    log.info({ id, durability, records, tornBytes, tookMs }, 'data opened');
    return core;
  }

  #clientServer(core: Core, member: FleetMember, tls: TlsMaterial): GrpcServer {
    const { config, log, clock } = this.#options;
    const { topics, groups, selector, producer, consumption, sessions, traffic } = core;
    const { transactions } = core;
    const { name: brokerName, autoCreate } = config;
    const service = messagingService({
      clock,
      log,
      brokerName,
      advertised: (listener) => member.advertised(listener),
      autoCreate,
      topics,
      groups,
      selector,
      producer,
      scheduler: core.scheduler,
      transactions,
      resent: core.resent,
      consumption,
      sessions,
      questions: core.questions,
      members: core.members,
      traffic,
      mode: core.mode,
      quota: core.quota,
    });
    const { host, grpcPort: port, transport } = config;
    const all = [{ name: INTERNAL_LISTENER, port }, ...config.listeners];
    const listeners = all.map((listener) => ({
      ...listener,
      host,
      isProxied: config.proxied.includes(listener.name),
    }));
    return new GrpcServer({ transport, services: [service], listeners, tls, log });
  }

  #adminServer(core: Core, member: FleetMember): GrpcServer {
    const { config, log, clock } = this.#options;
    const connections = (): number => this.#openConnections;
    const reporter = statusReporter({ core, clock, durability: config.durability, connections });
    this.#stopStatus = reporter.stop;
    const backend = {
      topics: topicAdmin(core),
      groups: groupAdmin(core),
      messages: messageAdmin(core, clock),
      transactions: transactionAdmin(core),
      deadLetters: deadLetterAdmin(core),
      status: reporter.status,
    };
    const { adminHost: host, adminPort: port, adminToken: token, name: brokerName } = config;
    const { status } = reporter;
    const endpoint = (listener: string): HostPort | undefined =>
      member.advertised(listener) ?? this.#doorOf(listener);
    const services = [
      createAdminService(backend, { token, log, clock }),
      createRocketmqAdminService({ core, clock, log, brokerName, endpoint, status }, token),
    ];
    const listeners = [{ name: ADMIN_LISTENER, host, port }];
    return new GrpcServer({ transport: 'grpc-js', services, listeners, log });
  }

  /** `host:port`, once started. */
  address(listener: string): string {
    return formatHostPort(this.#door(listener));
  }

  get adminAddress(): string {
    const { adminHost: host } = this.#options.config;
    return formatHostPort({ host, port: this.#admin?.port(ADMIN_LISTENER) ?? 0 });
  }

  /** Why it can't serve; undefined when it can. */
  readiness(): string | undefined {
    if (!this.#core) return 'the data is being opened';
    return this.#core.store.readOnlyReason?.message ?? this.#member?.problem;
  }

  /** Nobody is routed here any more, no new calls, answers to the others, everything on disk. */
  async stop(): Promise<void> {
    const { log } = this.#options;
    this.#stopStatus();
    this.#core?.mode.leave();
    await this.#member?.stop();
    const servers = [this.#clients, this.#admin].filter((server) => server !== undefined);
    const drained = servers.map((server) => server.drain(LISTEN.drainMs));
    this.#core?.consumption.polls.close();
    this.#core?.sessions.endStreams();
    await Promise.all(drained);
    await this.#core?.close();
    log.info('data closed');
  }
}
