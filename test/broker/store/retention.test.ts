import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { firstKept, shouldRoll } from '#broker/store/retention';
import type { RetentionPolicy } from '#broker/store/retention';
import type { Segment } from '#broker/store/segments';
import type { Topic } from '#broker/topic/topics';
import { STORE } from '#lib/limits';
import { ack, handleOf, idOf, receive, send } from '#support/core';
import { FaultyCore } from '#support/faulty-core';
import { readAll } from '#support/reopened';

const HOUR = 3_600_000;

describe('which segments may go', () => {
  const policy: RetentionPolicy = {
    nowMs: 10 * HOUR,
    retentionMs: 3 * HOUR,
    underPressure: false,
    applied: Infinity,
  };

  /** Segments that began in these hours; undefined for one whose head is damaged. */
  function segments(...hours: (number | undefined)[]): Segment[] {
    return hours.map((hour, i) => ({
      base: i * 100,
      path: `${i}`,
      file: undefined as never,
      carries: hour !== undefined,
      ...(hour === undefined ? {} : { firstTimestampMs: hour * HOUR }),
    }));
  }

  function kept(list: Segment[], change: Partial<RetentionPolicy> = {}): number | undefined {
    return firstKept(list, { ...policy, ...change })?.base;
  }

  test('those all of whose records are too old', () => {
    expect(kept(segments(1, 2, 6, 8, 9))).toBe(200);
    expect(kept(segments(7.5, 8, 9))).toBeUndefined();
    expect(kept(segments(1))).toBeUndefined(); // the one that is written stays, however old
  });

  test('one more than age asks for when the disk is fuller than its watermark', () => {
    expect(kept(segments(8, 9, 9.5), { underPressure: true })).toBe(100);
    expect(kept(segments(9), { underPressure: true })).toBeUndefined();
  });

  test('only what the index has, and only before a segment that carries the state', () => {
    expect(kept(segments(1, 2, 3, 6), { applied: 199 })).toBe(100);
    const list = segments(1, 2, 3, 6);
    (list[3] as Segment).carries = false;
    expect(kept(list)).toBe(200);
  });

  test('a damaged head keeps its segment no longer than others', () => {
    expect(kept(segments(1, undefined, 3, 6, 9))).toBe(300);
  });

  test('a segment is ended early enough for its first message', () => {
    const [old] = segments(8.9);
    expect(shouldRoll(old as Segment, 10 * HOUR, 3 * HOUR)).toBe(true);
    expect(shouldRoll(old as Segment, 9.5 * HOUR, 3 * HOUR)).toBe(false);
  });
});

