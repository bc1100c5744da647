import { expect, test } from '@jest/globals';
import { nextToRestart } from '#operator/reconcile/steps/roll-pods';
import type { ShardFacts } from '#operator/reconcile/facts';
import { facts, nameServer, pod, rolledSet, shard } from '#support/instance-facts';

const stopping = pod('orders-shard-1-0');
Object.assign(stopping.metadata ?? {}, { deletionTimestamp: '2026-01-01T00:00:00Z' });

const NOW_MS = Date.parse('2026-01-01T00:01:00Z');

function choose(shards: readonly ShardFacts[], more: Parameters<typeof facts>[1] = {}) {
  const { shard: chosen, note } = nextToRestart(
    facts(shards, more),
    shards.filter(({ isOutdated }) => isOutdated),
    NOW_MS,
  );
  return { chosen: chosen?.name, message: note.message };
}

test('the first outdated pod goes when all others serve', () => {
  const { chosen, message } = choose([
    shard(0),
    shard(1, { isOutdated: true }),
    shard(2, { isOutdated: true }),
  ]);
  expect(chosen).toBe('orders-shard-1-0');
  expect(message).toBe('1 of 3 are up to date; restarting orders-shard-1-0');
});

test('nobody goes while a pod that is up to date is not ready', () => {
  const { chosen, message } = choose([
    shard(0, { isReady: false }),
    shard(1, { isOutdated: true }),
  ]);
  expect(chosen).toBeUndefined();
  expect(message).toContain('waiting for orders-shard-0-0');
});

test('nobody goes before clients have found the pod that is back', () => {
  const readyFor = (seconds: number) => {
    const at = new Date(NOW_MS - seconds * 1000).toISOString();
    const conditions = [
      { type: 'Ready', status: 'True', lastTransitionTime: at as unknown as Date },
    ];
    return shard(0, { pod: pod('orders-shard-0-0', { status: { conditions } }) });
  };
  const outdated = shard(1, { isOutdated: true });
  const { chosen, message } = choose([readyFor(5), outdated]);
  expect(chosen).toBeUndefined();
  expect(message).toContain('waiting until clients have found orders-shard-0-0 again');
  expect(choose([readyFor(20), outdated]).chosen).toBe('orders-shard-1-0');
  const broken = shard(1, { isOutdated: true, isReady: false });
  expect(choose([readyFor(5), broken]).chosen).toBe('orders-shard-1-0');
});

test('nobody goes while one is stopping', () => {
  const first = shard(1, { isOutdated: true, isReady: false, pod: stopping });
  expect(choose([shard(0, { isOutdated: true }), first]).chosen).toBeUndefined();
});

test('an outdated pod that is down goes before one that serves', () => {
  const { chosen } = choose([
    shard(0, { isOutdated: true }),
    shard(1, { isOutdated: true, isReady: false }),
  ]);
  expect(chosen).toBe('orders-shard-1-0');
});

test('name servers are ready and up to date first', () => {
  const shards = [shard(0, { isOutdated: true })];
  const down = [nameServer(0), nameServer(1, { isReady: false })];
  expect(choose(shards, { nameServers: down }).chosen).toBeUndefined();
  const rolling = rolledSet(2);
  Object.assign(rolling.status ?? {}, { updatedReplicas: 1 });
  expect(choose(shards, { nameServerSet: rolling }).chosen).toBeUndefined();
  expect(choose(shards).chosen).toBe('orders-shard-0-0');
});

test('a broken pod does not wait for name servers: what is new may be its cure', () => {
  const shards = [shard(0, { isOutdated: true, isReady: false })];
  const down = [nameServer(0, { isReady: false })];
  expect(choose(shards, { nameServers: down }).chosen).toBe('orders-shard-0-0');
});
