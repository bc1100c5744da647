import { beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { grown, spreadQueues, totalQueues } from '#operator/reconcile/spread';
import { printSeed, runs } from '#support/property';

beforeAll(printSeed);

const topic = fc.string({ minLength: 1, maxLength: 64 });
const shards = fc.uniqueArray(fc.nat(63), { minLength: 1, maxLength: 16 });
const queues = fc.integer({ min: 1, max: 1024 });

test('every queue has a place, none more than one above another', () => {
  fc.assert(
    fc.property(topic, queues, shards, (name, count, where) => {
      const placement = spreadQueues(name, count, where);
      const counts = where.map((shard) => placement.get(shard) ?? 0);
      expect(totalQueues(placement)).toBe(count);
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      expect([...placement.keys()].every((shard) => where.includes(shard))).toBe(true);
    }),
    runs(200),
  );
});

test('the order of the shards does not matter', () => {
  fc.assert(
    fc.property(topic, queues, shards, (name, count, where) => {
      const other = spreadQueues(name, count, [...where].reverse());
      expect([...spreadQueues(name, count, where)]).toEqual([...other]);
    }),
    runs(200),
  );
});

test('topics with a single queue are on different shards', () => {
  const first = Array.from({ length: 60 }, (_, index) => {
    const [shard] = spreadQueues(`topic-${index}`, 1, [0, 1, 2]).keys();
    return shard;
  });
  for (const shard of [0, 1, 2]) {
    expect(first.filter((each) => each === shard).length).toBeGreaterThan(10);
  }
});

test('what a shard has is never taken away', () => {
  const has = new Map([
    [0, 6],
    [1, 2],
  ]);
  const wanted = new Map([
    [1, 4],
    [2, 4],
  ]);
  expect([...grown(wanted, has)]).toEqual([
    [0, 6],
    [1, 4],
    [2, 4],
  ]);
});
