/**
 * What a real Prometheus makes of the metrics of an operator, a broker and a name server, and of
 * the chart's alerts and dashboard, which ask for them.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { KubeCall } from '#kube/client';
import { connect } from '#kube/http-client';
import { INSTANCES, TOPICS } from '#kube/resources';
import { createRegistry } from '#lib/metrics';
import { createProbes } from '#lib/probes';
import { silentLog } from '#support/core';
import { FleetFile } from '#support/fleet';
import { describeWithCluster, unrestricted, type TestCluster } from '#support/kube';
import { startOperator } from '#support/operator-stand';
import { hasPrometheus, Prometheus, type ScrapeTarget } from '#support/prometheus';
import { startBroker, startNameServer } from '#support/sluice-process';
import { until } from '#support/until';
import { Configuration } from '#support/webhook-replica';
import { parse } from 'yaml';
import { NodeClients } from '../conformance/node-clients.ts';

const WAIT_MS = 60_000;
const CHART = new URL('../../charts/sluice/files/', import.meta.url);
const ALERTS = fileURLToPath(new URL('alerts.yaml', CHART));
const TOPIC = 'orders';
const GROUP = 'billing';
const LABELS = { namespace: 'shop', sluice_instance: 'orders' };

interface Rules {
  readonly groups: readonly { readonly rules: readonly { alert: string; expr: string }[] }[];
}

interface Dashboard {
  readonly panels: readonly {
    readonly title: string;
    readonly targets?: readonly { readonly expr: string }[];
  }[];
}

const alerts = (parse(readFileSync(ALERTS, 'utf8')) as Rules).groups.flatMap(({ rules }) => rules);
const dashboard = JSON.parse(readFileSync(new URL('dashboard.json', CHART), 'utf8')) as Dashboard;
const panels = dashboard.panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr }) => ({ title, expression: withVariables(expr) })),
);

/** As Grafana sends it, with everything chosen. */
function withVariables(expression: string): string {
  return expression
    .replaceAll('$__rate_interval', '1m')
    .replaceAll(/\$(namespace|instance)/g, '.*');
}

/** What is told of an operator: the names are its interface. */
const OF_OPERATOR = [
  'sluice_operator_reconciles_total{kind="instance",outcome="ok"}',
  'sluice_operator_reconciles_total{kind="topic",outcome="ok"}',
  'sluice_operator_reconcile_seconds_bucket{kind="instance",le="+Inf"}',
  'sluice_operator_queue_depth{kind="topic"}',
  'sluice_operator_watch_age_seconds{resource="messagequeueinstances"} < 120',
  'sluice_operator_instances{condition="Ready",status="False"} == 1',
  'sluice_operator_api_calls_total{verb="list",resource="topics",code="200"}',
  'sluice_operator_api_calls_total{verb="patch",resource="topics/status",code="200"}',
  'sluice_operator_leader == 1',
  'sluice_operator_webhook_requests_total',
  'sluice_operator_certificate_expiry_seconds > 86400',
];

const OF_BROKER = [
  `rocketmq_messages_in_total{topic="${TOPIC}"} == 3`,
  `rocketmq_messages_out_total{topic="${TOPIC}",consumer_group="${GROUP}"} == 2`,
  `rocketmq_consumer_lag_messages{consumer_group="${GROUP}"} >= 1`,
  'rocketmq_storage_size > 0',
  'sluice_writable == 1',
  'sluice_connections{sluice_component="broker"} >= 1',
  'sluice_quota_messages_per_second == 5000',
  'sluice_nameserver_brokers == 1',
  'process_resident_memory_bytes{sluice_component=~"broker|nameserver"} > 0',
];

/** They show something only once something is wrong. */
const EMPTY_WHEN_ALL_IS_WELL = ['Dead letters', 'Instances whose condition is not as it should be'];

const METRIC = /\b(?:sluice|rocketmq|process|nodejs)_[a-z_]+\b(?!\s*[=!]=?~?")/g;

function metricsOf(expression: string): string[] {
  // What groups is a label, and so is what is compared in braces.
  const names = expression.replaceAll(/\bby \([^)]*\)/g, '').match(METRIC) ?? [];
  return names.map((name) => name.replace(/_bucket$/, ''));
}

const HOST = '127.0.0.1';
const toEnd: (() => unknown)[] = [];

/** The operator of one namespace, whose webhook the API server asks; its /metrics. */
async function startOperatorWithPage(cluster: TestCluster): Promise<string> {
  const { kubeconfig, namespace } = cluster;
  const configuration = new Configuration(cluster, `of-${namespace}`);
  await configuration.create(['https://127.0.0.1:1/validate']);
  toEnd.push(() => configuration.delete());
  const registry = createRegistry();
  const calls: KubeCall[] = [];
  let onCall = (call: KubeCall): void => void calls.push(call);
  const client = connect({ kubeconfig, onCall: (call) => onCall(call) });
  toEnd.push(() => client.close());
  const operator = await startOperator({
    client,
    namespace,
    adminAddress: () => `${HOST}:1`,
    registry,
    webhook: {
      host: HOST,
      port: 0,
      service: 'sluice-webhook',
      namespace,
      clusterDomain: 'cluster.local',
      configuration: configuration.name,
    },
  });
  toEnd.push(() => operator.stop());
  onCall = (call) => operator.called(call);
  for (const call of calls) onCall(call);
  await until(WAIT_MS, () => operator.readiness() === undefined);
  const { webhookPort } = operator;
  await configuration.change(({ clientConfig }) => {
    clientConfig.url = `https://${HOST}:${webhookPort}/validate`;
  });
  const readiness = (): string | undefined => operator.readiness();
  const probes = createProbes({ host: HOST, port: 0, registry, readiness, log: silentLog });
  await probes.start();
  toEnd.push(() => probes.stop());
  return probes.address();
}

