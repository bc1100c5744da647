import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { Code } from '#proto/types';
import {
  failureCode,
  type OutgoingMessage,
  type Producer,
  type SimpleConsumer,
} from '../clients.ts';
import type { Environment, Scenario } from '../scenario.ts';
import { differs, uniqueName } from '../target.ts';
import { AWAIT_MS, EARLY_MS, INVISIBLE_MS, LATE_MS, collect, idsOf, sendMany } from './collect.ts';

interface Stage {
  topic: string;
  group: string;
  producer: Producer;
  consumer: SimpleConsumer;
}

async function stage(
  { target, clients }: Environment,
  name: string,
  options: { queues?: number; filter?: string; sql?: string; awaitMs?: number } = {},
): Promise<Stage> {
  const { queues = 4, awaitMs = AWAIT_MS, ...filter } = options;
  const topic = uniqueName(name);
  const group = uniqueName(`g_${name}`);
  await Promise.all([target.createTopic(topic, 'normal', queues), target.createGroup(group)]);
  const producer = await clients.producer([topic]);
  const consumer = await clients.simpleConsumer({ group, topic, ...filter }, awaitMs);
  return { topic, group, producer, consumer };
}

const redelivery: Scenario = {
  name: 'what is not acked comes again as attempt 2 after its invisible time, what is acked never',
  async run(environment) {
    const { topic, producer, consumer } = await stage(environment, 'redelivery');
    const ids = await sendMany(producer, topic, 4);
    const askedAtMs = performance.now();
    const first = await collect(consumer, 4, { invisibleMs: INVISIBLE_MS, ack: false });
    const [acked, postponed] = first;
    if (acked === undefined || postponed === undefined) throw new Error('collect() gave too few');
    await consumer.ack(acked);
    const postponedAtMs = performance.now();
    await consumer.changeInvisible(postponed, INVISIBLE_MS + 5_000);

    const again = await collect(consumer, 3, { timeoutMs: INVISIBLE_MS + 5_000 + LATE_MS });
    expect(idsOf(again)).toEqual(ids.filter((id) => id !== acked.messageId).toSorted());
    expect(again).toHaveLength(3);
    for (const message of again) {
      expect(message.deliveryAttempt).toBe(2);
      // Counted from before the call, since an answer may be late to arrive.
      const hiddenMs =
        message.messageId === postponed.messageId
          ? message.receivedAtMs - postponedAtMs - 5_000
          : message.receivedAtMs - askedAtMs;
      expect(hiddenMs).toBeGreaterThan(INVISIBLE_MS - EARLY_MS);
    }
    expect(await consumer.receive(32, INVISIBLE_MS)).toEqual([]);
  },
};

const shorterInvisible: Scenario = {
  name: 'a changed invisible time may be shorter than the first one',
  async run(environment) {
    const { topic, producer, consumer } = await stage(environment, 'shorter');
    await sendMany(producer, topic, 1);
    const [message] = await collect(consumer, 1, { invisibleMs: 60_000, ack: false });
    if (message === undefined) throw new Error('collect() gave nothing');
    const changedAtMs = performance.now();
    await consumer.changeInvisible(message, INVISIBLE_MS);
    const [again] = await collect(consumer, 1, { timeoutMs: INVISIBLE_MS + LATE_MS });
    expect(again?.deliveryAttempt).toBe(2);
    expect((again?.receivedAtMs ?? 0) - changedAtMs).toBeGreaterThan(INVISIBLE_MS - EARLY_MS);
  },
};

const doubleAck: Scenario = {
  name: 'a second ack of the same message does no harm',
  async run(environment) {
    const { topic, producer, consumer } = await stage(environment, 'double_ack');
    const ids = await sendMany(producer, topic, 2);
    const received = await collect(consumer, 2);
    expect(idsOf(received)).toEqual(ids.toSorted());
    for (const message of received) {
      const code = await failureCode(consumer.ack(message)).catch(() => Code.OK);
      expect([Code.OK, Code.INVALID_RECEIPT_HANDLE]).toContain(code);
    }
    const more = await sendMany(producer, topic, 2);
    expect(idsOf(await collect(consumer, 2))).toEqual(more.toSorted());
  },
};

const invisibleBounds: Scenario = {
  name: 'an invisible time out of bounds fails with ILLEGAL_INVISIBLE_TIME',
  async run(environment) {
    const { topic, producer, consumer } = await stage(environment, 'bounds');
    await sendMany(producer, topic, 1);
    const short = consumer.receive(1, INVISIBLE_MS - 1_000);
    expect(await failureCode(short)).toBe(Code.ILLEGAL_INVISIBLE_TIME);
    const long = consumer.receive(1, 12 * 3_600_000 + 1_000);
    expect(await failureCode(long)).toBe(Code.ILLEGAL_INVISIBLE_TIME);
    const [message] = await collect(consumer, 1, { ack: false });
    if (message === undefined) throw new Error('collect() gave nothing');
    const change = consumer.changeInvisible(message, 12 * 3_600_000 + 1_000);
    expect(await failureCode(change)).toBe(Code.ILLEGAL_INVISIBLE_TIME);
    await consumer.ack(message);
  },
};

