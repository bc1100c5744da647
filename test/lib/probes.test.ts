import { connect, type Socket } from 'node:net';
import { Counter } from 'prom-client';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createLog } from '#lib/log';
import { createRegistry } from '#lib/metrics';
import { createProbes, type Probes } from '#lib/probes';

let reason: string | undefined;
let probes: Probes;
const registry = createRegistry({ node_type: 'broker' });
const counter = new Counter({ name: 'sluice_tests_total', help: 'Tests.', registers: [registry] });

beforeAll(async () => {
  probes = createProbes({
    host: '127.0.0.1',
    port: 0,
    registry,
    readiness: () => reason,
    log: createLog({ level: 'silent', format: 'json' }),
  });
  await probes.start();
});
afterAll(() => probes.stop());

async function get(path: string, init?: RequestInit): Promise<[number, string]> {
  const response = await fetch(`http://${probes.address()}${path}`, init);
  return [response.status, await response.text()];
}

test('healthz says that the process answers', async () => {
  expect(await get('/healthz')).toEqual([200, 'ok\n']);
});

test('readyz says why it is not ready', async () => {
  expect(await get('/readyz')).toEqual([200, 'ready\n']);
  reason = 'the log is being recovered';
  expect(await get('/readyz?verbose')).toEqual([503, 'the log is being recovered\n']);
  reason = undefined;
});

test('metrics has ours and those of the process, with the labels', async () => {
  counter.inc(3);
  const [status, text] = await get('/metrics');
  expect(status).toBe(200);
  expect(text).toContain('sluice_tests_total{node_type="broker"} 3\n');
  const [, bytes] = /^process_resident_memory_bytes\{.*\} (\d+)$/m.exec(text) ?? [];
  expect(Number(bytes)).toBeGreaterThan(10_000_000);
});

test('metrics that can not be collected are a 500, without the reason', async () => {
  const broken = createRegistry();
  broken.metrics = () => Promise.reject(new Error('inner detail'));
  const options = { host: '127.0.0.1', port: 0, registry: broken, readiness: () => undefined };
  const other = createProbes({ ...options, log: createLog({ level: 'silent', format: 'json' }) });
  await other.start();
  const response = await fetch(`http://${other.address()}/metrics`);
  expect([response.status, await response.text()]).toEqual([
    500,
    'internal error; the server log has the cause\n',
  ]);
  await other.stop();
});

describe('bad input', () => {
  test('other paths and methods', async () => {
    expect((await get('/'))[0]).toBe(404);
    expect((await get('/metrics/../../etc/passwd'))[0]).toBe(404);
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      expect(await get('/healthz', { method })).toEqual([405, 'only GET is allowed here\n']);
    }
  });

  test('a body is not read, and ends the connection', async () => {
    const answer = await raw(
      'GET /healthz HTTP/1.1\r\nhost: x\r\ncontent-length: 999999999\r\n\r\n',
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200 .*connection: close/is);
  });

  test('headers that are too large', async () => {
    const answer = await raw(`GET /healthz HTTP/1.1\r\nx: ${'y'.repeat(9000)}\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
  });

  test('garbage', async () => {
    expect(await raw('\u0016\u0003\u0001\u0000garbage\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
    expect((await get('/healthz'))[0]).toBe(200);
  });

  test('a connection that says nothing does not keep it from stopping', async () => {
    const options = { host: '127.0.0.1', port: 0, registry, readiness: () => undefined };
    const other = createProbes({ ...options, log: createLog({ level: 'silent', format: 'json' }) });
    await other.start();
    const silent = open(other.address());
    await new Promise((resolve) => silent.once('connect', resolve));
    const closed = new Promise((resolve) => silent.once('close', resolve));
    await other.stop();
    await closed;
  });
});

function open(address: string): Socket {
  const [host, port] = address.split(':');
  return connect(Number(port), host).on('error', () => undefined);
}

/** Everything that the server says to these bytes until it closes the connection. */
function raw(text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = open(probes.address());
    let answer = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk));
    socket.once('close', () => resolve(answer));
    socket.write(text);
  });
}
