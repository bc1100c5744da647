/** How many queues of a topic each shard gets. Pure. */
import { createHash } from 'node:crypto';

/** Queues at a shard, by its number. */
export type Placement = ReadonlyMap<number, number>;

/**
 * Queues spread evenly; what does not divide goes to shards that differ from topic to topic, so
 * that small topics are not all on the first. With fewer queues than shards some shards get none.
 */
export function spreadQueues(topic: string, queues: number, shards: readonly number[]): Placement {
  const sorted = [...shards].sort((a, b) => a - b);
  const first = sorted.length === 0 ? 0 : hash(topic) % sorted.length;
  const order = [...sorted.slice(first), ...sorted.slice(0, first)];
  const each = Math.floor(queues / order.length);
  const rest = queues % order.length;
  const counts = order.map((shard, place) => [shard, each + (place < rest ? 1 : 0)] as const);
  return new Map(counts.filter(([, count]) => count > 0).sort(([a], [b]) => a - b));
}

/** Nothing shrinks: a shard keeps what it has, since its queues may hold messages. */
export function grown(placement: Placement, has: Placement): Placement {
  const shards = [...new Set([...placement.keys(), ...has.keys()])].sort((a, b) => a - b);
  return new Map(
    shards.map((shard) => [shard, Math.max(placement.get(shard) ?? 0, has.get(shard) ?? 0)]),
  );
}

export function totalQueues(placement: Placement): number {
  return [...placement.values()].reduce((sum, count) => sum + count, 0);
}

function hash(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE(0);
}
