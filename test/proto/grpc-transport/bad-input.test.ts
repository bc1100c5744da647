/** What hostile or broken clients get from any transport: an error or a closed connection. */
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, test } from '@jest/globals';
import { LISTEN } from '#lib/limits';
import { EchoStand } from '#support/echo-stand';
import { EMPTY_MESSAGE, framed, grpcRequest, outcomeOf, TRANSPORTS } from '#support/grpc-echo';
import { until } from '#support/until';
import { whenClosed } from '#support/when-closed';

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

describe.each(TRANSPORTS)('over %s', (transport) => {
  const stand = new EchoStand(transport);
  afterEach(() => stand.close());

  describe('the first bytes', () => {
    test.each([
      ['garbage', Buffer.from('\x00\xff\x13\x37garbage'), 'protocol'],
      ['HTTP/1.1', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'), 'protocol'],
      ['a broken TLS hello', Buffer.from('160301ffff0100', 'hex'), 'handshake'],
    ] as const)('%s: closed and counted', async (_name, bytes, reason) => {
      const { port, counters } = await stand.start({ limits: { handshakeMs: 200 } });
      const socket = await stand.tcp(port);
      socket.resume();
      socket.end(bytes);
      await whenClosed(socket);
      await until(5000, () => counters().rejected[reason] === 1);
      await until(5000, () => counters().connections.open === 0);
      await stand.expectAlive(port);
    });

    test('garbage behind a good preface, and a lone P: closed', async () => {
      const { port, counters } = await stand.start({ limits: { idleConnectionMs: 300 } });
      const garbage = await stand.tcp(port);
      garbage.resume();
      garbage.write(`${PREFACE}this is no frame at all, however long it may be`);
      await whenClosed(garbage);
      const lone = await stand.tcp(port);
      lone.write('P');
      lone.resume();
      await whenClosed(lone);
      await until(5000, () => counters().connections.open === 0);
      await stand.expectAlive(port);
    });

    test('none within the time: closed', async () => {
      const { port, counters } = await stand.start({ limits: { firstByteMs: 100 } });
      const socket = await stand.tcp(port);
      socket.resume();
      await whenClosed(socket);
      expect(counters().rejected.silent).toBe(1);
      await stand.expectAlive(port);
    });

    test('a client that leaves without a word is no rejection', async () => {
      const { port, counters } = await stand.start();
      const socket = await stand.tcp(port);
      socket.end();
      socket.resume();
      await whenClosed(socket);
      await until(5000, () => counters().connections.open === 0);
      expect(counters().rejected).toEqual({ limit: 0, protocol: 0, silent: 0, handshake: 0 });
    });

    test('a preface that comes byte by byte is fine', async () => {
      const { port } = await stand.start();
      const socket = await stand.tcp(port);
      const settings = Buffer.from('000000040000000000', 'hex');
      for (const byte of Buffer.concat([Buffer.from(PREFACE), settings])) {
        socket.write(Buffer.of(byte));
        await new Promise((resolve) => setImmediate(resolve));
      }
      const [answer] = (await once(socket, 'data')) as [Buffer];
      expect(answer[3]).toBe(4); // a SETTINGS frame
    });

    test('half a TLS hello: closed after the handshake time', async () => {
      const { port, counters } = await stand.start({ limits: { handshakeMs: 100 } });
      const socket = await stand.tcp(port);
      socket.write(Buffer.from('1603010200', 'hex'));
      socket.resume();
      await whenClosed(socket);
      expect(counters().rejected.handshake).toBe(1);
      await until(5000, () => counters().connections.open === 0);
    });

    test('TLS without HTTP/2 in its ALPN: closed', async () => {
      const { port, counters } = await stand.start();
      const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
      stand.keep(socket);
      socket.resume();
      await whenClosed(socket);
      await until(5000, () => counters().connections.open === 0);
      expect(counters().rejected.protocol).toBe(1);
      expect(counters().connections.tls).toBe(0);
      await stand.expectAlive(port);
    });

    test('TLS to a listener without a certificate: closed', async () => {
      const { port, counters } = await stand.start({ isPlain: true });
      const socket = await stand.tcp(port);
      socket.write(Buffer.from('1603010200', 'hex'));
      socket.resume();
      await whenClosed(socket);
      expect(counters().rejected.protocol).toBe(1);
    });
  });

  describe('sizes', () => {
    test('more metadata than allowed: the call fails, the handler is not asked', async () => {
      const { port, record } = await stand.start();
      const opened = stand.session(port);
      await once(opened, 'remoteSettings');
      const big = grpcRequest(opened, 'Echo', { 'x-big': 'x'.repeat(LISTEN.metadataBytesMax) });
      big.end(EMPTY_MESSAGE);
      expect((await outcomeOf(big)).status).not.toBe('0');
      expect(record.calls).toHaveLength(0);
      const fitting = grpcRequest(opened, 'Echo', { 'x-big': 'x'.repeat(12_000) });
      fitting.end(EMPTY_MESSAGE);
      expect((await outcomeOf(fitting)).status).toBe('0');
      await stand.expectAlive(port);
    });

    test('more streams than allowed wait or are refused; the connection goes on', async () => {
      const { port, record } = await stand.start({ limits: { streamsPerConnectionMax: 10 } });
      const opened = stand.session(port);
      await once(opened, 'remoteSettings');
      const streams = Array.from({ length: 20 }, () => grpcRequest(opened, 'Wait'));
      for (const stream of streams) stream.end(EMPTY_MESSAGE);
      await until(5000, () => record.calls.length >= 10);
      expect(record.calls).toHaveLength(10);
      await stand.expectAlive(port);
      record.release();
    });
  });

  describe('slow readers', () => {
    test('a handler that waits is kept waiting; a reader that stands still is cut', async () => {
      const { port, record, counters } = await stand.start({ limits: { stalledReaderMs: 100 } });
      const opened = stand.session(port);
      const stream = grpcRequest(opened, 'Stream');
      stream.pause();
      stream.end(framed('9999'));
      await whenClosed(opened);
      expect(counters().slowReaders).toBe(1);
      await until(5000, () => record.cancels.length === 1);
      await stand.expectAlive(port);
    });

    test('a handler that does not wait gets its reader cut at the bound', async () => {
      const { port, counters } = await stand.start({ limits: { backlogMessagesMax: 500 } });
      const opened = stand.session(port);
      const stream = grpcRequest(opened, 'Careless');
      stream.pause();
      stream.end(framed('9999'));
      await whenClosed(opened);
      expect(counters().slowReaders).toBe(1);
      await stand.expectAlive(port);
    });

    test('a slow reader that does read gets everything', async () => {
      // A machine that stands still for a while itself is no reader that stands still.
      const stalledReaderMs = 2000;
      const { port, counters } = await stand.start({ limits: { stalledReaderMs } });
      const client = stand.client(port);
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
      const { port, counters } = await stand.start({ limits: { connectionsMax: 50 } });
      const inside = stand.client(port);
      await inside.unary('Echo', '');
      let closed = 0;
      // In waves: what the kernel has not accepted yet would look like an open connection here.
      for (let wave = 0; wave < 10; wave++) {
        const refusedBefore = counters().rejected.limit;
        for (let index = 0; index < 200; index++) {
          const socket = connectTcp(port, '127.0.0.1');
          socket.on('close', () => closed++);
          stand.keep(socket);
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
      const { port } = await stand.start();
      const opened = stand.session(port);
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
      const { port, record } = await stand.start({ limits: { idleConnectionMs: 200 } });
      const busy = stand.session(port);
      grpcRequest(busy, 'Wait').resume().end(EMPTY_MESSAGE);
      await until(5000, () => record.calls.length === 1);
      const idle = stand.session(port);
      await whenClosed(idle);
      expect(busy.closed).toBe(false);
      record.release();
      await whenClosed(busy);
    });

    test('a client that answers no ping is cut', async () => {
      const { port, counters } = await stand.start({ limits: { pingMs: 100, pingTimeoutMs: 100 } });
      const socket = await stand.tcp(port);
      const settings = Buffer.from('000000040000000000', 'hex');
      socket.write(Buffer.concat([Buffer.from(PREFACE), settings]));
      socket.resume();
      await whenClosed(socket);
      await until(5000, () => counters().connections.open === 0);
    });
  });
});
