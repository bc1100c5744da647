/** Clients that play with the windows of what we send. RFC 9113 5.2.2, 6.9, 10.5; CVE-2019-9511 */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { HTTP2 } from '#lib/transport-limits';
import { ERROR, FLAG, FRAME, SETTING, WINDOW_BYTES_MAX } from '#proto/http2/protocol';
import { AttackStand, flood } from '#support/attack';
import type { StartedEcho } from '#support/echo-stand';
import { framed } from '#support/grpc-echo';
import {
  callFields,
  type Frame,
  frameBytes,
  type RawHttp2,
  settingsPayload,
  uint32,
} from '#support/raw-http2';
import { until } from '#support/until';

const MIB = 2 ** 20;
const FLOOD = 100_000;
/** Of calls whose answers wait for a window. */
const STREAMS = 1000;
const STALLED_MS = 200;
const GONE_MS = 30_000;

const stand = new AttackStand();
let echo: StartedEcho;

afterEach(() => stand.close());

const odd = (index: number): number => 2 * index + 1;

function call(raw: RawHttp2, streamId: number, message: Buffer | string, method = 'Echo'): void {
  raw.headers(streamId, callFields(method));
  raw.data(streamId, framed(message), true);
}

const windowUpdate = (streamId: number, bytes: number): Buffer =>
  frameBytes(FRAME.windowUpdate, 0, streamId, uint32(bytes));
const initialWindow = (bytes: number): Buffer =>
  frameBytes(FRAME.settings, 0, 0, settingsPayload([[SETTING.initialWindowBytes, bytes]]));

function dataBytes(frames: readonly Frame[]): number {
  const data = frames.filter(({ type }) => type === FRAME.data);
  return data.reduce((sum, { payload }) => sum + payload.length, 0);
}

describe('windows of one byte', () => {
  beforeEachStart();

  test('of a stream: the connection ends', async () => {
    const raw = await stand.attacker([[SETTING.initialWindowBytes, 0]]);
    call(raw, 1, Buffer.alloc(MIB / 2));
    const attack = Promise.all([raw.rest(), flood(raw, FLOOD / 100, () => ofOneByte(1))]);
    const [frames] = await stand.whileOthersAreServed(attack);
    expect(goAwayCode(frames)).toBe(ERROR.enhanceYourCalm);
    expect(dataBytes(frames)).toBeLessThan(2 * HTTP2.idleFramesMax);
  });

  test('of the connection: the connection ends', async () => {
    const raw = await stand.attacker([[SETTING.initialWindowBytes, MIB]]);
    call(raw, 1, Buffer.alloc(MIB / 2));
    const attack = Promise.all([raw.rest(), flood(raw, FLOOD / 100, () => ofOneByte(0))]);
    const [frames] = await stand.whileOthersAreServed(attack);
    expect(goAwayCode(frames)).toBe(ERROR.enhanceYourCalm);
  });

  const ofOneByte = (streamId: number): Buffer =>
    Buffer.concat(Array.from(Array(100), () => windowUpdate(streamId, 1)));
});

test('a client that reads a lot says so a lot, and may', async () => {
  await start();
  const raw = await stand.attacker();
  const MESSAGES = 1000;
  call(raw, 1, `${MESSAGES}`, 'Stream');
  let received = 0;
  for (let given = 0; received < MESSAGES * 65_541;) {
    const frame = await raw.nextOf(FRAME.data);
    received += frame.payload.length;
    // As eager as a client gets: both windows, for some KiB at a time.
    for (; given + 4096 <= received; given += 4096) {
      raw.windowUpdate(0, 4096);
      raw.windowUpdate(1, 4096);
    }
  }
  await raw.nextOf(FRAME.headers, 1);
  expect(echo.counters().protocolErrors).toBe(0);
});

