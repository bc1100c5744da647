/** Frames without end that ask for nothing, or take back what they asked for. RFC 9113 10.5 */
import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { HTTP2 } from '#lib/transport-limits';
import { ERROR, FLAG, FRAME, SETTING } from '#proto/http2/protocol';
import { AttackStand, flood, usedBytes } from '#support/attack';
import type { StartedEcho } from '#support/echo-stand';
import { EMPTY_MESSAGE } from '#support/grpc-echo';
import {
  callFields,
  type Fields,
  frameBytes,
  literalBlock,
  type RawHttp2,
  settingsPayload,
  uint32,
} from '#support/raw-http2';
import { until } from '#support/until';

const MIB = 2 ** 20;
/** Of each flood: many times what any bound allows. */
const FRAMES = 100_000;
const FRAMES_PER_ROUND = 100;
/** What the process may have more of behind a flood than before: it holds client and server. */
const GROWTH_BYTES_MAX = 32 * MIB;
const GONE_MS = 30_000;

const stand = new AttackStand();
let echo: StartedEcho;
let beforeBytes: number;

beforeAll(async () => {
  beforeBytes = await usedBytes();
});

beforeEach(async () => {
  echo = await stand.start();
});

afterEach(() => stand.close());

const headers = (streamId: number, fields: Fields, flags: number = FLAG.endHeaders): Buffer =>
  frameBytes(FRAME.headers, flags, streamId, literalBlock(fields));
const LAST = FLAG.endHeaders | FLAG.endStream;
const wait = (streamId: number, more: Fields = []): Buffer =>
  headers(streamId, callFields('Wait', more));
const message = (streamId: number): Buffer =>
  frameBytes(FRAME.data, FLAG.endStream, streamId, EMPTY_MESSAGE);
const reset = (streamId: number): Buffer =>
  frameBytes(FRAME.resetStream, 0, streamId, uint32(ERROR.cancel));
const windowUpdate = (streamId: number, bytes: number): Buffer =>
  frameBytes(FRAME.windowUpdate, 0, streamId, uint32(bytes));
const odd = (index: number): number => 2 * index + 1;

interface Flood {
  readonly name: string;
  /** Sent before. */
  readonly first?: Buffer;
  readonly frames: (index: number) => Buffer;
  readonly code?: number;
}

const FLOODS: readonly Flood[] = [
  {
    name: 'rapid reset (CVE-2023-44487)',
    frames: (index) => Buffer.concat([wait(odd(index)), message(odd(index)), reset(odd(index))]),
  },
  {
    name: 'resets of calls that are answered',
    frames: (index) =>
      Buffer.concat([
        headers(odd(index), callFields('Echo')),
        message(odd(index)),
        reset(odd(index)),
      ]),
  },
  {
    name: 'resets that we make: window updates of 0 (CVE-2025-8671)',
    frames: (index) =>
      Buffer.concat([wait(odd(index)), message(odd(index)), windowUpdate(odd(index), 0)]),
  },
  {
    name: 'resets that we make: windows beyond all bounds',
    frames: (index) =>
      Buffer.concat([wait(odd(index)), message(odd(index)), windowUpdate(odd(index), 2 ** 31 - 1)]),
  },
  {
    name: 'resets that we make: bodies other than announced',
    frames: (index) =>
      Buffer.concat([wait(odd(index), [['content-length', '1']]), message(odd(index))]),
  },
  {
    name: 'resets that we make: headers amid the body',
    frames: (index) => Buffer.concat([wait(odd(index)), wait(odd(index))]),
  },
  {
    name: 'resets that we make: requests that are none',
    frames: (index) => headers(odd(index), [['no', 'request']], LAST),
  },
  { name: 'empty HEADERS', frames: (index) => headers(odd(index), []) },
  {
    name: 'DATA behind the end of a request',
    first: Buffer.concat([wait(1), message(1)]),
    frames: () => message(1),
    code: ERROR.streamClosed,
  },
  { name: 'SETTINGS', frames: () => frameBytes(FRAME.settings, 0, 0) },
  {
    name: 'SETTINGS that say a lot',
    frames: () =>
      frameBytes(
        FRAME.settings,
        0,
        0,
        settingsPayload(Array.from({ length: 2000 }, () => [SETTING.streamsMax, 1])),
      ),
  },
  { name: 'answers to SETTINGS', frames: () => frameBytes(FRAME.settings, FLAG.ack, 0) },
  { name: 'PING', frames: () => frameBytes(FRAME.ping, 0, 0, Buffer.alloc(8)) },
  { name: 'answers to PING', frames: () => frameBytes(FRAME.ping, FLAG.ack, 0, Buffer.alloc(8)) },
  {
    name: 'empty DATA (CVE-2019-9518)',
    first: wait(1),
    frames: () => frameBytes(FRAME.data, 0, 1),
  },
  {
    name: 'DATA of nothing but padding',
    first: wait(1),
    frames: () => frameBytes(FRAME.data, FLAG.padded, 1, Buffer.from([2, 0, 0])),
  },
  {
    name: 'DATA for a call that was refused',
    first: headers(1, callFields('Nothing')),
    frames: () => frameBytes(FRAME.data, 0, 1, Buffer.alloc(1)),
  },
  {
    name: 'empty CONTINUATION (CVE-2019-9518)',
    first: headers(1, callFields('Wait'), 0),
    frames: () => frameBytes(FRAME.continuation, 0, 1),
  },
  {
    name: 'CONTINUATION without end (CVE-2024-27316)',
    first: headers(1, callFields('Wait'), 0),
    frames: () => frameBytes(FRAME.continuation, 0, 1, literalBlock([['x', 'x'.repeat(16_000)]])),
  },
  {
    name: 'small CONTINUATION without end',
    first: headers(1, callFields('Wait'), 0),
    frames: () => frameBytes(FRAME.continuation, 0, 1, literalBlock([['x', 'x']])),
  },
  {
    name: 'PRIORITY',
    frames: (index) => frameBytes(FRAME.priority, 0, odd(index), Buffer.alloc(5)),
  },
  { name: 'frames that nobody knows', frames: () => frameBytes(0xfa, 0, 0, Buffer.alloc(100)) },
  { name: 'GOAWAY', frames: () => frameBytes(FRAME.goAway, 0, 0, Buffer.alloc(8)) },
  { name: 'PUSH_PROMISE', frames: () => frameBytes(FRAME.pushPromise, 0, 1), code: ERROR.protocol },
  { name: 'windows of the connection', frames: () => windowUpdate(0, 1) },
  {
    name: 'windows of a call that is over',
    first: headers(1, callFields('Nothing')),
    frames: () => windowUpdate(1, 1),
  },
  {
    name: 'resets of a call that is over',
    first: Buffer.concat([wait(1), reset(1)]),
    frames: () => reset(1),
  },
];

