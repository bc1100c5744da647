/** Sessions of real clients, changed by chance: nothing that they say may do harm. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { HpackDecoder } from '#proto/http2/hpack/decoder';
import { ERROR, FLAG, FRAME } from '#proto/http2/protocol';
import { HTTP2 } from '#lib/transport-limits';
import { usedBytes } from '#support/attack';
import { MemoryConnection } from '#support/memory-connection';
import { chunksOf, mutation, SESSIONS } from '#support/mutations';
import { fuzz, FUZZ_TIMEOUT_MS, printSeed, runs } from '#support/property';
import type { Frame } from '#support/raw-http2';
import { until } from '#support/until';

const MIB = 2 ** 20;
const GROWTH_BYTES_MAX = 48 * MIB;
/** Of one session, which has some 40 frames. */
/** Header blocks, requests, readers and connections run out of time by and by. */
const TICKS_MS = [1000, 15_000, 70_000, 140_000, 300_000, 400_000];
const WARM_UP_RUNS = 100;
const SESSION_MS = 10_000;

beforeAll(printSeed);

let sessions = 0;
afterAll(() => console.info(`${sessions} sessions`));

/** How a session goes on: until all that it asked for is done, and with how much time between. */
interface Course {
  readonly isComplete?: boolean;
  readonly tickMs?: readonly number[];
}

/** Runs a session to its end. */
async function play(chunks: readonly Buffer[], course: Course): Promise<MemoryConnection> {
  const { isComplete = false, tickMs = [] } = course;
  const connection = new MemoryConnection();
  const startMs = performance.now();
  for (const [index, chunk] of chunks.entries()) {
    if (connection.client.destroyed) break;
    connection.client.write(chunk);
    if (index % 2 === 1) await connection.settle();
  }
  await connection.settle();
  if (isComplete) await until(SESSION_MS, () => connection.left.partialBytes === 0);
  for (const nowMs of tickMs) {
    connection.connection.tick(nowMs);
    await connection.settle();
  }
  await connection.end();
  expect(performance.now() - startMs).toBeLessThan(SESSION_MS);
  sessions++;
  return connection;
}

/** Throws when the server says what no server may. */
function checkFrames(frames: readonly Frame[]): void {
  const decoder = new HpackDecoder({
    tableBytesMax: HTTP2.hpackTableBytesDefault,
    listBytesMax: MIB,
    fieldsMax: HTTP2.headerFieldsMax,
  });
  const ended = new Set<number>();
  const begun = new Set<number>();
  expect(frames[0]).toMatchObject({ type: FRAME.settings, flags: 0, streamId: 0 });
  for (const { type, flags, streamId, payload } of frames) {
    expect(payload.length).toBeLessThanOrEqual(HTTP2.sentFrameBytesMax);
    if (type === FRAME.goAway) expect(payload.readUInt32BE(4)).not.toBe(ERROR.internal);
    if (type === FRAME.resetStream) ended.add(streamId);
    if (type !== FRAME.headers && type !== FRAME.data) continue;
    expect(streamId % 2).toBe(1);
    expect(ended).not.toContain(streamId);
    if (type === FRAME.headers) {
      expect(flags & FLAG.endHeaders).toBe(FLAG.endHeaders);
      const { fields } = decoder.decode(payload, 0, payload.length);
      expect(fields[0]).toBe(begun.has(streamId) ? 'grpc-status' : ':status');
      begun.add(streamId);
    } else {
      expect(begun).toContain(streamId);
    }
    if ((flags & FLAG.endStream) !== 0) ended.add(streamId);
  }
}

async function check(chunks: readonly Buffer[], course: Course): Promise<MemoryConnection> {
  const connection = await play(chunks, course);
  expect(connection.errors).toEqual([]);
  expect(connection.left).toEqual({ handlers: 0, partialBytes: 0, waitingBytes: 0 });
  checkFrames(connection.frames);
  return connection;
}

test.each([...SESSIONS])('%s, as it was recorded', async (_name, session) => {
  const { frames, counters } = await check(session, { isComplete: true });
  expect(counters).toMatchObject({ protocolErrors: 0, slowReaders: 0 });
  expect(frames.some(({ type }) => type === FRAME.headers)).toBe(true);
  const bytes = Array.from(Buffer.concat(session), (byte) => Buffer.from([byte]));
  const bytewise = await check(bytes, { isComplete: true });
  expect(bytewise.counters).toMatchObject({ protocolErrors: 0, slowReaders: 0 });
});

test(
  'changed in frames and bytes',
  async () => {
    const harmless = fc.asyncProperty(mutation, async (each) => {
      await check(chunksOf(each), each.cuts.length % 2 === 0 ? {} : { tickMs: TICKS_MS });
    });
    await fc.assert(harmless, runs(WARM_UP_RUNS));
    const beforeBytes = await usedBytes();
    await fuzz(harmless);
    expect((await usedBytes()) - beforeBytes).toBeLessThan(GROWTH_BYTES_MAX);
  },
  FUZZ_TIMEOUT_MS,
);
