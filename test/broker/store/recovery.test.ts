/** What a start makes of the end of the log: a torn tail is cut off, anything else is damage. */
import { describe, expect, test } from '@jest/globals';

import { DamageError } from '#broker/store/damage';
import { HEAD_BYTES, RECORD_TYPE, bytesPayload, writeRecord } from '#broker/store/record';
import { recover } from '#broker/store/recovery';
import type { Recovered } from '#broker/store/recovery';
import { Segments, segmentName } from '#broker/store/segments';
import { FaultFiles } from '#support/fault-files';

const DIRECTORY = '/log';
const SECTOR_BYTES = 512;

/** Group commits, each of records of these payload sizes, one behind the other from `base` on. */
function logOf(batches: number[][], base = 0): Buffer {
  const parts: Buffer[] = [];
  let position = base;
  for (const batch of batches) {
    const batchStart = position;
    for (const size of batch) {
      const record = Buffer.alloc(HEAD_BYTES + size);
      const head = { type: RECORD_TYPE.ack, epoch: 1, timestampMs: 1, batchOffset: 0 };
      head.batchOffset = position - batchStart;
      writeRecord(record, 0, position, head, bytesPayload(Buffer.alloc(size, position)));
      parts.push(record);
      position += record.length;
    }
  }
  return Buffer.concat(parts);
}

async function filesOf(contents: Map<number, Buffer>): Promise<FaultFiles> {
  const files = new FaultFiles();
  for (const [base, bytes] of contents) {
    const file = await files.open(`${DIRECTORY}/${segmentName(base)}`, { create: true });
    await file.write([bytes], 0);
  }
  return files;
}

async function recoverFrom(
  contents: Map<number, Buffer>,
  from = 0,
): Promise<Recovered & { read: number[]; files: FaultFiles }> {
  const files = await filesOf(contents);
  const segments = await Segments.open(files, DIRECTORY);
  const read: number[] = [];
  const recovered = await recover(segments, from, ({ position }) => void read.push(position));
  return { ...recovered, read, files };
}

describe('recovery', () => {
  const whole = logOf([[100], [50, 60], [700, 800, 900]]);
  const lastBatchAt = 3 * HEAD_BYTES + 210;

  test('reads a whole log to its end, and makes sure that it is on disk', async () => {
    const { end, tornBytes, records, files } = await recoverFrom(new Map([[0, whole]]));
    expect({ end, tornBytes, records }).toEqual({ end: whole.length, tornBytes: 0, records: 6 });
    const left = files.afterCrash({ unsynced: 'dropped', seed: 1 });
    const segments = await Segments.open(left, DIRECTORY);
    expect(await segments.last?.file.size()).toBe(whole.length);
  });

  test('begins where it is told to', async () => {
    const { read } = await recoverFrom(new Map([[0, whole]]), lastBatchAt);
    expect(read[0]).toBe(lastBatchAt);
  });

  test('cuts the last group commit off wherever it is torn, and keeps all before it', async () => {
    for (let length = lastBatchAt; length < whole.length; length += 7) {
      const { end, tornBytes } = await recoverFrom(new Map([[0, whole.subarray(0, length)]]));
      expect(end).toBeGreaterThanOrEqual(lastBatchAt);
      expect(end + tornBytes).toBe(length);
    }
  });

  test('cuts it off too when an earlier part is missing and a later one is there', async () => {
    for (let at = lastBatchAt; at < whole.length; at += SECTOR_BYTES) {
      const holed = Buffer.from(whole);
      holed.fill(0, at, Math.min(at + SECTOR_BYTES, whole.length));
      const { end } = await recoverFrom(new Map([[0, holed]]));
      expect(end).toBeGreaterThanOrEqual(lastBatchAt);
      expect(end).toBeLessThanOrEqual(at);
    }
  });

  test('a wrong bit before the last group commit is damage, with its place', async () => {
    for (let at = 0; at < lastBatchAt; at++) {
      const damaged = Buffer.from(whole);
      damaged[at] = (damaged[at] as number) ^ (1 << (at % 8));
      const error = await recoverFrom(new Map([[0, damaged]])).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(DamageError);
      expect((error as DamageError).file).toContain(segmentName(0));
      expect((error as DamageError).position).toBeLessThanOrEqual(at);
    }
  });

  test('a wrong bit at the end of a segment that is not the last is damage', async () => {
    const damaged = Buffer.from(whole);
    damaged[whole.length - 1] = (damaged[whole.length - 1] as number) ^ 1;
    const contents = new Map([
      [0, damaged],
      [whole.length, logOf([[10]], whole.length)],
    ]);
    await expect(recoverFrom(contents)).rejects.toBeInstanceOf(DamageError);
  });

  test('a record in another place than its own is damage, though it is intact', async () => {
    const swapped = Buffer.concat([logOf([[10], [10]]).subarray(HEAD_BYTES + 10), whole]);
    const again = Buffer.concat([logOf([[10]]), logOf([[10]]), logOf([[10]], 76)]);
    await expect(recoverFrom(new Map([[0, again]]))).rejects.toBeInstanceOf(DamageError);
    expect((await recoverFrom(new Map([[0, swapped]]))).end).toBe(0); // nothing of it is in place
  });

  test('a file that is missing between two others is damage', async () => {
    const contents = new Map([
      [0, whole],
      [whole.length + 10, logOf([[10]], whole.length + 10)],
    ]);
    await expect(recoverFrom(contents)).rejects.toThrow(/the next begins at/);
  });

  test('what was cut off does not come back', async () => {
    const torn = whole.subarray(0, whole.length - 3);
    const { files, end } = await recoverFrom(new Map([[0, torn]]));
    const left = files.afterCrash({ unsynced: 'dropped', seed: 1 });
    const segments = await Segments.open(left, DIRECTORY);
    expect(await segments.last?.file.size()).toBe(end);
  });
});