describe('windows beyond all bounds', () => {
  beforeEachStart();

  test('of a stream: it is reset', async () => {
    const raw = await stand.attacker();
    call(raw, 1, '', 'Wait');
    raw.windowUpdate(1, WINDOW_BYTES_MAX);
    const { payload } = await raw.nextOf(FRAME.resetStream, 1);
    expect(payload.readUInt32BE()).toBe(ERROR.flowControl);
    await raw.sync();
  });

  test.each<[string, (raw: RawHttp2) => void]>([
    ['of the connection', (raw) => raw.windowUpdate(0, WINDOW_BYTES_MAX)],
    ['of new streams', (raw) => raw.settings([[SETTING.initialWindowBytes, 2 ** 31]])],
    [
      'of streams that wait, by settings',
      (raw) => {
        raw.windowUpdate(1, WINDOW_BYTES_MAX - 65_535);
        raw.settings([[SETTING.initialWindowBytes, 65_536]]);
      },
    ],
  ])('%s: the connection ends', async (_what, widen) => {
    const raw = await stand.attacker();
    call(raw, 1, '', 'Wait');
    widen(raw);
    expect(await raw.goodbye()).toBe(ERROR.flowControl);
    await raw.closed;
    expect(echo.counters().protocolErrors).toBe(1);
  });
});

describe('first windows that change again and again, while many streams wait', () => {
  beforeEachStart();

  async function waiting(): Promise<RawHttp2> {
    const raw = await stand.attacker([[SETTING.initialWindowBytes, 0]]);
    for (let index = 0; index < STREAMS; index++) call(raw, odd(index), 'waits for a window');
    await raw.sync();
    return raw;
  }

  test('in many frames: the connection ends', async () => {
    const raw = await waiting();
    const attack = flood(raw, FLOOD, (index) => initialWindow(index % 2));
    const [code] = await stand.whileOthersAreServed(Promise.all([raw.goodbye(), attack]));
    expect(code).toBe(ERROR.enhanceYourCalm);
  });

  test('in one frame: the connection ends', async () => {
    const raw = await waiting();
    const settings = Array.from(Array(2000), (_, index) => [4, index % 2] as const);
    raw.settings(settings);
    expect(await stand.whileOthersAreServed(raw.goodbye())).toBe(ERROR.enhanceYourCalm);
  });

  test('and end open: all get their answers', async () => {
    const raw = await waiting();
    for (let index = 0; index < 40; index++) raw.write(initialWindow(index % 2));
    raw.write(initialWindow(1000));
    const frames = await raw.sync();
    const ended = frames.filter(
      ({ flags, type }) => type === FRAME.headers && flags & FLAG.endStream,
    );
    expect(ended).toHaveLength(STREAMS);
    expect(dataBytes(frames)).toBe(STREAMS * framed('waits for a window').length);
  });
});

describe('a window that stays closed', () => {
  test.each<[string, Parameters<RawHttp2['greet']>[0], string]>([
    ['of a stream', [[SETTING.initialWindowBytes, 0]], '1'],
    ['of the connection', [[SETTING.initialWindowBytes, MIB]], '2'],
  ])('%s: the connection is cut', async (_what, settings, count) => {
    await start({ stalledReaderMs: STALLED_MS });
    const raw = await stand.attacker(settings);
    call(raw, 1, count, 'Stream');
    // It does answer pings: what it does not do is read.
    const pings = setInterval(() => raw.frame(FRAME.ping, 0, 0, Buffer.alloc(8)), STALLED_MS / 4);
    await raw.closed.finally(() => clearInterval(pings));
    expect(echo.counters()).toMatchObject({ slowReaders: 1, protocolErrors: 0 });
    await until(GONE_MS, () => echo.counters().connections.open === 0);
  });

  test('and opens at last: also answers without content get through', async () => {
    await start();
    const raw = await stand.attacker([[SETTING.initialWindowBytes, 0]]);
    call(raw, 1, '');
    call(raw, 3, Buffer.alloc(0), 'Chat');
    await raw.sync();
    raw.windowUpdate(1, 5);
    raw.windowUpdate(3, 3);
    raw.windowUpdate(3, 2);
    const frames = await raw.sync();
    expect(
      frames
        .filter(({ streamId }) => streamId === 1)
        .map(({ type, payload }) => [type, payload.length]),
    ).toEqual([
      [FRAME.data, 5],
      [FRAME.headers, expect.any(Number)],
    ]);
    expect(dataBytes(frames.filter(({ streamId }) => streamId === 3))).toBe(5);
    expect(
      frames.filter(({ type, payload }) => type === FRAME.data && payload.length === 0),
    ).toEqual([]);
  });
});

async function start(limits: Parameters<AttackStand['start']>[0] = {}): Promise<void> {
  echo = await stand.start(limits);
}

function beforeEachStart(): void {
  beforeEach(() => start());
}

function goAwayCode(frames: readonly Frame[]): number | undefined {
  return frames.findLast(({ type }) => type === FRAME.goAway)?.payload.readUInt32BE(4);
}
