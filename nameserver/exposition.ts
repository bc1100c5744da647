/** The name server's metrics for Prometheus; values are read when somebody scrapes. */
import { counter, gauge, type Registry } from '#lib/metrics';
import type { RouteTable } from '#nameserver/route-table';
import type { Traffic } from '#nameserver/traffic';

export interface ExpositionOptions {
  readonly registry: Registry;
  readonly table: RouteTable;
  readonly traffic: Traffic;
  readonly openConnections: () => number;
}

export function exposeMetrics({
  registry,
  table,
  traffic,
  openConnections,
}: ExpositionOptions): void {
  gauge(registry, 'sluice_nameserver_brokers', 'Brokers that routes name.', [], () => [
    [{}, table.brokerCount],
  ]);
  gauge(registry, 'sluice_nameserver_topics', 'Topics that some broker has.', [], () => [
    [{}, table.topicCount],
  ]);
  counter(
    registry,
    'sluice_nameserver_routes_total',
    'Questions for routes, by RPC and outcome.',
    ['rpc', 'outcome'],
    () => traffic.samples(),
  );
  gauge(registry, 'sluice_connections', 'Open client connections.', [], () => [
    [{}, openConnections()],
  ]);
}
