/**
 * The process's metrics, collected when somebody asks: nothing here runs on a timer, so that an
 * idle process costs nothing (prom-client's own defaults sample the event loop 100 times a second).
 */
import { Counter, Gauge, Registry } from 'prom-client';

export type { Registry } from 'prom-client';

/** A registry with the facts of this process in it; `labels` are put on every metric. */
export function createRegistry(labels: Readonly<Record<string, string>> = {}): Registry {
  const registry = new Registry();
  registry.setDefaultLabels(labels);
  for (const [register, name, help, value] of PROCESS_METRICS) {
    register(registry, name, help, [], () => [[{}, value()]]);
  }
  return registry;
}

/** One value of a metric, under its labels. */
export type Sample = readonly [Readonly<Record<string, string>>, number];

/** Registers a gauge whose values `read` says at each scrape. */
export function gauge(
  registry: Registry,
  name: string,
  help: string,
  labelNames: readonly string[],
  read: () => Iterable<Sample>,
): void {
  const metric = new Gauge({
    name,
    help,
    labelNames: [...labelNames],
    registers: [],
    collect() {
      this.reset();
      for (const [labels, value] of read()) this.set(labels, value);
    },
  });
  registry.registerMetric(metric);
}

/** As `gauge`, for values that never go down. */
export function counter(
  registry: Registry,
  name: string,
  help: string,
  labelNames: readonly string[],
  read: () => Iterable<Sample>,
): void {
  const metric = new Counter({
    name,
    help,
    labelNames: [...labelNames],
    registers: [],
    collect() {
      this.reset();
      for (const [labels, value] of read()) this.inc(labels, value);
    },
  });
  registry.registerMetric(metric);
}

const MICROSECONDS = 1e6;

const PROCESS_METRICS: readonly (readonly [typeof gauge, string, string, () => number])[] = [
  [
    counter,
    'process_cpu_seconds_total',
    'User and system CPU time spent, in seconds.',
    () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / MICROSECONDS;
    },
  ],
  [
    gauge,
    'process_resident_memory_bytes',
    'Resident memory, in bytes.',
    () => process.memoryUsage.rss(),
  ],
  [gauge, 'nodejs_heap_used_bytes', 'Heap in use, in bytes.', () => process.memoryUsage().heapUsed],
  [
    gauge,
    'nodejs_external_memory_bytes',
    'Memory of buffers outside the heap, in bytes.',
    () => process.memoryUsage().external,
  ],
  [
    gauge,
    'process_start_time_seconds',
    'Start of the process, in seconds since the epoch.',
    () => Math.floor(performance.timeOrigin) / 1000,
  ],
];
