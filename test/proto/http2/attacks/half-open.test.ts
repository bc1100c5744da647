/** Requests that begin and do not end: what is kept of them has bounds, and so has the time. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import { LISTEN } from '#lib/limits';
import { FLAG, FRAME, SETTING } from '#proto/http2/protocol';
import { AttackStand, flood, usedBytes } from '#support/attack';
import type { StartedEcho } from '#support/echo-stand';
import { framed } from '#support/grpc-echo';
import { callFields, frameBytes, literalBlock, RawHttp2 } from '#support/raw-http2';
import { until } from '#support/until';

const MIB = 2 ** 20;
const GROWTH_BYTES_MAX = 32 * MIB;
const OK = '0';
const DEADLINE_EXCEEDED = '4';
const RESOURCE_EXHAUSTED = '8';
const REQUEST_MS = 500;
const SOON_MS = 30_000;

const stand = new AttackStand();
let echo: StartedEcho;

afterEach(() => stand.close());

const odd = (index: number): number => 2 * index + 1;

/** Of calls that are answered, and by stream; all that comes goes through here. */
class Answers {
  readonly #raw: RawHttp2;
  readonly #statuses = new Map<number, string>();

  constructor(raw: RawHttp2) {
    this.#raw = raw;
  }

  async statusOf(streamId: number): Promise<string> {
    for (;;) {
      const known = this.#statuses.get(streamId);
      if (known !== undefined) return known;
      this.#take(await this.#raw.nextOf(FRAME.headers));
    }
  }

  /** Of those that came until now. */
  async soFar(): Promise<ReadonlyMap<number, string>> {
    for (const frame of await this.#raw.sync()) if (frame.type === FRAME.headers) this.#take(frame);
    return this.#statuses;
  }

  #take(frame: Awaited<ReturnType<RawHttp2['nextOf']>>): void {
    const status = this.#raw.fields(frame).get('grpc-status');
    if (status !== undefined) this.#statuses.set(frame.streamId, status);
  }
}

const headers = (streamId: number, method: string): Buffer =>
  frameBytes(FRAME.headers, FLAG.endHeaders, streamId, literalBlock(callFields(method)));
const data = (streamId: number, bytes: Buffer, flags = 0): Buffer =>
  frameBytes(FRAME.data, flags, streamId, bytes);

async function attacker(): Promise<{ raw: RawHttp2; answers: Answers }> {
  const raw = await stand.attacker();
  return { raw, answers: new Answers(raw) };
}

describe('memory', () => {
  test.each([
    ['of a few bytes', framed('half').subarray(0, 7)],
    ['of a small message, but for their end', framed('whole')],
  ])('10,000 calls %s keep no more than these', async (_what, bytes) => {
    echo = await stand.start();
    const { raw, answers } = await attacker();
    raw.write(headers(1, 'Tell'));
    const CALLS = LISTEN.streamsPerConnectionMax - 1;
    const beforeBytes = await usedBytes();
    // What the few bytes come with is read at once, and of no further interest.
    const other = data(1, framed(Buffer.alloc(16_000)));
    const attack = flood(raw, CALLS, (index) => {
      const id = odd(index + 1);
      return Buffer.concat([headers(id, 'Echo'), data(id, bytes), other]);
    });
    await stand.whileOthersAreServed(attack);
    expect((await answers.soFar()).size).toBe(0);
    // 160 MB came; each call itself takes some KB.
    expect((await usedBytes()) - beforeBytes).toBeLessThan(2 * GROWTH_BYTES_MAX);
    raw.destroy();
  });

  test('a message byte by byte takes as much as it has bytes', async () => {
    const BYTES = 500_000;
    echo = await stand.start();
    const { raw, answers } = await attacker();
    const message = framed(Buffer.alloc(BYTES, 'byte by byte'));
    raw.write(headers(1, 'Tell'));
    const beforeBytes = await usedBytes();
    const PER_ROUND = 1000;
    await flood(raw, BYTES / PER_ROUND, (round) => {
      const part = message.subarray(round * PER_ROUND, (round + 1) * PER_ROUND);
      return Buffer.concat(Array.from(part, (byte) => data(1, Buffer.from([byte]))));
    });
    await raw.sync();
    expect((await usedBytes()) - beforeBytes).toBeLessThan(GROWTH_BYTES_MAX / 4);
    raw.write(data(1, message.subarray(BYTES), FLAG.endStream));
    expect(await answers.statusOf(1)).toBe(OK);
  });
});

