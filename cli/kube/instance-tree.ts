/** An instance and all that belongs to it, put together from what the API server has of each. */
import type { V1Node, V1PersistentVolumeClaim, V1Pod } from '@kubernetes/client-node';
import { podProblems, podStatus, problemsOf, type Problem } from '#cli/kube/problems';
import type { Condition } from '#kube/api/conditions';
import type { ConsumerGroup } from '#kube/api/group';
import type { Instance, ShardStatus } from '#kube/api/instance';
import type { Topic } from '#kube/api/topic';
import { LABEL, brokerPod, childName, nameServerPod } from '#kube/names';
import { KUBERNETES } from '#lib/kubernetes-limits';
import { TOPIC } from '#lib/limits';

/** Of the namespaces asked for. What may not be read, and is missed, is undefined. */
export interface ClusterObjects {
  readonly instances: readonly Instance[];
  readonly topics: readonly Topic[] | undefined;
  readonly groups: readonly ConsumerGroup[] | undefined;
  readonly pods: readonly V1Pod[] | undefined;
  readonly claims: readonly V1PersistentVolumeClaim[];
  readonly nodes: readonly V1Node[];
}

export interface InstanceTree {
  readonly namespace: string;
  readonly name: string;
  readonly edition: string;
  readonly version: string | undefined;
  readonly ready: Pick<Condition, 'status' | 'reason'>;
  /** `ready/wanted` */
  readonly brokers: string | undefined;
  /** Sent and received, lately. */
  readonly messagesPerSecond: number | undefined;
  readonly endpoints: readonly { readonly listener: string; readonly address: string }[];
  readonly nameServers: readonly PodView[];
  readonly shards: readonly ShardView[];
  readonly topics: readonly TopicView[] | undefined;
  readonly groups: readonly GroupView[] | undefined;
  readonly scaleIn: ScaleIn | undefined;
  readonly problems: readonly Problem[];
}

type ScaleIn = NonNullable<NonNullable<Instance['status']>['scaleIn']>;

export interface PodView {
  readonly pod: string;
  readonly status: string;
  readonly node: string | undefined;
  readonly zone: string | undefined;
  readonly version: string | undefined;
  readonly restarts: number;
  readonly problems: readonly Problem[];
}

export interface ShardView extends PodView {
  readonly name: string;
  readonly state: ShardStatus['state'] | undefined;
  readonly address: string | undefined;
  readonly isReadOnly: boolean;
  readonly volume: VolumeView | undefined;
}

export interface VolumeView {
  readonly claim: string;
  readonly size: string | undefined;
  readonly storageClass: string | undefined;
  readonly phase: string;
}

export interface TopicView {
  /** As clients know it, and as Kubernetes does. */
  readonly name: string;
  readonly object: string;
  readonly kind: string;
  readonly queues: number;
  readonly shards: readonly { readonly name: string; readonly queues: number }[];
  readonly problems: readonly Problem[];
}

export interface GroupView {
  readonly name: string;
  readonly object: string;
  readonly isOrdered: boolean;
  readonly lag: number | undefined;
  readonly members: number | undefined;
  readonly problems: readonly Problem[];
}

export function instanceTree(instance: Instance, cluster: ClusterObjects): InstanceTree {
  const { metadata, spec, status } = instance;
  const { namespace, name } = metadata;
  return {
    namespace,
    name,
    edition: spec.edition,
    version: status?.version ?? spec.version,
    ready: readiness(instance),
    brokers: status?.brokers,
    messagesPerSecond: status?.quota?.messagesPerSecond,
    endpoints: status?.endpoints ?? [],
    nameServers: nameServersOf(instance, cluster),
    shards: shardsOf(instance, cluster),
    topics: cluster.topics?.filter((topic) => belongsTo(topic, instance)).map(topicView),
    groups: cluster.groups?.filter((group) => belongsTo(group, instance)).map(groupView),
    scaleIn: status?.scaleIn,
    problems: problemsOf(instance),
  };
}

export function readiness({ status }: Instance): Pick<Condition, 'status' | 'reason'> {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  return { status: ready?.status ?? 'Unknown', reason: ready?.reason ?? 'NotReconciled' };
}

function belongsTo(
  { metadata, spec }: Topic | ConsumerGroup,
  instance: Pick<Instance, 'metadata'>,
): boolean {
  const { namespace, name } = instance.metadata;
  return metadata.namespace === namespace && spec.instanceRef.name === name;
}

/** Those that are wanted, and those that are still there. */
function nameServersOf(instance: Instance, cluster: ClusterObjects): readonly PodView[] {
  const { metadata, spec } = instance;
  const count = spec.nameServers ?? KUBERNETES.nameServers;
  const wanted = Array.from({ length: count }, (_, each) => nameServerPod(metadata.name, each));
  const there = podsOf(instance, cluster, 'nameserver').map((pod) => pod.metadata?.name ?? '');
  const names = new Set([...wanted, ...there.toSorted(byOrdinal)]);
  return [...names].map((name) => podView(name, metadata.namespace, cluster));
}

