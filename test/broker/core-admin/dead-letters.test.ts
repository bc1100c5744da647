import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type {
  DeadLetter,
  DeadLetterCursor,
  DeadLetterSelection,
  ResendResult,
} from '#broker/admin/dead-letter-backend';
import { UNMETERED } from '#broker/consume/meter';
import { TagFilter } from '#broker/consume/filter-tag';
import { deadLetterAdmin } from '#broker/core-admin/dead-letters';
import type { Core } from '#broker/core';
import type { Group } from '#broker/topic/groups';
import type { Topic } from '#broker/topic/topics';
import { deadLetterTopic } from '#proto/names';
import { PROPERTY } from '#proto/properties';
import { ack, handleOf, idOf, receive, send } from '#support/core';
import type { TestMessage } from '#support/core';
import { FaultyCore } from '#support/faulty-core';
import { TestCall } from '#support/services';

const ALL: DeadLetterSelection = {
  key: undefined,
  tag: undefined,
  topic: undefined,
  sinceMs: undefined,
  untilMs: undefined,
};

describe('dead letters of a group', () => {
  let faulty: FaultyCore;
  let core: Core;
  let admin: ReturnType<typeof deadLetterAdmin>;
  let orders: Topic;
  let billing: Group;

  beforeEach(async () => {
    faulty = await FaultyCore.open();
    adopt();
    orders = await core.topics.create('orders', 'normal', 1);
    billing = await core.groups.create('billing', { retryMaxTimes: 3 });
  });

  afterEach(() => faulty.dispose());

  function adopt(): void {
    core = faulty.core;
    admin = deadLetterAdmin(core);
  }

  async function reopen(how: 'restart' | 'crash', index: 'left' | 'lost'): Promise<void> {
    if (how === 'restart') await faulty.restart(index);
    else await faulty.crash('dropped', index);
    adopt();
    orders = core.topics.get('orders');
    billing = core.groups.get('billing');
  }

  /** Sends them, and the group gives them up. */
  async function die(messages: TestMessage[], group = billing, topic = orders): Promise<void> {
    for (const message of messages) await send(core, topic, message);
    await giveUp(group, topic);
  }

  async function giveUp(group = billing, topic = orders): Promise<void> {
    const { deadLetters } = core.consumption;
    for (const { lease } of await receive(core, group, topic)) {
      await deadLetters.move(lease, 'forwarded');
    }
  }

  async function list(
    selection: Partial<DeadLetterSelection> = {},
    { limit = 100, oldestFirst = false, withBodies = false, group = 'billing' } = {},
  ): Promise<DeadLetter[]> {
    const letters: DeadLetter[] = [];
    let cursor: DeadLetterCursor | undefined;
    do {
      const whole = { ...ALL, ...selection };
      const request = { group, selection: whole, cursor, limit, oldestFirst, withBodies };
      const page = await admin.list(request);
      letters.push(...page.letters);
      cursor = page.next;
      expect(page.left > 0).toBe(cursor !== undefined);
    } while (cursor);
    return letters;
  }

  async function listIds(selection: Partial<DeadLetterSelection> = {}): Promise<string[]> {
    return (await list(selection)).map(({ message }) => message.messageId);
  }

  async function resend(
    which: string[] | Partial<DeadLetterSelection> = {},
    { again = false, limit = 100, group = 'billing' } = {},
  ): Promise<ResendResult[]> {
    const results: ResendResult[] = [];
    let cursor: DeadLetterCursor | undefined;
    do {
      const whole = Array.isArray(which) ? which : { ...ALL, ...which };
      const page = await admin.resend({ group, which: whole, cursor, limit, again });
      results.push(...page.results);
      cursor = page.next;
    } while (cursor);
    return results;
  }

  async function resendOutcomes(...args: Parameters<typeof resend>): Promise<string[]> {
    return (await resend(...args)).map(({ messageId, outcome }) => `${messageId} ${outcome}`);
  }

  async function takeIds(group: Group, topic = orders): Promise<string[]> {
    const ids: string[] = [];
    for (const delivery of await receive(core, group, topic)) {
      ids.push(idOf(delivery));
      await ack(core, group, handleOf(core, delivery));
    }
    return ids;
  }

  test('are none of a group that never failed, and an error of one that is not there', async () => {
    expect(await list()).toEqual([]);
    expect(await resend()).toEqual([]);
    expect(await resendOutcomes(['A'])).toEqual(['A not-found']);
    const code = 'CONSUMER_GROUP_NOT_FOUND';
    await expect(list({}, { group: 'nobody' })).rejects.toMatchObject({ code });
    await expect(resend({}, { group: 'nobody' })).rejects.toMatchObject({ code });
    await expect(admin.get('billing', 'A')).rejects.toMatchObject({ code: 'MESSAGE_NOT_FOUND' });
  });

  test('are listed newest first, with where they are from and why they are here', async () => {
    await send(core, orders, { id: 'A', body: 'hello', tag: 'new', keys: ['k1', 'k2'] });
    const attempts = 4; // the first and three retries
    for (let i = 0; i < attempts; i++) {
      await receive(core, billing, orders, { invisibleMs: 10_000 });
      await faulty.clock.advanceAsync(10_000);
    }
    await die([{ id: 'B', properties: { source: 'shop' } }]);
    const [second, first] = await list();
    expect(first).toMatchObject({
      message: { messageId: 'A', topic: '%DLQ%billing', tag: 'new', keys: ['k1', 'k2'] },
      originTopic: 'orders',
      originMessageId: 'A',
      attempts,
      reason: 'attempts',
      resent: undefined,
    });
    expect(first?.message.body).toHaveLength(0);
    const properties = new Map([['source', 'shop']]);
    const message = { messageId: 'B', properties };
    expect(second).toMatchObject({ message, attempts: 1, reason: 'forwarded' });
    const [oldest] = await list({}, { oldestFirst: true, withBodies: true, limit: 1 });
    expect(oldest?.message.body.toString()).toBe('hello');
    const got = await admin.get('billing', 'A');
    expect([got.message.body.toString(), got.attempts]).toEqual(['hello', attempts]);
  });

  test('are selected by key, tag, topic and time, page by page', async () => {
    const parcels = await core.topics.create('parcels', 'normal', 1);
    await die([
      { id: 'A', tag: 'x', keys: ['k1'] },
      { id: 'B', tag: 'y', keys: ['k1', 'k2'] },
    ]);
    faulty.clock.advance(1000);
    const betweenMs = faulty.clock.nowMs();
    await die([{ id: 'C', tag: 'x' }], billing, parcels);
    expect(await listIds()).toEqual(['C', 'B', 'A']);
    expect(await listIds({ tag: 'x' })).toEqual(['C', 'A']);
    expect(await listIds({ key: 'k1' })).toEqual(['B', 'A']);
    expect(await listIds({ key: 'k1', tag: 'x' })).toEqual(['A']);
    expect(await listIds({ topic: 'parcels' })).toEqual(['C']);
    expect(await listIds({ sinceMs: betweenMs })).toEqual(['C']);
    expect(await listIds({ untilMs: betweenMs })).toEqual(['B', 'A']);
    expect(await listIds({ sinceMs: betweenMs + 1 })).toEqual([]);
    for (const oldestFirst of [false, true]) {
      const paged = await list({}, { limit: 1, oldestFirst });
      const ids = paged.map(({ message }) => message.messageId);
      expect(ids).toEqual(oldestFirst ? ['A', 'B', 'C'] : ['C', 'B', 'A']);
    }
  });

  test('are sent again to their group alone, once', async () => {
    const audit = await core.groups.create('audit');
    await die([{ id: 'A', body: 'hello', tag: 'new', keys: ['k1'], properties: { p: 'v' } }]);
    expect(await takeIds(audit)).toEqual(['A']);
    const place = { topic: 'orders', queue: 0, offset: 1 };
    const result = { messageId: 'A', topic: 'orders', resent: place };
    expect(await resend(['A'])).toEqual([{ ...result, outcome: 'resent' }]);
    expect(await resend(['A'])).toEqual([{ ...result, outcome: 'already-resent' }]);
    expect(await resend()).toEqual([{ ...result, outcome: 'already-resent' }]);
    expect(await list()).toMatchObject([{ resent: place }]);
    const [delivery, ...others] = await receive(core, billing, orders);
    expect(others).toEqual([]);
    const { message, properties, lease } = delivery!;
    expect(message.body.toString()).toBe('hello');
    expect(lease.attempt).toBe(1);
    expect(properties.user.map(String)).toEqual(['p', 'v']);
    const { messageId, tag, keys, deadLetterTopic: origin } = PROPERTY;
    const facts = [messageId, tag, keys, origin].map((name) => properties.get(name));
    expect(facts).toEqual(['A', 'new', 'k1', undefined]);
    expect(await takeIds(audit)).toEqual([]);
    const filter = TagFilter.parse('*');
    const pull = { topic: orders, queueId: 0, offset: 0, batchSize: 32, filter, meter: UNMETERED };
    const pulled = await core.consumption.pull.pull({ ...pull, group: audit }, 0, new TestCall());
    expect([pulled.messages.length, pulled.nextOffset]).toEqual([1, 2]);
    const late = await core.groups.create('late');
    expect(await takeIds(late)).toEqual(['A']); // the first one
  });

  test('an ordered group that is not meant goes on behind one', async () => {
    const ledger = await core.groups.create('ledger', { ordered: true });
    await die([{ id: 'A', messageGroup: 'g' }]);
    expect(await takeIds(ledger)).toEqual(['A']);
    await resend();
    await send(core, orders, { id: 'B', messageGroup: 'g' });
    expect(await takeIds(ledger)).toEqual(['B']);
    expect(await takeIds(billing)).toEqual(['A', 'B']);
  });

  test('again, when that is said', async () => {
    await die([{ id: 'A' }, { id: 'B' }]);
    expect(await resendOutcomes(['B'])).toEqual(['B resent']);
    expect(await resendOutcomes()).toEqual(['A resent', 'B already-resent']);
    expect(await resendOutcomes({}, { again: true })).toEqual(['A resent', 'B resent']);
    expect(await takeIds(billing)).toEqual(['B', 'A', 'A', 'B']);
  });

  test('one that fails again is a dead letter of its own', async () => {
    await die([{ id: 'A' }]);
    await resend();
    await giveUp();
    const letters = await list();
    const seen = letters.map(({ message: { offset }, resent }) => [offset, resent?.offset]);
    expect(seen).toEqual([
      [1, undefined],
      [0, 1],
    ]);
    expect(letters[0]).toMatchObject({ originTopic: 'orders', originMessageId: 'A', attempts: 1 });
    expect(await resendOutcomes(['A'])).toEqual(['A resent']); // the newest
    expect(await resendOutcomes()).toEqual(['A already-resent', 'A already-resent']);
  });

  test('of dead letters: to the group that read them, and none of those', async () => {
    await die([{ id: 'A' }]);
    const dead = core.topics.get(deadLetterTopic('billing'));
    const support = await core.groups.create('support');
    await giveUp(support, dead);
    expect(await resendOutcomes({}, { group: 'support' })).toEqual(['A resent']);
    expect(await takeIds(support, dead)).toEqual(['A']);
    expect(await listIds()).toEqual(['A']);
    expect((await list({}, { group: 'support' }))[0]).toMatchObject({
      originTopic: '%DLQ%billing',
      resent: { topic: '%DLQ%billing', offset: 1 },
    });
  });

  test.each([
    ['restart', 'left'],
    ['restart', 'lost'],
    ['crash', 'left'],
    ['crash', 'lost'],
  ] as const)('what was sent again is known after a %s, index %s', async (how, index) => {
    await die([{ id: 'A' }, { id: 'B' }, { id: 'C' }]);
    const request = { group: 'billing', which: ALL, cursor: undefined, again: false };
    const first = await admin.resend({ ...request, limit: 2 });
    expect(first.results).toHaveLength(2);
    await reopen(how, index);
    expect(await resendOutcomes()).toEqual(['A already-resent', 'B already-resent', 'C resent']);
    await reopen(how, index);
    expect(await takeIds(billing)).toEqual(['A', 'B', 'C']);
    expect(await resendOutcomes()).toHaveLength(3);
    expect(await takeIds(billing)).toEqual([]);
  });

  test('two at once send each once', async () => {
    await die([{ id: 'A' }, { id: 'B' }]);
    const both = await Promise.all([resendOutcomes(), resendOutcomes(['B', 'A'])]);
    expect(both.flat().toSorted()).toEqual([
      'A already-resent',
      'A resent',
      'B already-resent',
      'B resent',
    ]);
    expect(await takeIds(billing)).toHaveLength(2);
  });

  test('what dies while others are sent again is left for the next time', async () => {
    await die([{ id: 'A' }, { id: 'B' }]);
    const request = { group: 'billing', which: ALL, limit: 1, again: false };
    const { next: cursor, left } = await admin.resend({ ...request, cursor: undefined });
    expect(left).toBe(1);
    await giveUp();
    const second = await admin.resend({ ...request, cursor });
    expect(second.results).toMatchObject([{ messageId: 'B', outcome: 'resent' }]);
    expect(second.next).toBeUndefined();
    expect(await listIds()).toEqual(['A', 'B', 'A']);
  });

  test('say why they can not be', async () => {
    const parcels = await core.topics.create('parcels', 'normal', 1);
    const letters = await core.topics.create('letters', 'normal', 1);
    await die([{ id: 'A' }]);
    await die([{ id: 'B' }], billing, parcels);
    await die([{ id: 'C' }], billing, letters);
    await core.topics.delete('parcels');
    await core.topics.update('letters', { permission: 'read-only' });
    expect(await resendOutcomes()).toEqual(['A resent', 'B topic-gone', 'C topic-read-only']);
    await core.topics.update('letters', { permission: 'read-write' });
    expect(await resendOutcomes(['B', 'C', 'D'])).toEqual([
      'B topic-gone',
      'C resent',
      'D not-found',
    ]);
    expect(await takeIds(billing, core.topics.get('letters'))).toEqual(['C']);
  });
});
