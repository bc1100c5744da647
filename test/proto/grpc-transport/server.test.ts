/** What any transport does for clients that behave. */
import { once } from 'node:events';
import { afterEach, describe, expect, test } from '@jest/globals';
import { status } from '@grpc/grpc-js';
import { createLog } from '#lib/log';
import { EchoStand, tls } from '#support/echo-stand';
import { EMPTY_MESSAGE, framed, grpcRequest, outcomeOf, TRANSPORTS } from '#support/grpc-echo';
import { until } from '#support/until';

describe.each(TRANSPORTS)('over %s', (transport) => {
  const stand = new EchoStand(transport);
  afterEach(() => stand.close());

  describe('one port', () => {
    test('takes plaintext and TLS side by side', async () => {
      const { port, counters } = await stand.start();
      const plain = stand.client(port);
      const secure = stand.client(port, { rootCert: tls.cert });
      expect(`${await plain.unary('Echo', 'plain')}`).toBe('plain');
      expect(`${await secure.unary('Echo', 'secure')}`).toBe('secure');
      expect(`${await plain.unary('Echo', Buffer.alloc(3_000_000, 'x'))}`).toHaveLength(3_000_000);
      expect(`${await secure.unary('Echo', Buffer.alloc(3_000_000, 'x'))}`).toHaveLength(3_000_000);
      expect(counters().connections).toEqual({ open: 2, tls: 1, plaintext: 1 });
      expect(counters().calls).toEqual({ started: 4, failed: 0 });
    });

    test('answers raw HTTP/2 with prior knowledge', async () => {
      const { port } = await stand.start();
      const session = stand.session(port);
      const stream = grpcRequest(session, 'Echo');
      stream.end(framed('hi'));
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
      const { port, record } = await stand.start();
      const before = Date.now();
      const waiting = stand.client(port).unary('Wait', '', { deadlineMs: 5000 });
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
      const { server, record } = await stand.start({
        listeners: [
          { name: 'internal', host: '127.0.0.1', port: 0 },
          { name: 'external', host: '127.0.0.1', port: 0 },
        ],
      });
      await stand.client(server.port('external')).unary('Echo', '');
      await stand.client(server.port('internal')).unary('Echo', '');
      expect(record.calls.map((call) => call.listener)).toEqual(['external', 'internal']);
    });

    test('is an error when it is taken', async () => {
      const { port } = await stand.start();
      const listeners = [
        { name: 'free', host: '127.0.0.1', port: 0 },
        { name: 'taken', host: '127.0.0.1', port },
      ];
      await expect(stand.start({ listeners })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    });
  });

  describe('calls', () => {
    test('of methods that nobody serves are UNIMPLEMENTED', async () => {
      const { port } = await stand.start();
      await expect(stand.client(port).unary('Missing', '')).rejects.toMatchObject({
        code: status.UNIMPLEMENTED,
      });
    });

    test.each(['Throw', 'Reject'])(
      'whose handler fails unforeseen (%s) tell the client nothing and the log all',
      async (method) => {
        const lines: string[] = [];
        const destination = { write: (line: string) => void lines.push(line) };
        const log = createLog({ level: 'info', format: 'json', destination });
        const { port, counters } = await stand.start({ log });
        const failure = await stand
          .client(port)
          .unary(method, '')
          .catch((error: Error) => error);
        expect(failure).toMatchObject({ code: status.INTERNAL });
        expect(String(failure)).not.toContain('secret');
        expect(lines.join()).toContain('a secret');
        expect(counters().calls).toEqual({ started: 1, failed: 1 });
      },
    );

    test('are cancelled for the handler when the client cancels', async () => {
      const { port, record } = await stand.start();
      const stream = stand.client(port).stream('Stream', '1000');
      await once(stream, 'data');
      stream.on('error', () => undefined);
      stream.cancel();
      await until(5000, () => record.cancels.length > 0);
      expect(record.calls[0]?.cancelled).toBe(true);
      record.calls[0]?.onCancel(() => record.cancels.push('late'));
      expect(record.cancels).toEqual(['Stream', 'late']);
    });

    test('are cancelled for the handler when their deadline passes', async () => {
      const { port, record } = await stand.start();
      const patient = stand.client(port);
      await patient.waitUntilReady();
      await expect(patient.unary('Wait', '', { deadlineMs: 500 })).rejects.toMatchObject({
        code: status.DEADLINE_EXCEEDED,
      });
      await until(5000, () => record.cancels.length > 0);
      record.release();
      expect(record.cancels).toEqual(['Wait']);
    });

    test('are cancelled for the handler when the connection is lost', async () => {
      const { port, record } = await stand.start();
      const session = stand.session(port);
      grpcRequest(session, 'Wait').end(EMPTY_MESSAGE);
      grpcRequest(session, 'Chat').write(EMPTY_MESSAGE);
      await until(5000, () => record.calls.length === 2);
      session.destroy();
      await until(5000, () => record.cancels.length === 3);
      expect(record.cancels.toSorted()).toEqual(['Chat', 'Chat ended', 'Wait']);
    });

    test('that end well are never cancelled, also when the connection closes later', async () => {
      const { port, record, counters } = await stand.start();
      const well = stand.client(port);
      await well.unary('Echo', '');
      const stream = well.stream('Stream', '3');
      expect(await stream.toArray()).toHaveLength(3);
      const chat = well.duplex('Chat');
      chat.end();
      await chat.toArray();
      well.close();
      await until(5000, () => counters().connections.open === 0);
      expect(record.cancels).toEqual(['Chat ended']);
      expect(record.calls.map((call) => call.cancelled)).toEqual([false, false, false]);
    });

    test('in both directions echo, fail as the handler says, survive its errors', async () => {
      const { port, counters } = await stand.start();
      const chat = stand.client(port).duplex('Chat');
      chat.write(Buffer.from('one'));
      expect(`${(await once(chat, 'data')) as unknown}`).toBe('one');
      chat.write(Buffer.from('fail'));
      expect(await once(chat, 'error')).toMatchObject([{ code: 3, details: 'not that' }]);
      const second = stand.client(port).duplex('Chat');
      second.write(Buffer.from('throw'));
      await expect(once(second, 'data')).rejects.toMatchObject({ code: status.INTERNAL });
      expect(counters().calls.failed).toBe(1);
    });
  });

  describe('draining', () => {
    test('lets calls under way end, refuses new connections, then closes', async () => {
      const { server, port, record } = await stand.start();
      const busy = stand.client(port);
      const waiting = busy.unary('Wait', 'late');
      await until(5000, () => record.calls.length === 1);
      const drained = server.drain(10_000);
      await expect(stand.client(port).unary('Echo', '', { deadlineMs: 500 })).rejects.toMatchObject(
        {
          code: expect.any(Number),
        },
      );
      record.release();
      expect(`${await waiting}`).toBe('late');
      await drained;
    });

    test('sends GOAWAY on a connection, and every kind of call on it goes on', async () => {
      const { server, port, record, counters } = await stand.start();
      const session = stand.session(port);
      const goaway = once(session, 'goaway');
      const closed = once(session, 'close');
      const wait = grpcRequest(session, 'Wait');
      wait.end(framed('late'));
      const chat = grpcRequest(session, 'Chat');
      chat.write(framed('early'));
      const stream = grpcRequest(session, 'Stream');
      stream.end(framed('30'));
      const outcomes = Promise.all([wait, chat, stream].map(outcomeOf));
      await until(5000, () => record.calls.length === 3);
      const drained = server.drain(20_000);
      const [code] = (await goaway) as [number];
      expect(code).toBe(0);
      chat.end(framed('and late'));
      record.release();
      const [waited, chatted, streamed] = await outcomes;
      expect(waited).toMatchObject({ status: '0', body: framed('late') });
      const both = Buffer.concat([framed('early'), framed('and late')]);
      expect(chatted).toMatchObject({ status: '0', body: both });
      expect(streamed!.status).toBe('0');
      expect(streamed!.body).toHaveLength(30 * (65_536 + 5));
      await closed;
      await drained;
      await until(5000, () => counters().connections.open === 0);
      expect(record.cancels).toEqual(['Chat ended']);
    });

    test('does not wait for connections without a call, TLS or not', async () => {
      const { server, port, counters } = await stand.start();
      await stand.client(port).unary('Echo', '');
      await stand.client(port, { rootCert: tls.cert }).unary('Echo', '');
      await stand.tcp(port);
      await until(5000, () => counters().connections.open === 3);
      const startedMs = performance.now();
      await server.drain(20_000);
      expect(performance.now() - startedMs).toBeLessThan(10_000);
    });

    test('sends GOAWAY and cuts what lasts too long', async () => {
      const { server, port, record } = await stand.start();
      const session = stand.session(port);
      await once(session, 'remoteSettings');
      const goaway = once(session, 'goaway');
      const closed = once(session, 'close');
      const chat = stand.client(port).duplex('Chat');
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
});
