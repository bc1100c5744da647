import { expect } from '@jest/globals';
import { until } from '#support/until';
import type { Producer, ReceivedMessage, SimpleConsumer } from '../clients.ts';
import type { Environment, Scenario } from '../scenario.ts';
import { type GroupOptions, differs, uniqueName } from '../target.ts';
import { AWAIT_MS, INVISIBLE_MS, LATE_MS } from './collect.ts';

const CONSUME_MS = 40_000;

interface Stage {
  topic: string;
  group: string;
  producer: Producer;
}

async function stage(
  { target, clients }: Environment,
  name: string,
  options: { queues?: number } & GroupOptions = {},
): Promise<Stage> {
  const { queues = 4, ...groupOptions } = options;
  const topic = uniqueName(name);
  const group = uniqueName(`g_${name}`);
  await Promise.all([
    target.createTopic(topic, 'fifo', queues),
    target.createGroup(group, { ordered: true, ...groupOptions }),
  ]);
  return { topic, group, producer: await clients.producer([topic]) };
}

/** Bodies are `{message group}-{number}`, so that a case sees the order without another field. */
async function sendOrdered(
  { producer, topic }: Stage,
  messageGroups: readonly string[],
  count: number,
): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    for (const messageGroup of messageGroups) {
      await producer.send({ topic, messageGroup, body: Buffer.from(`${messageGroup}-${n}`) });
    }
  }
}

function namesOf(messages: readonly ReceivedMessage[]): string[] {
  return messages.map(({ body }) => body.toString());
}

function ofGroup(messageGroup: string, messages: readonly ReceivedMessage[]): string[] {
  return namesOf(messages).filter((name) => name.startsWith(`${messageGroup}-`));
}

function numbered(messageGroup: string, count: number): string[] {
  return Array.from({ length: count }, (_, n) => `${messageGroup}-${n}`);
}

/** Receives, and acks in order, until `wanted` messages came. */
async function consumeAll(
  consumer: SimpleConsumer,
  wanted: number,
  timeoutMs = CONSUME_MS,
): Promise<ReceivedMessage[]> {
  const endMs = performance.now() + timeoutMs;
  const all: ReceivedMessage[] = [];
  while (all.length < wanted && performance.now() < endMs) {
    const batch = await consumer.receive(16, 30_000);
    all.push(...batch);
    for (const message of batch) await consumer.ack(message);
  }
  return all;
}

const eachInOrder: Scenario = {
  name: 'ordered: a simple consumer gets each message group in the order in which it was sent',
  async run(environment) {
    const scene = await stage(environment, 'ordered');
    const { topic, group } = scene;
    const groups = ['A', 'B', 'C', 'D', 'E'];
    const consumer = await environment.clients.simpleConsumer({ group, topic }, AWAIT_MS);
    await sendOrdered(scene, groups, 12);
    const received = await consumeAll(consumer, groups.length * 12);
    for (const each of groups) expect(ofGroup(each, received)).toEqual(numbered(each, 12));
    expect(received).toHaveLength(groups.length * 12);
  },
};

const lockedGroup: Scenario = {
  name: 'ordered: a message group with a message out gives no further one, others go on',
  async run(environment) {
    const scene = await stage(environment, 'locked', { queues: 1 });
    const { topic, group } = scene;
    const consumer = await environment.clients.simpleConsumer({ group, topic }, AWAIT_MS);
    await sendOrdered(scene, ['A'], 3);
    await sendOrdered(scene, ['B'], 2);
    const [held] = await consumer.receive(1, INVISIBLE_MS);
    expect(namesOf(held ? [held] : [])).toEqual(['A-0']);
    const others = differs(environment.target, {
      sluice: numbered('B', 2),
      rocketmq: [],
      why: 'its broker blocks the whole queue, not the message group',
    });
    const meanwhile = await consumer.receive(16, 30_000);
    expect(namesOf(meanwhile)).toEqual(others);
    for (const message of meanwhile) await consumer.ack(message);

    const rest = await consumeAll(consumer, 5 - others.length, INVISIBLE_MS + LATE_MS);
    expect(ofGroup('A', rest)).toEqual(numbered('A', 3));
    expect(rest[0]?.deliveryAttempt).toBe(2);
    expect(rest.slice(1).every(({ deliveryAttempt }) => deliveryAttempt === 1)).toBe(true);
  },
};

const pushedInOrder: Scenario = {
  name: 'ordered: push consumers get each message group in order, whoever comes and goes',
  async run(environment) {
    const scene = await stage(environment, 'push_ordered');
    const { topic, group } = scene;
    const { clients } = environment;
    const groups = ['A', 'B', 'C'];
    const seen: ReceivedMessage[] = [];
    const listen = (message: ReceivedMessage): boolean => seen.push(message) > 0;
    const first = await clients.pushConsumer({ group, topic }, listen);
    await sendOrdered(scene, groups, 10);
    const second = await clients.pushConsumer({ group, topic }, listen);
    const arrived = (count: number) => (): boolean =>
      first.received.length + second.received.length >= count;
    await until(CONSUME_MS, arrived(15));
    const gone = first.shutdown();
    for (let n = 10; n < 20; n += 1) {
      for (const messageGroup of groups) {
        const body = Buffer.from(`${messageGroup}-${n}`);
        await scene.producer.send({ topic, messageGroup, body });
      }
    }
    await until(CONSUME_MS, arrived(groups.length * 20));
    await gone;
    const all = [...first.received, ...second.received].toSorted(
      (a, b) => a.receivedAtMs - b.receivedAtMs,
    );
    for (const each of groups) expect([...new Set(ofGroup(each, all))]).toEqual(numbered(each, 20));
  },
};

const deadInOrder: Scenario = {
  name: 'ordered: what a push consumer fails for good is dead-lettered before the next one comes',
  async run(environment) {
    const scene = await stage(environment, 'push_dead', { retryMaxTimes: 1 });
    const { topic, group } = scene;
    const { clients, target } = environment;
    const succeeds = ({ body }: ReceivedMessage): boolean => body.toString() !== 'A-1';
    const consumer = await clients.pushConsumer({ group, topic }, succeeds);
    await sendOrdered(scene, ['A'], 4);
    const attempts = differs(target, {
      sluice: [1, 1, 2, 1, 1],
      rocketmq: [1, 1, 1, 1],
      why: 'with this client it lets the next message come after the first failure',
    });
    await until(CONSUME_MS, () => consumer.received.length >= attempts.length);
    expect(consumer.received.map(({ deliveryAttempt }) => deliveryAttempt)).toEqual(attempts);
    if (target.name === 'rocketmq') return;
    expect(namesOf(consumer.received)).toEqual(['A-0', 'A-1', 'A-1', 'A-2', 'A-3']);

    const reader = uniqueName('g_reader');
    await target.createGroup(reader);
    const dead = await until(CONSUME_MS, async () => {
      const deadTopic = { group: reader, topic: `%DLQ%${group}` };
      try {
        return await clients.simpleConsumer(deadTopic, AWAIT_MS);
      } catch {
        return undefined;
      }
    });
    expect(namesOf(await consumeAll(dead, 1))).toEqual(['A-1']);
  },
};

export const orderedCases: readonly Scenario[] = [
  eachInOrder,
  lockedGroup,
  pushedInOrder,
  deadInOrder,
];
