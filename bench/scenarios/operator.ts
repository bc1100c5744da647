import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { HollowNodes } from '#support/hollow-nodes';
import { openCluster } from '#support/cluster';
import { until } from '#support/until';
import { Estate, QUEUES } from '../cluster/estate.ts';
import { scrape, total } from '../cluster/exposition.ts';
import { cpuMicros, cpuShare, memory } from '../measure.ts';
import type { Scenario, Trial } from '../scenario.ts';
import { type Child, startChild } from '../servers/child.ts';
import { TARGETS } from '../targets.ts';

const OPERATOR = new URL('../servers/operator-process.ts', import.meta.url);
const FLEET = new URL('../servers/fleet-process.ts', import.meta.url);
const READY_MS = 900_000;
const RESYNC_MS = 300_000;
const LEADING_MS = 60_000;
const POLL_MS = 50;
/** After it, what the measurement before has caused is over. */
const SETTLE_MS = 10_000;

interface OperatorReady {
  /** `host:port` */
  readonly metrics: string;
}

type OperatorChild = Child<OperatorReady>;
type Ending = () => Promise<void>;

export const operator: Scenario = {
  name: 'operator',
  about: 'many instances and topics on a control plane without nodes, real brokers behind them',
  async run(trial) {
    if (trial.contender.transport === undefined) return;
    if (process.env['KUBECONFIG'] === undefined) {
      process.stderr.write('  SKIPPED for want of a cluster: set KUBECONFIG\n');
      return;
    }
    const endings: Ending[] = [];
    try {
      await measure(trial, endings);
    } finally {
      for (const end of endings.reverse()) await end();
    }
  },
};

async function measure(trial: Trial, endings: Ending[]): Promise<void> {
  const { operatorInstances, operatorTopics } = trial.sizes;
  const cluster = await openCluster();
  endings.push(() => cluster.close());
  const token = randomBytes(16).toString('hex');
  const instances = operatorInstances;
  const estate = new Estate({ cluster, instances, topics: operatorTopics, token });
  endings.push(() => estate.dispose());
  const addresses = await startFleet(trial, estate, token, endings);
  await estate.prepare();
  const zones = ['zone-a', 'zone-b', 'zone-c'];
  const nodes = await HollowNodes.start({ client: cluster.client, zones });
  endings.push(() => nodes.stop());
  const first = await startOperator(addresses);
  endings.push(() => first.stop());
  await untilLeading(first);
  await measureCreation(trial, estate, first);
  await measureChanges(trial, estate);
  trial.add('resident after all that', memory([first.pid]).residentMib, 'MiB');
  await first.stop();
  const again = await measureResync(trial, addresses);
  endings.push(() => again.stop());
  await measureIdle(trial, again);
}

/** A file with the admin ports of the brokers that it starts. */
async function startFleet(
  trial: Trial,
  { instances }: Estate,
  token: string,
  endings: Ending[],
): Promise<string> {
  const data = join(await trial.scratch(), 'fleet');
  const args = [data, token, ...instances];
  const fleet = await startChild<{ admin: Record<string, string> }>(FLEET, args);
  endings.push(() => fleet.kill());
  const file = join(await trial.scratch(), 'addresses.json');
  await writeFile(file, JSON.stringify(fleet.ready.admin));
  return file;
}

function startOperator(addresses: string): Promise<OperatorChild> {
  return startChild<OperatorReady>(OPERATOR, [addresses]);
}

/** Until then it changes nothing. */
async function untilLeading({ ready }: OperatorChild): Promise<void> {
  await until(
    LEADING_MS,
    async () => total(await scrape(ready.metrics), 'sluice_operator_leader') === 1,
    () => 'the operator does not lead',
  );
}

