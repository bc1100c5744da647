import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { MessageTrace, TraceRequest } from '#broker/admin/message-trace';
import type { Caller } from '#broker/store/members';
import { CAUSE } from '#broker/consume/progress-records';
import { messageTrace } from '#broker/core-admin/trace';
import type { Core } from '#broker/core';
import { sendMessage } from '#broker/grpc/send-message';
import type { Group } from '#broker/topic/groups';
import type { Topic } from '#broker/topic/topics';
import { STORE, TRACE } from '#lib/limits';
import { codec } from '#proto/messages';
import { MessageType } from '#proto/types';
import { ack, handleOf, receive, send } from '#support/core';
import { FaultyCore } from '#support/faulty-core';
import { TestCall, encode, servicesOf } from '#support/services';
import { until } from '#support/until';

const INVISIBLE_MS = 30_000;
const WAIT_MS = 10_000;
const alice: Caller = { clientId: 'alice@1', peer: '10.0.0.1:4000', language: 'JAVA' };
const bob: Caller = { clientId: 'bob@2', peer: '10.0.0.2:5000', language: 'GO' };

describe('the life of a message', () => {
  let faulty: FaultyCore;
  let core: Core;
  let topic: Topic;
  let group: Group;

  beforeEach(async () => {
    faulty = await FaultyCore.open();
    core = faulty.core;
    topic = await core.topics.create('orders', 'normal', 2);
    group = await core.groups.create('billing', { retryMaxTimes: 2 });
  });

  afterEach(() => faulty.dispose());

  function trace(id: string, name?: string): Promise<MessageTrace> {
    return messageTrace(faulty.core, faulty.clock, { topic: name, message: { id } });
  }

  /** Its events in short: when, counted from when it was stored, what, which attempt, by whom. */
  async function told(id: string): Promise<string[]> {
    const { events } = await trace(id);
    const [, stored] = events;
    const startMs = stored?.atMs ?? 0;
    return events.slice(2).map(({ kind, atMs, attempt, by, group: name, untilMs }) => {
      const hidden = untilMs === undefined ? '' : ` until ${(untilMs - startMs) / 1000}`;
      const who = by === undefined ? '' : ` by ${by.clientId}`;
      const which = attempt === undefined ? '' : ` ${attempt}`;
      return `${(atMs - startMs) / 1000} ${name}: ${kind}${which}${hidden}${who}`;
    });
  }

  async function outcomes(id: string): Promise<Record<string, string>> {
    const { groups } = await trace(id);
    return Object.fromEntries(groups.map(({ group: name, outcome }) => [name, outcome]));
  }

  async function take(caller: Caller, by = group) {
    const [delivery] = await receive(core, by, topic, { caller, invisibleMs: INVISIBLE_MS });
    if (!delivery) throw new Error('nothing came');
    return delivery;
  }

  async function postpone(caller: Caller, delivery: Awaited<ReturnType<typeof take>>) {
    const { acknowledger } = core.consumption;
    const handle = handleOf(core, delivery);
    const { end } = acknowledger.changeInvisible(group, handle, WAIT_MS, CAUSE.postponed, caller);
    await core.producer.whenStored(end);
  }

  /** Timed out, then postponed, then dead-lettered; another group acknowledges it. */
  async function wholeLife(id: string): Promise<void> {
    const audit = core.groups.find('audit') ?? (await core.groups.create('audit'));
    await send(core, topic, { id, keys: ['order-17'] });
    faulty.clock.advance(1000);
    await take(alice);
    const taken = await take(bob, audit);
    faulty.clock.advance(500);
    core.consumption.acknowledger.ack(audit, handleOf(core, taken), bob);
    faulty.clock.advance(INVISIBLE_MS + 500);
    await postpone(bob, await take(bob));
    faulty.clock.advance(WAIT_MS + 1000);
    const { lease } = await take(alice);
    await core.consumption.deadLetters.move(lease, 'attempts', alice);
  }

  test('every step of it, by whom, and how it ended', async () => {
    await wholeLife('M1');
    expect(await told('M1')).toEqual([
      '1 billing: handed-out 1 until 31 by alice@1',
      '1 audit: handed-out 1 until 31 by bob@2',
      '1.5 audit: acknowledged 1 by bob@2',
      '31 billing: timed-out 1 by alice@1',
      '32 billing: handed-out 2 until 62 by bob@2',
      '32 billing: postponed 2 until 42 by bob@2',
      '43 billing: handed-out 3 until 73 by alice@1',
      '43 billing: dead-lettered 3 by alice@1',
    ]);
    const { events, groups, place, keys, complete, others } = await trace('M1');
    expect(groups).toEqual([
      { group: 'audit', outcome: 'consumed', attempts: 1, tookMs: 1500 },
      { group: 'billing', outcome: 'dead-lettered', attempts: 3, tookMs: 43_000 },
    ]);
    expect({ place, keys, complete, others }).toEqual({
      place: { topic: 'orders', queue: 0, offset: 0 },
      keys: ['order-17'],
      complete: true,
      others: [],
    });
    expect(events[0]).toMatchObject({ kind: 'sent', by: { address: '127.0.0.1:1234' } });
    expect(events.find(({ kind }) => kind === 'acknowledged')?.tookMs).toBe(500);
    expect(events.at(-1)?.copy).toEqual({ topic: '%DLQ%billing', queue: 0, offset: 0 });
    expect(events.at(-1)?.by).toEqual({
      clientId: 'alice@1',
      address: '10.0.0.1:4000',
      language: 'JAVA',
    });
  });

  test('a dead letter says what it is a copy of', async () => {
    await wholeLife('M1');
    expect((await trace('M1', '%DLQ%billing')).origin).toEqual({
      topic: 'orders',
      messageId: 'M1',
    });
  });

  test.each(['left', 'lost'] as const)('is the same when the index is %s', async (index) => {
    const audit = await core.groups.create('audit');
    await wholeLife('M1');
    await send(core, topic, { id: 'M2' });
    core.consumption.pull.commitOffset(audit, topic, 0, 2, alice);
    await core.store.whenCommitted(core.store.end);
    const before = [await trace('M1'), await trace('M2')];
    await core.store.materialize();
    expect([await trace('M1'), await trace('M2')]).toEqual(before);
    await faulty.restart(index);
    expect([await trace('M1'), await trace('M2')]).toEqual(before);
    await faulty.crash('dropped', index);
    expect([await trace('M1'), await trace('M2')]).toEqual(before);
  });

  test('a lease that its consumer prolongs, or that the broker renews', async () => {
    const facts = { kind: 'push', group: 'billing', language: 'JAVA', version: '5' } as const;
    const session = { ...facts, clientId: 'alice@1', peer: '' };
    core.sessions.register(session, { end: () => undefined });
    await send(core, topic, { id: 'M1' });
    await receive(core, group, topic, { caller: alice, renewFor: 'alice@1', invisibleMs: 60_000 });
    for (let i = 0; i < 6; i++) {
      faulty.clock.advance(30_000);
      core.sessions.heartbeat('alice@1');
    }
    expect((await outcomes('M1'))['billing']).toBe('in-progress');
    const { events } = await trace('M1');
    expect(events.at(-1)).toMatchObject({ kind: 'renewed', times: 3, by: { clientId: 'alice@1' } });
    core.sessions.terminate('alice@1');
    faulty.clock.advance(1000);
    const delivery = await take(bob);
    expect((await told('M1')).slice(-2)).toEqual([
      '181 billing: released 1 by alice@1',
      '181 billing: handed-out 2 until 211 by bob@2',
    ]);
    const { acknowledger } = core.consumption;
    acknowledger.changeInvisible(group, handleOf(core, delivery), 90_000, CAUSE.extended, bob);
    await core.store.whenCommitted(core.store.end);
    expect((await told('M1')).at(-1)).toBe('181 billing: extended 2 until 271 by bob@2');
    faulty.clock.advance(90_000);
    expect((await told('M1')).at(-1)).toBe('271 billing: timed-out 2 by bob@2');
    expect((await outcomes('M1'))['billing']).toBe('waiting-for-retry');
  });

  test('groups that have not come to it, do not want it, or keep their own place', async () => {
    for (const name of ['late', 'picky', 'puller', 'hasty']) await core.groups.create(name);
    const { late, picky, puller } = {
      late: core.groups.get('late'),
      picky: core.groups.get('picky'),
      puller: core.groups.get('puller'),
    };
    await send(core, topic, { id: 'M0', tag: 'a' });
    await send(core, topic, { id: 'M1', tag: 'b' });
    await receive(core, late, topic, { batchSize: 1 });
    await receive(core, picky, topic, { filter: 'a' });
    faulty.clock.advance(1000);
    core.consumption.pull.commitOffset(puller, topic, 0, 1, bob);
    core.consumption.pull.commitOffset(puller, topic, 0, 1, bob);
    faulty.clock.advance(1000);
    core.consumption.pull.commitOffset(puller, topic, 0, 2, bob);
    await core.store.whenCommitted(core.store.end);
    expect(await outcomes('M1')).toEqual({
      late: 'not-yet',
      picky: 'passed-over',
      puller: 'consumed',
    });
    expect(await told('M0')).toContain('1 puller: committed by bob@2');
    expect(await told('M1')).toEqual(['2 puller: committed by bob@2']);
  });

  test('a group that is set back, or ahead', async () => {
    for (const id of ['M0', 'M1', 'M2']) await send(core, topic, { id });
    await receive(core, group, topic, { batchSize: 2, caller: alice, invisibleMs: INVISIBLE_MS });
    const { progress } = core.consumption;
    const place = progress.get(group, topic, 0);
    faulty.clock.advance(1000);
    progress.recordReset(place, 0);
    await core.store.whenCommitted(core.store.end);
    expect([await outcomes('M0'), await outcomes('M2')]).toEqual([
      { billing: 'not-yet' },
      { billing: 'not-yet' },
    ]);
    const { lease } = await take(bob);
    progress.recordAcks(lease.progress, [0]);
    faulty.clock.advance(1000);
    progress.recordReset(place, 2);
    await core.store.whenCommitted(core.store.end);
    for (const index of ['left', 'lost'] as const) {
      expect(await told('M0')).toEqual([
        '0 billing: handed-out 1 until 30 by alice@1',
        '1 billing: reset',
        '1 billing: handed-out 1 until 31 by bob@2',
        '1 billing: acknowledged 1',
      ]);
      expect(await told('M1')).toEqual([
        '0 billing: handed-out 1 until 30 by alice@1',
        '1 billing: reset',
        '1 billing: handed-out 1 until 31 by bob@2',
        '2 billing: reset',
      ]);
      expect(await outcomes('M1')).toEqual({ billing: 'passed-over' });
      expect(await outcomes('M2')).toEqual({ billing: 'not-yet' });
      await faulty.restart(index);
    }
  });

  test('a message of which only the hash of its tag is wanted is not handed out', async () => {
    await send(core, topic, { id: 'M1', tag: 'Aa' });
    expect(await receive(core, group, topic, { filter: 'BB', caller: alice })).toEqual([]);
    await core.store.whenCommitted(core.store.end);
    expect(await told('M1')).toEqual([]);
    expect(await outcomes('M1')).toEqual({ billing: 'passed-over' });
  });

  test('what a consumer that was gone did not get', async () => {
    await send(core, topic, { id: 'M1' });
    core.consumption.pop.giveBack([await take(alice)]);
    await take(bob);
    await core.store.whenCommitted(core.store.end);
    expect(await told('M1')).toEqual([
      '0 billing: handed-out 1 until 30 by alice@1',
      '0 billing: given-back 1 by alice@1',
      '0 billing: handed-out 1 until 30 by bob@2',
    ]);
  });

  test('of a deleted group, and when the log took nothing for a while', async () => {
    for (const id of ['M1', 'M2']) await send(core, topic, { id });
    await receive(core, group, topic, { batchSize: 1, caller: alice });
    faulty.files.fail({ operation: 'write', nth: 0, code: 'ENOSPC', times: 1000 });
    await expect(send(core, topic, { id: 'M3' })).rejects.toMatchObject({ code: 'DISK_FULL' });
    faulty.clock.advance(INVISIBLE_MS);
    const deliveries = await receive(core, group, topic, { caller: bob });
    expect(deliveries.map(({ lease }) => lease.attempt)).toEqual([2, 1]);
    faulty.files.heal();
    await until(2000, async () => {
      await faulty.clock.advanceAsync(STORE.diskCheckMs);
      return core.store.writable;
    });
    await ack(core, group, handleOf(core, deliveries[0]!));
    expect((await outcomes('M1'))['billing']).toBe('consumed');
    expect((await outcomes('M2'))['billing']).toBe('in-progress');
    expect((await told('M1')).map((line) => line.replace(/^\S+ /, ''))).toEqual([
      'billing: handed-out 1 until 30 by alice@1',
      'billing: timed-out 1 by alice@1',
      'billing: handed-out 2 until 60',
      'billing: acknowledged 2',
    ]);
    await core.groups.delete('billing');
    expect(Object.values(await outcomes('M1'))).toEqual(['consumed']);
    expect((await trace('M1')).groups[0]?.group).toBe(`(deleted group ${group.id})`);
  });

  describe('as its producer sent it', () => {
    const call = new TestCall({ clientId: 'maker@7' });
    const resource = { resourceNamespace: '', name: 'later' };

    async function sendAs(messageType: number, more: object = {}) {
      const services = servicesOf(faulty.core, faulty.clock);
      const bornTimestamp = { seconds: Math.floor(faulty.clock.nowMs() / 1000), nanos: 0 };
      const systemProperties = { messageId: 'M1', messageType, bornTimestamp, ...more };
      const message = { topic: resource, body: Buffer.from('x'), systemProperties };
      const bytes = encode('SendMessageRequest', { messages: [message] });
      const answer = await sendMessage.handle(bytes, call, services);
      return codec('SendMessageResponse').decode(answer).entries[0];
    }

    async function begin(): Promise<string[]> {
      const { events } = await trace('M1');
      return events.map(({ kind, atMs, untilMs, tookMs, by }) => {
        const rest = [untilMs, tookMs, by?.clientId].map((each) => each ?? '-').join(' ');
        return `${kind} ${atMs} ${rest}`;
      });
    }

    test('a normal message names its sender, over restarts', async () => {
      await core.topics.create('later', 'normal', 1);
      await sendAs(MessageType.NORMAL);
      const nowMs = faulty.clock.nowMs();
      const begun = [`sent ${nowMs} - - maker@7`, `stored ${nowMs} - 0 -`];
      expect(await begin()).toEqual(begun);
      await faulty.restart('lost');
      expect(await begin()).toEqual(begun);
      const { events } = await trace('M1');
      expect(events[0]?.by).toEqual({
        clientId: 'maker@7',
        address: '127.0.0.1:4711',
        language: 'JAVA',
      });
    });

    test('a scheduled one was put away until its time', async () => {
      await core.topics.create('later', 'delay', 1);
      const sentMs = faulty.clock.nowMs();
      const deliveryTimestamp = { seconds: sentMs / 1000 + 60, nanos: 0 };
      await sendAs(MessageType.DELAY, { deliveryTimestamp });
      await expect(trace('M1')).rejects.toMatchObject({ code: 'MESSAGE_NOT_FOUND' });
      faulty.clock.advance(60_000);
      const begun = await until(2000, () => begin().catch(() => undefined));
      const dueMs = sentMs + 60_000;
      expect(begun).toEqual([
        `sent ${sentMs} - - maker@7`,
        `scheduled ${sentMs} ${dueMs} - -`,
        `stored ${dueMs} - 0 -`,
      ]);
    });

    test('a transactional one was put away until its commit', async () => {
      await core.topics.create('later', 'transaction', 1);
      const sentMs = faulty.clock.nowMs();
      const { transactionId } = (await sendAs(MessageType.TRANSACTION)) ?? {};
      faulty.clock.advance(2000);
      const name = { topic: core.topics.get('later'), messageId: 'M1' };
      await core.transactions.end({ ...name, transactionId: transactionId ?? '' }, 'commit');
      expect(await begin()).toEqual([
        `sent ${sentMs} - - maker@7`,
        `prepared ${sentMs} - - -`,
        `stored ${sentMs + 2000} - 2000 -`,
      ]);
    });
  });

  describe('wrong input', () => {
    async function failure(request: TraceRequest): Promise<unknown> {
      return messageTrace(core, faulty.clock, request).catch(({ code }: { code: string }) => code);
    }

    test('an id, a topic or a place that is not there', async () => {
      await send(core, topic, { id: 'M1' });
      const at = (queue: number, offset: number) => ({ queue, offset });
      const name = 'orders';
      for (const id of ['', 'nobody', '\u0000', 'x'.repeat(10_000)]) {
        expect(await failure({ topic: undefined, message: { id } })).toBe('MESSAGE_NOT_FOUND');
      }
      expect(await failure({ topic: 'none', message: { id: 'M1' } })).toBe('TOPIC_NOT_FOUND');
      expect(await failure({ topic: name, message: at(0, 1) })).toBe('MESSAGE_NOT_FOUND');
      expect(await failure({ topic: name, message: at(9, 0) })).toBe('BAD_REQUEST');
      expect(await failure({ topic: undefined, message: at(0, 0) })).toBe('BAD_REQUEST');
      const found = await messageTrace(core, faulty.clock, { topic: name, message: at(0, 0) });
      expect(found.messageId).toBe('M1');
    });

    test('the same id twice is the newer one, and says so', async () => {
      await send(core, topic, { id: 'M1' });
      await send(core, topic, { id: 'M1', queueId: 1 });
      const { place, others } = await trace('M1');
      expect(place.queue).toBe(1);
      expect(others).toEqual([{ topic: 'orders', queue: 0, offset: 0 }]);
    });
  });

  test('a message with more records than are read says that there are more', async () => {
    await send(core, topic, { id: 'M1' });
    const { lease } = await take(alice);
    const { progress } = lease;
    for (let i = 0; i < TRACE.recordsMax; i++) {
      const entry = { offset: 0, deadlineMs: faulty.clock.nowMs(), attempt: 1, sequence: 2 + i };
      core.consumption.progress.recordLeases(progress, [entry], CAUSE.postponed);
    }
    await core.store.whenCommitted(core.store.end);
    const { complete, events } = await trace('M1');
    expect({ complete, events: events.length }).toEqual({
      complete: false,
      events: TRACE.recordsMax + 2,
    });
  });
});
