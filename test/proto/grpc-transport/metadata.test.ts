/** What any transport does with the metadata of a call, on both ways. */
import { afterEach, describe, expect, test } from '@jest/globals';
import { Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { CallFailure } from '#proto/grpc-transport/call-failure';
import { DETAIL } from '#support/echo-service';
import { EchoStand } from '#support/echo-stand';
import { EMPTY_MESSAGE, framed, grpcRequest, outcomeOf, TRANSPORTS } from '#support/grpc-echo';
import { until } from '#support/until';

describe.each(TRANSPORTS)('over %s', (transport) => {
  const stand = new EchoStand(transport);
  afterEach(() => stand.close());

  async function startSession() {
    const started = await stand.start();
    const session = stand.session(started.port);
    return { ...started, request: grpcRequest.bind(undefined, session) };
  }

  describe('what a client says', () => {
    test('about itself is there for handlers', async () => {
      const { request, record } = await startSession();
      const stream = request('Echo', {
        'x-mq-client-id': 'client-1',
        'x-mq-language': 'JAVA',
        'x-mq-client-version': '5.0.7',
        'x-mq-namespace': 'orders',
        'x-other': 'a value',
      });
      stream.end(EMPTY_MESSAGE);
      await outcomeOf(stream);
      const [call] = record.calls;
      expect(call).toMatchObject({
        clientId: 'client-1',
        language: 'JAVA',
        clientVersion: '5.0.7',
        namespace: 'orders',
        deadlineMs: Infinity,
      });
      expect(call!.header('x-other')).toBe('a value');
      expect(call!.header('x-missing')).toBe('');
      expect(call!.binaryHeader('x-missing-bin')).toBeUndefined();
    });

    test('nothing: all of it is empty', async () => {
      const { request, record } = await startSession();
      const stream = request('Echo');
      stream.end(EMPTY_MESSAGE);
      await outcomeOf(stream);
      const silent = { clientId: '', language: '', clientVersion: '', namespace: '' };
      expect(record.calls[0]).toMatchObject(silent);
    });

    test.each([
      ['AAEC+/8=', DETAIL],
      ['AAEC+/8', DETAIL],
      ['AAEC+/8=,Zm9v', DETAIL],
      ['AAEC+/8, Zm9v', DETAIL],
      ['Zm9vYmE=', Buffer.from('fooba')],
      ['', Buffer.alloc(0)],
    ])('in base64 (%s) is bytes', async (text, bytes) => {
      const { request, record } = await startSession();
      const stream = request('Echo', { 'x-trace-bin': text });
      stream.end(EMPTY_MESSAGE);
      expect((await outcomeOf(stream)).status).toBe('0');
      expect(record.calls[0]!.binaryHeader('x-trace-bin')).toEqual(bytes);
    });

    test("through gRPC's own client: the same", async () => {
      const { port, record } = await stand.start();
      const metadata = new Metadata();
      metadata.set('x-trace-bin', DETAIL);
      metadata.set('x-text', 'a value');
      await stand.client(port).unary('Echo', '', { metadata });
      expect(record.calls[0]!.binaryHeader('x-trace-bin')).toEqual(DETAIL);
      expect(record.calls[0]!.header('x-text')).toBe('a value');
    });
  });

  describe('a status that the handler chose', () => {
    test.each([
      'no room for more',
      'Größe über 100 %: „zu groß“',
      'two\nlines\r\nand\ta tab',
      '%41 is no A, %zz nothing, %',
      '🦆',
      '',
    ])('goes out with its message, %j, and its trailers', async (text) => {
      const { port, request } = await startSession();
      const failure = (await stand
        .client(port)
        .unary('Fail', text)
        .catch((error: unknown) => error)) as ServiceError;
      expect(failure).toMatchObject({ code: status.FAILED_PRECONDITION, details: text });
      expect(failure.metadata.get('x-code')).toEqual(['TOO_OLD']);
      expect(failure.metadata.get('x-detail-bin')).toEqual([DETAIL]);

      const stream = request('Fail');
      stream.end(framed(text));
      const { headers } = await outcomeOf(stream);
      expect(headers).toMatchObject({ ':status': 200, 'grpc-status': '9', 'x-code': 'TOO_OLD' });
      expect(`${headers['x-detail-bin']}`.replace(/=+$/, '')).toBe('AAEC+/8');
      // Printable ASCII, in which a percent sign is always the beginning of a byte.
      const message = (headers['grpc-message'] as string | undefined) ?? '';
      expect(message).toMatch(/^([\x20-\x24\x26-\x7e]|%[0-9A-F]{2})*$/);
      expect(decodeURIComponent(message)).toBe(text);
    });

    test('goes out also when its message is half a character', async () => {
      const { port } = await startSession();
      const chat = stand.client(port).duplex('Chat');
      const failed = new Promise((resolve) => chat.on('error', resolve));
      chat.write(Buffer.from('fail half'));
      expect(await failed).toMatchObject({ code: status.INVALID_ARGUMENT, details: 'half \ufffd' });
    });

    test('has bytes under -bin, and text elsewhere', () => {
      expect(() => new CallFailure(9, '', { 'x-a': Buffer.alloc(1) })).toThrow(TypeError);
      expect(() => new CallFailure(9, '', { 'x-a-bin': 'text' })).toThrow(TypeError);
    });
  });

  describe('deadlines', () => {
    test('end the call of a client that only waits, and cancel its handler', async () => {
      const { request, record } = await startSession();
      const stream = request('Wait', { 'grpc-timeout': '200m' });
      stream.end(EMPTY_MESSAGE);
      const startedMs = performance.now();
      expect((await outcomeOf(stream)).status).toBe(`${status.DEADLINE_EXCEEDED}`);
      expect(performance.now() - startedMs).toBeGreaterThan(150);
      await until(5000, () => record.cancels.length > 0);
      expect(record.cancels).toEqual(['Wait']);
      expect(record.calls[0]!.cancelled).toBe(true);
      record.release();
    });

    test('end a stream too', async () => {
      const { request, record } = await startSession();
      const stream = request('Chat', { 'grpc-timeout': '200000u' });
      stream.write(framed('hello'));
      expect(await outcomeOf(stream)).toMatchObject({
        status: `${status.DEADLINE_EXCEEDED}`,
        body: framed('hello'),
      });
      await until(5000, () => record.cancels.length === 2);
      expect(record.cancels.toSorted()).toEqual(['Chat', 'Chat ended']);
    });

    test.each(['31536000M', '99999999H', '30S'])('in %s are far enough', async (timeout) => {
      const { request, record } = await startSession();
      const stream = request('Echo', { 'grpc-timeout': timeout });
      stream.end(EMPTY_MESSAGE);
      expect((await outcomeOf(stream)).status).toBe('0');
      expect(record.calls[0]!.deadlineMs).toBeGreaterThan(Date.now() + 20_000);
    });

    test.each(['soon', '10', '10x', 'S'])('that are none (%s): an error', async (timeout) => {
      const { request, record } = await startSession();
      const stream = request('Echo', { 'grpc-timeout': timeout });
      stream.end(EMPTY_MESSAGE);
      expect((await outcomeOf(stream)).status).toMatch(/^[1-9]\d*$/);
      expect(record.calls).toHaveLength(0);
    });
  });

  test.each(['application/json', 'text/plain', ''])(
    'a request that is not gRPC (%s): 415, and no call',
    async (type) => {
      const { request, record } = await startSession();
      const stream = request('Echo', { 'content-type': type });
      stream.end(EMPTY_MESSAGE);
      const { status: code, headers } = await outcomeOf(stream);
      expect(code).not.toBe('0');
      expect(headers[':status']).toBe(415);
      expect(record.calls).toHaveLength(0);
    },
  );

  test('a request of gRPC with a format of messages: served', async () => {
    const { request } = await startSession();
    const stream = request('Echo', { 'content-type': 'application/grpc+proto' });
    stream.end(EMPTY_MESSAGE);
    expect((await outcomeOf(stream)).status).toBe('0');
  });
});