const tagFilter: Scenario = {
  name: 'a filter a||b lets exactly these tags through, * lets all',
  async run(environment) {
    const { topic, producer, consumer } = await stage(environment, 'tags', { filter: 'a||b' });
    const group = uniqueName('g_tags_all');
    await environment.target.createGroup(group);
    const all = await environment.clients.simpleConsumer({ group, topic, filter: '*' }, AWAIT_MS);
    const wanted = [];
    const others = [];
    for (let round = 0; round < 5; round += 1) {
      for (const tag of ['a', 'b']) wanted.push(...(await sendMany(producer, topic, 1, { tag })));
      for (const tag of ['c', 'ab', 'A']) {
        others.push(...(await sendMany(producer, topic, 1, { tag })));
      }
      others.push(...(await sendMany(producer, topic, 1)));
    }
    const [chosen, everything] = await Promise.all([
      collect(consumer, wanted.length),
      collect(all, wanted.length + others.length),
    ]);
    expect(idsOf(chosen)).toEqual(wanted.toSorted());
    expect(idsOf(everything)).toEqual([...wanted, ...others].toSorted());
    expect(await consumer.receive(32, INVISIBLE_MS)).toEqual([]);
  },
};

const sqlFilter: Scenario = {
  name: 'an SQL filter lets exactly the messages through for which it is true',
  async run(environment) {
    const sql =
      "(TAGS = 'paid' OR TAGS IS NULL) AND amount BETWEEN 10 AND 99 AND vip = TRUE " +
      "AND region IN ('eu', 'o''neill') AND NOT (coupon IS NOT NULL)";
    const { topic, producer, consumer } = await stage(environment, 'sql', { sql });
    const properties = { amount: '50', vip: 'true', region: 'eu' };
    const wanted: Partial<OutgoingMessage>[] = [
      { tag: 'paid', properties },
      { properties },
      { tag: 'paid', properties: { ...properties, amount: '10', region: "o'neill", other: 'x' } },
      { tag: 'paid', properties: { ...properties, amount: '99', vip: 'TRUE' } },
    ];
    const unwanted: Partial<OutgoingMessage>[] = [
      { tag: 'new', properties },
      { tag: 'paid' },
      { tag: 'paid', properties: { ...properties, amount: '100' } },
      { tag: 'paid', properties: { ...properties, amount: '9.5' } },
      { tag: 'paid', properties: { ...properties, amount: 'fifty' } },
      { tag: 'paid', properties: { ...properties, vip: 'yes' } },
      { tag: 'paid', properties: { ...properties, region: 'EU' } },
      { tag: 'paid', properties: { ...properties, coupon: 'c' } },
      { tag: 'paid', properties: { vip: 'true', region: 'eu' } },
    ];
    for (const more of unwanted) await sendMany(producer, topic, 2, more);
    const ids: string[] = [];
    for (const more of wanted) ids.push(...(await sendMany(producer, topic, 2, more)));
    for (const more of unwanted) await sendMany(producer, topic, 1, more);
    expect(idsOf(await collect(consumer, ids.length))).toEqual(ids.toSorted());
    expect(await consumer.receive(32, INVISIBLE_MS)).toEqual([]);
  },
};

const badSql: Scenario = {
  name: 'an SQL filter with a fault fails with a code',
  async run(environment) {
    const { consumer } = await stage(environment, 'bad_sql', { sql: "amount > 'many'" });
    expect(await failureCode(consumer.receive(1, INVISIBLE_MS))).toBe(
      differs<number>(environment.target, {
        sluice: Code.ILLEGAL_FILTER_EXPRESSION,
        rocketmq: Code.INTERNAL_SERVER_ERROR,
        why: 'its proxy has no code for what its broker finds wrong with a filter',
      }),
    );
  },
};

const emptyTopic: Scenario = {
  name: 'receive on an empty topic returns empty, after the await time and before the deadline',
  async run(environment) {
    const awaitMs = 6_000;
    const { consumer } = await stage(environment, 'empty', { awaitMs });
    const fromMs = performance.now();
    expect(await consumer.receive(16, INVISIBLE_MS)).toEqual([]);
    const tookMs = performance.now() - fromMs;
    expect(tookMs).toBeGreaterThan(awaitMs - 1_000);
    // A client with default options gives up 3 s after the await time.
    expect(tookMs).toBeLessThan(awaitMs + 3_000);
  },
};

const longPoll: Scenario = {
  name: 'a waiting receive is answered as soon as a message is sent',
  async run(environment) {
    const { topic, producer, consumer } = await stage(environment, 'long_poll', {
      queues: 1,
      awaitMs: 15_000,
    });
    const waiting = consumer.receive(16, INVISIBLE_MS);
    await sleep(2_000);
    const sentAtMs = performance.now();
    const ids = await sendMany(producer, topic, 1);
    const received = await waiting;
    expect(idsOf(received)).toEqual(ids);
    expect(performance.now() - sentAtMs).toBeLessThan(3_000);
  },
};

const batchSizes: Scenario = {
  name: 'a batch has at most as many messages as asked for, and never more than 32',
  async run(environment) {
    const { topic, producer, consumer } = await stage(environment, 'batches', { queues: 1 });
    const ids = await sendMany(producer, topic, 100);
    const one = await consumer.receive(1, INVISIBLE_MS * 3);
    expect(one).toHaveLength(1);
    const seen = [...one];
    for (const asked of [7, 32, 64]) {
      const batch = await consumer.receive(asked, INVISIBLE_MS * 3);
      expect(batch.length).toBeGreaterThan(0);
      expect(batch.length).toBeLessThanOrEqual(Math.min(asked, 32));
      seen.push(...batch);
    }
    await Promise.all(seen.map((message) => consumer.ack(message)));
    const rest = await collect(consumer, ids.length - seen.length);
    expect(idsOf([...seen, ...rest])).toEqual(ids.toSorted());
  },
};

export const simpleCases: readonly Scenario[] = [
  redelivery,
  doubleAck,
  tagFilter,
  sqlFilter,
  emptyTopic,
  batchSizes,
];
/** What depends on no client in particular and needs no second language to prove. */
export const moreSimpleCases: readonly Scenario[] = [
  shorterInvisible,
  invisibleBounds,
  badSql,
  longPoll,
];
