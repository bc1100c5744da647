import { expect } from '@jest/globals';
import { Code } from '#proto/types';
import { until } from '#support/until';
import { ClientFailure, type ReceivedMessage, type Verdict } from '../clients.ts';
import type { Environment, Scenario } from '../scenario.ts';
import { differs, uniqueName } from '../target.ts';
import { AWAIT_MS, collect } from './collect.ts';

/** Long enough that what is visible would have come. */
const LOOK_MS = 3_000;
const INVISIBLE_MS = 30_000;
/** RocketMQ looks at its half messages each 30 s. */
const CHECKED_WITHIN_MS = 80_000;

async function scene({ target, clients }: Environment, prefix: string) {
  const topic = uniqueName(prefix);
  const group = uniqueName(`g_${prefix}`);
  await target.createTopic(topic, 'transaction', 2);
  await target.createGroup(group);
  const consumer = await clients.simpleConsumer({ group, topic }, AWAIT_MS);
  return { topic, consumer };
}

const committed: Scenario = {
  name: 'a half message is invisible until it is committed, and then arrives unchanged',
  async run(environment) {
    const { topic, consumer } = await scene(environment, 'tx_commit');
    const producer = await environment.clients.transactionProducer(topic, () => undefined);
    const body = Buffer.from('größer 订单');
    const message = { topic, body, tag: 'paid', keys: ['order-1'], properties: { shop: 'north' } };
    const transaction = await producer.begin(message);
    const fromMs = performance.now();
    while (performance.now() - fromMs < LOOK_MS) {
      expect(await consumer.receive(16, INVISIBLE_MS)).toEqual([]);
    }
    await transaction.commit();
    const [received, ...others] = await collect(consumer, 1);
    expect(others).toEqual([]);
    const { body: arrived, ...head } = received as ReceivedMessage;
    const { tag, keys, properties } = message;
    const { messageId } = transaction;
    expect(head).toMatchObject({ messageId, tag, keys, deliveryAttempt: 1, corrupted: false });
    expect(head.properties).toMatchObject(properties);
    expect(arrived.equals(body)).toBe(true);
  },
};

const rolledBack: Scenario = {
  name: 'a half message that is rolled back never arrives, those beside it do',
  async run(environment) {
    const { topic, consumer } = await scene(environment, 'tx_rollback');
    const producer = await environment.clients.transactionProducer(topic, () => undefined);
    const dropped = await producer.begin({ topic, body: Buffer.from('dropped') });
    const kept = await producer.begin({ topic, body: Buffer.from('kept') });
    await dropped.rollback();
    await kept.commit();
    const received = await collect(consumer, 1);
    expect(received.map(({ messageId }) => messageId)).toEqual([kept.messageId]);
    expect(await consumer.receive(16, INVISIBLE_MS)).toEqual([]);
  },
};

const checked: Scenario = {
  name: 'a producer that is silent is asked, and what it says holds',
  async run(environment) {
    const { topic, consumer } = await scene(environment, 'tx_check');
    const asked: ReceivedMessage[] = [];
    const verdicts = new Map<string, Verdict>();
    const check = (message: ReceivedMessage): Verdict => {
      asked.push(message);
      return verdicts.get(message.messageId);
    };
    const producer = await environment.clients.transactionProducer(topic, check);
    const body = Buffer.from('x');
    const yes = await producer.begin({ topic, body, tag: 'yes', properties: { order: '7' } });
    const no = await producer.begin({ topic, body, tag: 'no' });
    verdicts.set(yes.messageId, 'commit').set(no.messageId, 'rollback');
    const received = await collect(consumer, 1, { timeoutMs: CHECKED_WITHIN_MS });
    expect(received.map(({ messageId }) => messageId)).toEqual([yes.messageId]);
    await until(CHECKED_WITHIN_MS, () => asked.some(({ messageId }) => messageId === no.messageId));
    const question = asked.find(({ messageId }) => messageId === yes.messageId);
    expect(question).toMatchObject({ topic, tag: 'yes', properties: { order: '7' } });
    expect(question?.body.equals(body)).toBe(true);
    expect(await consumer.receive(16, INVISIBLE_MS)).toEqual([]);
  },
};

const otherProducer: Scenario = {
  name: 'when the producer is gone another one of the topic is asked',
  async run(environment) {
    const { topic, consumer } = await scene(environment, 'tx_other');
    const first = await environment.clients.transactionProducer(topic, () => undefined);
    const { messageId } = await first.begin({ topic, body: Buffer.from('x') });
    await environment.clients.transactionProducer(topic, () => 'commit');
    await first.shutdown();
    const received = await collect(consumer, 1, { timeoutMs: CHECKED_WITHIN_MS });
    expect(received.map((message) => message.messageId)).toEqual([messageId]);
  },
};

async function codeOf(work: Promise<unknown>): Promise<number | undefined> {
  try {
    await work;
    return Code.OK;
  } catch (error) {
    if (error instanceof ClientFailure) return error.code;
    throw error;
  }
}

const endedTwice: Scenario = {
  name: 'to end a transaction once more the same way is fine, the other way is refused',
  async run(environment) {
    const { topic, consumer } = await scene(environment, 'tx_twice');
    const producer = await environment.clients.transactionProducer(topic, () => undefined);
    const one = await producer.begin({ topic, body: Buffer.from('one') });
    const two = await producer.begin({ topic, body: Buffer.from('two') });
    const { again, otherWay } = differs(environment.target, {
      sluice: { again: Code.OK, otherWay: Code.INVALID_TRANSACTION_ID },
      rocketmq: { again: Code.INTERNAL_SERVER_ERROR, otherWay: Code.INTERNAL_SERVER_ERROR },
      why: 'its proxy forgets a transaction as soon as it has passed on how it ended',
    });
    await one.commit();
    expect(await codeOf(one.commit())).toBe(again);
    await two.rollback();
    expect(await codeOf(two.rollback())).toBe(again);
    expect(await codeOf(one.rollback())).toBe(otherWay);
    expect(await codeOf(two.commit())).toBe(otherWay);
    const received = await collect(consumer, 1);
    expect(received.map(({ messageId }) => messageId)).toEqual([one.messageId]);
    expect(await consumer.receive(16, INVISIBLE_MS)).toEqual([]);
  },
};

export const transactionCases: readonly Scenario[] = [
  committed,
  rolledBack,
  checked,
  otherProducer,
  endedTwice,
];