async function attack(raw: RawHttp2, { first, frames }: Flood): Promise<number | undefined> {
  if (first) raw.write(first);
  const goodbye = raw.goodbye();
  await flood(raw, FRAMES / FRAMES_PER_ROUND, (round) => {
    const indexes = Array.from(Array(FRAMES_PER_ROUND), (_, index) => index);
    return Buffer.concat(indexes.map((index) => frames(round * FRAMES_PER_ROUND + index)));
  });
  return goodbye;
}

describe('the connection ends, and others are served meanwhile', () => {
  test.each(FLOODS)('$name', async (wave) => {
    const raw = await stand.attacker();
    const code = await stand.whileOthersAreServed(attack(raw, wave));
    expect(code).toBe(wave.code ?? ERROR.enhanceYourCalm);
    await raw.closed;
    expect(echo.counters()).toMatchObject({ protocolErrors: 1, slowReaders: 0 });
    await until(GONE_MS, () => echo.counters().connections.open === 1);
    // No more work was begun for it than its budget allows, and that is given up.
    const calls = stand.callsOf('Wait');
    expect(calls).toBeLessThan(HTTP2.idleFramesMax / (HTTP2.resetCost - 2) + 200);
    await until(GONE_MS, () => echo.record.cancels.length >= calls);
    expect((await usedBytes()) - beforeBytes).toBeLessThan(GROWTH_BYTES_MAX);
  });
});

test('calls beyond the most at once are refused, too many of them end the connection', async () => {
  await stand.close();
  echo = await stand.start({ streamsPerConnectionMax: 10 });
  const raw = await stand.attacker();
  for (let index = 0; index < 12; index++) raw.write(wait(odd(index)));
  const resets = (await raw.sync()).filter(({ type }) => type === FRAME.resetStream);
  expect(resets.map(({ streamId, payload }) => [streamId, payload.readUInt32BE()])).toEqual([
    [21, ERROR.refusedStream],
    [23, ERROR.refusedStream],
  ]);
  const wave = { name: 'refused', frames: (index: number) => wait(odd(index + 12)) };
  expect(await stand.whileOthersAreServed(attack(raw, wave))).toBe(ERROR.enhanceYourCalm);
});

test('handlers that go on behind calls that are given up take a place each', async () => {
  await stand.close();
  echo = await stand.start({ streamsPerConnectionMax: 10 });
  const raw = await stand.attacker();
  for (let index = 0; index < 100; index++) {
    raw.write(Buffer.concat([wait(odd(index)), message(odd(index)), reset(odd(index))]));
  }
  const refused = (await raw.sync()).filter(({ type }) => type === FRAME.resetStream);
  const served = stand.callsOf('Wait');
  expect(refused).toHaveLength(100 - served);
  expect(served).toBeLessThanOrEqual(20);
  echo.record.release();
  await raw.sync();
  raw.write(Buffer.concat([wait(odd(100)), message(odd(100))]));
  await raw.nextOf(FRAME.headers, odd(100));
});
