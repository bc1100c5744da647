import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Connection } from '#kube/connection';
import { KUBE_CALL } from '#lib/kubernetes-limits';
import { ManualClock } from '#support/manual-clock';

let directory: string;
let clock: ManualClock;
let environment: NodeJS.ProcessEnv;
const connections: Connection[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-connection-'));
  clock = new ManualClock();
  environment = { ...process.env };
});

afterEach(async () => {
  process.env = environment;
  for (const connection of connections.splice(0)) await connection.close();
  await rm(directory, { recursive: true });
});

test('the token of a kubeconfig', async () => {
  const connection = await open({ token: 'abc' });
  expect(connection.server).toBe('https://10.0.0.1:6443');
  expect(connection.namespace).toBe('here');
  expect((await connection.access()).headers).toEqual({ authorization: 'Bearer abc' });
});

test('name and password', async () => {
  const connection = await open({ username: 'me', password: 'pw' });
  const basic = Buffer.from('me:pw').toString('base64');
  expect((await connection.access()).headers).toEqual({ authorization: `Basic ${basic}` });
});

test('a token file is found beside the kubeconfig, and read again once refused', async () => {
  await writeFile(join(directory, 'token'), 'first');
  const connection = await open({ tokenFile: 'token' });
  expect((await connection.access()).headers).toEqual({ authorization: 'Bearer first' });
  await writeFile(join(directory, 'token'), 'second');
  // Not again and again: a token that is wrong stays wrong.
  expect(connection.reload()).toBe(false);
  clock.advance(KUBE_CALL.credentialsMs);
  expect(connection.reload()).toBe(true);
  expect((await connection.access()).headers).toEqual({ authorization: 'Bearer second' });
  expect(connection.reload()).toBe(false);
});

test('a plugin is asked, and again when what it gave has expired', async () => {
  const script = join(directory, 'plugin.mjs');
  await writeFile(
    script,
    `import { readFileSync, writeFileSync } from 'node:fs';
    const file = ${JSON.stringify(join(directory, 'count'))};
    let count = 1;
    try { count = Number(readFileSync(file, 'utf8')) + 1; } catch {}
    writeFileSync(file, String(count));
    console.log(JSON.stringify({
      status: { token: 'token-' + count, expirationTimestamp: new Date(0).toISOString() },
    }));`,
  );
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: process.execPath,
    args: [script],
  };
  const connection = await open({ exec });
  const first = await connection.access();
  expect(first.headers).toEqual({ authorization: 'Bearer token-1' });
  // Side by side and shortly after one another, calls share an answer.
  const [second, third] = await Promise.all([connection.access(), connection.access()]);
  expect([second, third]).toEqual([first, first]);
  clock.advance(KUBE_CALL.credentialsMs);
  expect((await connection.access()).headers).toEqual({ authorization: 'Bearer token-2' });
});

test('a plugin that fails is asked again by the next call', async () => {
  const exec = { command: process.execPath, args: ['--eval', 'process.exit(1)'] };
  const connection = await open({ exec });
  await expect(connection.access()).rejects.toThrow();
  await expect(connection.access()).rejects.toThrow();
});

test('connections stay as long as what they were secured with', async () => {
  const certificate = join(directory, 'client.crt');
  await writeFile(certificate, 'one');
  const connection = await open({ 'client-certificate': certificate });
  const first = await connection.access();
  clock.advance(KUBE_CALL.credentialsMs);
  const second = await connection.access();
  expect(second.calls).toBe(first.calls);
  expect(second.unbounded).toBe(first.unbounded);
  await writeFile(certificate, 'two');
  clock.advance(KUBE_CALL.credentialsMs);
  const third = await connection.access();
  expect(third.calls).not.toBe(first.calls);
});

test('the context that is asked for', async () => {
  const kubeconfig = await write({ token: 'abc' });
  expect(() => new Connection({ kubeconfig, context: 'none', clock })).toThrow(
    'no cluster for the context "none"',
  );
  const connection = new Connection({ kubeconfig, context: 'main', clock });
  connections.push(connection);
  expect(connection.server).toBe('https://10.0.0.1:6443');
});

test('without any configuration the message says what to do', () => {
  process.env = { HOME: directory };
  expect(() => new Connection({ clock })).toThrow('set KUBECONFIG');
});

async function write(user: object): Promise<string> {
  const kubeconfig = join(directory, 'kubeconfig');
  const config = {
    'current-context': 'main',
    contexts: [{ name: 'main', context: { cluster: 'c', user: 'u', namespace: 'here' } }],
    clusters: [{ name: 'c', cluster: { server: 'https://10.0.0.1:6443/' } }],
    users: [{ name: 'u', user }],
  };
  await writeFile(kubeconfig, JSON.stringify(config));
  return kubeconfig;
}

async function open(user: object): Promise<Connection> {
  const connection = new Connection({ kubeconfig: await write(user), clock });
  connections.push(connection);
  return connection;
}
