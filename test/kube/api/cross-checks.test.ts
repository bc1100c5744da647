import { describe, expect, test } from '@jest/globals';
import { groupProblems, instanceProblems, topicProblems } from '#kube/api/cross-checks';
import type { ConsumerGroup, GroupSpec } from '#kube/api/group';
import type { Edition, Instance } from '#kube/api/instance';
import type { Topic, TopicSpec } from '#kube/api/topic';

interface Metadata {
  name: string;
  namespace: string;
  creationTimestamp?: Date;
  deletionTimestamp?: Date;
}

/** As it comes from the API, where times are text. */
function metadata(name: string, createdDay?: number, more: Partial<Metadata> = {}): Metadata {
  const created = createdDay === undefined ? undefined : `2026-01-0${createdDay}T00:00:00Z`;
  return {
    name,
    namespace: 'shop',
    ...(created !== undefined && { creationTimestamp: created as unknown as Date }),
    ...more,
  };
}

function instance(name: string, day?: number, edition: Edition = 'Standard'): Instance {
  return { metadata: metadata(name, day), spec: { edition } };
}

describe('instances', () => {
  const eight = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((name) => instance(name, 2));

  test('the ninth Standard one of a region has to go, the eighth may stay', () => {
    const ninth = instance('0', 3);
    const all = [...eight, ninth];
    expect(instanceProblems(ninth, all)).toEqual([
      {
        reason: 'InstanceLimit',
        message:
          'the region default has 8 Standard instances already, and 8 is the limit: delete one ' +
          '(`kubectl get mqi --all-namespaces` lists them), give spec.region another region, ' +
          'or make this one Platinum',
      },
    ]);
    for (const each of eight) expect(instanceProblems(each, all)).toEqual([]);
    expect(instanceProblems(ninth, all.slice(1))).toEqual([]);
  });

  test('one that is not stored yet is the newest', () => {
    expect(instanceProblems(instance('0'), eight)).toHaveLength(1);
    expect(instanceProblems(instance('0'), eight.slice(1))).toEqual([]);
  });

  test('of the same age the name decides, with its namespace', () => {
    const between = instance('bb', 2);
    const all = [...eight, between];
    expect(all.filter((each) => instanceProblems(each, all).length > 0)).toEqual([eight[7]]);
    const elsewhere = { ...between, metadata: metadata('a', 2, { namespace: 'zoo' }) };
    expect(instanceProblems(elsewhere, [...eight, elsewhere])).toHaveLength(1);
  });

  test('Platinum, other regions and what is on its way out do not count', () => {
    const ninth = instance('0', 3);
    const [one, ...seven] = eight as [Instance, ...Instance[]];
    const instead = (other: Instance) => instanceProblems(ninth, [...seven, other, ninth]);
    expect(instead(one)).toHaveLength(1);
    expect(instead(instance('a', 1, 'Platinum'))).toEqual([]);
    expect(instead({ ...one, spec: { edition: 'Standard', region: 'eu' } })).toEqual([]);
    const leaving = metadata('a', 2, { deletionTimestamp: new Date(0) });
    expect(instead({ ...one, metadata: leaving })).toEqual([]);
    expect(instead({ ...one, spec: { edition: 'Standard', region: 'default' } })).toHaveLength(1);
    expect(instanceProblems(instance('0', 3, 'Platinum'), eight)).toEqual([]);
  });
});

const instanceRef = { name: 'orders' };
const standard = instance('orders', 1);
const platinum = instance('orders', 1, 'Platinum');

function topic(spec: Partial<TopicSpec> = {}, queues?: number): Topic {
  const declared: Topic = { metadata: metadata('events', 2), spec: { instanceRef, ...spec } };
  return queues === undefined ? declared : { ...declared, status: { queues } };
}

function reasons(problems: readonly { reason: string }[]): string[] {
  return problems.map(({ reason }) => reason);
}

