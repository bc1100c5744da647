/** What any transport makes of the messages of a call: their frames, sizes and encodings. */
import { once } from 'node:events';
import { deflateSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from '@jest/globals';
import { compressionAlgorithms, status } from '@grpc/grpc-js';
import { EchoStand } from '#support/echo-stand';
import { EMPTY_MESSAGE, framed, grpcRequest, outcomeOf, TRANSPORTS } from '#support/grpc-echo';

const GZIP = { 'grpc.default_compression_algorithm': compressionAlgorithms.gzip };

describe.each(TRANSPORTS)('over %s', (transport) => {
  const stand = new EchoStand(transport);
  afterEach(() => stand.close());

  async function startSmall(requestBytesMax: number) {
    const started = await stand.start({ limits: { requestBytesMax } });
    const session = stand.session(started.port);
    return { ...started, session, request: grpcRequest.bind(undefined, session) };
  }

  describe('messages', () => {
    test('come in as many parts as the client likes', async () => {
      const { request } = await startSmall(100_000);
      const stream = request('Echo');
      for (const byte of framed('bit by bit')) {
        stream.write(Buffer.of(byte));
        await new Promise((resolve) => setImmediate(resolve));
      }
      stream.end();
      expect(await outcomeOf(stream)).toMatchObject({ status: '0', body: framed('bit by bit') });
    });

    test('come several in one part, also empty ones', async () => {
      const { request } = await startSmall(100_000);
      const stream = request('Chat');
      const messages = ['one', '', 'three', ''].map((text) => framed(text));
      stream.end(Buffer.concat(messages));
      expect(await outcomeOf(stream)).toMatchObject({ status: '0', body: Buffer.concat(messages) });
    });

    test('of many calls at once are not mixed up', async () => {
      const { port } = await stand.start();
      const client = stand.client(port);
      const requests = Array.from({ length: 300 }, (_, index) => `${index}`.repeat(index * 10));
      const answers = await Promise.all(requests.map((text) => client.unary('Echo', text)));
      expect(answers.map(String)).toEqual(requests);
    });

    test('above the limit: RESOURCE_EXHAUSTED, and the connection goes on', async () => {
      const { port, record, counters } = await startSmall(1000);
      const client = stand.client(port);
      await expect(client.unary('Echo', Buffer.alloc(1001))).rejects.toMatchObject({
        code: status.RESOURCE_EXHAUSTED,
      });
      expect(await client.unary('Echo', Buffer.alloc(1000))).toHaveLength(1000);
      expect(record.calls).toHaveLength(1);
      expect(counters().connections.plaintext).toBe(2);
    });

    test('above the limit within a stream: RESOURCE_EXHAUSTED', async () => {
      const { port } = await startSmall(1000);
      const chat = stand.client(port).duplex('Chat');
      chat.write(Buffer.alloc(1000));
      expect(((await once(chat, 'data')) as Buffer[])[0]).toHaveLength(1000);
      chat.write(Buffer.alloc(1001));
      expect(await once(chat, 'error')).toMatchObject([{ code: status.RESOURCE_EXHAUSTED }]);
    });

    test.each([
      ['cut off', Buffer.from('\0\0\0\0\x10short')],
      ['cut off in their head', Buffer.from('\0\0\0')],
      ['missing', Buffer.alloc(0)],
      ['one too many', Buffer.concat([framed('one'), framed('two')])],
    ])('that are %s: an error, and the connection goes on', async (_what, bytes) => {
      const { request, record } = await startSmall(1000);
      const stream = request('Echo');
      stream.end(bytes);
      const { status: code } = await outcomeOf(stream);
      expect(code).toMatch(/^[1-9]\d*$/);
      expect(record.calls).toHaveLength(0);
      const good = request('Echo');
      good.end(EMPTY_MESSAGE);
      expect((await outcomeOf(good)).status).toBe('0');
    });
  });

  describe('compressed messages', () => {
    test('are taken, of all kinds of call, and answered plainly', async () => {
      const { port, request } = await startSmall(2_000_000);
      const client = stand.client(port, GZIP);
      const large = Buffer.alloc(1_000_000, 'so it goes ');
      expect(large.equals(await client.unary('Echo', large))).toBe(true);
      expect(await client.stream('Stream', '2').toArray()).toHaveLength(2);
      const chat = client.duplex('Chat');
      chat.write(large);
      const [answer] = (await once(chat, 'data')) as [Buffer];
      expect(large.equals(answer)).toBe(true);
      chat.end();
      await once(chat.resume(), 'end');
      const raw = request('Echo', { 'grpc-encoding': 'gzip', 'grpc-accept-encoding': 'identity' });
      raw.end(framed(gzipSync('hello'), true));
      expect(await outcomeOf(raw)).toMatchObject({ status: '0', body: framed('hello') });
    });

    test('may be plain one by one', async () => {
      const { request } = await startSmall(1000);
      const stream = request('Chat', { 'grpc-encoding': 'gzip' });
      const messages = [
        framed('plain'),
        framed(gzipSync('packed'), true),
        framed(gzipSync(''), true),
      ];
      stream.end(Buffer.concat(messages));
      const body = Buffer.concat([framed('plain'), framed('packed'), EMPTY_MESSAGE]);
      expect(await outcomeOf(stream)).toMatchObject({ status: '0', body });
    });

    test('that explode: RESOURCE_EXHAUSTED, and the connection goes on', async () => {
      const { request, record } = await startSmall(1000);
      const bomb = gzipSync(Buffer.alloc(500_000));
      expect(bomb.length).toBeLessThan(1000);
      const stream = request('Echo', { 'grpc-encoding': 'gzip' });
      stream.end(framed(bomb, true));
      expect((await outcomeOf(stream)).status).toBe(`${status.RESOURCE_EXHAUSTED}`);
      const fitting = request('Echo', { 'grpc-encoding': 'gzip' });
      fitting.end(framed(gzipSync(Buffer.alloc(1000)), true));
      expect((await outcomeOf(fitting)).body).toHaveLength(1005);
      expect(record.calls).toHaveLength(1);
    });

    test.each([
      ['rubbish', Buffer.from('rubbish')],
      ['cut off', gzipSync('a text that is long enough to be cut off').subarray(0, 30)],
      ['of another kind', deflateSync('hello')],
      ['nothing at all', Buffer.alloc(0)],
    ])('that are %s: an error', async (_what, bytes) => {
      const { request, record } = await startSmall(1000);
      const stream = request('Echo', { 'grpc-encoding': 'gzip' });
      stream.end(framed(bytes, true));
      expect((await outcomeOf(stream)).status).toMatch(/^[1-9]\d*$/);
      expect(record.calls).toHaveLength(0);
    });

    test('in an encoding that nobody knows: UNIMPLEMENTED', async () => {
      const { request, record } = await startSmall(1000);
      const stream = request('Echo', { 'grpc-encoding': 'snappy' });
      stream.end(framed('hello', true));
      expect((await outcomeOf(stream)).status).toBe(`${status.UNIMPLEMENTED}`);
      expect(record.calls).toHaveLength(0);
    });
  });

  describe('streams in both directions', () => {
    test('go on for the server when the client has closed its half', async () => {
      const { port, record } = await stand.start();
      const tell = stand.client(port).duplex('Tell');
      for (const text of ['one', 'two', 'three']) tell.write(Buffer.from(text));
      tell.end();
      expect((await tell.toArray()).map(String)).toEqual(['3', 'that was all']);
      expect(record.cancels).toEqual([]);
    });

    test('close without a message', async () => {
      const { request } = await startSmall(1000);
      const stream = request('Tell');
      stream.end();
      const body = Buffer.concat([framed('0'), framed('that was all')]);
      expect(await outcomeOf(stream)).toMatchObject({ status: '0', body });
    });

    test('end for the client when the server ends them, whatever it still sends', async () => {
      const { port, record } = await stand.start();
      const chat = stand.client(port).duplex('Chat');
      const ended = once(chat, 'status');
      chat.on('data', () => undefined);
      chat.write(Buffer.from('end'));
      for (let count = 0; count < 10; count++) chat.write(Buffer.from('more'));
      expect(await ended).toMatchObject([{ code: status.OK }]);
      await stand.expectAlive(port);
      expect(record.cancels.filter((name) => name !== 'Chat ended')).toEqual([]);
    });
  });
});