/** A broker of a name server, with a quota; their /metrics, and the broker's other doors. */
async function startFleet() {
  const file = await FleetFile.create();
  toEnd.push(() => file.remove());
  const nameServer = await startNameServer({ arguments: ['--fleet-file', file.path] });
  toEnd.push(() => nameServer.dispose());
  const broker = await startBroker({ arguments: ['--fleet-file', file.path, '--name', 'shard-0'] });
  toEnd.push(() => broker.dispose());
  await file.change({
    nameServers: [nameServer.registry],
    edition: 'standard',
    tps: 5000,
    brokers: { 'shard-0': { readOnly: false, listeners: { internal: broker.grpc } } },
  });
  return { nameServer, broker };
}

/** Three messages are sent, two are received, one of them is acknowledged. */
async function useBroker(endpoints: string): Promise<void> {
  const clients = new NodeClients(endpoints);
  toEnd.push(() => clients.close());
  const producer = await clients.producer([TOPIC]);
  for (const key of ['1', '2', '3']) await producer.send({ topic: TOPIC, body: Buffer.from(key) });
  const consumer = await clients.simpleConsumer({ group: GROUP, topic: TOPIC }, 5000);
  const received = [];
  while (received.length < 2) received.push(...(await consumer.receive(1, 60_000)));
  const [first] = received;
  if (first) await consumer.ack(first);
}

async function pageOf(address: string): Promise<string> {
  return (await fetch(`http://${address}/metrics`)).text();
}

const isThere = hasPrometheus();

describeWithCluster('metrics', (cluster) => {
  if (isThere) describe('as Prometheus sees them', () => suite(cluster));
  else test.skip('as Prometheus sees them', () => undefined);
});

function suite(cluster: () => TestCluster): void {
  const pages = { operator: '', nameserver: '', broker: '' };
  let prometheus: Prometheus;

  beforeAll(async () => {
    pages.operator = await startOperatorWithPage(cluster());
    const { nameServer, broker } = await startFleet();
    pages.nameserver = nameServer.metrics;
    pages.broker = broker.metrics;
    const targets = Object.entries(pages).map(([component, address]): ScrapeTarget => ({
      address,
      labels:
        component === 'operator'
          ? { namespace: 'mq-system', pod: 'operator-0' }
          : { ...LABELS, pod: `${component}-0`, sluice_component: component },
    }));
    prometheus = await Prometheus.start(targets, ALERTS);
    toEnd.push(() => prometheus.stop());
    const { client, namespace } = cluster();
    await client.create(unrestricted(INSTANCES), {
      metadata: { namespace, name: 'orders' },
      spec: { edition: 'Standard' },
    });
    await client.create(unrestricted(TOPICS), {
      metadata: { namespace, name: TOPIC },
      spec: { instanceRef: { name: 'orders' } },
    });
    await useBroker(broker.grpc);
  }, 2 * WAIT_MS);

  afterAll(async () => {
    for (const end of toEnd.reverse()) await end();
  }, WAIT_MS);

  async function shows(expression: string): Promise<void> {
    await until(
      WAIT_MS,
      async () => (await prometheus.query(expression)).length > 0,
      () => `nothing for ${expression}`,
    );
  }

  test.each([...OF_OPERATOR, ...OF_BROKER])('%s', shows, WAIT_MS);

  test('each is explained', async () => {
    for (const address of Object.values(pages)) {
      const page = await pageOf(address);
      const said = (what: string): string[] =>
        [...page.matchAll(new RegExp(`^# ${what} (\\S+)`, 'gm'))].map(([, name = '']) => name);
      expect(said('HELP')).toEqual(said('TYPE'));
      expect(said('HELP').length).toBeGreaterThan(10);
    }
  });

  test('promtool finds nothing to complain about in the pages', async () => {
    for (const address of Object.values(pages)) {
      const input = await pageOf(address);
      const checked = spawnSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8' });
      expect([checked.status, checked.stderr]).toEqual([0, '']);
    }
  });

  test(
    'Prometheus evaluates every alert, and none fires while all is well',
    async () => {
      const rules = await until(
        WAIT_MS,
        async () => {
          const all = await prometheus.rules();
          return all.every(({ health }) => health !== 'unknown') && all;
        },
        () => 'some rules are not evaluated',
      );
      expect(rules.map(({ name, health, state }) => [name, health, state === 'firing'])).toEqual(
        alerts.map(({ alert }) => [alert, 'ok', false]),
      );
    },
    WAIT_MS,
  );

  test.each(panels)(
    'the dashboard has something to show: $title, $expression',
    async (panel) => {
      const { title, expression } = panel;
      if (EMPTY_WHEN_ALL_IS_WELL.includes(title)) await prometheus.query(expression);
      else await shows(expression);
    },
    WAIT_MS,
  );

  test('alerts and panels ask only for what the processes tell', async () => {
    const text = (await Promise.all(Object.values(pages).map(pageOf))).join('\n');
    const known = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name));
    const expressions = [
      ...alerts.map(({ expr }) => expr),
      ...panels.map((each) => each.expression),
    ];
    const asked = [...new Set(expressions.flatMap(metricsOf))];
    expect(asked.length).toBeGreaterThan(25);
    expect(asked.filter((name) => !known.has(name))).toEqual([]);
  });
}