describe('topics', () => {
  test('queues can change in Platinum only', () => {
    const [before, after] = [topic({ queues: 8 }), topic({ queues: 9 })];
    expect(topicProblems(after, before, platinum)).toEqual([]);
    expect(topicProblems(before, before, standard)).toEqual([]);
    expect(topicProblems(after, before, standard)).toEqual([
      {
        reason: 'QueuesFixed',
        message:
          'the instance orders is Standard, where the queues of a topic cannot change: it has ' +
          '8; set spec.queues to 8, or make the instance Platinum',
      },
    ]);
  });

  test('without what was before, the queues that there are count', () => {
    expect(reasons(topicProblems(topic({ queues: 9 }, 8), undefined, standard))).toEqual([
      'QueuesFixed',
    ]);
    expect(topicProblems(topic({ queues: 8 }, 9), undefined, standard)).toEqual([]);
    expect(topicProblems(topic({ queues: 9 }), undefined, standard)).toEqual([]);
  });

  test('what was asked too much, and never made, can be taken back', () => {
    const [before, after] = [topic({ queues: 16 }, 8), topic({ queues: 8 }, 8)];
    expect(topicProblems(after, before, standard)).toEqual([]);
  });

  test('shards that are added later get queues in Platinum only', () => {
    const spread = topic({ spread: 'AllShards' });
    expect(topicProblems(spread, undefined, platinum)).toEqual([]);
    expect(topicProblems(topic({ spread: 'AtCreation' }), undefined, standard)).toEqual([]);
    expect(topicProblems(spread, undefined, standard)).toEqual([
      {
        reason: 'SpreadFixed',
        message:
          'the instance orders is Standard, where a topic stays on the shards that it was made ' +
          'on: leave out spec.spread, or make the instance Platinum',
      },
    ]);
  });

  test('without its instance nothing is known of the edition', () => {
    expect(topicProblems(topic({ spread: 'AllShards' }), undefined, undefined)).toEqual([]);
  });

  test('of two that declare the same name the older one stays', () => {
    const older = { ...topic({ name: 'events' }), metadata: metadata('first', 1) };
    const newer = topic();
    const all = [newer, older];
    expect(topicProblems(older, undefined, standard, all)).toEqual([]);
    expect(topicProblems(newer, undefined, standard, all)).toEqual([
      {
        reason: 'NameTaken',
        message:
          'the Topic first is older and declares events of the instance orders already: change ' +
          'that one, or give this one another spec.name',
      },
    ]);
  });

  test('other names, instances, namespaces and what is on its way out do not clash', () => {
    const older = { ...topic({ name: 'events' }), metadata: metadata('first', 1) };
    const clashes = (other: Topic) => topicProblems(topic(), undefined, standard, [other]);
    expect(clashes(older)).toHaveLength(1);
    expect(clashes({ ...older, spec: { instanceRef } })).toEqual([]);
    expect(clashes({ ...older, spec: { ...older.spec, instanceRef: { name: 'x' } } })).toEqual([]);
    expect(clashes({ ...older, metadata: metadata('first', 1, { namespace: 'zoo' }) })).toEqual([]);
    const leaving = metadata('first', 1, { deletionTimestamp: new Date(0) });
    expect(clashes({ ...older, metadata: leaving })).toEqual([]);
  });
});

describe('groups', () => {
  function group(name: string, day: number, spec: Partial<GroupSpec> = {}): ConsumerGroup {
    return { metadata: metadata(name, day), spec: { instanceRef, ...spec } };
  }

  test('pull consumers are for Platinum', () => {
    const pulled = group('readers', 1, { pullAllowed: true });
    expect(groupProblems(pulled, platinum)).toEqual([]);
    expect(groupProblems(group('readers', 1), standard)).toEqual([]);
    expect(groupProblems(group('readers', 1, { pullAllowed: false }), standard)).toEqual([]);
    expect(groupProblems(pulled, standard)).toEqual([
      {
        reason: 'PullNotAllowed',
        message:
          'the instance orders is Standard, which has no pull consumers: leave out ' +
          'spec.pullAllowed, or make the instance Platinum',
      },
    ]);
  });

  test('of two that declare the same name the older one stays', () => {
    const [older, newer] = [group('readers', 1), group('second', 2, { name: 'readers' })];
    expect(groupProblems(older, standard, [older, newer])).toEqual([]);
    expect(reasons(groupProblems(newer, standard, [older, newer]))).toEqual(['NameTaken']);
  });
});
