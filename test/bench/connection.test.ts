import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { Connection } from '../../bench/wire/connection.ts';
import type { CallObserver } from '../../bench/wire/open-call.ts';

/** All characters that a header may hold, so that every Huffman code of theirs is decoded. */
const PRINTABLE = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)).join(
  '',
);
const TRAILER_TEXT = PRINTABLE.trim();

interface Outcome {
  readonly messages: string[];
  readonly grpcStatus: number;
  readonly grpcMessage: string;
}

function grpcFrame(text: string): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(Buffer.byteLength(text), 1);
  return Buffer.concat([head, Buffer.from(text)]);
}

describe('the connection of the load generator, against node:http2', () => {
  let server: Http2Server;
  let connection: Connection;
  let handle: (stream: ServerHttp2Stream, body: Buffer) => void = () => undefined;
  const paths: unknown[] = [];

  beforeEach(async () => {
    paths.length = 0;
    server = createServer();
    server.on('stream', (stream, headers) => {
      paths.push(headers[':path'], headers['x-name']);
      const parts: Buffer[] = [];
      stream.on('error', () => undefined);
      stream.on('data', (part: Buffer) => parts.push(part));
      stream.on('end', () => handle(stream, Buffer.concat(parts)));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    connection = await Connection.open('127.0.0.1', port, (method) => [
      [':method', 'POST', true],
      [':scheme', 'http', true],
      [':path', `/${method}`, true],
      [':authority', 'localhost', true],
      ['x-name', 'bench', true],
    ]);
  });

  afterEach(async () => {
    connection.close();
    server.close();
    await once(server, 'close');
  });

  function answer(stream: ServerHttp2Stream, parts: Buffer[], status = '0'): void {
    stream.respond({ ':status': 200 }, { waitForTrailers: true });
    stream.on('wantTrailers', () =>
      stream.sendTrailers({ 'grpc-status': status, 'grpc-message': TRAILER_TEXT }),
    );
    for (const part of parts) stream.write(part);
    stream.end();
  }

  function call(method: string, message: string): Promise<Outcome> {
    return new Promise((resolve) => {
      const messages: string[] = [];
      const observer: CallObserver = {
        onMessage: (bytes, start, end) => messages.push(bytes.toString('utf8', start, end)),
        onEnd: (grpcStatus, grpcMessage) => resolve({ messages, grpcStatus, grpcMessage }),
      };
      connection.call(method, Buffer.from(message), observer);
    });
  }

  test('each of many calls at once has its own answer and its own path', async () => {
    handle = (stream, body) => answer(stream, [body]);
    const calls = Array.from({ length: 300 }, (_, index) => call(`m${index % 3}`, `call ${index}`));
    const outcomes = await Promise.all(calls);
    outcomes.forEach(({ messages, grpcStatus, grpcMessage }, index) => {
      expect(messages).toEqual([`call ${index}`]);
      expect(grpcStatus).toBe(0);
      expect(grpcMessage).toBe(TRAILER_TEXT);
    });
    expect(new Set(paths)).toEqual(new Set(['/m0', '/m1', '/m2', 'bench']));
  });

  test('a message cut into single bytes, and two in one frame, arrive whole', async () => {
    const bytes = [...grpcFrame('one')].map((byte) => Buffer.from([byte]));
    handle = (stream) =>
      answer(stream, [...bytes, Buffer.concat([grpcFrame('2'), grpcFrame('3')])]);
    expect((await call('m', '')).messages).toEqual(['one', '2', '3']);
  });

  test('more requests than the window of the connection takes are sent as it opens', async () => {
    let received = 0;
    handle = (stream, body) => {
      received += body.length;
      answer(stream, [grpcFrame('ok')]);
    };
    await Promise.all(Array.from({ length: 200 }, () => call('m', 'x'.repeat(4096))));
    expect(received).toBe(200 * (4096 + 5));
  });

  test('requests and answers larger than all windows pass, several at once', async () => {
    handle = (stream, body) => answer(stream, [body]);
    // 16 MiB is what the connection grants to a stream before it must grant more.
    const texts = ['a'.repeat(17 * 1024 * 1024), 'b'.repeat(100_000), 'c'];
    const outcomes = await Promise.all(texts.map((text) => call('m', text)));
    expect(outcomes.map(({ messages }) => messages.map(({ length }) => length))).toEqual(
      texts.map(({ length }) => [length]),
    );
    expect(outcomes.map(({ messages: [text = ''] }) => text[0])).toEqual(['a', 'b', 'c']);
  });

  test('an answer before the end of a large request ends the call; the next works', async () => {
    server.removeAllListeners('stream');
    server.once('stream', (stream) => {
      stream.on('error', () => undefined);
      answer(stream, [grpcFrame('enough')]);
    });
    expect(await call('m', 'x'.repeat(1024 * 1024))).toMatchObject({ messages: ['enough'] });
    server.once('stream', (stream) => answer(stream, [grpcFrame('next')]));
    expect((await call('m', 'x')).messages).toEqual(['next']);
  });

  test.each([
    ['a gRPC status', (stream: ServerHttp2Stream) => answer(stream, [], '14'), 14],
    ['a reset', (stream: ServerHttp2Stream) => stream.close(8), 14],
    [
      'an end without status',
      (stream: ServerHttp2Stream) => stream.respond({}, { endStream: true }),
      2,
    ],
    ['a lost connection', (stream: ServerHttp2Stream) => stream.session?.destroy(), 14],
    ['a cut message', (stream: ServerHttp2Stream) => answer(stream, [Buffer.from([0, 0])]), 2],
  ])('%s is no success', async (_what, fault, grpcStatus) => {
    handle = fault;
    expect(await call('m', 'hello')).toMatchObject({ messages: [], grpcStatus });
  });
});
