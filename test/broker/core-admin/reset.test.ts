import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { QueueReset, ResetPlace } from '#broker/admin/backend';
import { UNMETERED } from '#broker/consume/meter';
import { TagFilter } from '#broker/consume/filter-tag';
import { resetOffsets } from '#broker/core-admin/reset';
import type { Core } from '#broker/core';
import type { Group } from '#broker/topic/groups';
import type { Topic } from '#broker/topic/topics';
import { ack, handleOf, idOf, receive, send } from '#support/core';
import { FaultyCore } from '#support/faulty-core';
import { TestCall } from '#support/services';

const HOUR_MS = 3_600_000;
const RETENTION_MS = 3 * HOUR_MS;
const INVISIBLE_MS = 30_000;

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a reset', () => {
  let faulty: FaultyCore;
  let core: Core;
  let topic: Topic;
  let group: Group;

  beforeEach(async () => {
    faulty = await FaultyCore.open({ segmentBytes: 4096, retentionMs: RETENTION_MS });
    core = faulty.core;
    topic = await core.topics.create('orders', 'normal', 2);
    group = await core.groups.create('billing');
  });

  afterEach(() => faulty.dispose());

  function reset(
    to: ResetPlace,
    { queues = [] as number[], dryRun = false } = {},
  ): Promise<QueueReset[]> {
    return resetOffsets(core, { group: group.name, topic: topic.name, queues, to, dryRun });
  }

  /** Numbers in turn to the queues. */
  async function fill(from: number, to: number): Promise<void> {
    for (let i = from; i < to; i++) await send(core, topic, { id: `M${i}`, queueId: i % 2 });
  }

  async function take(batchSize = 32) {
    return receive(core, group, topic, { batchSize, invisibleMs: INVISIBLE_MS });
  }

  async function takeIds(): Promise<string[]> {
    return (await take()).map(idOf).sort();
  }

  async function consumeAll(): Promise<void> {
    for (const delivery of await take()) await ack(core, group, handleOf(core, delivery));
  }

  function committed(queueId: number): number | undefined {
    return core.consumption.progress.find(group.id, topic.id, queueId)?.committed;
  }

  async function reopen(how: 'restart' | 'crash', index: 'left' | 'lost'): Promise<void> {
    if (how === 'restart') await faulty.restart(index);
    else await faulty.crash('dropped', index);
    core = faulty.core;
    topic = core.topics.get('orders');
    group = core.groups.get('billing');
  }

  test('to the beginning brings everything again; a dry run only says so', async () => {
    await fill(0, 6);
    await consumeAll();
    const change = { before: 3, after: 0, readAgain: 3, skipped: 0, leasesDropped: 0 };
    const both = [
      { queue: 0, ...change },
      { queue: 1, ...change },
    ];
    expect(await reset({ at: 'beginning' }, { dryRun: true })).toEqual(both);
    expect(await takeIds()).toEqual([]);
    expect(await reset({ at: 'beginning' })).toEqual(both);
    expect(committed(0)).toBe(0);
    expect(await takeIds()).toEqual(['M0', 'M1', 'M2', 'M3', 'M4', 'M5']);
  });

  test('to the end skips what is left and drops the leases', async () => {
    await fill(0, 6);
    await take(3);
    const [first, second] = await reset({ at: 'end' });
    const counts = (first?.leasesDropped ?? 0) + (second?.leasesDropped ?? 0);
    expect([first?.skipped, second?.skipped, counts]).toEqual([3, 3, 3]);
    expect(await takeIds()).toEqual([]);
    faulty.clock.advance(INVISIBLE_MS + 1);
    expect(await takeIds()).toEqual([]);
    await fill(6, 8);
    expect(await takeIds()).toEqual(['M6', 'M7']);
  });

  test('sets a group that has never been in a topic', async () => {
    await fill(0, 4);
    const change = { before: 0, after: 2, readAgain: 0, skipped: 2, leasesDropped: 0 };
    expect(await reset({ at: 'end' })).toMatchObject([change, change]);
    await fill(4, 5);
    expect(await takeIds()).toEqual(['M4']);
  });

  test('of one queue to an offset leaves the others', async () => {
    await fill(0, 8);
    await consumeAll();
    const change = { before: 4, after: 2, readAgain: 2, skipped: 0, leasesDropped: 0 };
    expect(await reset({ at: 'offset', offset: 2 }, { queues: [1, 1] })).toEqual([
      { queue: 1, ...change },
    ]);
    expect(await takeIds()).toEqual(['M5', 'M7']);
  });

  test('counts what is done between leases as read again', async () => {
    for (let i = 0; i < 4; i++) await send(core, topic, { id: `M${i}` });
    const deliveries = await take();
    await ack(core, group, handleOf(core, deliveries[1]!));
    const counts = { readAgain: 1, skipped: 1, leasesDropped: 3 };
    const change = { queue: 0, before: 0, after: 1, ...counts };
    expect(await reset({ at: 'offset', offset: 1 }, { queues: [0] })).toEqual([change]);
    expect(await takeIds()).toEqual(['M1', 'M2', 'M3']);
  });

  test('refuses an offset that a queue does not hold, and then changes none', async () => {
    await fill(0, 5); // three in queue 0, two in queue 1
    await consumeAll();
    await expect(reset({ at: 'offset', offset: 3 })).rejects.toMatchObject({
      code: 'ILLEGAL_OFFSET',
      message: 'queue 1 of orders allows the offsets 0 to 2, not 3',
    });
    expect([committed(0), committed(1)]).toEqual([3, 2]);
    const refused = { code: 'BAD_REQUEST', message: 'orders has the queues 0 to 1, not 2' };
    await expect(reset({ at: 'end' }, { queues: [2] })).rejects.toMatchObject(refused);
  });

  test('to a time begins at the first message stored then', async () => {
    await fill(0, 2);
    faulty.clock.advance(1000);
    const timeMs = faulty.clock.nowMs();
    await fill(2, 4);
    await consumeAll();
    await reset({ at: 'time', timeMs });
    expect(await takeIds()).toEqual(['M2', 'M3']);
    await reset({ at: 'time', timeMs: timeMs - 1000 });
    expect(await takeIds()).toEqual(['M0', 'M1', 'M2', 'M3']);
    await reset({ at: 'time', timeMs: 0 }); // nothing is gone yet
    expect(await takeIds()).toEqual(['M0', 'M1', 'M2', 'M3']);
  });

  test('refuses a time that is to come, or of which messages are gone', async () => {
    const beginMs = faulty.clock.nowMs();
    await fill(0, 40);
    faulty.clock.advance(RETENTION_MS + 1);
    await core.store.retain();
    await fill(40, 80);
    await core.store.materialize();
    await core.store.retain();
    expect(topic.queues[0]?.minOffset).toBeGreaterThan(0);
    for (const timeMs of [beginMs, faulty.clock.nowMs() + 1, 8.7e15]) {
      const code = 'ILLEGAL_OFFSET';
      const message = expect.stringMatching(/ is outside of what is kept: a time from .*, now, is/);
      await expect(reset({ at: 'time', timeMs })).rejects.toMatchObject({ code, message });
    }
    await reset({ at: 'beginning' });
    const kept = topic.queues.reduce((sum, { minOffset }) => sum + 40 - minOffset, 0);
    const ids = new Set<string>();
    for (let batch = await take(); batch.length > 0; batch = await take()) {
      for (const delivery of batch) ids.add(idOf(delivery));
    }
    expect(ids.size).toBe(kept);
  });

  test('a handle of before can not acknowledge the delivery after it', async () => {
    await fill(0, 2);
    const before = await take();
    await reset({ at: 'beginning' });
    const stale = before.map((delivery) => handleOf(core, delivery));
    for (const handle of stale) {
      await expect(ack(core, group, handle)).rejects.toMatchObject({
        code: 'INVALID_RECEIPT_HANDLE',
      });
    }
    const after = await take();
    expect(after.map(({ lease }) => lease.attempt)).toEqual([1, 1]);
    for (const handle of stale) {
      await expect(ack(core, group, handle)).rejects.toMatchObject({
        code: 'INVALID_RECEIPT_HANDLE',
      });
    }
    faulty.clock.advance(INVISIBLE_MS + 1);
    expect(await takeIds()).toEqual(['M0', 'M1']); // they were not done
  });

  test.each([
    ['restart', 'left'],
    ['restart', 'lost'],
    ['crash', 'left'],
    ['crash', 'lost'],
  ] as const)('is there after a %s, index %s', async (how, index) => {
    await fill(0, 8);
    await consumeAll();
    await core.store.materialize();
    await reset({ at: 'offset', offset: 1 });
    const taken = await take(3);
    await ack(core, group, handleOf(core, taken[0]!));
    await reopen(how, index);
    faulty.clock.advance(INVISIBLE_MS + 1);
    const rest = ['M2', 'M3', 'M4', 'M5', 'M6', 'M7'].filter((id) => id !== idOf(taken[0]!));
    expect(await takeIds()).toEqual(rest);
  });

  test('wakes who waits, and it is served at once', async () => {
    await fill(0, 2);
    await consumeAll();
    const waiting = receive(core, group, topic, { waitMs: 20_000 });
    await turn();
    expect(core.consumption.polls.count).toBe(1);
    await reset({ at: 'beginning' });
    expect((await waiting).length).toBeGreaterThan(0);
  });

  test('in the middle of a receive: what it took is not handed out, and comes', async () => {
    await fill(0, 60);
    await consumeAll();
    await reset({ at: 'beginning' });
    await reopen('restart', 'left'); // nothing is in memory: a receive has to wait for the disk
    const receiving = take();
    await Promise.resolve();
    const resetting = reset({ at: 'offset', offset: 10 });
    const ids = new Set((await receiving).filter(({ lease }) => lease.live).map(idOf));
    await resetting;
    for (let batch = await take(); batch.length > 0; batch = await take()) {
      for (const delivery of batch) ids.add(idOf(delivery));
    }
    for (let i = 20; i < 60; i++) expect(ids).toContain(`M${i}`);
    await reopen('crash', 'lost');
    expect([committed(0), committed(1)]).toEqual([10, 10]);
  });

  test('of a group that is deleted meanwhile fails', async () => {
    await fill(0, 60);
    await reopen('restart', 'left');
    const resetting = reset({ at: 'time', timeMs: 1 });
    await core.groups.delete(group.name);
    await expect(resetting).rejects.toMatchObject({ code: 'TOPIC_NOT_FOUND' });
  });

  describe('of an ordered group', () => {
    let ledger: Group;

    const placeOf = (to: ResetPlace) => ({ topic: topic.name, queues: [], to, dryRun: false });

    async function takeLedger(attemptId?: string) {
      const options = { queueId: 0, batchSize: 3, invisibleMs: INVISIBLE_MS };
      const attempt = attemptId === undefined ? {} : { attemptId };
      return receive(core, ledger, topic, { ...options, ...attempt });
    }

    /** In the order in which they come, each acknowledged before the next receive. */
    async function drainLedger(): Promise<string[]> {
      const ids: string[] = [];
      for (let batch = await takeLedger(); batch.length > 0; batch = await takeLedger()) {
        for (const delivery of batch) {
          ids.push(idOf(delivery));
          await ack(core, ledger, handleOf(core, delivery));
        }
      }
      return ids;
    }

    const inOrderOf = (ids: string[], line: string) => ids.filter((id) => id.startsWith(line));

    beforeEach(async () => {
      ledger = await core.groups.create('ledger', { ordered: true });
      for (const id of ['a0', 'a1', 'a2', 'a3', 'b0', 'a4', 'b1', 'c0', 'a5']) {
        await send(core, topic, { id, messageGroup: id.charAt(0) });
      }
    });

    test.each(['none', 'left', 'lost'] as const)(
      'forgets what was out, done ahead and held by attempts; restart, index %s',
      async (index) => {
        const first = await takeLedger('attempt'); // a0 to a2 are out: others go on behind them
        const ahead = await takeLedger();
        for (const delivery of ahead) await ack(core, ledger, handleOf(core, delivery));
        const progress = core.consumption.progress.find(ledger.id, topic.id, 0);
        expect(progress?.doneAhead.size).toBeGreaterThan(0);
        const { readAgain, skipped, leasesDropped } = (
          await resetOffsets(core, { group: 'ledger', ...placeOf({ at: 'beginning' }) })
        )[0]!;
        expect({ readAgain, skipped, leasesDropped }).toEqual({
          readAgain: ahead.length,
          skipped: 0,
          leasesDropped: first.length,
        });
        if (index !== 'none') {
          await reopen('restart', index);
          ledger = core.groups.get('ledger');
        }
        const again = await takeLedger('attempt');
        expect(again.map(({ lease }) => lease.attempt)).toEqual(again.map(() => 1));
        for (const delivery of again) await ack(core, ledger, handleOf(core, delivery));
        const ids = [...again.map(idOf), ...(await drainLedger())];
        expect(inOrderOf(ids, 'a')).toEqual(['a0', 'a1', 'a2', 'a3', 'a4', 'a5']);
        expect(inOrderOf(ids, 'b')).toEqual(['b0', 'b1']);
        expect(ids.length).toBe(9);
      },
    );

    test('to an offset in the middle counts what is skipped between what is done', async () => {
      await takeLedger();
      for (const delivery of await takeLedger()) await ack(core, ledger, handleOf(core, delivery));
      const place = placeOf({ at: 'offset', offset: 5 }); // b0 is done, a0 to a3 are not
      const [change] = await resetOffsets(core, { group: 'ledger', ...place, queues: [0] });
      expect(change).toMatchObject({ before: 0, after: 5, skipped: 4, leasesDropped: 3 });
      const ids = await drainLedger();
      expect(ids.toSorted()).toEqual(['a4', 'a5', 'b1', 'c0']);
    });

    test('in the middle of a receive', async () => {
      await drainLedger();
      await resetOffsets(core, { group: 'ledger', ...placeOf({ at: 'beginning' }) });
      await reopen('restart', 'left');
      ledger = core.groups.get('ledger');
      const receiving = takeLedger(); // it has to wait for the disk
      await resetOffsets(core, { group: 'ledger', ...placeOf({ at: 'beginning' }) });
      const taken = await receiving;
      for (const delivery of taken) await ack(core, ledger, handleOf(core, delivery));
      const ids = [...taken.map(idOf), ...(await drainLedger())];
      expect(inOrderOf(ids, 'a')).toEqual(['a0', 'a1', 'a2', 'a3', 'a4', 'a5']);
    });
  });

  describe('of a group that pulls', () => {
    function pull(offset: number, waitMs = 0) {
      const filter = TagFilter.parse('*');
      const place = { group, topic, queueId: 0, offset, batchSize: 32, filter, meter: UNMETERED };
      return core.consumption.pull.pull(place, waitMs, new TestCall());
    }

    function commit(offset: number): Promise<void> {
      const { pull: puller } = core.consumption;
      return core.producer.whenStored(puller.commitOffset(group, topic, 0, offset));
    }

    const told = {
      code: 'ILLEGAL_OFFSET',
      message: expect.stringContaining('billing was set to the offset 1 of queue 0: ask for it'),
    };

    beforeEach(async () => {
      for (let i = 0; i < 4; i++) await send(core, topic, { id: `M${i}` });
      await commit(4);
    });

    test('what a member commits or pulls is refused until it knows', async () => {
      const waiting = pull(4, 20_000);
      const answer = expect(waiting).rejects.toMatchObject(told);
      await turn();
      await reset({ at: 'offset', offset: 1 }, { queues: [0] });
      await answer;
      await expect(pull(4)).rejects.toMatchObject(told);
      await expect(async () => commit(4)).rejects.toMatchObject(told);
      expect(core.consumption.pull.committedOffset(group, topic, 0)).toBe(1);
      expect((await pull(1)).messages).toHaveLength(3);
      await commit(3);
      await expect(async () => commit(2)).rejects.toMatchObject({ code: 'ILLEGAL_OFFSET' });
    });

    test('one that goes on from there knows', async () => {
      await reset({ at: 'offset', offset: 1 }, { queues: [0] });
      expect((await pull(1)).messages).toHaveLength(3);
      await commit(4);
    });

    test.each(['left', 'lost'] as const)('also after a restart, index %s', async (index) => {
      await reset({ at: 'offset', offset: 1 }, { queues: [0] });
      await reopen('restart', index);
      await expect(async () => commit(4)).rejects.toMatchObject(told);
      await commit(1);
      await reopen('restart', index);
      await commit(4);
    });
  });
});
