import { once } from 'node:events';
import type { ClientHttp2Session } from 'node:http2';
import { afterEach, describe, expect, test } from '@jest/globals';
import { status } from '@grpc/grpc-js';
import { createLog } from '#lib/log';
import type { GrpcServer, GrpcServerOptions } from '#proto/grpc-transport/server';
import { createSelfSigned } from '#proto/grpc-transport/self-signed';
import {
  EchoClient,
  EMPTY_MESSAGE,
  grpcRequest,
  http2Session as open,
  startEcho,
} from '#support/grpc-echo';
import { until } from '#support/until';

const HOUR = 3_600_000;
const tls = createSelfSigned({
  names: ['localhost', '127.0.0.1'],
  notBefore: new Date(Date.now() - HOUR),
  notAfter: new Date(Date.now() + HOUR),
});

const servers: GrpcServer[] = [];
const clients: { close(): void }[] = [];

afterEach(async () => {
  for (const used of clients.splice(0)) used.close();
  await Promise.all(servers.splice(0).map((server) => server.drain(0)));
});

async function start(options: Partial<GrpcServerOptions> = {}) {
  const started = await startEcho({ tls, ...options });
  servers.push(started.server);
  return { ...started, counters: () => started.server.counters['internal']! };
}

function client(...parameters: ConstructorParameters<typeof EchoClient>): EchoClient {
  const made = new EchoClient(...parameters);
  clients.push(made);
  return made;
}

