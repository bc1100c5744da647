/**
 * Others' bug, rocketmq issue 8900: a message came again though its acknowledgement had been
 * answered.
 */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { Group } from '#broker/topic/groups';
import type { Topic } from '#broker/topic/topics';
import { ack, handleOf, idOf, receive, send } from '#support/core';
import { FaultyCore } from '#support/faulty-core';
import { until } from '#support/until';

const RETENTION_MS = 3_600_000;
const INVISIBLE_MS = 30_000;

describe('a message that was acknowledged does not come again', () => {
  let faulty: FaultyCore;
  let topic: Topic;
  let group: Group;

  beforeEach(async () => {
    faulty = await FaultyCore.open({ segmentBytes: 4096, retentionMs: RETENTION_MS });
    topic = await faulty.core.topics.create('orders', 'normal', 1);
    group = await faulty.core.groups.create('billing');
  });

  afterEach(() => faulty.dispose());

  async function rest(): Promise<string[]> {
    faulty.clock.advance(INVISIBLE_MS + 1);
    const { topics, groups } = faulty.core;
    const again = await receive(faulty.core, groups.get('billing'), topics.get('orders'));
    return again.map(idOf);
  }

  test.each(['kept', 'dropped', 'torn'] as const)('after a crash (%s)', async (unsynced) => {
    const { core } = faulty;
    for (const id of ['A', 'B', 'C']) await send(core, topic, { id });
    const [first, , third] = await receive(core, group, topic);
    await ack(core, group, handleOf(core, third!));
    await faulty.crash(unsynced);
    await ack(faulty.core, faulty.core.groups.get('billing'), handleOf(core, first!));
    await faulty.crash(unsynced, 'lost');
    expect(await rest()).toEqual(['B']);
  });

  test('when retention takes the segment that has the acknowledgement', async () => {
    const { core, clock } = faulty;
    const body = 'x'.repeat(5000);
    await send(core, topic, { id: 'old', body });
    const [old] = await receive(core, group, topic);
    await ack(core, group, handleOf(core, old!));
    clock.advance(RETENTION_MS / 2);
    for (const id of ['A', 'B', 'C']) await send(core, topic, { id, body });
    const [first, second] = await receive(core, group, topic, { invisibleMs: RETENTION_MS });
    await ack(core, group, handleOf(core, second!));
    for (const id of ['D', 'E']) await send(core, topic, { id, body });
    clock.advance(RETENTION_MS / 2 + 1);
    await core.store.materialize();
    await core.store.retain(); // one that the clock has begun
    await core.store.retain();
    expect(core.store.status.start).toBeGreaterThan(0);
    await faulty.crash('dropped', 'lost');
    faulty.clock.advance(RETENTION_MS);
    const left = await rest();
    expect(left).toContain(idOf(first!));
    expect(left).not.toContain('old');
    expect(left).not.toContain(idOf(second!));
  });

  test('when its lease ends while the acknowledgement is under way', async () => {
    const { core, clock, files } = faulty;
    await send(core, topic, { id: 'A' });
    const [first] = await receive(core, group, topic, { invisibleMs: INVISIBLE_MS });
    const syncs = files.count('sync');
    const release = files.hold('sync');
    clock.advance(INVISIBLE_MS - 1);
    const acking = ack(core, group, handleOf(core, first!));
    await until(2_000, () => files.count('sync') > syncs);
    clock.advance(1_000);
    expect(await receive(core, group, topic)).toHaveLength(0);
    release();
    await acking;
    expect(await rest()).toEqual([]);
    await faulty.crash('dropped');
    expect(await rest()).toEqual([]);
  });

  test('a handle whose lease has ended is refused, and the message comes again', async () => {
    const { core, clock } = faulty;
    await send(core, topic, { id: 'A' });
    const [first] = await receive(core, group, topic, { invisibleMs: INVISIBLE_MS });
    const handle = handleOf(core, first!);
    clock.advance(INVISIBLE_MS);
    const refusal = { code: 'INVALID_RECEIPT_HANDLE' };
    await expect(ack(core, group, handle)).rejects.toMatchObject(refusal);
    expect(await rest()).toEqual(['A']);
  });
});
