/** Streams, settings and endings as clients use them less often. RFC 9113 5.1, 6.5, 6.8 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { constants, type ClientHttp2Session, type Settings } from 'node:http2';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { HTTP2 } from '#lib/transport-limits';
import { ERROR, FLAG, FRAME, FRAME_BYTES_DEFAULT, SETTING } from '#proto/http2/protocol';
import { EchoStand, type StartedEcho } from '#support/echo-stand';
import { framed, grpcRequest, outcomeOf } from '#support/grpc-echo';
import { callFields, literalBlock, RawHttp2, uint32 } from '#support/raw-http2';
import { until } from '#support/until';

const WAIT_MS = 5000;

const stand = new EchoStand('wire');
let echo: StartedEcho;

beforeEach(async () => {
  echo = await stand.start({ isPlain: true });
});

afterEach(async () => {
  const { protocolErrors, slowReaders } = echo.counters();
  await stand.close();
  expect({ protocolErrors, slowReaders }).toEqual({ protocolErrors: 0, slowReaders: 0 });
});

async function greeted(settings: Parameters<RawHttp2['greet']>[0] = []): Promise<RawHttp2> {
  const raw = await RawHttp2.connect(echo.port);
  stand.keep(raw.socket);
  raw.greet(settings);
  await raw.sync();
  return raw;
}

async function echoed(session: ClientHttp2Session, message: Buffer | string): Promise<Buffer> {
  const stream = grpcRequest(session, 'Echo');
  const outcome = outcomeOf(stream);
  stream.end(framed(message));
  const { status, body } = await outcome;
  expect(status).toBe('0');
  return body;
}

async function changeSettings(session: ClientHttp2Session, settings: Settings): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    session.settings(settings, (error) => (error ? reject(error) : resolve()));
  });
}

describe('many streams', () => {
  test('1,000 at once, message by message in turns', async () => {
    const session = stand.session(echo.port);
    const streams = Array.from({ length: 1000 }, () => grpcRequest(session, 'Chat'));
    const outcomes = streams.map((stream) => outcomeOf(stream));
    for (let round = 0; round < 5; round++) {
      for (const [index, stream] of streams.entries()) {
        const message = framed(`${index}: ${round}`);
        // In two pieces, between which all others have their turn.
        stream.write(round % 2 === 0 ? message : message.subarray(0, 7));
      }
      for (const [index, stream] of streams.entries()) {
        if (round % 2 === 1) stream.write(framed(`${index}: ${round}`).subarray(7));
      }
    }
    for (const stream of streams) stream.end();
    for (const [index, { status, body }] of (await Promise.all(outcomes)).entries()) {
      const expected = Array.from({ length: 5 }, (_, round) => framed(`${index}: ${round}`));
      expect(status).toBe('0');
      expect(body).toEqual(Buffer.concat(expected));
    }
  });

  test('a large answer does not hold up small ones on the same connection', async () => {
    const session = stand.session(echo.port);
    const large = outcomeOf(grpcRequest(session, 'Stream').end(framed('200')));
    for (let call = 0; call < 20; call++) {
      expect(await echoed(session, `small ${call}`)).toEqual(framed(`small ${call}`));
    }
    const { status, body } = await large;
    expect(status).toBe('0');
    expect(body.length).toBe(200 * (65_536 + 5));
  });
});

describe('requests', () => {
  test('may end with trailers', async () => {
    const session = stand.session(echo.port);
    const stream = grpcRequest(session, 'Echo');
    const outcome = outcomeOf(stream);
    const other = session.request(
      { ':method': 'POST', ':path': '/test.Echo/Echo', 'content-type': 'application/grpc' },
      { waitForTrailers: true },
    );
    other.on('wantTrailers', () => other.sendTrailers({ checksum: '1234' }));
    const otherOutcome = outcomeOf(other);
    other.end(framed('with trailers'));
    stream.end(framed('without'));
    expect((await otherOutcome).body).toEqual(framed('with trailers'));
    expect((await outcome).body).toEqual(framed('without'));
  });

  test('may be padded in every frame that can be', async () => {
    const raw = await greeted();
    const block = literalBlock(callFields('Echo'));
    const pad = (payload: Buffer, padding: number): Buffer =>
      Buffer.concat([Buffer.from([padding]), payload, Buffer.alloc(padding)]);
    const priority = Buffer.concat([uint32(0), Buffer.from([15])]);
    const headersFlags = FLAG.padded | FLAG.priority | FLAG.endHeaders;
    raw.frame(FRAME.headers, headersFlags, 1, pad(Buffer.concat([priority, block]), 200));
    const message = framed('padded');
    for (const [index, byte] of message.entries()) {
      raw.frame(FRAME.data, FLAG.padded, 1, pad(Buffer.from([byte]), index * 20));
    }
    raw.frame(FRAME.data, FLAG.padded | FLAG.endStream, 1, pad(Buffer.alloc(0), 255));
    expect((await raw.nextOf(FRAME.data, 1)).payload).toEqual(message);
  });

  test('may have their headers in as many pieces as is allowed, also empty ones', async () => {
    const raw = await greeted();
    const block = literalBlock(callFields('Echo'));
    const last = HTTP2.headerBlockFramesMax - 1;
    raw.frame(FRAME.headers, 0, 1, block.subarray(0, 1));
    for (let index = 1; index < last; index++) {
      const part = index % 2 === 1 ? Buffer.alloc(0) : block.subarray(index / 2, index / 2 + 1);
      raw.frame(FRAME.continuation, 0, 1, part);
    }
    const sent = 1 + Math.floor((last - 1) / 2);
    raw.frame(FRAME.continuation, FLAG.endHeaders, 1, block.subarray(sent));
    raw.data(1, framed('pieces'), true);
    expect((await raw.nextOf(FRAME.data, 1)).payload).toEqual(framed('pieces'));
  });

  test('may be cancelled before and amid their answer', async () => {
    const raw = await greeted([[SETTING.initialWindowBytes, 1000]]);
    for (const [index, method] of ['Wait', 'Stream', 'Chat'].entries()) {
      const streamId = 2 * index + 1;
      raw.headers(streamId, callFields(method));
      raw.data(streamId, framed('1000000'), method !== 'Chat');
      if (method !== 'Wait') await raw.nextOf(FRAME.data, streamId);
      raw.resetStream(streamId, ERROR.cancel);
      await raw.sync();
      expect(echo.record.calls[index]?.cancelled).toBe(true);
    }
    expect(echo.record.cancels).toEqual(['Wait', 'Stream', 'Chat', 'Chat ended']);
  });

  test('that the client resets twice, or behind the answer: no fault', async () => {
    const raw = await greeted();
    raw.headers(1, callFields('Echo'));
    raw.data(1, framed('hello'), true);
    raw.resetStream(1, ERROR.cancel);
    raw.resetStream(1, ERROR.cancel);
    raw.windowUpdate(1, 1000);
    raw.headers(3, callFields('Wait'));
    raw.resetStream(3, ERROR.cancel);
    raw.resetStream(3, ERROR.none);
    const types = (await raw.sync()).map(({ type }) => type);
    expect(types).toEqual([FRAME.headers, FRAME.data, FRAME.headers]);
  });
});

describe('settings', () => {
  test('frames get as large as the client allows, up to our own bound', async () => {
    const raw = await greeted([
      [SETTING.frameBytesMax, 2 ** 20],
      [SETTING.initialWindowBytes, 2 ** 30],
    ]);
    raw.windowUpdate(0, 2 ** 30);
    const message = framed(randomBytes(2 ** 20));
    const sizesOf = async (streamId: number): Promise<number[]> => {
      raw.headers(streamId, callFields('Echo'));
      raw.data(streamId, message, true);
      const parts: Buffer[] = [];
      for (let left = message.length; left > 0; left -= parts.at(-1)!.length) {
        parts.push((await raw.nextOf(FRAME.data, streamId)).payload);
      }
      expect(Buffer.concat(parts).equals(message)).toBe(true);
      return parts.map(({ length }) => length);
    };
    expect(Math.max(...(await sizesOf(1)))).toBe(HTTP2.sentFrameBytesMax);
    raw.settings([[SETTING.frameBytesMax, 20_000]]);
    expect(Math.max(...(await sizesOf(3)))).toBe(20_000);
    raw.settings([[SETTING.frameBytesMax, FRAME_BYTES_DEFAULT]]);
    expect(Math.max(...(await sizesOf(5)))).toBe(FRAME_BYTES_DEFAULT);
  });

  test.each([0, 1, 64, 4096, 65_536])('a header table of %i bytes', async (headerTableSize) => {
    const session = stand.session(echo.port, { settings: { headerTableSize } });
    for (let call = 0; call < 5; call++) {
      expect(await echoed(session, `${call}`)).toEqual(framed(`${call}`));
    }
  });

  test('a header table that changes while calls are under way', async () => {
    const session = stand.session(echo.port);
    for (const headerTableSize of [0, 4096, 100, 65_536, 0, 50, 4096]) {
      const calls = Array.from({ length: 20 }, (_, call) => echoed(session, `${call}`));
      await changeSettings(session, { headerTableSize });
      const failing = grpcRequest(session, 'Fail').end(framed('ümlaut'));
      expect((await outcomeOf(failing)).headers['x-code']).toBe('TOO_OLD');
      for (const [call, body] of (await Promise.all(calls)).entries()) {
        expect(body).toEqual(framed(`${call}`));
      }
    }
  });

  test('a header table that shrinks and grows between two answers', async () => {
    const raw = await greeted();
    const headersOf = async (streamId: number) => {
      raw.headers(streamId, callFields('Echo'));
      raw.data(streamId, framed('hello'), true);
      const frames = await raw.sync();
      const [headers, trailers] = frames.filter(({ type }) => type === FRAME.headers);
      expect(raw.fields(headers!).get('content-type')).toBe('application/grpc');
      expect(raw.fields(trailers!).get('grpc-status')).toBe('0');
      return headers!.payload;
    };
    await headersOf(1);
    const short = await headersOf(3);
    raw.settings([[SETTING.headerTableBytes, 0]]);
    raw.settings([[SETTING.headerTableBytes, 4096]]);
    const afterChange = await headersOf(5);
    // RFC 7541 4.2: the smallest size, then the last one.
    expect(afterChange.subarray(0, 4)).toEqual(Buffer.from([0x20, 0x3f, 0xe1, 0x1f]));
    expect(await headersOf(7)).toEqual(short);
  });

  test('that nobody knows, and frames that nobody knows, are ignored', async () => {
    const raw = await greeted([
      [0x4242, 17],
      [SETTING.enablePush, 0],
      [SETTING.streamsMax, 0],
    ]);
    raw.frame(0x42, 0xff, 0, Buffer.from('unknown'));
    raw.frame(0x42, 0xff, 1, Buffer.from('unknown'));
    raw.headers(1, callFields('Echo'));
    raw.data(1, framed('hello'), true);
    expect((await raw.nextOf(FRAME.data, 1)).payload).toEqual(framed('hello'));
  });
});

describe('the end', () => {
  test('a client that says GOAWAY gets the answers to the calls that it made', async () => {
    const session = stand.session(echo.port);
    const waiting = outcomeOf(grpcRequest(session, 'Wait').end(framed('patience')));
    await until(WAIT_MS, () => echo.record.calls.length === 1);
    session.goaway(constants.NGHTTP2_NO_ERROR);
    session.close();
    echo.record.release();
    expect(await waiting).toMatchObject({ status: '0', body: framed('patience') });
    await until(WAIT_MS, () => echo.counters().connections.open === 0);
    expect(echo.record.cancels).toEqual([]);
  });

  test('a client that goes while it is answered takes its calls with it', async () => {
    const session = stand.session(echo.port);
    const stream = grpcRequest(session, 'Stream').end(framed('1000000'));
    await once(stream, 'data');
    session.destroy();
    await until(WAIT_MS, () => echo.counters().connections.open === 0);
    await until(WAIT_MS, () => echo.record.cancels.includes('Stream'));
  });

  test('a client that closes its half of the connection leaves nothing behind', async () => {
    const raw = await greeted();
    raw.headers(1, callFields('Wait'));
    raw.data(1, framed('hello'), true);
    await until(WAIT_MS, () => echo.record.calls.length === 1);
    raw.socket.end();
    await raw.closed;
    await until(WAIT_MS, () => echo.counters().connections.open === 0);
    expect(echo.record.cancels).toEqual(['Wait']);
  });
});
