/** What no real API server does on demand: answers that are wrong, slow, endless, or none. */
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { KubeCall, KubeError } from '#kube/client';
import { connect, type HttpKubeClient } from '#kube/http-client';
import { CONFIG_MAPS, LEASES } from '#kube/resources';
import { KUBE_CALL } from '#lib/kubernetes-limits';
import { VERSION } from '#lib/version';
import { ManualClock } from '#support/manual-clock';
import { until } from '#support/until';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const OBJECT = { metadata: { namespace: 'ns', name: 'a' } };
const REF = { namespace: 'ns', name: 'a' };

let server: Server;
let directory: string;
let kubeconfig: string;
let client: HttpKubeClient;
let clock: ManualClock;
let answers: Answer[];
let requests: IncomingMessage[];
let calls: KubeCall[];

beforeAll(async () => {
  server = createServer((request, response) => {
    requests.push(request);
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    answer?.(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  directory = await mkdtemp(join(tmpdir(), 'sluice-transport-'));
  kubeconfig = join(directory, 'kubeconfig');
  await writeFile(kubeconfig, JSON.stringify(kubeconfigOf(server)));
});

afterAll(async () => {
  await client.close();
  server.closeAllConnections();
  server.close();
  await rm(directory, { recursive: true });
});

beforeEach(async () => {
  await client?.close();
  answers = [];
  requests = [];
  calls = [];
  clock = new ManualClock();
  client = connect({ kubeconfig, clock, onCall: (call) => calls.push(call) });
});

test('says who it is', async () => {
  answers = [json(200, OBJECT)];
  await client.get(CONFIG_MAPS, REF);
  expect(requests[0]?.headers).toMatchObject({
    authorization: 'Bearer secret',
    'user-agent': `sluice-operator/${VERSION}`,
    accept: 'application/json',
  });
});

test('a read is tried again after a failure of the server, so often and no more', async () => {
  answers = [json(503, status('ServiceUnavailable')), json(200, OBJECT)];
  expect(await timely(client.get(CONFIG_MAPS, REF))).toEqual(OBJECT);
  expect(calls.map(({ code }) => code)).toEqual([503, 200]);

  answers = [json(500, status('InternalError'))];
  requests = [];
  await expect(timely(client.get(CONFIG_MAPS, REF))).rejects.toMatchObject({ status: 500 });
  expect(requests).toHaveLength(KUBE_CALL.attempts);
});

test('a write is not: it may have been done', async () => {
  answers = [json(500, status('InternalError'))];
  await expect(client.create(CONFIG_MAPS, OBJECT)).rejects.toMatchObject({ status: 500 });
  answers = [(request) => request.socket.destroy()];
  await expect(client.apply(CONFIG_MAPS, OBJECT)).rejects.toMatchObject({
    status: 0,
    reason: 'Unreachable',
  });
  expect(requests).toHaveLength(2);
  expect(calls.map(({ code }) => code)).toEqual([500, 0]);
});

test('whoever is asked to wait does so, reads and writes alike', async () => {
  answers = [json(429, status('TooManyRequests'), { 'retry-after': '3' }), json(201, OBJECT)];
  const startMs = clock.nowMs();
  expect(await timely(client.create(CONFIG_MAPS, OBJECT))).toEqual(OBJECT);
  expect(clock.nowMs() - startMs).toBeGreaterThanOrEqual(3000);

  answers = [json(429, status('TooManyRequests'), { 'retry-after': '3600' })];
  await expect(client.create(CONFIG_MAPS, OBJECT)).rejects.toMatchObject({
    status: 429,
    retryAfterMs: 3_600_000,
  });
});

test('a write is sent again while the definition of its kind is being changed', async () => {
  const away = { ...status('ServiceUnavailable'), message: 'apiserver is shutting down' };
  answers = [json(503, away), json(201, OBJECT)];
  expect(await timely(client.create(CONFIG_MAPS, OBJECT))).toEqual(OBJECT);

  answers = [json(503, { ...away, message: 'etcd does not answer' })];
  await expect(client.create(CONFIG_MAPS, OBJECT)).rejects.toMatchObject({ status: 503 });
});

test('an answer that never comes is given up', async () => {
  answers = [() => undefined];
  const call = client.create(CONFIG_MAPS, OBJECT).catch((error: unknown) => error as KubeError);
  await until(5000, () => requests.length === 1);
  clock.advance(KUBE_CALL.timeoutMs);
  expect(await call).toMatchObject({ status: 0, reason: 'Timeout' });
});

test('a Lease never waits for the connections of other calls', async () => {
  answers = [
    ({ url = '' }, response) => {
      if (url.includes('/leases/')) response.end(JSON.stringify(OBJECT));
    },
  ];
  const { connectionsMax } = KUBE_CALL;
  const stuck = Array.from({ length: connectionsMax + 1 }, () =>
    client.create(CONFIG_MAPS, OBJECT).catch((error: unknown) => error as KubeError),
  );
  await until(5000, () => requests.length === connectionsMax);
  expect(await client.get(LEASES, REF)).toEqual(OBJECT);
  expect(requests).toHaveLength(connectionsMax + 1);
  clock.advance(KUBE_CALL.timeoutMs);
  for (const call of stuck) expect(await call).toMatchObject({ reason: 'Timeout' });
});

test('an answer that stops in the middle is given up', async () => {
  answers = [(_request, response) => void response.writeHead(200).write('{"metadata":')];
  const call = client.create(CONFIG_MAPS, OBJECT).catch((error: unknown) => error as KubeError);
  await until(5000, () => calls.length === 1);
  clock.advance(KUBE_CALL.timeoutMs);
  expect(await call).toMatchObject({ reason: 'Timeout' });
});

test('an answer without end is cut off', async () => {
  const piece = Buffer.alloc(1024 * 1024, 'x');
  answers = [
    (_request, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write(piece));
      };
      response.on('drain', more);
      more();
    },
  ];
  await expect(client.create(CONFIG_MAPS, OBJECT)).rejects.toMatchObject({
    reason: 'InvalidAnswer',
    message: expect.stringContaining(`more than ${KUBE_CALL.answerBytesMax} bytes`),
  });
});

test('what is no JSON is told as it is', async () => {
  answers = [plain(200, '<html>')];
  await expect(client.create(CONFIG_MAPS, OBJECT)).rejects.toMatchObject({
    reason: 'InvalidAnswer',
  });
  answers = [plain(403, ' {nobody\n')];
  await expect(client.create(CONFIG_MAPS, OBJECT)).rejects.toMatchObject({
    status: 403,
    reason: 'Http403',
    message: '{nobody',
  });
});

test('a list that expired between two pages begins again', async () => {
  const page = (name: string, next: string) =>
    json(200, { metadata: { resourceVersion: '7', continue: next }, items: [named(name)] });
  answers = [page('a', 'more'), json(410, status('Expired')), page('a', 'more'), page('b', '')];
  const { items, resourceVersion } = await client.list(CONFIG_MAPS);
  expect(items.map(({ metadata }) => metadata?.name)).toEqual(['a', 'b']);
  expect(resourceVersion).toBe('7');

  answers = [page('a', 'more'), json(410, status('Expired'))];
  await expect(client.list(CONFIG_MAPS)).rejects.toMatchObject({ status: 410 });
});

test('a watch fails with what the API server says in it, and on what cannot be read', async () => {
  const expired = { type: 'ERROR', object: { ...status('Expired'), code: 410 } };
  answers = [plain(200, `${JSON.stringify(expired)}\n`)];
  await expect(watchOnce(client)).rejects.toMatchObject({ status: 410, reason: 'Expired' });
  answers = [plain(200, 'nonsense\n')];
  await expect(watchOnce(client)).rejects.toMatchObject({ reason: 'InvalidAnswer' });
  answers = [plain(200, 'x'.repeat(KUBE_CALL.watchLineBytesMax + 1))];
  await expect(watchOnce(client)).rejects.toMatchObject({ reason: 'InvalidAnswer' });
});

test('closing fails what is under way, and what comes after', async () => {
  answers = [() => undefined];
  const call = client.create(CONFIG_MAPS, OBJECT).catch((error: unknown) => error as KubeError);
  const watch = watchOnce(client).catch((error: unknown) => error as KubeError);
  await until(5000, () => requests.length === 2);
  await client.close();
  expect(await call).toMatchObject({ status: 0, reason: 'Closed' });
  expect(await watch).toMatchObject({ status: 0, reason: 'Closed' });
  await expect(client.get(CONFIG_MAPS, REF)).rejects.toMatchObject({ reason: 'Closed' });
});

/** Lets the waits between attempts pass. */
async function timely<R>(call: Promise<R>): Promise<R> {
  let isDone = false;
  const done = call.finally(() => {
    isDone = true;
  });
  done.catch(() => undefined);
  await until(10_000, () => {
    if (!isDone) clock.advance(500);
    return isDone;
  });
  return done;
}

async function watchOnce(from: HttpKubeClient): Promise<void> {
  const options = { resourceVersion: '1', timeoutSeconds: 60 };
  for await (const event of from.watch(CONFIG_MAPS, options, new AbortController().signal)) {
    void event;
  }
}

function json(code: number, body: object, headers: Record<string, string> = {}): Answer {
  return (_request, response) => void response.writeHead(code, headers).end(JSON.stringify(body));
}

function plain(code: number, text: string): Answer {
  return (_request, response) => void response.writeHead(code).end(text);
}

function named(name: string) {
  return { metadata: { namespace: 'ns', name } };
}

function status(reason: string) {
  return { kind: 'Status', status: 'Failure', reason, message: `it is ${reason}` };
}

function kubeconfigOf(from: Server) {
  const { port } = from.address() as AddressInfo;
  return {
    'current-context': 'c',
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u', namespace: 'ns' } }],
    clusters: [
      {
        name: 'c',
        cluster: { server: `http://127.0.0.1:${port}/`, 'insecure-skip-tls-verify': true },
      },
    ],
    users: [{ name: 'u', user: { token: 'secret' } }],
  };
}
