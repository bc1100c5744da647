import { request, type RequestOptions } from 'node:https';
import { connect as connectPlain } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { systemClock } from '#lib/clock';
import { SluiceError } from '#lib/errors';
import { WEBHOOK } from '#lib/kubernetes-limits';
import { createLog } from '#lib/log';
import { WebhookServer, type Answer } from '#operator/webhook/server';
import { createSelfSigned } from '#proto/grpc-transport/self-signed';
import { until } from '#support/until';
import { whenClosed } from '#support/when-closed';

const log = createLog({ level: 'silent', format: 'json' });
const [pairA, pairB] = [pair(), pair()];
const echo: Answer = (body) => ({ bytes: body.length });

let answer: Answer;
let server: WebhookServer;
let isStopped: boolean;

beforeEach(async () => {
  answer = echo;
  isStopped = false;
  server = new WebhookServer({
    host: '127.0.0.1',
    port: 0,
    answer: (body) => answer(body),
    clock: systemClock,
    log,
  });
  await server.start();
  server.useCertificate(pairA);
});

afterEach(() => (isStopped ? undefined : server.stop()));

test('POST /validate is answered, whatever the query', async () => {
  expect(await post('hello')).toEqual({ status: 200, body: '{"bytes":5}' });
  expect(await post('hello', { path: '/validate?timeout=5s' })).toMatchObject({ status: 200 });
});

test('other paths and methods are refused', async () => {
  expect(await post('x', { path: '/' })).toMatchObject({ status: 404 });
  expect(await post('x', { path: '/validated' })).toMatchObject({ status: 404 });
  expect(await post('', { method: 'GET' })).toMatchObject({ status: 405 });
});

test('what is no question is a bad request; what fails inside stays inside', async () => {
  answer = () => {
    throw new SluiceError('BAD_REQUEST', 'the body is not JSON');
  };
  expect(await post('{')).toEqual({ status: 400, body: 'the body is not JSON\n' });
  answer = () => {
    throw new Error('secret of the inside');
  };
  const failed = await post('{}');
  expect(failed.status).toBe(500);
  expect(failed.body).not.toContain('secret');
});

test('a body as large as allowed is read, a larger one is refused', async () => {
  const largest = 'x'.repeat(WEBHOOK.requestBytesMax);
  expect(await post(largest)).toEqual({ status: 200, body: `{"bytes":${largest.length}}` });
  // By what it says of itself, before any of it is read.
  const announced = await raw(`content-length: ${WEBHOOK.requestBytesMax + 1}\r\n`, '');
  expect(announced).toContain('413 Payload Too Large');
  expect(announced).toContain('connection: close');
  // By what comes.
  const chunk = `${(WEBHOOK.requestBytesMax + 1).toString(16)}\r\n${largest}x\r\n0\r\n\r\n`;
  expect(await raw('transfer-encoding: chunked\r\n', chunk)).toContain('413 Payload Too Large');
});

test('many large bodies at once: one is turned away, and there is room again', async () => {
  const count = Math.floor(WEBHOOK.requestsBytesMax / WEBHOOK.requestBytesMax);
  const head = `content-length: ${WEBHOOK.requestBytesMax}\r\n`;
  const almost = 'x'.repeat(WEBHOOK.requestBytesMax - 1);
  const held = await Promise.all(Array.from({ length: count }, () => open(head, almost)));
  await until(5000, async () => (await post('x'.repeat(64))).status === 503);
  for (const socket of held) socket.destroy();
  await until(5000, async () => (await post('x'.repeat(64))).status === 200);
});

test('a client that does not get on is given up, and others do not wait for it', async () => {
  const slowBody = await open('content-length: 100\r\n', 'x');
  const slowHead = await openTls();
  slowHead.write('POST /validate HTTP/1.1\r\nhost: x\r\n');
  const silent = connectPlain(server.port, '127.0.0.1');
  const gone = [slowBody, slowHead, silent].map((socket) => whenClosed(socket.resume()));
  expect(await post('quick')).toMatchObject({ status: 200 });
  await Promise.all(gone);
}, 20_000);

test('garbage instead of TLS or HTTP ends that connection only', async () => {
  const plain = connectPlain(server.port, '127.0.0.1');
  plain.write('POST /validate HTTP/1.1\r\n\r\n');
  await whenClosed(plain.resume());
  const garbage = await openTls();
  garbage.write('\u0000\u0001 nonsense\r\n\r\n');
  await whenClosed(garbage.resume());
  expect(await raw(`x-long: ${'x'.repeat(WEBHOOK.headerBytesMax)}\r\n`, '')).toContain('431');
  expect(await post('fine')).toMatchObject({ status: 200 });
});

test('a new certificate is for new connections; open ones go on', async () => {
  const before = await openTls();
  server.useCertificate(pairB);
  const after = await openTls(pairB.cert);
  expect(after.getPeerX509Certificate()?.toString()).toBe(pairB.cert);
  before.write('POST /validate HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\nok');
  const [data] = (await once(before, 'data')) as [Buffer];
  expect(data.toString()).toContain('200 OK');
  before.destroy();
  after.destroy();
});

test('stopping answers what came in, and closes the rest', async () => {
  const idle = await open('content-length: 2\r\n', 'ok');
  await once(idle, 'data');
  const busy = await open('content-length: 2\r\n', 'o');
  const { port } = server;
  isStopped = true;
  const stopped = server.stop();
  busy.write('k');
  const [data] = (await once(busy, 'data')) as [Buffer];
  expect(data.toString()).toContain('200 OK');
  expect(data.toString()).toContain('connection: close');
  const gone = idle.closed ? [] : whenClosed(idle.resume());
  await Promise.all([stopped, gone]);
  const refused = connectPlain(port, '127.0.0.1');
  const [error] = (await once(refused, 'error')) as [NodeJS.ErrnoException];
  expect(error.code).toBe('ECONNREFUSED');
});

function pair() {
  return createSelfSigned({
    names: ['127.0.0.1'],
    notBefore: new Date(Date.now() - 3_600_000),
    notAfter: new Date(Date.now() + 3_600_000),
  });
}

function post(
  body: string,
  options: RequestOptions = {},
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const call = request(
      {
        host: '127.0.0.1',
        port: server.port,
        path: '/validate',
        method: 'POST',
        ca: pairA.cert,
        agent: false,
        ...options,
      },
      (response) => {
        let text = '';
        response.on('data', (chunk) => (text += String(chunk)));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
      },
    );
    call.on('error', reject);
    call.end(body);
  });
}

async function openTls(ca = pairA.cert): Promise<TLSSocket> {
  const socket = connectTls({ host: '127.0.0.1', port: server.port, ca });
  socket.on('error', () => undefined);
  await once(socket, 'secureConnect');
  return socket;
}

/** A request by hand: its head, and the beginning of its body. */
async function open(headers: string, body: string): Promise<TLSSocket> {
  const socket = await openTls();
  socket.write(`POST /validate HTTP/1.1\r\nhost: x\r\n${headers}\r\n${body}`);
  return socket;
}

/** All that comes back until the connection is closed. */
async function raw(headers: string, body: string): Promise<string> {
  const socket = await open(headers, body);
  let text = '';
  socket.on('data', (chunk) => (text += String(chunk)));
  await whenClosed(socket);
  return text;
}
