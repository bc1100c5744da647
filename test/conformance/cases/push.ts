import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { until } from '#support/until';
import type { Producer, PushConsumer, ReceivedMessage } from '../clients.ts';
import type { Environment, Scenario } from '../scenario.ts';
import { uniqueName } from '../target.ts';
import { AWAIT_MS, collect, idsOf, sendMany } from './collect.ts';

/** A push consumer asks for its assignment 1 s after its start and then every 5 s. wire.md A.4 */
const CONSUME_MS = 30_000;

async function consumed(
  consumers: readonly PushConsumer[],
  wanted: number,
  timeoutMs = CONSUME_MS,
): Promise<ReceivedMessage[]> {
  const all = (): ReceivedMessage[] => consumers.flatMap((consumer) => consumer.received);
  await until(
    timeoutMs,
    () => idsOf(all()).length >= wanted,
    () => `${idsOf(all()).length} of ${wanted} messages were consumed`,
  );
  return all();
}

async function topicAndGroup(
  { target }: Environment,
  name: string,
  retryMaxTimes?: number,
): Promise<{ topic: string; group: string }> {
  const topic = uniqueName(name);
  const group = uniqueName(`g_${name}`);
  await Promise.all([
    target.createTopic(topic, 'normal', 4),
    target.createGroup(group, retryMaxTimes === undefined ? {} : { retryMaxTimes }),
  ]);
  return { topic, group };
}

const everything: Scenario = {
  name: 'a push consumer consumes everything, sent before and after its start, once',
  async run(environment) {
    const { topic, group } = await topicAndGroup(environment, 'everything');
    const { clients } = environment;
    const producer = await clients.producer([topic]);
    const early = await sendMany(producer, topic, 50);
    const consumer = await clients.pushConsumer({ group, topic });
    const late = await sendMany(producer, topic, 150);
    const received = await consumed([consumer], 200);
    expect(idsOf(received)).toEqual([...early, ...late].toSorted());
    expect(received).toHaveLength(200);
    expect(received.every((message) => message.deliveryAttempt === 1)).toBe(true);
  },
};

const filtered: Scenario = {
  name: 'a push consumer gets the tags of its filter only',
  async run(environment) {
    const { topic, group } = await topicAndGroup(environment, 'push_tags');
    const { clients } = environment;
    const producer = await clients.producer([topic]);
    const consumer = await clients.pushConsumer({ group, topic, filter: 'a||b' });
    const wanted = await sendMany(producer, topic, 10, { tag: 'a' });
    await sendMany(producer, topic, 10, { tag: 'c' });
    await sendMany(producer, topic, 10);
    wanted.push(...(await sendMany(producer, topic, 10, { tag: 'b' })));
    expect(idsOf(await consumed([consumer], 20))).toEqual(wanted.toSorted());
  },
};

const failure: Scenario = {
  name: 'what the listener fails comes again as the next attempt, until it succeeds',
  async run(environment) {
    const { topic, group } = await topicAndGroup(environment, 'failure');
    const { clients } = environment;
    const producer = await clients.producer([topic]);
    const succeeds = (message: ReceivedMessage): boolean => message.deliveryAttempt >= 3;
    const consumer = await clients.pushConsumer({ group, topic }, succeeds);
    const ids = await sendMany(producer, topic, 3);
    await until(
      60_000,
      () => consumer.received.length >= 9,
      () => `the listener was called ${consumer.received.length} of 9 times`,
    );
    for (const id of ids) {
      const attempts = consumer.received.filter((message) => message.messageId === id);
      expect(attempts.map((message) => message.deliveryAttempt)).toEqual([1, 2, 3]);
      const [first, second] = attempts;
      const waitedMs = (second?.receivedAtMs ?? 0) - (first?.receivedAtMs ?? 0);
      expect(waitedMs).toBeGreaterThan(clients.firstBackoffMs - 100);
    }
  },
};

const deadLetter: Scenario = {
  name: 'a message whose attempts are exhausted arrives on %DLQ%group, unchanged',
  async run(environment) {
    const { topic, group } = await topicAndGroup(environment, 'dead', 1);
    const { clients } = environment;
    const producer = await clients.producer([topic]);
    const consumer = await clients.pushConsumer({ group, topic }, () => false);
    const body = Buffer.from('nobody wants this');
    const properties = { reason: 'none' };
    const { messageId } = await producer.send({ topic, body, tag: 'T', keys: ['k'], properties });

    const dead = await deadLetters(environment, group);
    expect(dead).toHaveLength(1);
    expect(dead[0]).toMatchObject({ tag: 'T', keys: ['k'], properties, messageId });
    expect(dead[0]?.body.equals(body)).toBe(true);
    expect(consumer.received.map((message) => message.deliveryAttempt)).toEqual([1, 2]);
  },
};

/** The topic may exist only once something is in it. */
async function deadLetters(
  { target, clients }: Environment,
  group: string,
): Promise<ReceivedMessage[]> {
  const subscription = { group: uniqueName('g_reader'), topic: `%DLQ%${group}` };
  await target.createGroup(subscription.group);
  const reader = await until(60_000, async () => {
    try {
      return await clients.simpleConsumer(subscription, AWAIT_MS);
    } catch {
      await sleep(1_000);
      return undefined;
    }
  });
  return collect(reader, 1, { timeoutMs: 60_000 });
}

const comeAndGo: Scenario = {
  name: 'push consumers of a group come and go: nothing lost, nothing stalled',
  async run(environment) {
    const { topic, group } = await topicAndGroup(environment, 'come_and_go');
    const { clients } = environment;
    const producer = await clients.producer([topic]);
    const members = [await clients.pushConsumer({ group, topic })];
    const flow = startFlow(producer, topic);
    let firstStopped: Promise<void> | undefined;
    try {
      await until(CONSUME_MS, () => (members[0]?.received.length ?? 0) > 20);
      const second = await clients.pushConsumer({ group, topic });
      members.push(second);
      await until(CONSUME_MS, () => second.received.length > 20);
      firstStopped = members[0]?.shutdown();
      await sleep(2_000);
      members.push(await clients.pushConsumer({ group, topic }));
      await until(CONSUME_MS, () => (members[2]?.received.length ?? 0) > 20);
    } finally {
      flow.stop();
    }
    const ids = await flow.ids;
    const received = await consumed(members, ids.length);
    await firstStopped;
    expect(idsOf(received)).toEqual(ids.toSorted());
    expect(received.length).toBeLessThanOrEqual(ids.length * 1.05);
  },
};

/** Sends a few messages every 100 ms until it is stopped; then `ids` are those of all of them. */
function startFlow(producer: Producer, topic: string): { stop(): void; ids: Promise<string[]> } {
  let sending = true;
  const send = async (): Promise<string[]> => {
    const ids: string[] = [];
    while (sending) {
      ids.push(...(await sendMany(producer, topic, 5)));
      await sleep(100);
    }
    return ids;
  };
  const ids = send();
  // Whoever awaits it sees its failure; nobody does when the case failed before.
  ids.catch(() => undefined);
  return { ids, stop: () => void (sending = false) };
}

export const pushCases: readonly Scenario[] = [
  everything,
  filtered,
  failure,
  deadLetter,
  comeAndGo,
];
