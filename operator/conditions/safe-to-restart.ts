import type { Finding } from '#kube/api/conditions';
import type { ConditionFacts } from '#operator/conditions/facts';

/** One pod may go without more than its own shard being away. */
export function safeToRestart({ facts }: ConditionFacts): Finding {
  const type = 'SafeToRestart';
  const down = [...facts.shards, ...facts.nameServers].filter(({ isReady }) => !isReady);
  if (down.length > 0) {
    const names = down.map(({ name }) => name).join(', ');
    const message = `wait until all are ready: ${names}`;
    return { type, status: 'False', reason: 'PodsNotReady', message };
  }
  const wanted = facts.shards.filter(({ isWanted }) => isWanted).length;
  const message =
    wanted > 1
      ? 'one pod may be restarted: producers go on with the other shards'
      : 'the pod may be restarted; with a single shard clients wait until it is back';
  return { type, status: 'True', reason: 'AllReady', message };
}
