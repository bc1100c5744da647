/** Waits for the StatefulSets' own controller: until it has looked, pods seem to be up to date. */
import type { V1StatefulSet } from '@kubernetes/client-node';
import type { Step } from '#operator/reconcile/pass';

export const settle: Step = ({ facts, notes }) => {
  const { shards, nameServerSet } = facts;
  for (const set of [nameServerSet, ...shards.map((shard) => shard.set)]) {
    if (!set || isObserved(set)) continue;
    const message = `the StatefulSet ${set.metadata?.name} has just been changed`;
    notes.push({ reason: 'Applying', message });
  }
  if (nameServerSet && isObserved(nameServerSet) && isRolling(nameServerSet)) {
    const message = 'the name servers are being brought up to date';
    notes.push({ reason: 'RollingUpdate', message });
  }
  return Promise.resolve();
};

/** Pods of an older revision, or more than are wanted. */
export function isRolling({ spec, status }: V1StatefulSet): boolean {
  const { replicas = 0 } = spec ?? {};
  return (status?.updatedReplicas ?? 0) < replicas || (status?.replicas ?? 0) > replicas;
}

export function isObserved({ metadata, status }: V1StatefulSet): boolean {
  return status?.observedGeneration === metadata?.generation;
}
