/** Clients that do not read what they asked for. What waits for them has bounds. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import { HTTP2 } from '#lib/transport-limits';
import { FLAG, FRAME, SETTING } from '#proto/http2/protocol';
import { AttackStand, flood, usedBytes } from '#support/attack';
import type { StartedEcho } from '#support/echo-stand';
import { framed } from '#support/grpc-echo';
import { callFields, frameBytes, literalBlock, type RawHttp2 } from '#support/raw-http2';
import { until } from '#support/until';

const MIB = 2 ** 20;
const GROWTH_BYTES_MAX = 32 * MIB;
const STALLED_MS = 300;
const GONE_MS = 30_000;
const HUGE_WINDOW = 2 ** 30;

const stand = new AttackStand();
let echo: StartedEcho;

afterEach(() => stand.close());

const odd = (index: number): number => 2 * index + 1;

function calls(streamId: number, method: string, message: Buffer | string): Buffer {
  const bytes = framed(message);
  return Buffer.concat([
    frameBytes(FRAME.headers, FLAG.endHeaders, streamId, literalBlock(callFields(method))),
    frameBytes(FRAME.data, FLAG.endStream, streamId, bytes),
  ]);
}

/** Its windows are open, but it takes nothing from the socket. */
async function deaf(): Promise<RawHttp2> {
  const raw = await stand.attacker([[SETTING.initialWindowBytes, HUGE_WINDOW]]);
  raw.windowUpdate(0, HUGE_WINDOW);
  await raw.sync();
  raw.socket.pause();
  return raw;
}

/** Also what the operating system keeps for it is full. */
async function deafAndFull(): Promise<RawHttp2> {
  const raw = await deaf();
  raw.write(calls(1, 'Stream', '1000000'));
  await until(GONE_MS, () => stand.callsOf('Stream') === 1);
  // The handler has stopped when all of this is full.
  let last = -1;
  const writes = (): number => raw.socket.bytesRead;
  await until(GONE_MS, () => {
    const isStill = last === writes();
    last = writes();
    return isStill;
  });
  return raw;
}

async function expectCut(count = 1): Promise<void> {
  await until(GONE_MS, () => echo.counters().slowReaders === count);
  expect(echo.counters().protocolErrors).toBe(0);
}

describe('a socket that is not read', () => {
  test('the handler waits, and the connection is cut when nothing moves', async () => {
    echo = await stand.start({ stalledReaderMs: STALLED_MS });
    const beforeBytes = await usedBytes();
    await deafAndFull();
    expect((await usedBytes()) - beforeBytes).toBeLessThan(GROWTH_BYTES_MAX);
    await stand.whileOthersAreServed(expectCut());
    expect(echo.record.cancels).toEqual(['Stream']);
  });

  test('the same while it sends pings', async () => {
    echo = await stand.start({ stalledReaderMs: STALLED_MS });
    const raw = await deafAndFull();
    const pings = setInterval(() => raw.frame(FRAME.ping, 0, 0, Buffer.alloc(8)), STALLED_MS / 10);
    await expectCut().finally(() => clearInterval(pings));
  });

  test('answers to pings take no more than their bytes', async () => {
    echo = await stand.start();
    const raw = await deafAndFull();
    const beforeBytes = await usedBytes();
    // In a turn of its own each.
    for (let left = HTTP2.idleFramesMax / 2; left > 0; left--) {
      raw.frame(FRAME.ping, 0, 0, Buffer.alloc(8));
      await nextTurn();
    }
    await nextTurn();
    expect(echo.counters().connections.open).toBe(1);
    expect((await usedBytes()) - beforeBytes).toBeLessThan(GROWTH_BYTES_MAX / 4);
  });

  test.each([
    ['large answers', 'Echo', 100_000],
    ['failures, which take no window', 'Fail', 900],
  ])('%s pile up so far, and it is cut', async (_what, method, bytes) => {
    echo = await stand.start({ answersWaitingPerConnectionBytesMax: 8 * MIB });
    const beforeBytes = await usedBytes();
    const raw = await deaf();
    const CALLS = (64 * MIB) / bytes;
    const message = Buffer.alloc(bytes, 'unread');
    const attack = flood(raw, CALLS, (index) => largeCall(odd(index), method, message));
    const sent = await stand.whileOthersAreServed(attack);
    await expectCut();
    expect(sent).toBeLessThan(CALLS);
    echo.record.calls.length = 0;
    expect((await usedBytes()) - beforeBytes).toBeLessThan(GROWTH_BYTES_MAX);
  });
});

function largeCall(streamId: number, method: string, message: Buffer): Buffer {
  const bytes = framed(message);
  const frames = [
    frameBytes(FRAME.headers, FLAG.endHeaders, streamId, literalBlock(callFields(method))),
  ];
  for (let at = 0; at < bytes.length; at += 16_384) {
    const flags = at + 16_384 >= bytes.length ? FLAG.endStream : 0;
    frames.push(frameBytes(FRAME.data, flags, streamId, bytes.subarray(at, at + 16_384)));
  }
  return Buffer.concat(frames);
}

describe('windows that stay closed', () => {
  test('messages of one stream pile up so far, and it is cut', async () => {
    echo = await stand.start({ backlogMessagesMax: 100 });
    const raw = await stand.attacker([[SETTING.initialWindowBytes, 0]]);
    raw.write(calls(1, 'Careless', '101'));
    await expectCut();
    await raw.closed;
  });

  test('small messages of many streams count for more than their bytes', async () => {
    echo = await stand.start({
      answersWaitingPerConnectionBytesMax: 1000 * HTTP2.waitingMessageBytes,
    });
    const raw = await stand.attacker([[SETTING.initialWindowBytes, 0]]);
    await flood(raw, 1000, (index) => calls(odd(index), 'Echo', 'x'));
    await expectCut();
  });

  test('of all clients, the one that leaves the most unread is cut', async () => {
    echo = await stand.start({ answersWaitingBytesMax: 4 * MIB });
    const small = await stand.attacker([[SETTING.initialWindowBytes, 0]]);
    small.write(calls(1, 'Echo', 'waits for a while'));
    await small.sync();
    const large = await stand.attacker([[SETTING.initialWindowBytes, 0]]);
    for (let id = 1; id < 60; id += 2) large.write(largeCall(id, 'Echo', Buffer.alloc(100_000)));
    await large.sync();
    const last = await stand.attacker([[SETTING.initialWindowBytes, 0]]);
    for (let id = 1; id < 40; id += 2) last.write(largeCall(id, 'Echo', Buffer.alloc(100_000)));
    await last.sync();
    await expectCut();
    await large.closed;
    for (const raw of [small, last]) {
      raw.settings([[SETTING.initialWindowBytes, HUGE_WINDOW]]);
      raw.windowUpdate(0, HUGE_WINDOW);
    }
    await small.nextOf(FRAME.data, 1);
    for (let ends = 0; ends < 20;) {
      const { type, flags } = await last.nextOf(FRAME.headers);
      if (type === FRAME.headers && (flags & FLAG.endStream) !== 0) ends++;
    }
  });
});
