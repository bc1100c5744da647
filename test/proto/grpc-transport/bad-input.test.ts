/** What hostile or broken clients get: an error or a closed connection. */
import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, test } from '@jest/globals';
import { status } from '@grpc/grpc-js';
import { LISTEN } from '#lib/limits';
import type { GrpcServer, GrpcServerOptions } from '#proto/grpc-transport/server';
import { createSelfSigned } from '#proto/grpc-transport/self-signed';
import {
  EchoClient,
  EMPTY_MESSAGE,
  grpcRequest,
  http2Session as openSession,
  startEcho,
} from '#support/grpc-echo';
import { until } from '#support/until';

const HOUR = 3_600_000;
const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const tls = createSelfSigned({
  names: ['localhost', '127.0.0.1'],
  notBefore: new Date(Date.now() - HOUR),
  notAfter: new Date(Date.now() + HOUR),
});

let server: GrpcServer | undefined;
const toClose: (() => void)[] = [];

afterEach(async () => {
  for (const close of toClose.splice(0)) close();
  await server?.drain(0);
  server = undefined;
});

async function start(options: Partial<GrpcServerOptions> = {}) {
  const started = await startEcho({ tls, ...options });
  server = started.server;
  return { ...started, counters: () => started.server.counters['internal']! };
}

