import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { Delivery } from '#broker/consume/pop';
import type { Core } from '#broker/core';
import type { Group } from '#broker/topic/groups';
import type { Topic } from '#broker/topic/topics';
import { CONSUME } from '#lib/limits';
import { deadLetterTopic } from '#proto/names';
import { PROPERTY } from '#proto/properties';
import { Text } from '#proto/text';
import { ack, handleOf, idOf, receive, send } from '#support/core';
import { FaultyCore } from '#support/faulty-core';
import { until } from '#support/until';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('ordered pop', () => {
  let faulty: FaultyCore;
  let core: Core;
  let topic: Topic;
  let group: Group;

  beforeEach(async () => {
    faulty = await FaultyCore.open();
    await faulty.core.topics.create('orders', 'fifo', 1);
    await faulty.core.groups.create('ledger', { ordered: true, retryMaxTimes: 1 });
    find();
  });

  afterEach(() => faulty.dispose());

  function find(): void {
    core = faulty.core;
    topic = core.topics.get('orders');
    group = core.groups.get('ledger');
  }

  async function sendAll(...ids: string[]): Promise<void> {
    for (const id of ids) await send(core, topic, { id, messageGroup: id.charAt(0) });
  }

  /** Many of one message group, without waiting for each. */
  async function sendMany(count: number, messageGroup: string): Promise<void> {
    let last = 0;
    for (let i = 0; i < count; i++) {
      const properties = [PROPERTY.messageId, `${messageGroup}${i}`].map(Text.of);
      properties.push(...[PROPERTY.messageGroup, messageGroup].map(Text.of));
      const rest = { compressed: false, bornTimeMs: 0, bornHost: { ip: 0, port: 0 }, tagHash: 0 };
      const body = Buffer.from('x');
      const message = { topic, queueId: 0, body, properties, lookupKeys: [], ...rest };
      last = core.producer.append(message).end;
    }
    await core.producer.whenStored(last);
  }

  const take = (batchSize = 32, options = {}): Promise<Delivery[]> =>
    receive(core, group, topic, { batchSize, ...options });

  const ackAll = async (deliveries: Delivery[]): Promise<void> => {
    for (const delivery of deliveries) await ack(core, group, handleOf(core, delivery));
  };

  const names = (deliveries: Delivery[]): string => deliveries.map(idOf).join(' ');
  const attempts = (deliveries: Delivery[]): number[] =>
    deliveries.map(({ lease }) => lease.attempt);

  function nack(delivery: Delivery, invisibleMs = 0): void {
    core.consumption.acknowledger.changeInvisible(group, handleOf(core, delivery), invisibleMs);
    faulty.clock.advance(0);
  }

  test('an answer may have several of a message group, which waits for all of them', async () => {
    await sendAll('A1', 'B1', 'A2', 'A3', 'B2');
    const first = await take(3);
    expect(names(first)).toBe('A1 B1 A2');
    expect(names(await take())).toBe('');
    await ackAll(first.slice(1)); // B1 and A2: B is free
    const second = await take();
    expect(names(second)).toBe('B2');
    await ackAll(first.slice(0, 1));
    expect(names(await take())).toBe('A3');
  });

  test('what fails comes again in its order, before what is behind it', async () => {
    await sendAll('A1', 'A2', 'A3', 'B1');
    const [a1, a2] = await take(2);
    nack(a1 as Delivery);
    expect(names(await take())).toBe('B1'); // A2 is still out
    nack(a2 as Delivery);
    const again = await take();
    expect(names(again)).toBe('A1 A2 A3');
    expect(attempts(again)).toEqual([2, 2, 1]);
  });

  test('a waiting receiver gets the next one as soon as the one before is done', async () => {
    await sendAll('A1', 'A2');
    const first = await take(1);
    const waiting = take(1, { waitMs: 20_000 });
    await turn();
    await ackAll(first);
    expect(names(await waiting)).toBe('A2');
  });

  test.each(['left', 'lost'] as const)('a crash keeps the order, its index %s', async (index) => {
    await sendAll('A1', 'A2', 'B1', 'A3', 'C1', 'B2');
    const [a1] = await take(1);
    const others = await take();
    expect(names(others)).toBe('B1 C1 B2');
    await ackAll(others);
    expect(core.consumption.progress.find(group.id, topic.id, 0)?.doneAhead.size).toBe(3);
    await core.store.materialize();
    await faulty.crash('dropped', index);
    find();
    expect(names(await take())).toBe('');
    await ackAll([a1 as Delivery]);
    const rest = await take();
    expect([names(rest), attempts(rest)]).toEqual(['A2 A3', [1, 1]]);
    await ackAll(rest);
    const progress = core.consumption.progress.find(group.id, topic.id, 0);
    expect([progress?.committed, progress?.doneAhead.size]).toEqual([6, 0]);
  });

  test('after a crash what was out comes first, as the next attempt', async () => {
    await sendAll('A1', 'A2', 'A3');
    await take(2);
    await core.store.whenCommitted(core.store.end);
    await faulty.crash('dropped');
    find();
    expect(names(await take())).toBe('');
    faulty.clock.advance(30_000);
    const again = await take();
    expect([names(again), attempts(again)]).toEqual(['A1 A2 A3', [2, 2, 1]]);
  });

  test('dead letters are in order, and then the rest comes', async () => {
    await sendAll('A1', 'A2', 'A3', 'B1');
    await take(2);
    faulty.clock.advance(30_000);
    expect(attempts(await take(2))).toEqual([2, 2]);
    faulty.clock.advance(30_000);
    const dead = await until(5000, () => {
      const queue = core.topics.find(deadLetterTopic('ledger'))?.queues[0];
      return queue?.nextOffset === 2 && core.topics.find(deadLetterTopic('ledger'));
    });
    expect(names(await receive(core, await core.groups.create('reader'), dead))).toBe('A1 A2');
    expect(names(await take())).toBe('A3 B1');
  });

  test('the same attempt again gets the same messages, with new handles', async () => {
    await sendAll('A1', 'A2', 'B1', 'A3');
    const first = await take(2, { attemptId: 'one' });
    const again = await take(2, { attemptId: 'one' });
    expect([names(again), attempts(again)]).toEqual(['A1 A2', [1, 1]]);
    await expect(ackAll(first)).rejects.toMatchObject({ code: 'INVALID_RECEIPT_HANDLE' });
    expect(names(await take(32, { attemptId: 'two' }))).toBe('B1');
    await ackAll(again);
    expect(names(await take(2, { attemptId: 'one' }))).toBe('A3');
  });

  test('a waiting receiver does not repeat its own attempt', async () => {
    const waiting = take(32, { attemptId: 'one', waitMs: 20_000 });
    await turn();
    await sendAll('A1');
    const [a1] = await waiting;
    await turn();
    await ackAll([a1 as Delivery]);
  });

  test('without message groups, and in a global topic, the whole queue is one line', async () => {
    await core.topics.create('plain', 'normal', 1);
    await core.topics.create('global', 'global-fifo', 1);
    for (const name of ['plain', 'global']) {
      topic = core.topics.get(name);
      for (const id of ['A1', 'B1', 'C1']) {
        await send(core, topic, name === 'plain' ? { id } : { id, messageGroup: id });
      }
      const first = await take(1);
      expect(names(await take())).toBe('');
      await ackAll(first);
      expect(names(await take())).toBe('B1 C1');
    }
  });

  test('a group that becomes ordered, or stops to be, misses and repeats nothing', async () => {
    await sendAll('A1', 'A2', 'B1', 'B2', 'A3');
    const [a1] = await take(1);
    const [b1] = await take(1);
    await ackAll([b1 as Delivery]);
    group = await core.groups.update('ledger', { ordered: false });
    expect(names(await take(2))).toBe('A2 B2');
    group = await core.groups.update('ledger', { ordered: true });
    expect(names(await take())).toBe(''); // A1 and A2 are out
    await ackAll([a1 as Delivery]);
    faulty.clock.advance(30_000);
    expect(names(await take())).toBe('B2 A2 A3');
  });

  test('nobody gets what the filter does not want, and it holds up nothing', async () => {
    for (const [id, tag] of [
      ['A1', 'x'],
      ['A2', 'y'],
      ['A3', 'x'],
    ] as const) {
      await send(core, topic, { id, tag, messageGroup: 'A' });
    }
    const [a1] = await take(1, { filter: 'x' });
    expect(names(await take(32, { filter: 'x' }))).toBe('');
    await ackAll([a1 as Delivery]);
    expect(names(await take(32, { filter: 'x' }))).toBe('A3');
  });

  test('members take turns between message groups', async () => {
    await sendMany(100, 'A');
    await sendMany(100, 'B');
    const first = await take(32);
    const seen = (deliveries: Delivery[]): Set<string> =>
      new Set(deliveries.map((each) => idOf(each).charAt(0)));
    await ackAll(first);
    await ackAll(await take(32));
    expect([...seen(await take(32))].toSorted()).toEqual(['A', 'B']);
  });

  test('behind 100,000 messages that wait others come, and those are looked at once', async () => {
    await sendMany(100_000, 'A');
    await sendMany(3, 'B');
    const first = await take(1);
    expect(names(first)).toBe('A0');
    const { reader } = core.consumption;
    let looks = 0;
    const { placeNow, readNow } = reader;
    reader.placeNow = (...where) => (looks++, placeNow.apply(reader, where));
    reader.readNow = (...where) => (looks++, readNow.apply(reader, where));
    const others = await take(32);
    expect(names(others)).toBe('B0 B1 B2');
    expect(looks).toBeGreaterThan(100_000); // once
    looks = 0;
    for (let i = 0; i < 10; i++) expect(names(await take())).toBe('');
    expect(looks).toBe(0);
    await ackAll([...others, ...first]);
    expect((await take()).length).toBe(32);
    expect(looks).toBeLessThan(200);
  }, 60_000);

  test(`at most ${CONSUME.orderedLookAheadMax} wait, with all behind them`, async () => {
    await sendMany(CONSUME.orderedLookAheadMax + 1, 'A');
    await sendMany(1, 'B');
    const first = await take(1);
    expect(names(first)).toBe('A0');
    const waiting = take(1, { waitMs: 20_000 });
    await until(30_000, () => core.consumption.polls.count === 1);
    expect(names(await take(1))).toBe('');
    const progress = core.consumption.progress.find(group.id, topic.id, 0);
    expect(progress?.listener?.ready).toBe(true);
    await ackAll(first);
    expect(names(await waiting)).toBe('A1');
  }, 60_000);
});
