/** All that an operator made of a namespace, without what differs from time to time. */
import type { KubeObject, ResourceType } from '#kube/types';
import type { Condition } from '#kube/api/conditions';
import {
  CONFIG_MAPS,
  GROUPS,
  INSTANCES,
  NETWORK_POLICIES,
  PERSISTENT_VOLUME_CLAIMS,
  POD_DISRUPTION_BUDGETS,
  PODS,
  SECRETS,
  SERVICE_ACCOUNTS,
  SERVICES,
  STATEFUL_SETS,
  TOPICS,
} from '#kube/resources';
import type { Site } from '#support/reconcile-stand';

const CHILDREN: readonly ResourceType<KubeObject>[] = [
  STATEFUL_SETS,
  SERVICES,
  CONFIG_MAPS,
  SECRETS,
  SERVICE_ACCOUNTS,
  POD_DISRUPTION_BUDGETS,
  NETWORK_POLICIES,
  PODS,
  PERSISTENT_VOLUME_CLAIMS,
];

const DECLARED: readonly ResourceType<DeclaredObject>[] = [INSTANCES, TOPICS, GROUPS];

/** Where pods came to be is the scheduler's choice, and names of hashes change with a namespace. */
const VARYING: ReadonlySet<string> = new Set([
  'uid',
  'resourceVersion',
  'creationTimestamp',
  'generation',
  'generateName',
  'managedFields',
  'lastTransitionTime',
  'observedGeneration',
  'clusterIP',
  'clusterIPs',
  'node',
  'nodeName',
  'nodePort',
  'zone',
  'zones',
  'volumeName',
  'volume',
  'storage',
  'controller-revision-hash',
  'cpu',
  'fleetRevision',
  'mq.sluice.dev/applied',
  'mq.sluice.dev/fleet-revision',
  'volume.kubernetes.io/selected-node',
  'admin-token',
  'fleet-token',
  'revision',
]);

/** A line for each value of each object, sorted. */
export async function stateOf(site: Site, instance: string, shards: number): Promise<string[]> {
  const lines: string[] = [];
  for (const type of CHILDREN) {
    for (const { metadata, ...content } of await site.desk.list<ContentObject>(type)) {
      if (!metadata?.name?.startsWith(`${instance}-`)) continue;
      const { name, labels, annotations, ownerReferences, finalizers } = metadata;
      const kept = { labels, annotations, ownerReferences, finalizers };
      const whole = { ...kept, spec: content.spec, data: content.data };
      lines.push(...leaves(whole, `${type.kind} ${name}`));
    }
  }
  for (const type of DECLARED) {
    for (const { metadata, status } of await site.desk.list<DeclaredObject>(type)) {
      if (!metadata?.name?.startsWith(instance)) continue;
      const { name, finalizers } = metadata;
      lines.push(...leaves({ finalizers, status: statusOf(status) }, `${type.kind} ${name}`));
    }
  }
  for (let shard = 0; shard < shards; shard += 1) {
    const { topics } = await site.call(instance, shard, 'ListTopics', {});
    const { groups } = await site.call(instance, shard, 'ListGroups', {});
    const found = topics.map(({ name, kind, queues, permission }) =>
      [name, kind, queues, permission].join(' '),
    );
    lines.push(`topics of ${shard}: ${found.sort().join()}`);
    lines.push(
      `groups of ${shard}: ${groups
        .map(({ group }) => group?.name)
        .sort()
        .join()}`,
    );
  }
  return lines
    .map((line) => line.replaceAll(site.namespace, 'NAMESPACE').replaceAll(instance, 'INSTANCE'))
    .map((line) => line.replace(/[0-9.]+:[0-9]{5}"$/, 'NODE_PORT'))
    .sort();
}

interface ContentObject extends KubeObject {
  spec?: unknown;
  data?: Record<string, string>;
}

interface DeclaredObject extends KubeObject {
  status?: { conditions?: readonly Condition[] | undefined };
}

function statusOf(status: DeclaredObject['status']): object {
  const conditions = status?.conditions
    ?.filter(({ type }) => type !== 'ZonesSatisfied')
    .map(({ type, status: is, reason, message }) => [type, is, reason, message].join(' '));
  return { ...status, conditions };
}

/** Each leaf as a line. Nothing, and what holds nothing, is the same. */
function leaves(value: unknown, path: string): string[] {
  const key = path.slice(path.lastIndexOf(' ') + 1);
  if (VARYING.has(key)) return [];
  if (typeof value === 'string' && key.endsWith('.json')) return leaves(JSON.parse(value), path);
  if (value === undefined) return [];
  if (typeof value !== 'object' || value === null) return [`${path} = ${JSON.stringify(value)}`];
  return Object.entries(value).flatMap(([name, part]) => leaves(part, `${path} ${name}`));
}