describe('the bytes that may be kept', () => {
  const HALF = framed(Buffer.alloc(10_000)).subarray(0, 6000);
  const REST = framed(Buffer.alloc(10_000)).subarray(6000);
  const WHOLE = framed(Buffer.alloc(6000));

  test.each([
    ['of messages that are not complete', HALF],
    ['of messages that are, in requests that are not', WHOLE],
  ])('%s: of one connection', async (_what, bytes) => {
    echo = await stand.start({ partialRequestsPerConnectionBytesMax: 15_000 });
    const { raw, answers } = await attacker();
    for (const id of [1, 3, 5]) raw.write(Buffer.concat([headers(id, 'Echo'), data(id, bytes)]));
    expect([...(await answers.soFar())]).toEqual([[5, RESOURCE_EXHAUSTED]]);
    // Another connection has bytes of its own; and what is given up makes room.
    const other = await attacker();
    other.raw.write(Buffer.concat([headers(1, 'Echo'), data(1, bytes)]));
    expect([...(await other.answers.soFar())]).toEqual([]);
    raw.resetStream(1, 8);
    raw.write(Buffer.concat([headers(7, 'Echo'), data(7, bytes)]));
    expect((await answers.soFar()).size).toBe(1);
    raw.write(data(7, bytes === HALF ? REST : Buffer.alloc(0), FLAG.endStream));
    expect(await answers.statusOf(7)).toBe(OK);
  });

  test('of all connections of a listener', async () => {
    echo = await stand.start({ partialRequestsBytesMax: 15_000 });
    const clients = [await attacker(), await attacker(), await attacker()];
    for (const { raw, answers } of clients) {
      raw.write(Buffer.concat([headers(1, 'Echo'), data(1, HALF)]));
      await answers.soFar();
    }
    const [first, , third] = clients as [Client, Client, Client];
    expect([...(await third.answers.soFar())]).toEqual([[1, RESOURCE_EXHAUSTED]]);
    first.raw.destroy();
    await until(SOON_MS, () => echo.counters().connections.open === 2);
    third.raw.write(Buffer.concat([headers(3, 'Echo'), data(3, HALF), data(3, REST, 1)]));
    expect(await third.answers.statusOf(3)).toBe(OK);
  });

  test.each([
    ['the message before ends the call', 'Chat', Buffer.concat([framed('end'), HALF])],
    ['the call is refused', 'Nothing', HALF],
    ['the message is none', 'Echo', Buffer.concat([Buffer.from('no message'), HALF])],
    ['there is one too many', 'Echo', Buffer.concat([framed('one'), framed('two'), HALF])],
  ])('are free again when %s', async (_what, method, bytes) => {
    echo = await stand.start({ partialRequestsBytesMax: 15_000 });
    const { raw, answers } = await attacker();
    for (let index = 0; index < 10; index++) {
      const id = odd(index);
      raw.write(Buffer.concat([headers(id, method), data(id, bytes)]));
      expect(await answers.statusOf(id)).toMatch(/^\d+$/);
    }
    raw.write(Buffer.concat([headers(99, 'Echo'), data(99, HALF), data(99, REST, 1)]));
    expect(await answers.statusOf(99)).toBe(OK);
  });

  test('are free again when the connection breaks', async () => {
    echo = await stand.start({ partialRequestsBytesMax: 15_000 });
    for (let index = 0; index < 5; index++) {
      const { raw } = await attacker();
      raw.write(Buffer.concat([headers(1, 'Echo'), data(1, HALF)]));
      raw.write(Buffer.concat([headers(3, 'Echo'), data(3, WHOLE)]));
      await raw.sync();
      raw.destroy();
      await until(SOON_MS, () => echo.counters().connections.open === 0);
    }
    const { raw, answers } = await attacker();
    raw.write(Buffer.concat([headers(1, 'Echo'), data(1, HALF), data(1, REST, 1)]));
    expect(await answers.statusOf(1)).toBe(OK);
  });
});

