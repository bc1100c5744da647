/** The name server's metrics for Prometheus; values are read when somebody scrapes. */
import { counter, gauge, type Registry } from '#lib/metrics';
import type { QuotaLedger } from '#nameserver/quota-ledger';
import type { RouteTable } from '#nameserver/route-table';
import type { Traffic } from '#nameserver/traffic';

export interface ExpositionOptions {
  readonly registry: Registry;
  readonly table: RouteTable;
  readonly ledger: QuotaLedger;
  readonly quota: () => number | undefined;
  readonly traffic: Traffic;
  readonly openConnections: () => number;
}

export function exposeMetrics({
  registry,
  table,
  ledger,
  quota,
  traffic,
  openConnections,
}: ExpositionOptions): void {
  gauge(registry, 'sluice_nameserver_brokers', 'Brokers that routes name.', [], () => [
    [{}, table.brokerCount],
  ]);
  gauge(registry, 'sluice_nameserver_topics', 'Topics that some broker has.', [], () => [
    [{}, table.topicCount],
  ]);
  gauge(
    registry,
    'sluice_nameserver_quota',
    'Messages a second of the whole fleet, sent and received; none where that is unlimited.',
    [],
    () => {
      const perSecond = quota();
      return perSecond === undefined ? [] : [[{}, perSecond]];
    },
  );
  gauge(
    registry,
    'sluice_nameserver_quota_demand',
    'Messages a second that clients of a broker want to send and receive.',
    ['broker'],
    () => ledger.demands(),
  );
  gauge(
    registry,
    'sluice_nameserver_quota_share',
    'Messages a second that a broker may let through.',
    ['broker'],
    () => ledger.shares(),
  );
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