describe('retention', () => {
  let faulty: FaultyCore;
  let topic: Topic;

  beforeEach(async () => {
    const retentionMs = 3 * HOUR;
    faulty = await FaultyCore.open({ segmentBytes: 4096, retentionMs, diskWatermark: 0.8 });
    const { core } = faulty;
    topic = await core.topics.create('orders', 'normal', 2);
    await core.groups.create('billing');
    for (let i = 0; i < 6; i++) await sendOne(i);
  });

  afterEach(() => faulty.dispose());

  async function sendOne(number: number): Promise<void> {
    const body = Buffer.alloc(3000, `${number}`);
    await send(faulty.core, topic, { id: `M${number}`, queueId: number % 2, body, keys: ['K'] });
  }

  async function retain(): Promise<void> {
    const { store } = faulty.core;
    await store.materialize();
    await store.retain(); // one that the clock has begun
    await store.retain();
  }

  async function ids(): Promise<string[]> {
    return (await readAll(faulty.core)).map(({ id }) => id).toSorted();
  }

  test('by age takes the old messages and leaves the young where they are', async () => {
    faulty.clock.advance(2 * HOUR);
    for (let i = 6; i < 10; i++) await sendOne(i);
    const offsets = topic.queues.map(({ nextOffset }) => nextOffset);
    faulty.clock.advance(HOUR + 1);
    await retain();
    expect(faulty.files.count('remove')).toBeGreaterThan(1);
    expect(await ids()).toEqual(['M6', 'M7', 'M8', 'M9']);
    expect(topic.queues.map(({ minOffset }) => minOffset)).toEqual([3, 3]);
    for (const index of ['left', 'lost'] as const) {
      await faulty.crash('dropped', index);
      topic = faulty.core.topics.get('orders');
      expect(await ids()).toEqual(['M6', 'M7', 'M8', 'M9']);
      expect(topic.queues.map(({ minOffset }) => minOffset)).toEqual([3, 3]);
      expect(topic.queues.map(({ nextOffset }) => nextOffset)).toEqual(offsets);
    }
    const { keys, reader } = faulty.core.store;
    for (const position of await keys.find(topic.id, 'K', 100)) await reader.readAt(position);
  });

  test('leaves no message at all when all are old, and the offsets go on', async () => {
    faulty.clock.advance(2 * HOUR);
    await retain();
    faulty.clock.advance(2 * HOUR);
    await retain();
    expect(await ids()).toEqual([]);
    await faulty.crash('dropped', 'lost');
    topic = faulty.core.topics.get('orders');
    await sendOne(6);
    expect((await readAll(faulty.core)).map(({ offset }) => offset)).toEqual([3]);
  });

  test('by watermark takes the oldest segment early, one at a time', async () => {
    const { core, files, clock } = faulty;
    const before = core.store.status.segments;
    files.diskSpace = { freeBytes: 19, totalBytes: 100 };
    await clock.advanceAsync(STORE.diskCheckMs);
    await core.store.materialize();
    await core.store.retain();
    expect(core.store.status.segments).toBe(before - 1);
    files.diskSpace = { freeBytes: 21, totalBytes: 100 };
    await clock.advanceAsync(STORE.diskCheckMs);
    await core.store.retain();
    expect(core.store.status.segments).toBe(before - 1);
  });

  test('carries leases, progress, topics and groups on', async () => {
    const { core, clock } = faulty;
    const group = core.groups.get('billing');
    clock.advance(2 * HOUR);
    for (let i = 6; i < 10; i++) await sendOne(i);
    const deliveries = await receive(core, group, topic, { invisibleMs: 2 * HOUR });
    const held = deliveries.find((delivery) => idOf(delivery) === 'M8');
    const done = deliveries.filter((delivery) => delivery !== held);
    for (const delivery of done) await ack(core, group, handleOf(core, delivery));
    clock.advance(HOUR + 1);
    await retain();
    await faulty.crash('dropped', 'lost');
    const { groups, topics } = faulty.core;
    topic = topics.get('orders');
    expect(groups.get('billing').id).toBe(group.id);
    expect(await receive(faulty.core, groups.get('billing'), topic)).toHaveLength(0);
    await ack(faulty.core, groups.get('billing'), handleOf(core, held!));
    clock.advance(2 * HOUR);
    expect(await receive(faulty.core, groups.get('billing'), topic)).toHaveLength(0);
  });

  test('does not take what a missing file takes: the log then lacks its beginning', async () => {
    const [first] = faulty.files.disk.files.toSorted();
    await faulty.core.store.materialize();
    await faulty.stop();
    faulty.files.disk.remove(first as string);
    await expect(faulty.crash('kept')).rejects.toThrow(/the log begins at \d+, but nothing from 0/);
  });

  test('a log whose carried beginning is damaged is not taken for one without', async () => {
    faulty.clock.advance(2 * HOUR);
    await retain();
    faulty.clock.advance(2 * HOUR);
    await retain();
    const { start } = faulty.core.store.status;
    expect(start).toBeGreaterThan(0);
    await faulty.core.close();
    const [first] = faulty.files.disk.files.toSorted();
    faulty.files.disk.get(first as string)?.write(40, Buffer.from([0xff]));
    const refusal = { file: first, position: start };
    await expect(faulty.crash('kept')).rejects.toMatchObject(refusal);
  });
});
