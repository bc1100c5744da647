import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { Group } from '#broker/topic/groups';
import type { Topic } from '#broker/topic/topics';
import { STORE } from '#lib/limits';
import { ack, handleOf, idOf, receive, send } from '#support/core';
import { FaultyCore } from '#support/faulty-core';
import { readAll } from '#support/reopened';
import { until, withinMs } from '#support/until';

const INVISIBLE_MS = 30_000;
const DISK_FULL = { code: 'DISK_FULL' };

describe('a disk that is full', () => {
  let faulty: FaultyCore;
  let topic: Topic;
  let group: Group;

  beforeEach(async () => {
    faulty = await FaultyCore.open({ retentionMs: 3_600_000 });
    topic = await faulty.core.topics.create('orders', 'normal', 1);
    group = await faulty.core.groups.create('billing');
  });

  afterEach(() => faulty.dispose());

  /** There is room again, and the broker has seen it. */
  async function makeRoom(): Promise<void> {
    faulty.files.heal();
    await until(2_000, async () => {
      await faulty.clock.advanceAsync(STORE.diskCheckMs);
      return faulty.core.store.readOnlyReason === undefined;
    });
  }

  async function ids(): Promise<string[]> {
    return (await readAll(faulty.core)).map(({ id }) => id);
  }

  test('turns sends away, serves what there is, and goes on by itself with room', async () => {
    const { core, files } = faulty;
    await send(core, topic, { id: 'A' });
    files.fail({ operation: 'write', nth: 0, code: 'ENOSPC', times: 1000, bytesWritten: 50 });
    await expect(send(core, topic, { id: 'B' })).rejects.toMatchObject(DISK_FULL);
    await expect(send(core, topic, { id: 'C' })).rejects.toMatchObject(DISK_FULL);
    const [first] = await receive(core, group, topic);
    expect(idOf(first!)).toBe('A');
    await expect(ack(core, group, handleOf(core, first!))).rejects.toMatchObject(DISK_FULL);
    await makeRoom();
    await ack(core, group, handleOf(core, first!));
    expect(await send(core, topic, { id: 'D' })).toBe(2);
    // B was turned away with its outcome unknown, and was written once; C never got into the log.
    expect(await ids()).toEqual(['A', 'B', 'D']);
    await faulty.crash('dropped');
    expect(await ids()).toEqual(['A', 'B', 'D']);
  });

  test('loses nothing that was promised when the process dies meanwhile', async () => {
    const { core, files } = faulty;
    for (const id of ['A', 'B', 'C']) await send(core, topic, { id });
    const [first] = await receive(core, group, topic, { batchSize: 1 });
    await ack(core, group, handleOf(core, first!));
    files.fail({ operation: 'write', nth: 0, code: 'ENOSPC', times: 1000, bytesWritten: 99 });
    await expect(send(core, topic, { id: 'D' })).rejects.toMatchObject(DISK_FULL);
    await faulty.crash('kept');
    expect(await ids()).toEqual(['A', 'B', 'C']);
    faulty.clock.advance(INVISIBLE_MS);
    const again = faulty.core.topics.get('orders');
    const rest = await receive(faulty.core, faulty.core.groups.get('billing'), again);
    expect(rest.map(idOf)).toEqual(['B', 'C']);
    expect(await send(faulty.core, again, { id: 'E' })).toBe(3);
  });

  test('a message handed out meanwhile is not lost to its group', async () => {
    const { core, files } = faulty;
    for (const id of ['A', 'B']) await send(core, topic, { id });
    files.fail({ operation: 'write', nth: 0, code: 'ENOSPC', times: 1 });
    await expect(send(core, topic, { id: 'C' })).rejects.toMatchObject(DISK_FULL);
    const unrecorded = await receive(core, group, topic, { batchSize: 1 });
    expect(unrecorded.map(idOf)).toEqual(['A']);
    await makeRoom();
    const [second] = await receive(core, group, topic, { batchSize: 1 });
    await ack(core, group, handleOf(core, second!));
    await faulty.crash('kept', 'lost');
    faulty.clock.advance(INVISIBLE_MS);
    const { groups, topics } = faulty.core;
    const rest = await receive(faulty.core, groups.get('billing'), topics.get('orders'));
    expect(rest.map(idOf)).toEqual(['A', 'C']);
  });

  test('an acknowledgement of what was handed out meanwhile holds after a crash', async () => {
    const { core, files } = faulty;
    await send(core, topic, { id: 'A' });
    files.fail({ operation: 'write', nth: 0, code: 'ENOSPC', times: 1 });
    await expect(send(core, topic, { id: 'B' })).rejects.toMatchObject(DISK_FULL);
    const [first] = await receive(core, group, topic, { batchSize: 1 });
    await makeRoom();
    await ack(core, group, handleOf(core, first!));
    await faulty.crash('dropped', 'lost');
    faulty.clock.advance(INVISIBLE_MS);
    const { groups, topics } = faulty.core;
    const rest = await receive(faulty.core, groups.get('billing'), topics.get('orders'));
    expect(rest.map(idOf)).toEqual(['B']);
  });

  test.each(['create', 'syncDirectory'] as const)(
    'a new segment for which there is no room (%s) is made once',
    async (operation) => {
      await faulty.dispose();
      faulty = await FaultyCore.open({ segmentBytes: 4096, retentionMs: 3_600_000 });
      const { core, files, clock } = faulty;
      topic = await core.topics.create('orders', 'normal', 1);
      files.fail({ operation, nth: 0, code: 'ENOSPC', times: 2 });
      await send(core, topic, { id: 'A', body: 'a'.repeat(5000) });
      await until(2_000, () => core.store.readOnlyReason?.code === 'DISK_FULL');
      await expect(send(core, topic, { id: '-' })).rejects.toMatchObject(DISK_FULL);
      await makeRoom();
      await send(core, topic, { id: 'B' });
      expect(core.store.status.segments).toBe(2);
      await core.store.materialize();
      clock.advance(3_600_001);
      await core.store.retain();
      await send(core, topic, { id: 'C' });
      await faulty.crash('dropped');
      expect(await ids()).toContain('C');
    },
  );

  test('does not keep the broker from ending', async () => {
    const { core, files } = faulty;
    files.fail({ operation: 'write', nth: 0, code: 'ENOSPC', times: 1000 });
    await expect(send(core, topic, { id: 'A' })).rejects.toMatchObject(DISK_FULL);
    await withinMs(2_000, core.close(), () => new Error('the core does not close'));
    await faulty.crash('kept');
  });

  test('is seen coming: below the reserve no sends, but acknowledgements', async () => {
    await faulty.dispose();
    const reserveBytes = 1_000_000;
    faulty = await FaultyCore.open({ diskReserveBytes: reserveBytes });
    const { core, files, clock } = faulty;
    topic = await core.topics.create('orders', 'normal', 1);
    group = await core.groups.create('billing');
    await send(core, topic, { id: 'A' });
    files.diskSpace = { freeBytes: reserveBytes - 1, totalBytes: 2 ** 40 };
    await clock.advanceAsync(STORE.diskCheckMs);
    await expect(send(core, topic, { id: 'B' })).rejects.toMatchObject(DISK_FULL);
    const [first] = await receive(core, group, topic);
    await ack(core, group, handleOf(core, first!));
    files.diskSpace = { freeBytes: reserveBytes * 2 - 1, totalBytes: 2 ** 40 };
    await clock.advanceAsync(STORE.diskCheckMs);
    await expect(send(core, topic, { id: 'B' })).rejects.toMatchObject(DISK_FULL);
    files.diskSpace = { freeBytes: reserveBytes * 2, totalBytes: 2 ** 40 };
    await clock.advanceAsync(STORE.diskCheckMs);
    expect(await send(core, topic, { id: 'C' })).toBe(1);
  });
});