describe('one port', () => {
  test('takes plaintext and TLS side by side', async () => {
    const { port, counters } = await start();
    const plain = client(port);
    const secure = client(port, { rootCert: tls.cert });
    expect(`${await plain.unary('Echo', 'plain')}`).toBe('plain');
    expect(`${await secure.unary('Echo', 'secure')}`).toBe('secure');
    expect(`${await plain.unary('Echo', Buffer.alloc(3_000_000, 'x'))}`).toHaveLength(3_000_000);
    expect(`${await secure.unary('Echo', Buffer.alloc(3_000_000, 'x'))}`).toHaveLength(3_000_000);
    expect(counters().connections).toEqual({ open: 2, tls: 1, plaintext: 1 });
    expect(counters().calls).toEqual({ started: 4, failed: 0 });
  });

  test('answers raw HTTP/2 with prior knowledge', async () => {
    const { port } = await start();
    const session = http2Session(port);
    const stream = grpcRequest(session, 'Echo');
    stream.end(Buffer.from('\0\0\0\0\x02hi'));
    const trailers = once(stream, 'trailers');
    const chunks = await stream.toArray();
    expect(
      Buffer.concat(chunks as Buffer[])
        .subarray(5)
        .toString(),
    ).toBe('hi');
    expect((await trailers)[0]).toMatchObject({ 'grpc-status': '0' });
  });

  test('tells handlers the listener, the peer, the authority and the deadline', async () => {
    const { port, record } = await start();
    const before = Date.now();
    const waiting = client(port).unary('Wait', '', 5000);
    await until(5000, () => record.calls.length === 1);
    const [call] = record.calls;
    expect(call).toMatchObject({ listener: 'internal', authority: `127.0.0.1:${port}` });
    expect(call!.peer).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(call!.deadlineMs).toBeGreaterThan(before + 4000);
    expect(call!.deadlineMs).toBeLessThanOrEqual(Date.now() + 5000);
    record.release();
    await waiting;
  });

  test('keeps listeners apart by name', async () => {
    const { server, record } = await start({
      listeners: [
        { name: 'internal', host: '127.0.0.1', port: 0 },
        { name: 'external', host: '127.0.0.1', port: 0 },
      ],
    });
    await client(server.port('external')).unary('Echo', '');
    await client(server.port('internal')).unary('Echo', '');
    expect(record.calls.map((call) => call.listener)).toEqual(['external', 'internal']);
  });

  test('is an error when it is taken', async () => {
    const { port } = await start();
    const listeners = [
      { name: 'free', host: '127.0.0.1', port: 0 },
      { name: 'taken', host: '127.0.0.1', port },
    ];
    await expect(startEcho({ listeners })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});

describe('calls', () => {
  test('of methods that nobody serves are UNIMPLEMENTED', async () => {
    const { port } = await start();
    await expect(client(port).unary('Missing', '')).rejects.toMatchObject({
      code: status.UNIMPLEMENTED,
    });
  });

  test.each(['Throw', 'Reject'])(
    'whose handler fails unforeseen (%s) tell the client nothing and the log all',
    async (method) => {
      const lines: string[] = [];
      const destination = { write: (line: string) => void lines.push(line) };
      const log = createLog({ level: 'info', format: 'json', destination });
      const { port, counters } = await start({ log });
      const failure = await client(port)
        .unary(method, '')
        .catch((error: Error) => error);
      expect(failure).toMatchObject({ code: status.INTERNAL });
      expect(String(failure)).not.toContain('secret');
      expect(lines.join()).toContain('a secret');
      expect(counters().calls).toEqual({ started: 1, failed: 1 });
    },
  );

  test('are cancelled for the handler when the client cancels', async () => {
    const { port, record } = await start();
    const stream = client(port).stream('Stream', '1000');
    await once(stream, 'data');
    stream.on('error', () => undefined);
    stream.cancel();
    await until(5000, () => record.cancels.length > 0);
    expect(record.calls[0]?.cancelled).toBe(true);
    record.calls[0]?.onCancel(() => record.cancels.push('late'));
    expect(record.cancels).toEqual(['Stream', 'late']);
  });

  test('are cancelled for the handler when their deadline passes', async () => {
    const { port, record } = await start();
    const patient = client(port);
    await patient.waitUntilReady();
    await expect(patient.unary('Wait', '', 500)).rejects.toMatchObject({
      code: status.DEADLINE_EXCEEDED,
    });
    await until(5000, () => record.cancels.length > 0);
    record.release();
    expect(record.cancels).toEqual(['Wait']);
  });

  test('are cancelled for the handler when the connection is lost', async () => {
    const { port, record } = await start();
    const session = http2Session(port);
    grpcRequest(session, 'Wait').end(EMPTY_MESSAGE);
    grpcRequest(session, 'Chat').write(EMPTY_MESSAGE);
    await until(5000, () => record.calls.length === 2);
    session.destroy();
    await until(5000, () => record.cancels.length === 3);
    expect(record.cancels.toSorted()).toEqual(['Chat', 'Chat ended', 'Wait']);
  });

  test('that end well are never cancelled, also when the connection closes later', async () => {
    const { port, record, counters } = await start();
    const well = client(port);
    await well.unary('Echo', '');
    const stream = well.stream('Stream', '3');
    expect(await stream.toArray()).toHaveLength(3);
    const chat = well.chat();
    chat.end();
    await chat.toArray();
    well.close();
    await until(5000, () => counters().connections.open === 0);
    expect(record.cancels).toEqual(['Chat ended']);
    expect(record.calls.map((call) => call.cancelled)).toEqual([false, false, false]);
  });

  test('in both directions echo, fail as the handler says, survive its errors', async () => {
    const { port, counters } = await start();
    const chat = client(port).chat();
    chat.write(Buffer.from('one'));
    expect(`${(await once(chat, 'data')) as unknown}`).toBe('one');
    chat.write(Buffer.from('fail'));
    expect(await once(chat, 'error')).toMatchObject([{ code: 3, details: 'not that' }]);
    const second = client(port).chat();
    second.write(Buffer.from('throw'));
    await expect(once(second, 'data')).rejects.toMatchObject({ code: status.INTERNAL });
    expect(counters().calls.failed).toBe(1);
  });
});

describe('draining', () => {
  test('lets calls under way end, refuses new connections, then closes', async () => {
    const { server, port, record } = await start();
    const busy = client(port);
    const waiting = busy.unary('Wait', 'late');
    await until(5000, () => record.calls.length === 1);
    const drained = server.drain(10_000);
    await expect(client(port).unary('Echo', '', 500)).rejects.toMatchObject({
      code: expect.any(Number),
    });
    record.release();
    expect(`${await waiting}`).toBe('late');
    await drained;
  });

  test('sends GOAWAY and cuts what lasts too long', async () => {
    const { server, port, record } = await start();
    const session = http2Session(port);
    await once(session, 'remoteSettings');
    const goaway = once(session, 'goaway');
    const closed = once(session, 'close');
    const chat = client(port).chat();
    chat.on('error', () => undefined);
    chat.write(Buffer.from('hello'));
    await once(chat, 'data');
    const before = Date.now();
    await server.drain(300);
    expect(Date.now() - before).toBeGreaterThanOrEqual(290);
    expect(await goaway).toBeDefined();
    await closed;
    await until(5000, () => record.cancels.includes('Chat'));
  });
});

function http2Session(port: number): ClientHttp2Session {
  const session = open(port);
  clients.push({ close: () => session.destroy() });
  return session;
}
