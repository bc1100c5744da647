import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { Topic } from '#broker/topic/topics';
import { PRODUCT } from '#lib/limits';
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
});
