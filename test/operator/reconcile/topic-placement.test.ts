import { expect, test } from '@jest/globals';
import type { InstanceSpec } from '#kube/api/instance';
import type { Topic as TopicObject } from '#kube/api/topic';
import { childName } from '#kube/names';
import type { Home } from '#operator/reconcile/declared';
import { placementOf } from '#operator/reconcile/topic';
import { TopicKind, type Topic } from '#proto/admin-types';
import { complete, instanceObject, shard } from '#support/instance-facts';

function home(staying: number, leaving = 0, spec: Partial<InstanceSpec> = {}): Home {
  const shards = Array.from({ length: staying + leaving }, (_, number) =>
    shard(number, { isWanted: number < staying }),
  );
  return { object: instanceObject(spec), instance: complete(spec), shards };
}

/** `planned`: numbers of the shards that the status names. */
function topic(spec: Partial<TopicObject['spec']>, planned: readonly number[] = []): TopicObject {
  const shards = planned.map((number) => ({ name: childName.shard('orders', number), queues: 1 }));
  return {
    metadata: { name: 'placed', namespace: 'shop' },
    spec: { instanceRef: { name: 'orders' }, ...spec },
    ...(planned.length > 0 && { status: { shards } }),
  };
}

/** Queues that the brokers have, by shard. */
function has(queues: Readonly<Record<number, number>>, kind: number = TopicKind.NORMAL) {
  const topics = Object.entries(queues).map(
    ([number, count]) =>
      [Number(number), { name: 'placed', kind, queues: count } as Topic] as const,
  );
  return new Map(topics);
}

function placed(...[object, at, there]: Parameters<typeof placementOf>): Record<string, number> {
  return Object.fromEntries(placementOf(object, at, there));
}

test('a new topic is spread over all shards that stay', () => {
  const counts = Object.values(placed(topic({ queues: 8 }), home(3, 1), has({})));
  expect(counts.sort()).toEqual([2, 3, 3]);
});

test('a creation that broke off half-way goes on as it was planned', () => {
  const half = placed(topic({ queues: 6 }, [0, 1, 2]), home(3), has({ 0: 2 }));
  expect(half).toEqual({ 0: 2, 1: 2, 2: 2 });
});

test('a topic that a client made is left where it is', () => {
  expect(placed(topic({ queues: 4 }), home(3), has({ 1: 8 }))).toEqual({ 1: 8 });
});

test('a new shard gets queues only of topics that ask for it', () => {
  const before = has({ 0: 4, 1: 4 });
  expect(placed(topic({ queues: 8 }, [0, 1]), home(3), before)).toEqual({ 0: 4, 1: 4 });
  const all = placed(topic({ queues: 8, spread: 'AllShards' }, [0, 1]), home(3), before);
  expect(all).toEqual({ 0: 4, 1: 4, 2: all['2'] });
  expect(all['2']).toBeGreaterThanOrEqual(2);
});

test('more queues are spread over the shards that it is on', () => {
  expect(placed(topic({ queues: 8 }, [0, 1]), home(2), has({ 0: 2, 1: 2 }))).toEqual({
    0: 4,
    1: 4,
  });
});

test('a topic whose only shard leaves goes on with another one', () => {
  const moved = placed(topic({ queues: 2 }, [2]), home(2, 1), has({ 2: 2 }));
  expect(Object.values(moved).reduce((sum, count) => sum + count, 0)).toBe(2);
  expect(Object.keys(moved)).not.toContain('2');
});

test('one that keeps an order waits until its shard is read to the end', () => {
  const fifo = topic({ kind: 'GlobalFifo' }, [2]);
  expect(() => placementOf(fifo, home(2, 1), has({ 2: 1 }, TopicKind.GLOBAL_FIFO))).toThrow(
    'goes on elsewhere once its shard is read to the end',
  );
});

test('in the standard edition a topic keeps the queues that it has', () => {
  const standard = home(2, 0, { edition: 'Standard' });
  expect(placed(topic({ queues: 8 }, [0, 1]), standard, has({ 0: 2, 1: 2 }))).toEqual({
    0: 2,
    1: 2,
  });
});

test('another kind at the brokers is a conflict for a person', () => {
  expect(() => placementOf(topic({ kind: 'Fifo' }), home(1), has({ 0: 1 }))).toThrow(
    'the brokers have a topic placed of another kind than Fifo',
  );
});
