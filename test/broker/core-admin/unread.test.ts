import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { UnreadMessages } from '#broker/admin/backend';
import { groupAdmin } from '#broker/core-admin/groups';
import type { Core } from '#broker/core';
import type { Group } from '#broker/topic/groups';
import type { Topic } from '#broker/topic/topics';
import { ADMIN } from '#lib/limits';
import { ack, handleOf, receive, send } from '#support/core';
import { FaultyCore } from '#support/faulty-core';
import { schedule } from '#support/scheduled';
import { until } from '#support/until';

const INVISIBLE_MS = 30_000;

describe('what groups are not done with', () => {
  let faulty: FaultyCore;
  let core: Core;
  let topic: Topic;
  let group: Group;

  beforeEach(async () => {
    faulty = await FaultyCore.open();
    core = faulty.core;
    topic = await core.topics.create('orders', 'normal', 2);
    group = await core.groups.create('billing');
  });

  afterEach(() => faulty.dispose());

  function unread(after = '', limit: number = ADMIN.pageMax): UnreadMessages {
    return groupAdmin(core).unread(after, limit);
  }

  function entry(of: Group, messages: number, inFlight = 0, waitingRetry = 0) {
    const name = `${of.name} ${topic.name}`;
    return { name, group: of.name, topic: topic.name, messages, inFlight, waitingRetry };
  }

  async function fill(count: number): Promise<void> {
    for (let i = 0; i < count; i++) await send(core, topic, { id: `M${i}`, queueId: i % 2 });
  }

  async function reopen(index: 'left' | 'lost'): Promise<void> {
    await faulty.crash('dropped', index);
    core = faulty.core;
    topic = core.topics.get('orders');
    group = core.groups.get('billing');
  }

  test('is nothing of topics that nobody consumes', async () => {
    await fill(4);
    expect(unread()).toEqual({ entries: [], total: 0, deadLetters: 0, scheduled: false });
  });

  test('says whether scheduled messages wait for their time', async () => {
    const later = await core.topics.create('later', 'delay', 1);
    const deliverAtMs = faulty.clock.nowMs() + 1000;
    await core.producer.whenStored(schedule(core, later, { id: 'A', deliverAtMs }).end);
    expect(unread().scheduled).toBe(true);
    await reopen('left');
    expect(unread().scheduled).toBe(true);
    faulty.clock.advance(1000);
    await until(5000, () => !unread().scheduled);
  });

  test('counts what an ordered group has passed by, and not what is done behind it', async () => {
    group = await core.groups.update('billing', { ordered: true });
    for (const id of ['A1', 'A2', 'B1', 'B2']) {
      await send(core, topic, { id, queueId: 0, messageGroup: id.charAt(0) });
    }
    await receive(core, group, topic, { batchSize: 1 });
    const others = await receive(core, group, topic);
    expect(unread().entries).toEqual([entry(group, 4, 3)]);
    for (const other of others) await ack(core, group, handleOf(core, other));
    expect(unread().entries).toEqual([entry(group, 2, 1)]);
  });

  test('counts what is new, in flight and to be retried, and what is done no more', async () => {
    await fill(10);
    const deliveries = await receive(core, group, topic, { batchSize: 4 });
    expect(unread().entries).toEqual([entry(group, 10, 4)]);
    await ack(core, group, handleOf(core, deliveries[3]!)); // out of order: the lag stays
    expect(unread()).toEqual({
      entries: [entry(group, 9, 3)],
      total: 9,
      deadLetters: 0,
      scheduled: false,
    });
    await faulty.clock.advanceAsync(INVISIBLE_MS);
    expect(unread().entries).toEqual([entry(group, 9, 0, 3)]);
    for (const delivery of await receive(core, group, topic)) {
      await ack(core, group, handleOf(core, delivery));
    }
    expect(unread()).toEqual({ entries: [], total: 0, deadLetters: 0, scheduled: false });
  });

  test.each(['left', 'lost'] as const)('is known after a crash, the index %s', async (index) => {
    await fill(6);
    const [first] = await receive(core, group, topic, { batchSize: 3 });
    await ack(core, group, handleOf(core, first!));
    await core.store.whenCommitted(core.store.end);
    await reopen(index);
    expect(unread().entries).toEqual([entry(group, 5, 2)]);
  });

  test.each(['left', 'lost'] as const)(
    'has what came after a group was there, which found nothing then; the index %s',
    async (index) => {
      expect(await receive(core, group, topic)).toEqual([]);
      await fill(3);
      await reopen(index);
      expect(unread()).toEqual({
        entries: [entry(group, 3)],
        total: 3,
        deadLetters: 0,
        scheduled: false,
      });
    },
  );

  test('goes by the offsets that pull consumers commit, in unread queues too', async () => {
    await fill(10);
    const { pull } = core.consumption;
    await core.producer.whenStored(pull.commitOffset(group, topic, 0, 3));
    expect(unread().entries).toEqual([entry(group, 7)]);
    await core.producer.whenStored(pull.commitOffset(group, topic, 1, 5));
    await reopen('lost');
    expect(unread().entries).toEqual([entry(group, 2)]);
    await core.topics.update('orders', { queues: 3 });
    await send(core, topic, { id: 'new', queueId: 2 });
    expect(unread().entries).toEqual([entry(group, 3)]);
  });

  test('leaves out what retention has taken', async () => {
    await fill(10);
    await receive(core, group, topic, { batchSize: 4 });
    for (const queue of topic.queues) queue.raiseMin(4);
    expect(unread().entries).toEqual([entry(group, 2)]);
  });

  test('has dead letters as one sum, whoever looks at them', async () => {
    await core.groups.update('billing', { retryMaxTimes: 0 });
    await fill(3);
    await receive(core, group, topic);
    await faulty.clock.advanceAsync(INVISIBLE_MS);
    await core.store.whenCommitted(core.store.end);
    const letters = core.topics.get('%DLQ%billing');
    await receive(core, await core.groups.create('inspector'), letters, { batchSize: 1 });
    expect(unread()).toEqual({ entries: [], total: 0, deadLetters: 3, scheduled: false });
  });

  test('comes in pages by group and topic, each with the sum of all', async () => {
    const groups = [group];
    for (const name of ['a', 'ledger']) groups.push(await core.groups.create(name));
    await fill(2);
    for (const each of groups) await receive(core, each, topic, { batchSize: 1 });
    const names = ['a orders', 'billing orders', 'ledger orders'];
    expect(unread('', 2).entries.map(({ name }) => name)).toEqual(names.slice(0, 2));
    expect(unread('billing orders', 2).entries.map(({ name }) => name)).toEqual(names.slice(2));
    expect(unread('billing orders', 2).total).toBe(6);
    await core.groups.delete('ledger');
    expect(unread().total).toBe(4);
    await core.topics.delete('orders');
    expect(unread().total).toBe(0);
  });
});
