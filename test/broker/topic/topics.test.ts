import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { TOPIC_KINDS, TOPIC_PERMISSIONS } from '#proto/route';
import { RECORD_TYPE, bytesPayload } from '#broker/store/record';
import type { Core } from '#broker/core';
import { TOPIC } from '#lib/limits';
import { idOf, receive, send } from '#support/core';
import { FaultyCore } from '#support/faulty-core';

describe('topics', () => {
  let faulty: FaultyCore;
  let core: Core;

  beforeEach(async () => {
    faulty = await FaultyCore.open();
    core = faulty.core;
  });

  afterEach(() => faulty.dispose());

  async function crash(): Promise<void> {
    await faulty.crash('dropped', 'lost');
    core = faulty.core;
  }

  test.each([
    ['', 'must not be empty'],
    ['a'.repeat(65), 'at most 64 characters, this one has 65'],
    ['a b', 'letters, digits, _ and -'],
    ['имя', 'letters, digits, _ and -'],
    ['%DLQ%billing', 'letters, digits'],
    ['TBW102', 'reserved'],
    ['rmq_sys_x', 'reserved'],
    [`${'n'.repeat(65)}%orders`, 'namespace'],
  ])('the name %j is ILLEGAL_TOPIC', async (name, message) => {
    await expect(core.topics.create(name, 'normal', 1)).rejects.toMatchObject({
      code: 'ILLEGAL_TOPIC',
      message: expect.stringContaining(message),
    });
  });

  test('a name of 64 characters, and one in a namespace, are allowed', async () => {
    await core.topics.create('a'.repeat(64), 'normal', 1);
    await core.topics.create('MQ_INST%orders', 'normal', 1);
    expect(core.topics.count).toBe(2);
  });

  test.each([0, TOPIC.queuesMax + 1, 1.5, -1, Number.NaN])(
    '%d queues are refused',
    async (queues) => {
      await expect(core.topics.create('orders', 'normal', queues)).rejects.toMatchObject({
        code: 'BAD_REQUEST',
        message: expect.stringMatching(new RegExp(`1 to ${TOPIC.queuesMax} queues, not ${queues}`)),
      });
    },
  );

  test(`${TOPIC.queuesMax} queues are allowed, but 1 only where one order holds`, async () => {
    const topic = await core.topics.create('orders', 'normal', TOPIC.queuesMax);
    expect(topic.queues).toHaveLength(TOPIC.queuesMax);
    await core.topics.create('ordered', 'global-fifo', 1);
    await expect(core.topics.create('other', 'global-fifo', 2)).rejects.toMatchObject({
      code: 'BAD_REQUEST',
    });
  });

  test('the same name twice is ALREADY_EXISTS', async () => {
    await core.topics.create('orders', 'normal', 1);
    await expect(core.topics.create('orders', 'fifo', 2)).rejects.toMatchObject({
      code: 'ALREADY_EXISTS',
      message: expect.stringContaining('orders'),
    });
    expect(core.topics.get('orders').kind).toBe('normal');
  });

  test('what is not there is TOPIC_NOT_FOUND', async () => {
    const missing = { code: 'TOPIC_NOT_FOUND', message: expect.stringContaining('orders') };
    expect(() => core.topics.get('orders')).toThrow(expect.objectContaining(missing));
    await expect(core.topics.delete('orders')).rejects.toMatchObject(missing);
    await expect(core.topics.update('orders', { queues: 2 })).rejects.toMatchObject(missing);
  });

  test('queues become more, never fewer', async () => {
    const topic = await core.topics.create('orders', 'normal', 2);
    await send(core, topic, { id: 'A', queueId: 1 });
    await core.topics.update('orders', { queues: 4 });
    await send(core, topic, { id: 'B', queueId: 3 });
    await expect(core.topics.update('orders', { queues: 3 })).rejects.toMatchObject({
      code: 'BAD_REQUEST',
      message: expect.stringContaining('orders has 4 queues'),
    });
    await crash();
    const restored = core.topics.get('orders');
    expect(restored.definition).toMatchObject({ id: topic.id, kind: 'normal', queues: 4 });
    const group = await core.groups.create('billing');
    expect((await receive(core, group, restored)).map(idOf).sort()).toEqual(['A', 'B']);
  });

  test('each kind is kept over a crash', async () => {
    for (const kind of TOPIC_KINDS) await core.topics.create(`t-${kind}`, kind, 1);
    await core.topics.update('t-normal', { kind: 'delay' });
    await crash();
    const kinds = [...core.topics.all].map(({ name, kind }) => [name, kind]);
    expect(Object.fromEntries(kinds)).toEqual({
      't-normal': 'delay',
      't-fifo': 'fifo',
      't-global-fifo': 'global-fifo',
      't-delay': 'delay',
      't-transaction': 'transaction',
    });
  });

  test.each(['left', 'lost'] as const)('permissions are kept, the index %s', async (index) => {
    for (const permission of TOPIC_PERMISSIONS) {
      await core.topics.create(`t-${permission}`, 'normal', 1, permission);
    }
    await core.topics.create('changed', 'normal', 1);
    await core.topics.update('changed', { permission: 'read-only' });
    await core.topics.update('changed', { queues: 2 });
    await faulty.crash('dropped', index);
    core = faulty.core;
    const kept = [...core.topics.all].map(({ name, permission }) => [name, permission]);
    expect(Object.fromEntries(kept)).toEqual({
      't-read-write': 'read-write',
      't-read-only': 'read-only',
      't-write-only': 'write-only',
      changed: 'read-only',
    });
    expect(core.topics.get('changed').queues).toHaveLength(2);
  });

  test('a record from before there were permissions means read-write', async () => {
    const record = { id: core.store.end, name: 'old', kind: 'normal', queues: 1, createdMs: 1 };
    const payload = bytesPayload(Buffer.from(JSON.stringify(record)));
    await core.store.whenCommitted(core.store.append(RECORD_TYPE.topic, payload).end);
    await crash();
    expect(core.topics.get('old').definition).toEqual({ ...record, permission: 'read-write' });
  });

  test('one that is made anew under its old name has none of the old data', async () => {
    const old = await core.topics.create('orders', 'normal', 2);
    const group = await core.groups.create('billing');
    for (const id of ['A', 'B']) await send(core, old, { id, keys: ['k'] });
    await receive(core, group, old, { batchSize: 1 });
    await core.topics.delete('orders');
    expect(core.topics.find('orders')).toBeUndefined();
    const fresh = await core.topics.create('orders', 'normal', 1);
    expect(fresh.id).not.toBe(old.id);
    expect(await core.store.keys.find(fresh.id, 'k', 10)).toEqual([]);
    expect(await receive(core, group, fresh)).toEqual([]);
    expect(await send(core, fresh, { id: 'C' })).toBe(0);
    expect((await receive(core, group, fresh)).map(idOf)).toEqual(['C']);
    for (const index of ['left', 'lost'] as const) {
      await faulty.crash('dropped', index);
      core = faulty.core;
      const restored = core.topics.get('orders');
      const reader = await core.groups.create(`reader-${index}`);
      expect((await receive(core, reader, restored)).map(idOf)).toEqual(['C']);
      expect(restored.queues).toHaveLength(1);
    }
  });

  test('says when something changed', async () => {
    let changes = 0;
    core.topics.onChange = () => changes++;
    await core.topics.create('orders', 'normal', 1);
    await core.topics.update('orders', { queues: 2 });
    await core.topics.delete('orders');
    expect(changes).toBe(3);
  });
});
