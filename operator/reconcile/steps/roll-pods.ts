/**
 * Brings pods to what their StatefulSet wants: one at a time, and only while all others serve and
 * clients have had time to see that. A broker that is told to stop drains by itself: it leaves the
 * routes, turns sends away with a code that clients retry elsewhere, and ends the calls under way.
 */
import type { V1StatefulSet } from '@kubernetes/client-node';
import { PODS } from '#kube/resources';
import { OPERATOR } from '#lib/kubernetes-limits';
import { podTrouble } from '#operator/reconcile/pod-trouble';
import type { InstanceFacts, ShardFacts } from '#operator/reconcile/facts';
import type { Note, Step } from '#operator/reconcile/pass';
import { isObserved, isRolling } from '#operator/reconcile/steps/settle';

export const rollPods: Step = async ({ instance, facts, notes }, { client, clock, log }) => {
  const outdated = facts.shards.filter(({ isOutdated }) => isOutdated);
  if (outdated.length === 0) return;
  const { shard, note } = nextToRestart(facts, outdated, clock.nowMs());
  notes.push(note);
  if (!shard?.pod) return;
  const { namespace } = instance;
  const { name, pod } = shard;
  log.info({ namespace, pod: name }, 'restarting a pod, to bring it up to date');
  await client.delete(PODS, { namespace, name }, { uid: pod.metadata?.uid });
};

interface Choice {
  readonly shard?: ShardFacts;
  readonly note: Note;
}

/** Pure. A pod that is down anyway goes first: what is new may be its cure. */
export function nextToRestart(
  { shards, nameServers, nameServerSet }: InstanceFacts,
  outdated: readonly ShardFacts[],
  nowMs: number,
): Choice {
  const progress = `${shards.length - outdated.length} of ${shards.length} are up to date`;
  const wait = (why: string): Choice => ({
    note: { reason: 'RollingUpdate', message: `${progress}; ${why}` },
  });
  const current = shards.find(({ isReady, isOutdated }) => !isReady && !isOutdated);
  if (current) return wait(`waiting for ${podTrouble(current)}`);
  const stopping = outdated.find(({ pod }) => pod?.metadata?.deletionTimestamp !== undefined);
  if (stopping) return wait(podTrouble(stopping));
  const broken = outdated.find(({ isReady }) => !isReady);
  const nameServer = nameServers.find(({ isReady }) => !isReady);
  if (!broken && nameServer) return wait(`waiting for ${podTrouble(nameServer)}`);
  if (!broken && nameServerSet && !isRolled(nameServerSet))
    return wait('the name servers are brought up to date first');
  const shard = broken ?? outdated[0];
  if (!shard) return wait('done');
  const back = shards.find((each) => each !== shard && isBackOnlyNow(each, nowMs));
  if (!broken && back) return wait(`waiting until clients have found ${back.name} again`);
  return { shard, ...wait(`restarting ${shard.name}`) };
}

/** Producers take an address that failed back after their next heartbeat to it. */
function isBackOnlyNow({ pod }: ShardFacts, nowMs: number): boolean {
  const ready = pod?.status?.conditions?.find(({ type }) => type === 'Ready');
  if (ready?.lastTransitionTime === undefined) return false;
  return nowMs - new Date(ready.lastTransitionTime).getTime() < OPERATOR.foundAgainMs;
}

function isRolled(nameServerSet: V1StatefulSet): boolean {
  return isObserved(nameServerSet) && !isRolling(nameServerSet);
}
