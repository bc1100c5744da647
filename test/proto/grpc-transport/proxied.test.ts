/** A listener behind a proxy: the header that comes first, and whom it is believed from. */
import { once } from 'node:events';
import type { ClientHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, test } from '@jest/globals';
import { EchoStand } from '#support/echo-stand';
import { EMPTY_MESSAGE, framed, grpcRequest, outcomeOf, TRANSPORTS } from '#support/grpc-echo';
import { binaryProxyHeader } from '#support/proxy-header';
import { until } from '#support/until';
import { whenClosed } from '#support/when-closed';

const TEXT = Buffer.from('PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n');
const BINARY = binaryProxyHeader(0x21, 0x11, [192, 0, 2, 7, 198, 51, 100, 1, 0xdc, 4, 1, 0xbb]);
const CLIENT = '192.0.2.7:56324';
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0');

describe.each(TRANSPORTS)('over %s', (transport) => {
  const stand = new EchoStand(transport);
  afterEach(() => stand.close());

  const host = '127.0.0.1';

  async function start(limits: Parameters<typeof stand.start>[0] = {}) {
    const internal = { name: 'internal', host, port: 0, isProxied: true };
    const direct = { name: 'direct', host, port: 0 };
    return stand.start({ listeners: [internal, direct], ...limits });
  }

  async function proxied(port: number, header: Buffer): Promise<Socket> {
    const socket = await stand.tcp(port);
    socket.write(header);
    return socket;
  }

  function sessionOn(socket: Socket): ClientHttp2Session {
    return stand.session(0, { createConnection: () => socket });
  }

  async function call(session: ClientHttp2Session) {
    const stream = grpcRequest(session, 'Echo');
    stream.end(framed('hello'));
    expect(await outcomeOf(stream)).toMatchObject({ status: '0', body: framed('hello') });
  }

  test.each([
    ['version 1', TEXT],
    ['version 2', BINARY],
  ])('%s tells handlers the client', async (_version, header) => {
    const { port, record, counters } = await start();
    await call(sessionOn(await proxied(port, header)));
    expect(record.peers[0]).toBe(CLIENT);
    expect(counters().connections).toEqual({ open: 1, tls: 0, plaintext: 1 });
  });

  test('TLS comes after it', async () => {
    const { port, record, counters } = await start();
    for (const header of [TEXT, BINARY]) {
      const socket = await proxied(port, header);
      const secure = connectTls({ socket, ALPNProtocols: ['h2'], rejectUnauthorized: false });
      stand.keep(secure);
      await once(secure, 'secureConnect');
      await call(sessionOn(secure));
    }
    expect(record.peers).toEqual([CLIENT, CLIENT]);
    expect(counters().connections).toEqual({ open: 2, tls: 2, plaintext: 0 });
  });

  test('of the proxy itself, and of a client that it does not know: its own address', async () => {
    const { port, record } = await start();
    const own = [Buffer.from('PROXY UNKNOWN\r\n'), binaryProxyHeader(0x20, 0, [])];
    for (const header of own) {
      const socket = await proxied(port, header);
      await call(sessionOn(socket));
      expect(record.peers.at(-1)).toBe(`127.0.0.1:${socket.localPort}`);
    }
  });

  test('comes in one part with what follows, or byte by byte', async () => {
    const { port } = await start();
    for (const header of [TEXT, BINARY]) {
      const whole = await proxied(port, Buffer.concat([header, PREFACE]));
      const slow = await stand.tcp(port);
      for (const byte of Buffer.concat([header, PREFACE])) {
        slow.write(Buffer.of(byte));
        await new Promise((resolve) => setImmediate(resolve));
      }
      for (const socket of [whole, slow]) {
        const [answer] = (await once(socket, 'data')) as [Buffer];
        expect(answer[3]).toBe(4); // a SETTINGS frame
      }
    }
  });

  test('is the same for two connections: each is cut by itself', async () => {
    const { port, record, counters } = await start({ limits: { backlogMessagesMax: 500 } });
    const [slow, good] = [await proxied(port, TEXT), await proxied(port, TEXT)].map(sessionOn);
    grpcRequest(good!, 'Wait').end(EMPTY_MESSAGE);
    await until(5000, () => record.calls.length === 1);
    const careless = grpcRequest(slow!, 'Careless');
    careless.pause();
    careless.end(framed('99999'));
    await whenClosed(slow!);
    expect(counters().slowReaders).toBe(1);
    await call(good!);
    expect(record.cancels).not.toContain('Wait');
    record.release();
  });

  test.each([
    ['absent, before HTTP/2', PREFACE],
    ['absent, before TLS', Buffer.from('16030102000100', 'hex')],
    ['malformed', Buffer.from('PROXY TCP4 192.0.2.7 198.51.100.1 56324 70000\r\n')],
    ['of version 1 and too long', Buffer.from(`PROXY UNKNOWN ${'x'.repeat(200)}\r\n`)],
    ['of version 2 and too long', Buffer.concat([BINARY.subarray(0, 14), Buffer.of(0xff, 0xff)])],
    ['there twice', Buffer.concat([BINARY, BINARY])],
    ['before what is no protocol', Buffer.concat([TEXT, Buffer.from('GET / HTTP/1.1\r\n')])],
  ])('%s: closed and counted', async (_what, bytes) => {
    const { port, record, counters } = await start();
    const socket = await proxied(port, bytes);
    socket.resume();
    await whenClosed(socket);
    await until(5000, () => counters().connections.open === 0);
    expect(counters().rejected).toEqual({ limit: 0, protocol: 1, silent: 0, handshake: 0 });
    await call(sessionOn(await proxied(port, TEXT)));
    expect(record.calls).toHaveLength(1);
  });

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['half of it', TEXT.subarray(0, 20)],
    ['half of it, of version 2', BINARY.subarray(0, 20)],
    ['nothing after it', BINARY],
  ])('%s within the time: closed', async (_what, bytes) => {
    const { port, counters } = await start({ limits: { firstByteMs: 200 } });
    const socket = await proxied(port, bytes);
    socket.resume();
    await whenClosed(socket);
    await until(5000, () => counters().connections.open === 0);
    expect(counters().rejected).toEqual({ limit: 0, protocol: 0, silent: 1, handshake: 0 });
  });

  test('the time is for all of it: bytes now and then do not prolong it', async () => {
    const { port, counters } = await start({ limits: { firstByteMs: 500 } });
    const socket = await stand.tcp(port);
    socket.resume();
    const isClosed = whenClosed(socket);
    const line = TEXT.toString().repeat(100);
    let sent = 0;
    const drip = setInterval(() => socket.write(line.charAt(sent++)), 25);
    await isClosed;
    clearInterval(drip);
    expect(counters().rejected.silent).toBe(1);
  });

  test('a proxy that only looks whether we live, and leaves: no rejection', async () => {
    const { port, counters } = await start();
    for (const bytes of [Buffer.alloc(0), TEXT.subarray(0, 9), BINARY]) {
      const socket = await proxied(port, bytes);
      socket.resume();
      socket.end();
      await whenClosed(socket);
    }
    await until(5000, () => counters().connections.open === 0);
    expect(counters().rejected).toEqual({ limit: 0, protocol: 0, silent: 0, handshake: 0 });
  });

  test('is refused by listeners that did not ask for it', async () => {
    const { server } = await start();
    for (const header of [TEXT, BINARY]) {
      const socket = await proxied(server.port('direct'), Buffer.concat([header, PREFACE]));
      socket.resume();
      await whenClosed(socket);
    }
    const { rejected } = server.counters['direct']!;
    // A P may yet become HTTP/2, which the carrier finds out.
    expect(rejected.protocol).toBe(1);
    await stand.expectAlive(server.port('direct'));
  });
});