async function measureCreation(trial: Trial, estate: Estate, child: OperatorChild): Promise<void> {
  const startedAt = performance.now();
  await estate.create();
  const createdAt = performance.now();
  await estate.untilReady(READY_MS);
  const readyAt = performance.now();
  trial.add('instances', estate.instances.length, '');
  trial.add('topics', estate.topics.length, '');
  trial.add('all created', (createdAt - startedAt) / 1000, 's');
  trial.add('all ready', (readyAt - startedAt) / 1000, 's');
  const calls = await callsOf(child.ready.metrics);
  trial.add('API calls until then', sum(calls), '');
  tell('until all were ready', calls);
  trial.add('CPU until then', cpuMicros([child.pid]) / 1e6, 's');
  trial.add('resident then', memory([child.pid]).residentMib, 'MiB');
  await delay(SETTLE_MS);
}

/** One after the other, of different instances. */
async function measureChanges(trial: Trial, estate: Estate): Promise<void> {
  const changed = estate.topics.slice(0, trial.sizes.operatorChanges);
  const times: number[] = [];
  for (const topic of changed) times.push(await estate.change(topic, QUEUES + 1));
  times.sort((a, b) => a - b);
  const { topicChangeMs } = TARGETS;
  trial.add('change of a topic, p50', times[Math.floor(times.length / 2)] ?? 0, 'ms');
  trial.add('change of a topic, max', times.at(-1) ?? 0, 'ms', topicChangeMs);
}

/** From the start of the process until every object was looked at, and nothing waits. */
async function measureResync(trial: Trial, addresses: string): Promise<OperatorChild> {
  const startedAt = performance.now();
  const child = await startOperator(addresses);
  const { operatorInstances, operatorTopics } = trial.sizes;
  for (;;) {
    const samples = await scrape(child.ready.metrics);
    const done = (kind: string): number =>
      total(samples, 'sluice_operator_reconciles_total', { kind, outcome: 'ok' });
    const isDone = done('instance') >= operatorInstances && done('topic') >= operatorTopics;
    if (isDone && total(samples, 'sluice_operator_queue_depth') === 0) break;
    if (performance.now() - startedAt > RESYNC_MS) throw new Error('the resync does not end');
    await delay(POLL_MS);
  }
  const seconds = (performance.now() - startedAt) / 1000;
  trial.add('resync by a new process', seconds, 's', TARGETS.operatorResyncSeconds);
  await delay(SETTLE_MS);
  return child;
}

async function measureIdle(trial: Trial, { pid, ready }: OperatorChild): Promise<void> {
  const { operatorIdleSeconds } = trial.sizes;
  const before = await callsOf(ready.metrics);
  const cpu = (await cpuShare([pid], operatorIdleSeconds)) * 100;
  const calls = difference(await callsOf(ready.metrics), before);
  const perMinute = (sum(calls) * 60) / operatorIdleSeconds;
  trial.add('API calls, idle minute', perMinute, '', TARGETS.operatorIdleCalls);
  tell(`idle for ${operatorIdleSeconds} s`, calls);
  trial.add('CPU, idle', cpu, '%');
  const { residentMib, residentPeakMib } = memory([pid]);
  trial.add('resident, idle', residentMib, 'MiB', TARGETS.operatorResidentMib);
  trial.add('resident peak', residentPeakMib, 'MiB');
}

type Calls = ReadonlyMap<string, number>;

/** Calls of the Kubernetes API so far, by verb, resource and answer. */
async function callsOf(metrics: string): Promise<Calls> {
  return new Map(
    (await scrape(metrics))
      .filter(({ name }) => name === 'sluice_operator_api_calls_total')
      .map(({ labels: { verb, resource, code }, value }) => [`${verb} ${resource} ${code}`, value]),
  );
}

function difference(after: Calls, before: Calls): Calls {
  const entries = [...after].map(
    ([call, count]) => [call, count - (before.get(call) ?? 0)] as const,
  );
  return new Map(entries.filter(([, count]) => count > 0));
}

function sum(calls: Calls): number {
  return [...calls.values()].reduce((so, count) => so + count, 0);
}

/** Which calls they were, the most first: what to look at when a figure is bad. */
function tell(when: string, calls: Calls): void {
  const most = [...calls].sort(([, a], [, b]) => b - a);
  const text = most.map(([call, count]) => `${count} ${call}`).join(', ');
  process.stderr.write(`  ${sum(calls)} API calls, ${when}: ${text}\n`);
}
