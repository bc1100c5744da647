/** Two name servers and two brokers, each in a process of its own, with the public Node client. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { REGISTRY } from '#lib/fleet-limits';
import { createAdminClient } from '#proto/admin-client';
import { defineTopic, namesOf, routed, untilRouted } from '#support/fleet';
import {
  startBroker,
  startNameServer,
  type NameServerProcess,
  type SluiceProcess,
} from '#support/sluice-process';
import { until, withinMs } from '#support/until';
import type { Producer } from '../conformance/clients.ts';
import { NodeClients } from '../conformance/node-clients.ts';

const TOPIC = 'orders';
const QUEUES = 2;
const BOTH = ['broker-1', 'broker-2'];
const FLEET_TOKEN = { SLUICE_FLEET_TOKEN: 'a-secret-of-the-fleet' };
/** A machine that is busy with other tests may be this late with anything. */
const LATE_MS = 3000;

const nameServers: NameServerProcess[] = [];
const brokers: SluiceProcess[] = [];
const clients: NodeClients[] = [];
const toEnd: (() => unknown)[] = [];

beforeAll(async () => {
  for (let index = 0; index < 2; index++) {
    const nameServer = await startNameServer({ environment: FLEET_TOKEN });
    nameServers.push(nameServer);
    toEnd.push(() => nameServer.dispose());
  }
  for (const name of BOTH) brokers.push(await fleetBroker(name));
  for (const { admin } of brokers) await define(admin);
  for (const nameServer of nameServers) await untilNames(nameServer, BOTH, LATE_MS);
}, 60_000);

/** They say good-bye to servers, which have to be there still. */
afterEach(async () => {
  for (const each of clients.splice(0)) await each.close();
});

afterAll(async () => {
  for (const end of toEnd.reverse()) await end();
});

test('a producer and a consumer that know a name server only use both brokers', async () => {
  const reached = clientsOf(nameServers[0]!);
  const consumer = await reached.simpleConsumer({ topic: TOPIC, group: 'readers' }, 1000);
  const producer = await reached.producer([TOPIC]);
  const sent = new Set<string>();
  for (let index = 0; index < 12; index++) sent.add(await send(producer, `both ${index}`));
  const received = new Set<string>();
  await until(
    20_000,
    async () => {
      for (const message of await consumer.receive(32, 30_000)) {
        received.add(message.messageId);
        await consumer.ack(message);
      }
      return received.size >= sent.size;
    },
    () => `${received.size} of ${sent.size} came`,
  );
  expect(received).toEqual(sent);
  const stored = await Promise.all(brokers.map(({ admin }) => messagesAt(admin)));
  expect(stored.every((count) => count > 0)).toBe(true);
  expect(stored.reduce((sum, count) => sum + count, 0)).toBe(sent.size);
}, 60_000);

test('a broker that is killed leaves the routes, sends go on, and it comes back', async () => {
  const [alive, victim] = brokers as [SluiceProcess, SluiceProcess];
  const ask = await producerProcess(nameServers[0]!);
  expect(await ask('before')).toBe('sent');
  const before = await messagesAt(alive.admin);
  await victim.kill();
  let sent = 0;
  // One send after the other, through the time in which routes still name the dead broker.
  await until(REGISTRY.brokenStreamMs + LATE_MS, async () => {
    expect(await ask(`meanwhile ${sent++}`)).toBe('sent');
    const routes = await Promise.all(nameServers.map(routedNames));
    return routes.every((names) => names.join() === 'broker-1');
  });
  // Those whose answer got lost may have been stored twice; none of them is lost.
  expect((await messagesAt(alive.admin)) - before).toBeGreaterThanOrEqual(sent);
  await victim.restart();
  for (const nameServer of nameServers) await untilNames(nameServer, BOTH, LATE_MS);
  const known = await messagesAt(victim.admin);
  expect(known).toBeGreaterThan(0);
  // A new one, since this client never goes back to an address that failed once.
  const fresh = await clientsOf(nameServers[1]!).producer([TOPIC]);
  for (const name of BOTH) await send(fresh, `to ${name} again`);
  expect(await messagesAt(victim.admin)).toBe(known + 1);
}, 60_000);

