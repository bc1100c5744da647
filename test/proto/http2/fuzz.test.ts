/** Sessions of real clients, changed by chance: nothing that they say may do harm. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { HpackDecoder } from '#proto/http2/hpack/decoder';
import { ERROR, FLAG, FRAME } from '#proto/http2/protocol';
import { HTTP2 } from '#lib/transport-limits';
import { usedBytes } from '#support/attack';
import { MemoryConnection } from '#support/memory-connection';
import { chunksOf, mutation, SESSIONS } from '#support/mutations';
import { fuzz, FUZZ_TIMEOUT_MS, printSeed } from '#support/property';
import type { Frame } from '#support/raw-http2';

const MIB = 2 ** 20;
const GROWTH_BYTES_MAX = 48 * MIB;
/** Of one session, which has some 40 frames. */
const SESSION_MS = 10_000;

beforeAll(printSeed);

let sessions = 0;
afterAll(() => console.info(`${sessions} sessions`));

/** Runs a session to its end. */
async function play(chunks: readonly Buffer[]): Promise<MemoryConnection> {
  const connection = new MemoryConnection();
  const startMs = performance.now();
  for (const [index, chunk] of chunks.entries()) {
    if (connection.client.destroyed) break;
    connection.client.write(chunk);
    if (index % 2 === 1) await connection.settle();
  }
  await connection.settle();
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

async function check(chunks: readonly Buffer[]): Promise<MemoryConnection> {
  const connection = await play(chunks);
  expect(connection.errors).toEqual([]);
  expect(connection.left).toEqual({ handlers: 0, partialBytes: 0, waitingBytes: 0 });
  checkFrames(connection.frames);
  return connection;
}

test.each([...SESSIONS])('%s, as it was recorded', async (_name, session) => {
  const { frames, counters } = await check(session);
  expect(counters).toMatchObject({ protocolErrors: 0, slowReaders: 0 });
  expect(frames.some(({ type }) => type === FRAME.headers)).toBe(true);
  const bytewise = await check(Array.from(Buffer.concat(session), (byte) => Buffer.from([byte])));
  expect(bytewise.counters).toEqual(counters);
});

test(
  'changed in frames and bytes',
  async () => {
    await fuzz(fc.asyncProperty(mutation, async (each) => void (await check(chunksOf(each)))));
    const beforeBytes = await usedBytes();
    await fuzz(fc.asyncProperty(mutation, async (each) => void (await check(chunksOf(each)))));
    expect((await usedBytes()) - beforeBytes).toBeLessThan(GROWTH_BYTES_MAX);
  },
  2 * FUZZ_TIMEOUT_MS,
);
