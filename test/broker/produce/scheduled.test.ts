import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { Topic } from '#broker/topic/topics';
import { PRODUCT } from '#lib/limits';
import { SCHEDULE } from '#lib/schedule-limits';
import { idOf, receive } from '#support/core';
import { FaultyCore } from '#support/faulty-core';
import { readAll } from '#support/reopened';
import { schedule } from '#support/scheduled';
import type { TestSchedule } from '#support/scheduled';
import { until } from '#support/until';

const SECOND = 1000;
const HOUR = 3600 * SECOND;
const DAY = 24 * HOUR;

describe('scheduled messages', () => {
  let faulty: FaultyCore;
  let topic: Topic;

  beforeEach(async () => {
    faulty = await FaultyCore.open({ segmentBytes: 16 * 1024, retentionMs: 3 * HOUR });
    topic = await faulty.core.topics.create('later', 'delay', 2);
    await faulty.core.groups.create('billing');
  });

  afterEach(() => faulty.dispose());

  async function store(message: Omit<TestSchedule, 'deliverAtMs'> & { inMs: number }) {
    const { core, clock } = faulty;
    const deliverAtMs = clock.nowMs() + message.inMs;
    const produced = schedule(core, core.topics.get('later'), { ...message, deliverAtMs });
    await core.producer.whenStored(produced.end);
    return produced;
  }

  /** Ids of what can be read, once everything that is due has been delivered. */
  async function there(count: number): Promise<string[]> {
    const { core } = faulty;
    const written = (): number =>
      core.topics.get('later').queues.reduce((sum, { nextOffset }) => sum + nextOffset, 0);
    await until(5 * SECOND, () => written() >= count);
    await settled();
    return (await readAll(core)).map(({ id }) => id).sort();
  }

  /** Whatever is under way has come to its end. */
  async function settled(): Promise<void> {
    for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve));
    await faulty.core.producer.whenStored(faulty.core.store.end);
  }

  test('are delivered when their time has come, not before', async () => {
    await store({ id: 'A', inMs: 10 * SECOND });
    faulty.clock.advance(10 * SECOND - 1);
    expect(await there(0)).toEqual([]);
    faulty.clock.advance(1);
    expect(await there(1)).toEqual(['A']);
  });

  test('reach a consumer that waits for them', async () => {
    await store({ id: 'A', inMs: SECOND });
    const { core, clock } = faulty;
    const waiting = receive(core, core.groups.get('billing'), topic, { waitMs: 20 * SECOND });
    clock.advance(SECOND);
    expect((await waiting).map(idOf)).toEqual(['A']);
  });

  test('come in the order of their times', async () => {
    for (const [id, inMs] of [
      ['C', 3],
      ['A', 1],
      ['B', 2],
    ] as const)
      await store({ id, inMs });
    for (let ms = 1; ms <= 3; ms++) {
      faulty.clock.advance(1);
      expect(await there(ms)).toEqual(['A', 'B', 'C'].slice(0, ms));
    }
  });

  test('are delivered at once when their time is past, without a way back', async () => {
    expect((await store({ id: 'A', inMs: 0 })).recallHandle).toBeUndefined();
    expect((await store({ id: 'B', inMs: -DAY })).offset).toBe(1);
    expect(await there(2)).toEqual(['A', 'B']);
  });

  test('may wait for 40 days and no longer', async () => {
    await store({ id: 'A', inMs: PRODUCT.delayMaxMs });
    const tooFar = store({ id: 'B', inMs: PRODUCT.delayMaxMs + 1 });
    await expect(tooFar).rejects.toMatchObject({
      code: 'ILLEGAL_DELIVERY_TIME',
      message: 'a message is delivered at most 40 days from now, this one would be in 40.0 days',
    });
  });

  test.each(['left', 'lost'] as const)('survive a crash, with the index %s', async (index) => {
    await store({ id: 'A', inMs: SECOND });
    await store({ id: 'B', inMs: HOUR });
    faulty.clock.advance(SECOND);
    expect(await there(1)).toEqual(['A']);
    await faulty.crash('dropped', index);
    faulty.clock.advance(HOUR);
    expect(await there(2)).toEqual(['A', 'B']);
    await faulty.restart(index);
    faulty.clock.advance(HOUR);
    expect(await there(2)).toEqual(['A', 'B']);
    expect(faulty.core.scheduler.hasPending).toBe(false);
  });

  test('are delivered after a start when their time came before it', async () => {
    await store({ id: 'A', inMs: SECOND });
    await faulty.core.store.materialize();
    faulty.clock.advance(1);
    await faulty.stop();
    faulty.clock.advance(HOUR);
    await faulty.crash('dropped');
    faulty.clock.advance(0);
    expect(await there(1)).toEqual(['A']);
  });

  test('are not early when the clock is set back, nor late when it is set forward', async () => {
    const { clock } = faulty;
    await store({ id: 'A', inMs: HOUR });
    clock.set(clock.nowMs() - HOUR);
    clock.advance(2 * HOUR - 1);
    expect(await there(0)).toEqual([]);
    clock.advance(1);
    expect(await there(1)).toEqual(['A']);
    await store({ id: 'B', inMs: 20 * DAY });
    clock.set(clock.nowMs() + 20 * DAY);
    clock.advance(SECOND);
    expect(await there(2)).toEqual(['A', 'B']);
  });

  test('wait while the disk is full, and come when there is room', async () => {
    const { files, clock, core } = faulty;
    await store({ id: 'A', inMs: SECOND });
    await store({ id: 'B', inMs: 2 * SECOND });
    files.fail({ operation: 'write', nth: 0, code: 'ENOSPC', times: 1000, bytesWritten: 50 });
    await expect(store({ id: 'C', inMs: HOUR })).rejects.toMatchObject({ code: 'DISK_FULL' });
    clock.advance(3 * SECOND);
    await new Promise((resolve) => setImmediate(resolve));
    expect(await readAll(core)).toEqual([]);
    files.heal();
    await until(5 * SECOND, async () => {
      await clock.advanceAsync(SECOND);
      return (topic.queues[0]?.readable(core.store.committed) ?? 0) === 2;
    });
    expect(await there(2)).toEqual(['A', 'B']);
  });

  test.each([SECOND, 20 * DAY])('of a deleted topic are pending no more (%i ms)', async (inMs) => {
    await store({ id: 'A', inMs });
    await faulty.restart();
    expect(faulty.core.scheduler.hasPending).toBe(true);
    await faulty.core.topics.delete('later');
    expect(faulty.core.scheduler.hasPending).toBe(false);
    await faulty.restart();
    expect(faulty.core.scheduler.hasPending).toBe(false);
  });

  test('go with their topic', async () => {
    const { core, clock } = faulty;
    await store({ id: 'A', inMs: SECOND });
    await core.topics.delete('later');
    await core.topics.create('later', 'delay', 2);
    clock.advance(SECOND);
    await settled();
    expect(await readAll(core)).toEqual([]);
    expect(core.scheduler.hasPending).toBe(false);
  });

  test('that come in great numbers are in memory only as far as they are due soon', async () => {
    const count = SCHEDULE.nearMax * 2 + 1000;
    const { core, clock } = faulty;
    const startMs = clock.nowMs();
    // The latest first, so that each is to be in memory when it comes.
    for (let i = count; i > 0; i--) {
      const { end } = schedule(core, topic, { id: String(i), deliverAtMs: startMs + HOUR + i });
      if (i % 4096 === 0) await core.producer.whenStored(end);
    }
    await settled();
    expect(core.scheduler.inMemory).toBeLessThanOrEqual(SCHEDULE.nearMax);
    clock.advance(HOUR + count);
    const written = (): number => topic.queues[0]?.nextOffset ?? 0;
    await until(60 * SECOND, () => written() === count);
    expect(core.scheduler.hasPending).toBe(false);
  }, 120_000);

  describe('and retention', () => {
    const BODY = Buffer.alloc(6000, 'x');

    async function keepFor(hours: number): Promise<void> {
      for (let hour = 0; hour < hours; hour++) {
        await store({ id: `H${hour}`, inMs: -1, body: BODY });
        faulty.clock.advance(HOUR);
        await settled();
        await faulty.core.store.materialize();
        await faulty.core.store.retain();
      }
    }

    test.each(['left', 'lost'] as const)(
      'outlive the segments that they were in, with the index %s',
      async (index) => {
        for (let i = 0; i < 10; i++) await store({ id: `A${i}`, inMs: 2 * DAY + i, body: BODY });
        const { recallHandle = '' } = await store({ id: 'B', inMs: 2 * DAY, body: BODY });
        await keepFor(20);
        const { start } = faulty.core.store.status;
        expect(start).toBeGreaterThan(60_000);
        await faulty.crash('dropped', index);
        await keepFor(20);
        expect(faulty.core.store.status.start).toBeGreaterThan(start);
        const { core } = faulty;
        const { messageId } = await core.scheduler.recall(core.topics.get('later'), recallHandle);
        expect(messageId.toString()).toBe('B');
        faulty.clock.advance(DAY);
        const expected = Array.from({ length: 10 }, (_, i) => `A${i}`);
        const found = await there(50);
        expect(found.filter((id) => !id.startsWith('H'))).toEqual(expected);
      },
    );
  });

  describe('recalled', () => {
    function recall(handle: string | undefined, of = faulty.core.topics.get('later')) {
      return faulty.core.scheduler.recall(of, handle ?? '');
    }

    test.each([
      ['soon due', SECOND, false],
      ['not even in the index', DAY, false],
      ['in the index alone', DAY, true],
    ])('never come: %s', async (_what, inMs, restarts) => {
      const { recallHandle } = await store({ id: 'A', inMs });
      await store({ id: 'B', inMs });
      if (restarts) await faulty.restart();
      const { messageId, end } = await recall(recallHandle);
      expect(messageId.toString()).toBe('A');
      await faulty.core.producer.whenStored(end);
      await expect(recall(recallHandle)).rejects.toMatchObject({ code: 'MESSAGE_NOT_FOUND' });
      await faulty.crash('dropped', restarts ? 'left' : 'lost');
      await expect(recall(recallHandle)).rejects.toMatchObject({ code: 'MESSAGE_NOT_FOUND' });
      faulty.clock.advance(DAY);
      expect(await there(1)).toEqual(['B']);
    });

    test('too late', async () => {
      const { recallHandle } = await store({ id: 'A', inMs: SECOND });
      faulty.clock.advance(SECOND);
      await there(1);
      await expect(recall(recallHandle)).rejects.toMatchObject({ code: 'MESSAGE_NOT_FOUND' });
    });

    test('by two at once: one of them did it', async () => {
      const { recallHandle } = await store({ id: 'A', inMs: DAY });
      await faulty.restart();
      const outcomes = await Promise.allSettled([recall(recallHandle), recall(recallHandle)]);
      expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    });

    test('only with a handle of this broker, for a message of that topic', async () => {
      const { recallHandle = '' } = await store({ id: 'A', inMs: DAY });
      const other = await faulty.core.topics.create('other', 'delay', 1);
      const refusal = { code: 'INVALID_RECEIPT_HANDLE' };
      await expect(recall(recallHandle, other)).rejects.toMatchObject(refusal);
      const forged = Buffer.from(recallHandle, 'base64url');
      for (let at = 0; at < forged.length; at++) {
        forged[at] = (forged[at] as number) ^ 1;
        await expect(recall(forged.toString('base64url'))).rejects.toMatchObject(refusal);
        forged[at] = (forged[at] as number) ^ 1;
      }
      for (const text of ['', 'v1', recallHandle + 'A', 'ä'.repeat(35)]) {
        await expect(recall(text)).rejects.toMatchObject(refusal);
      }
    });
  });
});