function shardsOf(instance: Instance, cluster: ClusterObjects): readonly ShardView[] {
  const { metadata, spec, status } = instance;
  const count = spec.shards ?? KUBERNETES.shards;
  const known = new Map((status?.shardStatuses ?? []).map((shard) => [shard.name, shard]));
  const names = new Set([
    ...Array.from({ length: count }, (_, shard) => childName.shard(metadata.name, shard)),
    ...known.keys(),
    ...podsOf(instance, cluster, 'broker').map((pod) => shardOf(pod, metadata.name)),
  ]);
  return [...names].toSorted(byOrdinal).map((name) => {
    const shard = known.get(name);
    const pod = shard?.pod ?? `${name}-0`;
    const view = podView(pod, metadata.namespace, cluster);
    return {
      name,
      state: shard?.state,
      address: shard?.address,
      isReadOnly: shard?.readOnly ?? false,
      volume: volumeOf(pod, metadata.namespace, cluster),
      ...view,
      node: view.node ?? shard?.node,
      zone: view.zone ?? shard?.zone,
      version: view.version ?? versionOf(shard?.image),
    };
  });
}

function podsOf(
  { metadata }: Instance,
  { pods }: ClusterObjects,
  component: string,
): readonly V1Pod[] {
  return (pods ?? []).filter(
    (pod) =>
      pod.metadata?.namespace === metadata.namespace &&
      pod.metadata.labels?.[LABEL.instance] === metadata.name &&
      pod.metadata.labels[LABEL.component] === component,
  );
}

function shardOf({ metadata }: V1Pod, instance: string): string {
  const shard = Number(metadata?.labels?.[LABEL.shard]);
  return Number.isNaN(shard)
    ? (metadata?.name ?? '').replace(/-\d+$/, '')
    : brokerPod(instance, shard).replace(/-0$/, '');
}

function podView(name: string, namespace: string, { pods, nodes }: ClusterObjects): PodView {
  const pod = pods?.find(
    ({ metadata }) => metadata?.name === name && metadata.namespace === namespace,
  );
  const nodeName = pod?.spec?.nodeName;
  const node = nodes.find(({ metadata }) => metadata?.name === nodeName);
  const [container] = pod?.spec?.containers ?? [];
  const restarts = pod?.status?.containerStatuses?.map(({ restartCount }) => restartCount) ?? [];
  return {
    pod: name,
    status: pods === undefined ? 'Unknown' : podStatus(pod),
    node: nodeName,
    zone: node?.metadata?.labels?.['topology.kubernetes.io/zone'],
    version: versionOf(container?.image),
    restarts: restarts.reduce((sum, count) => sum + count, 0),
    problems: pods === undefined ? [] : podProblems(pod, name),
  };
}

/** The claim that the pod has mounted, or would mount. */
function volumeOf(pod: string, namespace: string, { claims }: ClusterObjects) {
  const name = `data-${pod}`;
  const claim = claims.find(
    ({ metadata }) => metadata?.name === name && metadata.namespace === namespace,
  );
  return claim === undefined ? undefined : volumeView(claim);
}

function volumeView({ metadata, spec, status }: V1PersistentVolumeClaim): VolumeView {
  return {
    claim: metadata?.name ?? '',
    size: status?.capacity?.['storage'] ?? spec?.resources?.requests?.['storage'],
    storageClass: spec?.storageClassName,
    phase: status?.phase ?? 'Pending',
  };
}

function topicView(topic: Topic): TopicView {
  const { metadata, spec, status } = topic;
  const kind = status?.kind ?? spec.kind ?? 'Normal';
  return {
    name: status?.name ?? spec.name ?? metadata.name,
    object: metadata.name,
    kind,
    queues: status?.queues ?? spec.queues ?? (kind === 'GlobalFifo' ? 1 : TOPIC.queuesDefault),
    shards: status?.shards ?? [],
    problems: problemsOf(topic),
  };
}

function groupView(group: ConsumerGroup): GroupView {
  const { metadata, spec, status } = group;
  return {
    name: status?.name ?? spec.name ?? metadata.name,
    object: metadata.name,
    isOrdered: spec.ordered ?? false,
    lag: status?.lag,
    members: status?.members,
    problems: problemsOf(group),
  };
}

/** The tag of an image, or the beginning of its digest. */
function versionOf(image = ''): string | undefined {
  const [, digest] = /@sha256:([0-9a-f]{12})/.exec(image) ?? [];
  const [, tag] = /:([^:/]+)$/.exec(image.replace(/@.*$/, '')) ?? [];
  return tag ?? digest ?? (image === '' ? undefined : image);
}

/** `orders-shard-10` after `orders-shard-9`. */
function byOrdinal(one: string, other: string): number {
  return one.localeCompare(other, 'en', { numeric: true });
}
