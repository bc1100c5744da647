/** The composition root of a process that runs everything: parts in their order, one ready line. */
import type { StandaloneConfig } from '#cli/standalone-config';
import { readyText } from '#cli/ready';
import { handleProcessEvents, Lifecycle } from '#lib/lifecycle';
import { createLog, type Log } from '#lib/log';
import { createRegistry, type Registry } from '#lib/metrics';
import { createProbes } from '#lib/probes';

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
  addServices: AddServices = withoutServices,
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

function withoutServices({ config }: ProcessContext): Services {
  return {
    grpcAddress: () => `${config.host}:${config.grpcPort}`,
    adminAddress: () => `${config.adminHost}:${config.adminPort}`,
    readiness: () => 'neither name server nor broker runs in this process',
  };
}
