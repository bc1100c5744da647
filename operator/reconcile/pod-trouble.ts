/** Why a pod is not ready, as a sentence for a person. Pure. */
import type { V1ContainerStatus, V1Node, V1Pod } from '@kubernetes/client-node';
import type { Place } from '#operator/reconcile/facts';

export function podTrouble({ name, pod, node }: Place): string {
  if (!pod) return `${name} does not exist yet`;
  if (pod.metadata?.deletionTimestamp !== undefined)
    return `${name} is stopping${onDeadNode(node)}`;
  const unscheduled = pod.status?.conditions?.find(
    ({ type, status }) => type === 'PodScheduled' && status === 'False',
  );
  if (unscheduled)
    return `${name} can't be placed on a node: ${unscheduled.message ?? 'no reason'}`;
  if (onDeadNode(node) !== '') return `${name} is unreachable${onDeadNode(node)}`;
  const [container] = pod.status?.containerStatuses ?? [];
  return container ? containerTrouble(name, container, pod) : `${name} is being started`;
}

function containerTrouble(name: string, container: V1ContainerStatus, pod: V1Pod): string {
  const { state, lastState, restartCount } = container;
  const { reason, message } = state?.waiting ?? {};
  const at = `-n ${pod.metadata?.namespace} ${name}`;
  const ended = state?.terminated ?? lastState?.terminated;
  if (ended && (reason === 'CrashLoopBackOff' || ended.exitCode !== 0)) {
    const cause = ended.reason === 'OOMKilled' ? ', out of memory: raise its memory limit' : '';
    const how = `${restartCount} times, last with exit code ${ended.exitCode}${cause}`;
    return `${name} keeps ending (${how}); see kubectl logs --previous ${at}`;
  }
  if (reason === undefined && state?.running) {
    return `${name} runs but is not ready yet; see kubectl describe pod ${at}`;
  }
  const isStarting = reason === undefined || STARTING.includes(reason);
  return isStarting ? `${name} is being started` : `${name}: ${reason}: ${message ?? 'no message'}`;
}

/** What kubelet says of a container that is about to run. */
const STARTING: readonly string[] = ['ContainerCreating', 'PodInitializing'];

function onDeadNode(node: V1Node | undefined): string {
  const ready = node?.status?.conditions?.find(({ type }) => type === 'Ready');
  if (!ready || ready.status === 'True') return '';
  return `: its node ${node?.metadata?.name} is not ready`;
}
