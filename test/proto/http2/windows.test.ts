/** Flow control in both directions, where clients make it hard. RFC 9113 5.2, 6.9 */
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { HTTP2 } from '#lib/transport-limits';
import { FLAG, FRAME, SETTING, WINDOW_BYTES_DEFAULT } from '#proto/http2/protocol';
import { EchoStand, type StartedEcho } from '#support/echo-stand';
import { framed, grpcRequest, outcomeOf } from '#support/grpc-echo';
import { callFields, type Frame, RawHttp2 } from '#support/raw-http2';

const HUGE_WINDOW = 2 ** 30;

const stand = new EchoStand('wire');
let echo: StartedEcho;

beforeEach(async () => {
  echo = await stand.start({ isPlain: true });
});

afterEach(() => stand.close());

async function greeted(settings: Parameters<RawHttp2['greet']>[0] = []): Promise<RawHttp2> {
  const raw = await RawHttp2.connect(echo.port);
  stand.keep(raw.socket);
  raw.greet(settings);
  await raw.sync();
  return raw;
}

function call(raw: RawHttp2, streamId: number, message: Buffer | string, method = 'Echo'): void {
  raw.headers(streamId, callFields(method));
  raw.data(streamId, framed(message), true);
}

function bodyOf(frames: readonly Frame[], streamId: number): Buffer {
  const ofStream = frames.filter((frame) => frame.streamId === streamId);
  return Buffer.concat(
    ofStream.filter(({ type }) => type === FRAME.data).map((each) => each.payload),
  );
}

function hasEnded(frames: readonly Frame[], streamId: number): boolean {
  return frames.some(
    (frame) => frame.streamId === streamId && (frame.flags & FLAG.endStream) !== 0,
  );
}

test('an answer through a window that opens by 1 byte at a time', async () => {
  const raw = await greeted([[SETTING.initialWindowBytes, 0]]);
  call(raw, 1, 'through the eye of a needle');
  const answer = framed('through the eye of a needle');
  const first = await raw.sync();
  expect(first.map(({ type }) => type)).toEqual([FRAME.headers]);
  for (const byte of answer.subarray(0, -1)) {
    raw.windowUpdate(1, 1);
    const frames = await raw.sync();
    expect(frames).toEqual([
      { type: FRAME.data, flags: 0, streamId: 1, payload: Buffer.from([byte]) },
    ]);
  }
  raw.windowUpdate(1, 1);
  const last = await raw.sync();
  expect(bodyOf(last, 1)).toEqual(answer.subarray(-1));
  expect(hasEnded(last, 1)).toBe(true);
});

test('the window of the connection holds all streams, and opens for them in turns', async () => {
  const raw = await greeted([[SETTING.initialWindowBytes, HUGE_WINDOW]]);
  const message = randomBytes(50_000);
  for (const streamId of [1, 3, 5]) call(raw, streamId, message);
  const frames = await raw.sync();
  const sent = () => [1, 3, 5].map((streamId) => bodyOf(frames, streamId).length);
  const sum = (bytes: readonly number[]): number => bytes.reduce((all, each) => all + each, 0);
  expect(sum(sent())).toBe(WINDOW_BYTES_DEFAULT);
  // The first one is done: what comes now is for the two others alike.
  for (let step = 0; step < 5; step++) {
    raw.windowUpdate(0, 10_000);
    frames.push(...(await raw.sync()));
  }
  expect(sum(sent())).toBe(WINDOW_BYTES_DEFAULT + 50_000);
  expect(sent()[2]).toBeGreaterThan(0);
  raw.windowUpdate(0, HUGE_WINDOW);
  frames.push(...(await raw.sync()));
  for (const streamId of [1, 3, 5]) {
    expect(bodyOf(frames, streamId).equals(framed(message))).toBe(true);
    expect(hasEnded(frames, streamId)).toBe(true);
  }
});

test('a window that turns negative has to be filled up first', async () => {
  const raw = await greeted([[SETTING.initialWindowBytes, 100]]);
  call(raw, 1, randomBytes(1000));
  expect(bodyOf(await raw.sync(), 1).length).toBe(100);
  raw.settings([[SETTING.initialWindowBytes, 30]]);
  expect(bodyOf(await raw.sync(), 1).length).toBe(0);
  raw.windowUpdate(1, 70);
  expect(bodyOf(await raw.sync(), 1).length).toBe(0);
  raw.windowUpdate(1, 1);
  expect(bodyOf(await raw.sync(), 1).length).toBe(1);
  raw.settings([[SETTING.initialWindowBytes, 0]]);
  raw.settings([[SETTING.initialWindowBytes, 35]]);
  expect(bodyOf(await raw.sync(), 1).length).toBe(5);
  raw.settings([[SETTING.initialWindowBytes, 2000]]);
  const frames = await raw.sync();
  expect(bodyOf(frames, 1).length).toBe(1005 - 106);
  expect(hasEnded(frames, 1)).toBe(true);
});

