/** The composition root of a process that runs everything: parts in their order, one ready line. */
import type { StandaloneConfig } from '#cli/standalone-config';
import { readyText } from '#cli/ready';
import { Broker } from '#broker/main';
import { systemClock } from '#lib/clock';
import { parseHostPort } from '#lib/host-port';
import { handleProcessEvents, Lifecycle } from '#lib/lifecycle';
import { createLog, type Log } from '#lib/log';
import { createRegistry, type Registry } from '#lib/metrics';
import { createProbes } from '#lib/probes';

/** The name of the broker in routes; there is only one. */
const BROKER_NAME = 'broker-0';

/** What the parts of the process share. */
export interface ProcessContext {
  readonly config: StandaloneConfig;
  readonly log: Log;
  readonly registry: Registry;
  readonly lifecycle: Lifecycle;
}

/** The name server and the broker, as seen from here; their parts are in the lifecycle. */
export interface Services {
  /** `host:port`, once started. */
  grpcAddress(): string;
  adminAddress(): string;
  /** Why it can't serve; undefined when it can. */
  readiness(): string | undefined;
}

/** Adds the parts of the name server and the broker to the lifecycle, without starting them. */
export type AddServices = (context: ProcessContext) => Services;

/** Runs until a signal ends the process. */
export async function runStandalone(
  config: StandaloneConfig,
  addServices: AddServices = addBroker,
): Promise<void> {
  const format = config.logFormat ?? (process.stdout.isTTY ? 'pretty' : 'json');
  const log = createLog({ level: config.logLevel, format });
  const registry = createRegistry();
  const lifecycle = new Lifecycle({ log });
  handleProcessEvents(lifecycle, log);

  const probes = createProbes({
    host: config.host,
    port: config.metricsPort,
    registry,
    readiness: () => lifecycle.waitingFor ?? services.readiness(),
    log,
  });
  lifecycle.add(probes);
  const services = addServices({ config, log, registry, lifecycle });
  try {
    await lifecycle.start();
  } catch (error) {
    log.fatal({ error }, 'could not start');
    process.exit(1);
  }
  if (lifecycle.isStopping) return;
  const addresses = {
    grpc: services.grpcAddress(),
    admin: services.adminAddress(),
    metrics: probes.address(),
  };
  process.stdout.write(readyText(format, addresses, config));
}

const HOUR_MS = 3_600_000;

function addBroker({ config, log, registry, lifecycle }: ProcessContext): Services {
  const { data, host, grpcPort, adminHost, adminPort, adminToken, durability } = config;
  const { tlsCert, tlsKey } = config;
  const broker = new Broker({
    config: {
      data,
      host,
      grpcPort,
      adminHost,
      adminPort,
      adminToken,
      durability,
      name: BROKER_NAME,
      advertised: config.advertise === undefined ? undefined : parseHostPort(config.advertise),
      certificate: tlsCert && tlsKey ? { certPath: tlsCert, keyPath: tlsKey } : undefined,
      retentionMs: config.retentionHours * HOUR_MS,
      diskWatermark: config.diskWatermark,
      autoCreate: config.autoCreateTopics,
      nameServers: [],
      fleetToken: undefined,
    },
    log,
    registry,
    clock: systemClock,
  });
  lifecycle.add(broker);
  return {
    grpcAddress: () => broker.grpcAddress,
    adminAddress: () => broker.adminAddress,
    readiness: () => broker.readiness(),
  };
}
