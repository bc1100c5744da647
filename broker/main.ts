/** A broker as a part of a process: opens its data, serves clients and the admin port, drains. */
import path from 'node:path';

import type { Clock } from '#lib/clock';
import { LISTEN, STORE } from '#lib/limits';
import type { Part } from '#lib/lifecycle';
import type { Log } from '#lib/log';
import type { Registry } from '#lib/metrics';
import { keepSelfSigned, readCertificate } from '#proto/grpc-transport/certificate';
import type { CertificateFiles } from '#proto/grpc-transport/certificate';
import { GrpcServer } from '#proto/grpc-transport/server';
import type { ListenerCounters, TlsMaterial } from '#proto/grpc-transport/listener';
import type { HostPort } from '#proto/route';

import { createAdminService } from './admin/service.ts';
import { Core } from './core.ts';
import { groupAdmin } from './core-admin/groups.ts';
import { messageAdmin } from './core-admin/messages.ts';
import { statusReporter } from './core-admin/status.ts';
import { topicAdmin } from './core-admin/topics.ts';
import { messagingService } from './grpc/dispatch.ts';
import { exposeMetrics } from './metrics/exposition.ts';
import type { Durability } from './store/commit-log.ts';
import { nodeFiles } from './store/files.ts';

/** The one listener of a standalone broker. */
const LISTENER = 'internal';
const ADMIN_LISTENER = 'admin';

export interface BrokerConfig {
  name: string;
  /** Directory that holds everything that is kept. */
  data: string;
  host: string;
  grpcPort: number;
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
}

export interface BrokerOptions {
  config: BrokerConfig;
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
  #stopStatus: () => void = () => undefined;

  constructor(options: BrokerOptions) {
    this.#options = options;
    exposeMetrics({
      registry: options.registry,
      durability: options.config.durability,
      core: () => this.#core,
      openConnections: () => this.#counters?.connections.open ?? 0,
      rejectedConnections: () => {
        const reasons = Object.values(this.#counters?.rejected ?? {});
        return reasons.reduce((sum, count) => sum + count, 0);
      },
    });
  }

  get #counters(): ListenerCounters | undefined {
    return this.#clients?.counters[LISTENER];
  }

  async start(): Promise<void> {
    const { config, log } = this.#options;
    if (config.durability === 'fast') {
      log.warn('durability is fast: a send is answered before fsync, a crash can lose the latest');
    }
    const core = await this.#openCore();
    this.#core = core;
    const tls = await this.#certificate();
    this.#admin = this.#adminServer(core);
    this.#clients = this.#clientServer(core, tls);
    await this.#admin.start();
    await this.#clients.start();
  }

  async #openCore(): Promise<Core> {
    const { config, log, clock } = this.#options;
    const { durability, retentionMs, diskWatermark } = config;
    const startedMs = clock.monotonicMs();
    const { core, recovered } = await Core.open({
      ...{ durability, retentionMs, diskWatermark, clock, log, files: nodeFiles },
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

  #certificate(): Promise<TlsMaterial> {
    const { config, log } = this.#options;
    if (config.certificate) return readCertificate(config.certificate);
    return keepSelfSigned(path.join(config.data, 'tls'), log);
  }

  #clientServer(core: Core, tls: TlsMaterial): GrpcServer {
    const { config, log, clock } = this.#options;
    const { topics, groups, selector, producer, consumption, sessions, traffic } = core;
    const { name: brokerName, advertised, autoCreate } = config;
    const service = messagingService({
      ...{ clock, log, brokerName, advertised, autoCreate },
      ...{ topics, groups, selector, producer, consumption, sessions, traffic },
    });
    const { host, grpcPort: port } = config;
    const listeners = [{ name: LISTENER, host, port }];
    return new GrpcServer({ services: [service], listeners, tls, log });
  }

  #adminServer(core: Core): GrpcServer {
    const { config, log, clock } = this.#options;
    const connections = (): number => this.#counters?.connections.open ?? 0;
    const reporter = statusReporter({ core, clock, durability: config.durability, connections });
    this.#stopStatus = reporter.stop;
    const backend = {
      topics: topicAdmin(core),
      groups: groupAdmin(core),
      messages: messageAdmin(core, clock),
      status: reporter.status,
    };
    const service = createAdminService(backend, { token: config.adminToken, log, clock });
    const listeners = [{ name: ADMIN_LISTENER, host: config.adminHost, port: config.adminPort }];
    return new GrpcServer({ services: [service], listeners, log });
  }

  /** `host:port`, once started. */
  get grpcAddress(): string {
    return `${this.#options.config.host}:${this.#clients?.port(LISTENER) ?? 0}`;
  }

  get adminAddress(): string {
    return `${this.#options.config.adminHost}:${this.#admin?.port(ADMIN_LISTENER) ?? 0}`;
  }

  /** Why it can't serve; undefined when it can. */
  readiness(): string | undefined {
    if (!this.#core) return 'the data is being opened';
    return this.#core.store.readOnlyReason?.message;
  }

  /** No new calls, an answer to those under way, everything on disk. */
  async stop(): Promise<void> {
    const { log } = this.#options;
    this.#stopStatus();
    const drained = [this.#clients?.drain(LISTEN.drainMs), this.#admin?.drain(LISTEN.drainMs)];
    this.#core?.consumption.polls.close();
    this.#core?.sessions.endStreams();
    await Promise.all(drained);
    await this.#core?.close();
    log.info('data closed');
  }
}