async function tcp(port: number): Promise<Socket> {
  const socket = connectTcp(port, '127.0.0.1');
  socket.on('error', () => undefined);
  toClose.push(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** The server still does its work. */
async function expectAlive(port: number): Promise<void> {
  const client = new EchoClient(port);
  toClose.push(() => client.close());
  expect(`${await client.unary('Echo', 'alive')}`).toBe('alive');
}

function session(port: number, options: Parameters<typeof openSession>[1] = {}) {
  const opened = openSession(port, options);
  toClose.push(() => opened.destroy());
  return opened;
}

describe('the first bytes', () => {
  test.each([
    ['garbage', Buffer.from('\x00\xff\x13\x37garbage'), 'protocol'],
    ['HTTP/1.1', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'), 'protocol'],
    ['a broken TLS hello', Buffer.from('160301ffff0100', 'hex'), 'handshake'],
  ] as const)('%s: closed and counted', async (_name, bytes, reason) => {
    const { port, counters } = await start({ limits: { handshakeMs: 200 } });
    const socket = await tcp(port);
    socket.resume();
    socket.end(bytes);
    await once(socket, 'close');
    await until(5000, () => counters().rejected[reason] === 1);
    await until(5000, () => counters().connections.open === 0);
    await expectAlive(port);
  });

  test('garbage behind a good preface, and a lone P: closed', async () => {
    const { port, counters } = await start({ limits: { idleConnectionMs: 300 } });
    const garbage = await tcp(port);
    garbage.resume();
    garbage.write(`${PREFACE}this is no frame at all, however long it may be`);
    await once(garbage, 'close');
    const lone = await tcp(port);
    lone.write('P');
    lone.resume();
    await once(lone, 'close');
    await until(5000, () => counters().connections.open === 0);
    await expectAlive(port);
  });

  test('none within the time: closed', async () => {
    const { port, counters } = await start({ limits: { firstByteMs: 100 } });
    const socket = await tcp(port);
    socket.resume();
    await once(socket, 'close');
    expect(counters().rejected.silent).toBe(1);
    await expectAlive(port);
  });

  test('a client that leaves without a word is no rejection', async () => {
    const { port, counters } = await start();
    const socket = await tcp(port);
    socket.end();
    socket.resume();
    await once(socket, 'close');
    await until(5000, () => counters().connections.open === 0);
    expect(counters().rejected).toEqual({ limit: 0, protocol: 0, silent: 0, handshake: 0 });
  });

  test('a preface that comes byte by byte is fine', async () => {
    const { port } = await start();
    const socket = await tcp(port);
    const settings = Buffer.from('000000040000000000', 'hex');
    for (const byte of Buffer.concat([Buffer.from(PREFACE), settings])) {
      socket.write(Buffer.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer[3]).toBe(4); // a SETTINGS frame
  });

  test('half a TLS hello: closed after the handshake time', async () => {
    const { port, counters } = await start({ limits: { handshakeMs: 100 } });
    const socket = await tcp(port);
    socket.write(Buffer.from('1603010200', 'hex'));
    socket.resume();
    await once(socket, 'close');
    expect(counters().rejected.handshake).toBe(1);
    await until(5000, () => counters().connections.open === 0);
  });

  test('TLS without HTTP/2 in its ALPN: closed', async () => {
    const { port, counters } = await start();
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
    socket.on('error', () => undefined);
    socket.resume();
    await once(socket, 'close');
    await until(5000, () => counters().connections.open === 0);
    await expectAlive(port);
  });

  test('TLS to a listener without a certificate: closed', async () => {
    const started = await startEcho();
    server = started.server;
    const socket = await tcp(started.port);
    socket.write(Buffer.from('1603010200', 'hex'));
    socket.resume();
    await once(socket, 'close');
    expect(server.counters['internal']?.rejected.protocol).toBe(1);
  });
});

describe('sizes', () => {
  test('more metadata than allowed: the call fails, the handler is not asked', async () => {
    const { port, record } = await start();
    const opened = session(port);
    await once(opened, 'remoteSettings');
    const big = grpcRequest(opened, 'Echo', { 'x-big': 'x'.repeat(LISTEN.metadataBytesMax) });
    big.end(EMPTY_MESSAGE);
    await until(5000, () => big.closed);
    expect(big.rstCode).not.toBe(0);
    expect(record.calls).toHaveLength(0);
    const fitting = grpcRequest(opened, 'Echo', { 'x-big': 'x'.repeat(12_000) });
    fitting.resume();
    fitting.end(EMPTY_MESSAGE);
    expect((await once(fitting, 'trailers'))[0]).toMatchObject({ 'grpc-status': '0' });
    await expectAlive(port);
  });

  test('a message above the limit: RESOURCE_EXHAUSTED, and the connection goes on', async () => {
    const { port, record } = await start({ limits: { requestBytesMax: 1000 } });
    const client = new EchoClient(port);
    toClose.push(() => client.close());
    await expect(client.unary('Echo', Buffer.alloc(1001))).rejects.toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
    });
    expect(await client.unary('Echo', Buffer.alloc(1000))).toHaveLength(1000);
    expect(record.calls).toHaveLength(1);
  });

  test('a message that is cut off: no call, and the connection goes on', async () => {
    const { port, record } = await start();
    const opened = session(port);
    const stream = grpcRequest(opened, 'Echo');
    stream.end(Buffer.from('\0\0\0\0\x10short'));
    const [headers] = (await once(stream, 'response')) as [Record<string, string>];
    expect(headers['grpc-status']).not.toBe('0');
    expect(record.calls).toHaveLength(0);
    const good = grpcRequest(opened, 'Echo');
    good.end(EMPTY_MESSAGE);
    expect((await once(good, 'trailers'))[0]).toMatchObject({ 'grpc-status': '0' });
  });

  test('a compressed message of rubbish or that explodes: an error', async () => {
    const { port, record } = await start({ limits: { requestBytesMax: 1000 } });
    const { gzipSync } = await import('node:zlib');
    const opened = session(port);
    for (const body of [Buffer.from('rubbish'), gzipSync(Buffer.alloc(1_000_000))]) {
      const stream = grpcRequest(opened, 'Echo', { 'grpc-encoding': 'gzip' });
      const head = Buffer.alloc(5);
      head.writeUInt8(1);
      head.writeUInt32BE(Math.min(body.length, 990), 1);
      stream.end(Buffer.concat([head, body.subarray(0, 990)]));
      const [headers] = (await once(stream, 'response')) as [Record<string, string>];
      expect(headers['grpc-status']).not.toBe('0');
    }
    expect(record.calls).toHaveLength(0);
  });

  test('more streams than allowed wait or are refused; the connection goes on', async () => {
    const { port, record } = await start({ limits: { streamsPerConnectionMax: 10 } });
    const opened = session(port);
    await once(opened, 'remoteSettings');
    const streams = Array.from({ length: 20 }, () => grpcRequest(opened, 'Wait'));
    for (const stream of streams) stream.end(EMPTY_MESSAGE);
    await until(5000, () => record.calls.length >= 10);
    expect(record.calls).toHaveLength(10);
    await expectAlive(port);
    record.release();
  });
});

describe('slow readers', () => {
  test('a handler that waits is kept waiting; a reader that stands still is cut', async () => {
    const { port, record, counters } = await start({ limits: { stalledReaderMs: 100 } });
    const opened = session(port);
    const stream = grpcRequest(opened, 'Stream');
    stream.pause();
    stream.end(Buffer.from('\0\0\0\0\x0410000').fill('9999', 5));
    await once(opened, 'close');
    expect(counters().slowReaders).toBe(1);
    await until(5000, () => record.cancels.length === 1);
    await expectAlive(port);
  });

  test('a handler that does not wait gets its reader cut at the bound', async () => {
    const { port, counters } = await start({ limits: { backlogMessagesMax: 500 } });
    const opened = session(port);
    const stream = grpcRequest(opened, 'Careless');
    stream.pause();
    stream.end(Buffer.from('\0\0\0\0\x049999'));
    await once(opened, 'close');
    expect(counters().slowReaders).toBe(1);
    await expectAlive(port);
  });

  test('a slow reader that does read gets everything', async () => {
    // A machine that stands still for a while itself is no reader that stands still.
    const stalledReaderMs = 2000;
    const { port, counters } = await start({ limits: { stalledReaderMs } });
    const client = new EchoClient(port);
    toClose.push(() => client.close());
    const startedMs = performance.now();
    let bytes = 0;
    for await (const message of client.stream('Stream', '100')) {
      bytes += (message as Buffer).length;
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    expect(performance.now() - startedMs).toBeGreaterThan(stalledReaderMs);
    expect(bytes).toBe(100 * 65_536);
    expect(counters().slowReaders).toBe(0);
  });
});

describe('floods', () => {
  test('2,000 connections above the limit: refused; those inside are served', async () => {
    const { port, counters } = await start({ limits: { connectionsMax: 50 } });
    const inside = new EchoClient(port);
    toClose.push(() => inside.close());
    await inside.unary('Echo', '');
    let closed = 0;
    // In waves: what the kernel has not accepted yet would look like an open connection here.
    for (let wave = 0; wave < 10; wave++) {
      const refusedBefore = counters().rejected.limit;
      for (let index = 0; index < 200; index++) {
        const socket = connectTcp(port, '127.0.0.1');
        socket.on('error', () => undefined);
        socket.on('close', () => closed++);
        toClose.push(() => socket.destroy());
      }
      const refused = wave === 0 ? 200 - 49 : 200;
      await until(10_000, () => counters().rejected.limit === refusedBefore + refused);
    }
    await until(10_000, () => closed === 2000 - 49);
    expect(counters().connections.open).toBe(50);
    expect(counters().rejected.limit).toBe(2000 - 49);
    expect(`${await inside.unary('Echo', 'served')}`).toBe('served');
  });

  test('pings every 10 ms without a call never kill the connection', async () => {
    const { port } = await start();
    const opened = session(port);
    let goaways = 0;
    opened.on('goaway', () => goaways++);
    await once(opened, 'remoteSettings');
    let answered = 0;
    for (let sent = 0; sent < 200; sent++) {
      opened.ping(() => answered++);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await until(5000, () => answered === 200);
    expect(goaways).toBe(0);
    const stream = grpcRequest(opened, 'Echo');
    stream.end(EMPTY_MESSAGE);
    expect((await once(stream, 'trailers'))[0]).toMatchObject({ 'grpc-status': '0' });
  });

  test('an idle connection is closed, one with a call under way is not', async () => {
    const { port, record } = await start({ limits: { idleConnectionMs: 200 } });
    const busy = session(port);
    grpcRequest(busy, 'Wait').resume().end(EMPTY_MESSAGE);
    await until(5000, () => record.calls.length === 1);
    const idle = session(port);
    await once(idle, 'close');
    expect(busy.closed).toBe(false);
    record.release();
    await once(busy, 'close');
  });

  test('a client that answers no ping is cut', async () => {
    const { port, counters } = await start({ limits: { pingMs: 100, pingTimeoutMs: 100 } });
    const socket = await tcp(port);
    const settings = Buffer.from('000000040000000000', 'hex');
    socket.write(Buffer.concat([Buffer.from(PREFACE), settings]));
    socket.resume();
    await once(socket, 'close');
    await until(5000, () => counters().connections.open === 0);
  });
});
