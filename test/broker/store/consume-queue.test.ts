import { describe, expect, test } from '@jest/globals';

import { ConsumeQueue } from '#broker/store/consume-queue';

const SEGMENT = 0;

/** Appends messages of 100 bytes, one behind the other from `position` on. */
function fill(queue: ConsumeQueue, count: number, position = queue.nextOffset * 100): void {
  for (let i = 0; i < count; i++) {
    const n = queue.nextOffset;
    queue.append(position + i * 100, 100 + n, -n, 1_700_000_000_000 + n, SEGMENT);
  }
}

describe('a consume queue', () => {
  test('keeps of each message where it is, its size, tag hash and store time', () => {
    const queue = new ConsumeQueue(1, 2, 0, 0);
    fill(queue, 5000); // several runs
    for (const offset of [0, 1, 2047, 2048, 4999]) {
      const run = queue.find(offset);
      expect(run?.position(offset)).toBe(offset * 100);
      expect(run?.size(offset)).toBe(100 + offset);
      expect(run?.tagHash(offset)).toBe(offset === 0 ? 0 : -offset);
      expect(run?.storeTimeMs(offset)).toBe(1_700_000_000_000 + offset);
    }
    expect(queue.find(5000)).toBeUndefined();
  });

  test('may be read up to what is committed, and no further', () => {
    const queue = new ConsumeQueue(1, 0, 0, 0);
    fill(queue, 10);
    expect(queue.readable(0)).toBe(0);
    expect(queue.readable(1)).toBe(1); // the commit is behind the first message's start
    expect(queue.readable(500)).toBe(5);
    expect(queue.readable(300)).toBe(5); // what was committed stays so
    expect(queue.readable(1000)).toBe(10);
  });

  test('begins a new run with each segment, so that the runs of a segment go with it', () => {
    const queue = new ConsumeQueue(1, 0, 0, 0);
    queue.append(0, 100, 0, 1, 0);
    queue.append(100, 100, 0, 1, 100);
    queue.append(200, 100, 0, 1, 100);
    expect(queue.takeFresh().map(({ first, end }) => [first, end])).toEqual([
      [0, 1],
      [1, 3],
    ]);
  });

  test('says once that it has what the index lacks, until that is taken', () => {
    const queue = new ConsumeQueue(1, 0, 0, 0);
    expect(queue.append(0, 1, 0, 0, SEGMENT)).toBe(true);
    expect(queue.append(1, 1, 0, 0, SEGMENT)).toBe(false);
    queue.takeFresh();
    expect(queue.append(2, 1, 0, 0, SEGMENT)).toBe(true);
  });

  test('goes on at its offset when it was loaded, with nothing in memory', () => {
    const queue = new ConsumeQueue(1, 0, 7, 100);
    expect(queue.readable(0)).toBe(100);
    expect(queue.find(99)).toBeUndefined();
    fill(queue, 1, 5000);
    expect(queue.find(100)?.position(100)).toBe(5000);
    expect(queue.readable(5000)).toBe(100);
    expect(queue.readable(5001)).toBe(101);
  });

  test('forgets runs that the index has, and takes them back', () => {
    const queue = new ConsumeQueue(1, 0, 0, 0);
    fill(queue, 10);
    const [run] = queue.takeFresh();
    expect(queue.find(5)).toBe(run);
    queue.forget(run!);
    expect(queue.find(5)).toBeUndefined();
    expect(queue.readable(0)).toBe(10); // only what is committed is ever forgotten
    queue.remember(run!);
    expect(queue.find(5)).toBe(run);
  });

  test('never gets a smaller first offset', () => {
    const queue = new ConsumeQueue(1, 0, 5, 10);
    queue.raiseMin(3);
    expect(queue.minOffset).toBe(5);
    queue.raiseMin(8);
    expect(queue.minOffset).toBe(8);
  });
});