describe('the time', () => {
  test('of a request that does not come to its end, whatever else the client does', async () => {
    echo = await stand.start({ requestMs: REQUEST_MS });
    const { raw, answers } = await attacker();
    const large = framed(Buffer.alloc(10_000));
    raw.write(Buffer.concat([headers(1, 'Echo'), data(1, large.subarray(0, 10))]));
    raw.write(Buffer.concat([headers(3, 'Echo'), data(3, framed('whole, but for its end'))]));
    raw.write(Buffer.concat([headers(5, 'Stream'), data(5, framed('half').subarray(0, 6))]));
    raw.write(Buffer.concat([headers(7, 'Chat'), data(7, framed('half').subarray(0, 6))]));
    // Streams that may be silent for ever.
    raw.write(headers(9, 'Chat'));
    raw.write(Buffer.concat([headers(11, 'Chat'), data(11, framed('whole'))]));
    const drip = setInterval(() => raw.write(data(1, Buffer.alloc(1))), REQUEST_MS / 50);
    try {
      for (const id of [1, 3, 5, 7]) expect(await answers.statusOf(id)).toBe(DEADLINE_EXCEEDED);
    } finally {
      clearInterval(drip);
    }
    expect((await answers.soFar()).size).toBe(4);
    expect(stand.callsOf('Chat')).toBe(3);
    for (const id of [9, 11]) raw.write(data(id, framed('end')));
    expect(await answers.statusOf(9)).toBe(OK);
    expect(await answers.statusOf(11)).toBe(OK);
  });

  test('of messages that come in pieces, one after the other, begins with each', async () => {
    echo = await stand.start({ requestMs: REQUEST_MS });
    const { raw, answers } = await attacker();
    raw.write(headers(1, 'Tell'));
    const message = framed('in pieces');
    raw.write(data(1, message.subarray(0, 6)));
    const endMs = performance.now() + 3 * REQUEST_MS;
    let count = 0;
    while (performance.now() < endMs) {
      // The end of one message, and the beginning of the next.
      raw.write(data(1, Buffer.concat([message.subarray(6), message.subarray(0, 6)])));
      await sleep(REQUEST_MS / 20);
      count++;
    }
    raw.write(data(1, message.subarray(6), FLAG.endStream));
    expect(await answers.statusOf(1)).toBe(OK);
    expect(count).toBeGreaterThan(1);
  });

  test('of a request that is none of gRPC', async () => {
    echo = await stand.start({ requestMs: REQUEST_MS });
    const raw = await stand.attacker();
    const fields = callFields('Echo').filter(([name]) => name !== 'content-type');
    raw.headers(1, fields);
    const answer = await raw.nextOf(FRAME.headers, 1);
    expect(raw.fields(answer).get(':status')).toBe('415');
  });

  test('for what HTTP/2 begins with', async () => {
    echo = await stand.start({ handshakeMs: REQUEST_MS });
    const raw = await RawHttp2.connect(echo.port);
    raw.write(Buffer.from('PRI * HTTP/2.0\r\n'));
    const begun = await RawHttp2.connect(echo.port);
    begun.greet([[SETTING.streamsMax, 1]]);
    await raw.closed;
    await begun.sync();
    begun.destroy();
  });
});

type Client = Awaited<ReturnType<typeof attacker>>;
