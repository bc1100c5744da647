/** What all processes do alike: log, metrics, parts in their order, probes, one ready line. */
import type { ProcessConfig } from '#cli/process-settings';
import { readyText, type Addresses, type Banner } from '#cli/ready';
import { handleProcessEvents, Lifecycle } from '#lib/lifecycle';
import { createLog, type Log } from '#lib/log';
import { createRegistry, type Registry } from '#lib/metrics';
import { createProbes } from '#lib/probes';

/** What the parts of a process share. */
export interface ProcessContext {
  readonly log: Log;
  readonly registry: Registry;
  readonly lifecycle: Lifecycle;
}

/** What the process is there for; its parts are in the lifecycle. */
export interface Service {
  /** `host:port` of each door beside the probes, once started. */
  addresses(): Addresses;
  /** Why it can't serve; undefined when it can. */
  readiness(): string | undefined;
  /** For people, once started. */
  banner(): Banner;
}

/** Adds the parts of the service to the lifecycle, without starting them. */
export type AddService = (context: ProcessContext) => Service;

/** Runs until a signal ends the process. */
export async function runProcess(config: ProcessConfig, addService: AddService): Promise<void> {
  const format = config.logFormat ?? (process.stdout.isTTY ? 'pretty' : 'json');
  const log = createLog({ level: config.logLevel, format });
  const registry = createRegistry();
  const lifecycle = new Lifecycle({ log });
  handleProcessEvents(lifecycle, log);

  const probes = createProbes({
    host: config.host,
    port: config.metricsPort,
    registry,
    readiness: () => lifecycle.waitingFor ?? service.readiness(),
    log,
  });
  lifecycle.add(probes);
  const service = addService({ log, registry, lifecycle });
  try {
    await lifecycle.start();
  } catch (error) {
    log.fatal({ error }, 'could not start');
    process.exit(1);
  }
  if (lifecycle.isStopping) return;
  const addresses = { ...service.addresses(), metrics: probes.address() };
  process.stdout.write(readyText(format, addresses, service.banner()));
}
