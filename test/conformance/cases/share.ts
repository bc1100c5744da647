import { expect } from '@jest/globals';
import type { ReceivedMessage, SimpleConsumer } from '../clients.ts';
import type { Environment, Scenario } from '../scenario.ts';
import { uniqueName } from '../target.ts';
import { AWAIT_MS, INVISIBLE_MS, LATE_MS, collect, idsOf, sendMany } from './collect.ts';

/** Members receive side by side until together they have `wanted` different messages. */
async function collectTogether(
  members: readonly SimpleConsumer[],
  wanted: number,
  timeoutMs: number,
): Promise<ReceivedMessage[][]> {
  const endMs = performance.now() + timeoutMs;
  const ids = new Set<string>();
  return Promise.all(
    members.map(async (member) => {
      const mine: ReceivedMessage[] = [];
      while (ids.size < wanted && performance.now() < endMs) {
        const batch = await member.receive(16, 30_000);
        for (const message of batch) ids.add(message.messageId);
        mine.push(...batch);
        await Promise.all(batch.map((message) => member.ack(message)));
      }
      return mine;
    }),
  );
}

async function topicAndGroups(
  { target }: Environment,
  name: string,
  groups: number,
): Promise<{ topic: string; groups: string[] }> {
  const topic = uniqueName(name);
  const names = Array.from({ length: groups }, () => uniqueName(`g_${name}`));
  await target.createTopic(topic, 'normal', 4);
  await Promise.all(names.map((group) => target.createGroup(group)));
  return { topic, groups: names };
}

const twoGroups: Scenario = {
  name: 'each of two groups gets everything',
  async run(environment) {
    const { topic, groups } = await topicAndGroups(environment, 'two_groups', 2);
    const { clients } = environment;
    const producer = await clients.producer([topic]);
    const ids = await sendMany(producer, topic, 60);
    const collected = await Promise.all(
      groups.map(async (group) => {
        const consumer = await clients.simpleConsumer({ group, topic }, AWAIT_MS);
        return collect(consumer, ids.length);
      }),
    );
    for (const messages of collected) expect(idsOf(messages)).toEqual(ids.toSorted());
  },
};

const threeMembers: Scenario = {
  name: 'three members of a group share its messages: none lost, hardly any twice',
  async run(environment) {
    const { topic, groups } = await topicAndGroups(environment, 'three_members', 1);
    const group = groups[0] ?? '';
    const { clients } = environment;
    const producer = await clients.producer([topic]);
    const members = await Promise.all(
      [1, 2, 3].map(() => clients.simpleConsumer({ group, topic }, AWAIT_MS)),
    );
    const [ids, shares] = await Promise.all([
      sendMany(producer, topic, 300),
      collectTogether(members, 300, 60_000),
    ]);
    const all = shares.flat();
    expect(idsOf(all)).toEqual(ids.toSorted());
    expect(all.length).toBeLessThanOrEqual(ids.length * 1.01);
  },
};

const lostMember: Scenario = {
  name: 'what a lost member had received goes to the others',
  async run(environment) {
    const { topic, groups } = await topicAndGroups(environment, 'lost_member', 1);
    const group = groups[0] ?? '';
    const { clients } = environment;
    const producer = await clients.producer([topic]);
    const ids = await sendMany(producer, topic, 60);
    const lost = await clients.simpleConsumer({ group, topic }, AWAIT_MS);
    const held = await collect(lost, 10, { invisibleMs: INVISIBLE_MS, ack: false });
    await lost.shutdown();

    const survivor = await clients.simpleConsumer({ group, topic }, AWAIT_MS);
    const received = await collect(survivor, ids.length, { timeoutMs: INVISIBLE_MS + LATE_MS });
    expect(idsOf(received)).toEqual(ids.toSorted());
    const heldIds = new Set(idsOf(held));
    for (const message of received) {
      expect(message.deliveryAttempt).toBe(heldIds.has(message.messageId) ? 2 : 1);
    }
  },
};

export const shareCases: readonly Scenario[] = [twoGroups, threeMembers, lostMember];