test('a name server that is killed is missed by nobody, and learns the brokers again', async () => {
  const [victim, alive] = nameServers as [NameServerProcess, NameServerProcess];
  const pids = brokers.map(({ pid }) => pid);
  await victim.kill();
  expect(await routedNames(alive)).toEqual(BOTH);
  const producer = await clientsOf(alive).producer([TOPIC]);
  await send(producer, 'by the other one');
  await victim.restart();
  await untilNames(victim, BOTH, REGISTRY.relearnMs + LATE_MS);
  expect(brokers.map(({ pid, running }) => running && pid)).toEqual(pids);
  await until(REGISTRY.relearnMs + LATE_MS, async () => (await readyz(victim)) === 200);
  const metrics = await (await fetch(`http://${victim.metrics}/metrics`)).text();
  expect(metrics).toContain('\nsluice_nameserver_brokers 2\n');
  expect(metrics).toContain('\nsluice_nameserver_topics 1\n');
}, 60_000);

describe('the registry', () => {
  test('turns a broker with another token away, and both say why', async () => {
    const environment = { SLUICE_FLEET_TOKEN: 'not-that-one' };
    const stranger = await fleetBroker('stranger', environment);
    const said = (by: { log(): string[] }, ...words: string[]): Promise<boolean> =>
      until(5000, () => by.log().some((line) => words.every((word) => line.includes(word))));
    await said(stranger, '"level":"warn"', 'not registered at a name server', 'UNAUTHENTICATED');
    await said(nameServers[0]!, '"level":"warn"', 'it lacks the token of the fleet');
    expect(stranger.log().join('\n')).not.toContain(environment.SLUICE_FLEET_TOKEN);
    await define(stranger.admin);
    for (const nameServer of nameServers) expect(await routedNames(nameServer)).toEqual(BOTH);
    expect(await stranger.stop()).toBe(0);
  });

  test('refuses a second broker of the same name', async () => {
    const twin = await fleetBroker('broker-1');
    await until(5000, () => twin.log().some((line) => line.includes('another broker is regist')));
    expect(await twin.stop()).toBe(0);
    expect(await routedNames(nameServers[0]!)).toEqual(BOTH);
  });
});

test('SIGTERM ends all of them with 0', async () => {
  const codes = await Promise.all([...brokers, ...nameServers].map((each) => each.stop()));
  expect(codes).toEqual([0, 0, 0, 0]);
});

async function fleetBroker(name: string, environment = FLEET_TOKEN): Promise<SluiceProcess> {
  const registries = nameServers.map(({ registry }) => registry).join(',');
  const args = ['--name', name, '--name-servers', registries, '--no-auto-create-topics'];
  const broker = await startBroker({ arguments: args, environment });
  toEnd.push(() => broker.dispose());
  return broker;
}

async function define(address: string): Promise<void> {
  await defineTopic(address, TOPIC, QUEUES);
  const admin = createAdminClient({ address });
  await admin.call('CreateGroup', { name: 'readers' });
  admin.close();
}

async function messagesAt(address: string): Promise<number> {
  const admin = createAdminClient({ address });
  const { queues } = await admin.call('DescribeTopic', { name: TOPIC });
  admin.close();
  return queues.reduce((sum, { maxOffset }) => sum + maxOffset, 0);
}

function clientsOf({ grpc }: NameServerProcess): NodeClients {
  const made = new NodeClients(grpc);
  clients.push(made);
  return made;
}

/** A producer that lives through an outage: gives what it says to each message. */
async function producerProcess({ grpc }: NameServerProcess) {
  const script = fileURLToPath(new URL('fixtures/producer-process.ts', import.meta.url));
  const child = spawn(process.execPath, [script, grpc, TOPIC], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  toEnd.push(() => child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = () =>
    withinMs(20_000, lines.next(), () => new Error('the producer does not answer'));
  expect((await answer()).value).toBe('ready');
  return async (body: string): Promise<string | undefined> => {
    child.stdin.write(`${body}\n`);
    return (await answer()).value;
  };
}

async function send(producer: Producer, body: string): Promise<string> {
  return (await producer.send({ topic: TOPIC, body: Buffer.from(body) })).messageId;
}

/** Names of the brokers in the route, each once. */
async function routedNames({ grpc }: NameServerProcess): Promise<string[]> {
  return (await routed(grpc, TOPIC)).map(({ name }) => name);
}

async function untilNames(
  { grpc }: NameServerProcess,
  names: readonly string[],
  timeoutMs: number,
): Promise<void> {
  await untilRouted(grpc, TOPIC, (routes) => namesOf(routes) === names.join(), timeoutMs);
}

async function readyz({ metrics }: NameServerProcess): Promise<number> {
  return (await fetch(`http://${metrics}/readyz`)).status;
}