test('new initial windows hold for later streams, and for what was sent before', async () => {
  const raw = await greeted();
  call(raw, 1, randomBytes(1000));
  expect(hasEnded(await raw.sync(), 1)).toBe(true);
  raw.settings([[SETTING.initialWindowBytes, 7]]);
  call(raw, 3, randomBytes(1000));
  expect(bodyOf(await raw.sync(), 3).length).toBe(7);
  raw.settings([[SETTING.initialWindowBytes, 1005]]);
  call(raw, 5, randomBytes(1000));
  const frames = await raw.sync();
  expect(hasEnded(frames, 3)).toBe(true);
  expect(hasEnded(frames, 5)).toBe(true);
});

test('settings are acknowledged before what they allow is sent', async () => {
  const raw = await greeted([[SETTING.initialWindowBytes, 0]]);
  call(raw, 1, 'hello');
  await raw.sync();
  raw.settings([[SETTING.initialWindowBytes, 10]]);
  const types = (await raw.sync()).map(({ type }) => type);
  expect(types).toEqual([FRAME.settings, FRAME.data, FRAME.headers]);
});

test('an empty answer needs no window', async () => {
  const raw = await greeted([[SETTING.initialWindowBytes, 0]]);
  raw.headers(1, callFields('Stream'));
  raw.data(1, framed('0'), true);
  const { streamId, flags } = await raw.nextOf(FRAME.headers);
  expect(streamId).toBe(1);
  const isEnd = (flags & FLAG.endStream) !== 0;
  if (!isEnd) expect((await raw.nextOf(FRAME.headers)).flags & FLAG.endStream).toBe(FLAG.endStream);
});

test('4 MiB there and back through windows of 64 KiB, four at once', async () => {
  const session = stand.session(echo.port, { settings: { initialWindowSize: 65_535 } });
  const messages = Array.from({ length: 4 }, () => randomBytes(4 * 2 ** 20));
  const outcomes = messages.map(async (message) => {
    const stream = grpcRequest(session, 'Echo');
    const outcome = outcomeOf(stream);
    stream.end(framed(message));
    return outcome;
  });
  for (const [index, { status, body }] of (await Promise.all(outcomes)).entries()) {
    expect(status).toBe('0');
    expect(body.equals(framed(messages[index]!))).toBe(true);
  }
});

test('padding counts for the windows of a request, and is given back', async () => {
  const raw = await greeted();
  raw.headers(1, callFields('Tell'));
  const padded = Buffer.concat([Buffer.from([255]), framed('x'), Buffer.alloc(255)]);
  const windows = { 0: HTTP2.connectionWindowBytes, 1: HTTP2.streamWindowBytes };
  const frames = 100_000;
  for (let sent = 0; sent < frames; sent++) {
    raw.frame(FRAME.data, FLAG.padded, 1, padded);
    windows[0] -= padded.length;
    windows[1] -= padded.length;
    while (Math.min(windows[0], windows[1]) < padded.length) {
      const update = await raw.nextOf(FRAME.windowUpdate);
      windows[update.streamId as 0 | 1] += update.payload.readUInt32BE(0);
    }
  }
  raw.frame(FRAME.data, FLAG.endStream, 1);
  await raw.nextOf(FRAME.headers);
  expect((await raw.nextOf(FRAME.data)).payload).toEqual(framed(`${frames}`));
});

test('requests that nobody reads do not use up the window of the connection', async () => {
  const raw = await greeted();
  const body = Buffer.alloc(HTTP2.streamWindowBytes - 1);
  let window = HTTP2.connectionWindowBytes;
  for (let streamId = 1; streamId < 100; streamId += 2) {
    // No call: it is answered when it ends, whatever it says.
    raw.headers(streamId, callFields('Echo', [['content-type', 'text/plain']]).slice(0, 4));
    raw.data(streamId, body, true);
    window -= body.length;
    while (window < body.length) {
      const update = await raw.nextOf(FRAME.windowUpdate, 0);
      window += update.payload.readUInt32BE(0);
    }
  }
  expect(echo.counters().protocolErrors).toBe(0);
});

test('what is under way when a request was refused counts for the connection', async () => {
  const raw = await greeted();
  let window = HTTP2.connectionWindowBytes;
  const part = Buffer.alloc(16_384);
  for (let streamId = 1; streamId < 20; streamId += 2) {
    raw.headers(streamId, callFields('NoSuchMethod'));
    // The client has not heard of the refusal, and sends what it may.
    for (let sent = 0; sent + part.length <= HTTP2.streamWindowBytes; sent += part.length) {
      raw.frame(FRAME.data, 0, streamId, part);
      window -= part.length;
    }
    while (window < HTTP2.streamWindowBytes) {
      const update = await raw.nextOf(FRAME.windowUpdate, 0);
      window += update.payload.readUInt32BE(0);
    }
  }
  call(raw, 21, 'after all');
  expect((await raw.nextOf(FRAME.data, 21)).payload).toEqual(framed('after all'));
  expect(echo.counters().protocolErrors).toBe(0);
});
