/** What depends on the time that passes, with a clock that is told. */
import { afterEach, expect, test } from '@jest/globals';
import { HTTP2 } from '#lib/transport-limits';
import { ERROR, FLAG, FRAME, PREFACE } from '#proto/http2/protocol';
import { MemoryConnection } from '#support/memory-connection';
import { callFields, frameBytes, literalBlock } from '#support/raw-http2';

const GREETING = Buffer.concat([PREFACE, frameBytes(FRAME.settings, 0, 0)]);
const PING = frameBytes(FRAME.ping, 0, 0, Buffer.alloc(8));

let connection: MemoryConnection;

afterEach(() => connection.end());

async function begin(): Promise<void> {
  connection = new MemoryConnection();
  await say(GREETING);
}

async function say(bytes: Buffer): Promise<void> {
  connection.client.write(bytes);
  await connection.settle();
}

async function tick(nowMs: number): Promise<void> {
  connection.connection.tick(nowMs);
  await connection.settle();
}

function goodbyes(): number[] {
  const frames = connection.frames.filter(({ type }) => type === FRAME.goAway);
  return frames.map(({ payload }) => payload.readUInt32BE(4));
}

test('a header block has its time, however often something comes', async () => {
  await begin();
  await tick(1000);
  await say(frameBytes(FRAME.headers, 0, 1, literalBlock(callFields('Echo'))));
  for (const nowMs of [2000, 2000 + HTTP2.headerBlockMs]) {
    await tick(nowMs);
    await say(frameBytes(FRAME.continuation, 0, 1));
  }
  expect(goodbyes()).toEqual([]);
  await tick(2001 + HTTP2.headerBlockMs);
  expect(goodbyes()).toEqual([ERROR.enhanceYourCalm]);
  expect(connection.counters.protocolErrors).toBe(1);
});

test('a header block that ends in time leaves its successor all of it', async () => {
  await begin();
  await tick(1000);
  for (let index = 0; index < 3; index++) {
    const block = literalBlock(callFields('Echo'));
    await say(frameBytes(FRAME.headers, 0, 2 * index + 1, block));
    await tick((index + 1) * HTTP2.headerBlockMs);
    await say(frameBytes(FRAME.continuation, FLAG.endHeaders, 2 * index + 1));
    await tick((index + 1) * HTTP2.headerBlockMs + 1);
  }
  expect(goodbyes()).toEqual([]);
});

test('pings may come as often as the time allows, and all at once up to a bound', async () => {
  const pings = (count: number): Buffer => Buffer.concat(Array<Buffer>(count).fill(PING));
  const { idleFramesMax, idleFramesPerSecond, settingsCost } = HTTP2;
  await begin();
  await say(pings(idleFramesMax - settingsCost));
  for (let second = 1; second < 20; second++) {
    await tick(second * 1000);
    await say(pings(idleFramesPerSecond));
  }
  expect(goodbyes()).toEqual([]);
  await say(PING);
  expect(goodbyes()).toEqual([ERROR.enhanceYourCalm]);
});
