import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { Core } from '#broker/core';
import { RECORD_TYPE, bytesPayload } from '#broker/store/record';
import { backoffOf } from '#broker/topic/groups';
import { CONSUME } from '#lib/limits';
import { idOf, receive, send } from '#support/core';
import { FaultyCore } from '#support/faulty-core';

describe('groups', () => {
  let faulty: FaultyCore;
  let core: Core;

  beforeEach(async () => {
    faulty = await FaultyCore.open();
    core = faulty.core;
  });

  afterEach(() => faulty.dispose());

  test.each(['', 'a'.repeat(65), 'a b', 'группа', 'a%b%c'])(
    'the name %j is refused',
    async (name) => {
      await expect(core.groups.create(name)).rejects.toMatchObject({
        code: 'ILLEGAL_CONSUMER_GROUP',
      });
    },
  );

  test('has the retries of the product, unless told otherwise', async () => {
    const group = await core.groups.create('billing');
    expect(group).toMatchObject({ ordered: false, retryMaxTimes: CONSUME.retriesDefault });
    await core.groups.create('none', { retryMaxTimes: 0 });
    await core.groups.create('many', { retryMaxTimes: CONSUME.retriesMax });
    for (const retryMaxTimes of [-1, CONSUME.retriesMax + 1, 1.5]) {
      const creation = core.groups.create('wrong', { retryMaxTimes });
      await expect(creation).rejects.toMatchObject({
        code: 'BAD_REQUEST',
        message: expect.stringContaining(`0 to ${CONSUME.retriesMax}`),
      });
    }
    expect(core.groups.find('wrong')).toBeUndefined();
  });

  test('the same name twice is ALREADY_EXISTS, none is CONSUMER_GROUP_NOT_FOUND', async () => {
    await core.groups.create('billing');
    const again = core.groups.create('billing');
    await expect(again).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    const missing = { code: 'CONSUMER_GROUP_NOT_FOUND' };
    expect(() => core.groups.get('other')).toThrow(expect.objectContaining(missing));
    await expect(core.groups.delete('other')).rejects.toMatchObject(missing);
    await expect(core.groups.update('other', { ordered: true })).rejects.toMatchObject(missing);
  });

  test('definitions and changes are kept over a crash', async () => {
    const { id } = await core.groups.create('billing');
    await core.groups.update('billing', { ordered: true, retryMaxTimes: 3 });
    await faulty.crash('dropped', 'lost');
    expect(faulty.core.groups.get('billing')).toMatchObject({
      id,
      ordered: true,
      retryMaxTimes: 3,
    });
  });

  test('waits before retries, and whether pull is allowed, are kept and bounded', async () => {
    const preset = { backoffMs: CONSUME.backoffMs, pullAllowed: true };
    expect(await core.groups.create('usual')).toMatchObject(preset);
    const own = { backoffMs: [1, 500, CONSUME.invisibleMaxMs], pullAllowed: false };
    expect(await core.groups.create('own', own)).toMatchObject(own);
    await core.groups.update('own', { ordered: true });
    const tooMany = Array.from({ length: CONSUME.backoffsMax + 1 }, () => 1000);
    for (const backoffMs of [[], tooMany, [0], [-1], [1.5], [CONSUME.invisibleMaxMs + 1]]) {
      const change = core.groups.update('own', { backoffMs });
      await expect(change).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    }
    for (const index of ['left', 'lost'] as const) {
      await faulty.crash('dropped', index);
      expect(faulty.core.groups.get('own')).toMatchObject({ ...own, ordered: true });
      expect(faulty.core.groups.get('usual')).toMatchObject(preset);
    }
  });

  test('a record from before there was a choice means the usual', async () => {
    const { store } = core;
    const fields = { ordered: true, retryMaxTimes: 3, createdMs: 1 };
    const record = { id: store.end, name: 'old', ...fields };
    const payload = bytesPayload(Buffer.from(JSON.stringify(record)));
    await store.whenCommitted(store.append(RECORD_TYPE.group, payload).end);
    await faulty.crash('dropped', 'lost');
    const preset = { backoffMs: CONSUME.backoffMs, pullAllowed: true, broadcast: false };
    expect(faulty.core.groups.get('old')).toEqual({ ...record, ...preset });
  });

  test('the wait before a retry goes by the attempt, the last one repeats', async () => {
    const group = await core.groups.create('billing', { backoffMs: [10, 20] });
    expect([1, 2, 3, 100].map((attempt) => backoffOf(group, attempt))).toEqual([10, 20, 20, 20]);
  });

  test('one that is made anew under its old name begins from the start', async () => {
    const topic = await core.topics.create('orders', 'normal', 1);
    await send(core, topic, { id: 'A' });
    const old = await core.groups.create('billing');
    await receive(core, old, topic);
    await core.groups.delete('billing');
    expect(core.consumption.progress.of(old.id).size).toBe(0);
    const fresh = await core.groups.create('billing');
    const [delivery] = await receive(core, fresh, topic);
    expect([idOf(delivery!), delivery?.lease.attempt]).toEqual(['A', 1]);
    await core.store.whenCommitted(core.store.end);
    await faulty.crash('dropped', 'lost');
    const { consumption, groups } = faulty.core;
    expect(consumption.progress.of(old.id).size).toBe(0);
    expect(consumption.progress.find(groups.get('billing').id, topic.id, 0)?.next).toBe(1);
  });

  test('fewer retries count for what is out already', async () => {
    const topic = await core.topics.create('orders', 'normal', 1);
    await send(core, topic, { id: 'A' });
    const group = await core.groups.create('billing');
    await receive(core, group, topic, { invisibleMs: 10_000 });
    await core.groups.update('billing', { retryMaxTimes: 0 });
    faulty.clock.advance(10_000);
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(core.topics.get('%DLQ%billing').queues[0]?.nextOffset).toBe(1);
  });
});
