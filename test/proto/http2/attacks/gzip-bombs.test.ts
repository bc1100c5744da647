/** Compressed messages that are far larger than they look. */
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { LISTEN } from '#lib/limits';
import { FLAG, FRAME } from '#proto/http2/protocol';
import { AttackStand, usedBytes } from '#support/attack';
import type { StartedEcho } from '#support/echo-stand';
import { framed } from '#support/grpc-echo';
import { callFields, frameBytes, literalBlock } from '#support/raw-http2';

const CLIENTS = 20;
const CALLS = 2;
const SOON_MS = 60_000;
const SAMPLE_MS = 5;

const stand = new AttackStand();
let echo: StartedEcho;

beforeEach(async () => {
  echo = await stand.start();
});

afterEach(() => stand.close());

const HEADERS = literalBlock(callFields('Echo', [['grpc-encoding', 'gzip']]));

/** As many calls at once, of many clients; resolves with what became of them. */
async function statuses(message: Buffer): Promise<Set<string | undefined>> {
  const bytes = framed(message, true);
  const clients = await Promise.all(Array.from(Array(CLIENTS), () => stand.attacker()));
  const found = new Set<string | undefined>();
  for (const raw of clients) {
    for (let id = 1; id < 2 * CALLS; id += 2) {
      raw.write(frameBytes(FRAME.headers, FLAG.endHeaders, id, HEADERS));
      raw.data(id, bytes, true);
    }
  }
  for (const raw of clients) {
    for (let left = CALLS; left > 0; left--) {
      found.add(raw.fields(await raw.nextOf(FRAME.headers, undefined, SOON_MS)).get('grpc-status'));
    }
  }
  return found;
}

/** The most that was in use beside the heap while it went on. */
async function peakBytes(work: Promise<unknown>): Promise<number> {
  let peak = 0;
  const sampler = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().external);
  }, SAMPLE_MS);
  await work.finally(() => clearInterval(sampler));
  return peak;
}

test('that say how large they are: nothing is unpacked', async () => {
  const bomb = gzipSync(Buffer.alloc(LISTEN.requestBytesMax + 1));
  expect(await stand.whileOthersAreServed(statuses(bomb))).toEqual(new Set(['8']));
});

test.each([
  ['a little', 1000],
  ['as much as is allowed', LISTEN.requestBytesMax],
])('that lie, and say %s: few are unpacked at once, and no further', async (_what, bytes) => {
  const bomb = gzipSync(Buffer.alloc(4 * LISTEN.requestBytesMax));
  bomb.writeUInt32LE(bytes, bomb.length - 4);
  await usedBytes();
  const beforeBytes = process.memoryUsage().external;
  const attack = stand.whileOthersAreServed(statuses(bomb));
  const growthBytes = (await peakBytes(attack)) - beforeBytes;
  expect(await attack).toEqual(new Set(['13']));
  // What is refused is garbage, but not at once; all together would have taken this and more.
  const allBytes = CLIENTS * CALLS * LISTEN.requestBytesMax;
  expect(growthBytes).toBeLessThan(0.75 * allBytes);
  expect(echo.record.calls.length).toBeGreaterThan(0);
});

test('that wait for their turn count as what is kept of requests', async () => {
  await stand.close();
  echo = await stand.start({ partialRequestsPerConnectionBytesMax: 100_000 });
  const raw = await stand.attacker();
  const tell = literalBlock(callFields('Tell', [['grpc-encoding', 'gzip']]));
  raw.write(frameBytes(FRAME.headers, FLAG.endHeaders, 1, tell));
  const bomb = framed(gzipSync(Buffer.alloc(LISTEN.requestBytesMax)), true);
  for (let left = 100; left > 0; left--) raw.data(1, bomb);
  const refused = raw.fields(await raw.nextOf(FRAME.headers, 1));
  expect(refused.get('grpc-status')).toBe('8');
  // All that was kept is free again: this needs most of it.
  const half = framed(Buffer.alloc(100_000)).subarray(0, 95_000);
  raw.headers(3, callFields('Echo'));
  raw.data(3, half);
  expect((await raw.sync()).filter(({ streamId }) => streamId === 3)).toEqual([]);
});
