/** Frames on streams that they can't be on, and calls behind a goodbye. RFC 9113 5.1, 6.8 */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ERROR, FLAG, FRAME } from '#proto/http2/protocol';
import { AttackStand, flood } from '#support/attack';
import type { StartedEcho } from '#support/echo-stand';
import { EMPTY_MESSAGE } from '#support/grpc-echo';
import { callFields, frameBytes, literalBlock, type RawHttp2, uint32 } from '#support/raw-http2';

const stand = new AttackStand();
let echo: StartedEcho;

beforeEach(async () => {
  echo = await stand.start();
});

afterEach(() => stand.close());

const HEADERS = literalBlock(callFields('Wait'));

const FRAMES: readonly [name: string, type: number, payload: Buffer][] = [
  ['DATA', FRAME.data, EMPTY_MESSAGE],
  ['HEADERS', FRAME.headers, HEADERS],
  ['PRIORITY', FRAME.priority, Buffer.alloc(5, 1)],
  ['RST_STREAM', FRAME.resetStream, uint32(ERROR.cancel)],
  ['WINDOW_UPDATE', FRAME.windowUpdate, uint32(1)],
  ['CONTINUATION', FRAME.continuation, HEADERS],
];

async function withCall(streamId: number): Promise<RawHttp2> {
  const raw = await stand.attacker();
  raw.headers(streamId, callFields('Wait'));
  raw.data(streamId, EMPTY_MESSAGE, true);
  await raw.sync();
  return raw;
}

describe.each(FRAMES)('%s', (name, type, payload) => {
  const isAllowed = (streamId: number): boolean =>
    (name === 'WINDOW_UPDATE' && streamId === 0) ||
    (name === 'HEADERS' && streamId % 2 === 1) ||
    (name === 'PRIORITY' && streamId !== 0);

  test.each([0, 2, 4, 6, 8, 7])('on stream %i, beside an open stream 5', async (streamId) => {
    const raw = await withCall(5);
    raw.frame(type, FLAG.endHeaders, streamId, payload);
    if (isAllowed(streamId)) {
      await raw.sync();
      expect(echo.counters().protocolErrors).toBe(0);
    } else {
      expect(await raw.goodbye()).toBe(ERROR.protocol);
      expect(echo.counters().protocolErrors).toBe(1);
    }
  });
});

test('a stream id that goes back', async () => {
  const raw = await withCall(5);
  raw.headers(3, callFields('Wait'));
  expect(await raw.goodbye()).toBe(ERROR.protocol);
});

describe('behind our goodbye', () => {
  /** One call is under way, and the server has said that it takes no other. */
  async function endingWithCall(): Promise<{ raw: RawHttp2; drained: Promise<void> }> {
    const raw = await withCall(1);
    const drained = echo.server.drain(30_000);
    await raw.nextOf(FRAME.goAway);
    const { payload } = await raw.nextOf(FRAME.ping);
    raw.frame(FRAME.ping, FLAG.ack, 0, payload);
    expect((await raw.nextOf(FRAME.goAway)).payload.readUInt32BE()).toBe(1);
    return { raw, drained };
  }

  test('further calls are ignored, and what is under way is answered', async () => {
    const { raw, drained } = await endingWithCall();
    raw.headers(3, callFields('Echo'));
    raw.data(3, EMPTY_MESSAGE);
    raw.windowUpdate(3, 1);
    raw.resetStream(3, ERROR.cancel);
    raw.headers(5, callFields('Echo'));
    raw.data(5, EMPTY_MESSAGE, true);
    expect(await raw.sync()).toEqual([]);
    echo.record.release();
    const frames = await raw.rest();
    expect(frames.every(({ streamId }) => streamId === 1)).toBe(true);
    expect(frames.at(-1)?.flags).toBe(FLAG.endHeaders | FLAG.endStream);
    await drained;
    expect(echo.counters().protocolErrors).toBe(0);
    expect(stand.callsOf('Echo')).toBe(0);
  });

  test('a flood of further calls ends the connection', async () => {
    const { raw, drained } = await endingWithCall();
    const block = literalBlock(callFields('Echo'));
    const goodbye = raw.goodbye();
    await flood(raw, 1000, (round) => {
      const ids = Array.from(Array(100), (_, index) => 2 * (100 * round + index) + 3);
      return Buffer.concat(ids.map((id) => frameBytes(FRAME.headers, FLAG.endHeaders, id, block)));
    });
    expect(await goodbye).toBe(ERROR.enhanceYourCalm);
    await drained;
  });
});

test('behind its own goodbye a client is served on, but may not repeat it for ever', async () => {
  const raw = await stand.attacker();
  raw.frame(FRAME.goAway, 0, 0, Buffer.alloc(8));
  raw.headers(1, callFields('Echo'));
  raw.data(1, EMPTY_MESSAGE, true);
  const types = (await raw.sync()).map(({ type }) => type);
  expect(types).toEqual([FRAME.headers, FRAME.data, FRAME.headers]);
  raw.frame(FRAME.goAway, 0, 0, Buffer.alloc(7));
  expect(await raw.goodbye()).toBe(ERROR.frameSize);
});
