/** What Prometheus sees of the operator. */
import { Counter, Histogram } from 'prom-client';
import type { KubeCall } from '#kube/client';
import { INSTANCES } from '#kube/resources';
import { gauge, type Registry, type Sample } from '#lib/metrics';
import type { Caches } from '#operator/caches';
import type { WorkQueue, WorkResult } from '#operator/work-queue';

const MS_PER_SECOND = 1000;
const SECONDS_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export interface MetricSources {
  readonly registry: Registry;
  readonly caches: () => Caches | undefined;
  readonly queues: () => Iterable<readonly [string, WorkQueue]>;
  readonly isLeader: () => boolean;
}

export class OperatorMetrics {
  readonly #reconciles: Counter<'kind' | 'outcome'>;
  readonly #seconds: Histogram<'kind'>;
  readonly #calls: Counter<'verb' | 'resource' | 'code'>;

  constructor(sources: MetricSources) {
    const registers = [sources.registry];
    this.#reconciles = new Counter({
      name: 'sluice_operator_reconciles_total',
      help: 'Passes over an object, by its kind and by whether they ended well.',
      labelNames: ['kind', 'outcome'],
      registers,
    });
    this.#seconds = new Histogram({
      name: 'sluice_operator_reconcile_seconds',
      help: 'How long a pass over an object took, in seconds.',
      labelNames: ['kind'],
      buckets: SECONDS_BUCKETS,
      registers,
    });
    this.#calls = new Counter({
      name: 'sluice_operator_api_calls_total',
      help: 'Calls of the Kubernetes API, by verb, resource and HTTP status.',
      labelNames: ['verb', 'resource', 'code'],
      registers,
    });
    exposeGauges(sources);
  }

  reconciled(kind: string, { isGood, ms }: WorkResult): void {
    this.#reconciles.inc({ kind, outcome: isGood ? 'ok' : 'error' });
    this.#seconds.observe({ kind }, ms / MS_PER_SECOND);
  }

  called({ verb, resource, code }: KubeCall): void {
    this.#calls.inc({ verb, resource, code: String(code) });
  }
}

function exposeGauges({ registry, caches, queues, isLeader }: MetricSources): void {
  gauge(
    registry,
    'sluice_operator_queue_depth',
    'Objects that wait for a worker, by kind.',
    ['kind'],
    () => [...queues()].map(([kind, { depth }]): Sample => [{ kind }, depth]),
  );
  gauge(
    registry,
    'sluice_operator_watch_age_seconds',
    'Since the last sign of life of the watch of a resource, in seconds.',
    ['resource'],
    () =>
      [...(caches()?.informers ?? [])].map(({ type, ageMs }): Sample => [
        { resource: type.plural },
        ageMs / MS_PER_SECOND,
      ]),
  );
  gauge(
    registry,
    'sluice_operator_instances',
    'Instances by the status of each of their conditions.',
    ['condition', 'status'],
    () => instancesByCondition(caches()),
  );
  gauge(
    registry,
    'sluice_operator_leader',
    '1 while this replica of the operator is the one that works.',
    [],
    () => [[{}, isLeader() ? 1 : 0]],
  );
}

function instancesByCondition(caches: Caches | undefined): Sample[] {
  const counts = new Map<string, number>();
  for (const { status } of caches?.all(INSTANCES) ?? []) {
    for (const { type, status: is } of status?.conditions ?? []) {
      const key = `${type}/${is}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  }
  return [...counts].map(([key, count]) => {
    const [condition = '', status = ''] = key.split('/');
    return [{ condition, status }, count];
  });
}
