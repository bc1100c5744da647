/** What `sluice kube` reads of a cluster, with as few rights as it can do with. */
import type { ClusterObjects } from '#cli/kube/instance-tree';
import { KubeError, type KubeClient, type ListOptions } from '#kube/client';
import { LABEL, PRODUCT } from '#kube/names';
import { GROUPS, INSTANCES, NODES, PERSISTENT_VOLUME_CLAIMS, PODS, TOPICS } from '#kube/resources';
import type { Instance } from '#kube/api/instance';
import type { KubeObject, ResourceType } from '#kube/types';

const FORBIDDEN = 403;

export interface ReadCluster extends ClusterObjects {
  /** Plurals of what may not be read. */
  readonly hidden: readonly string[];
}

/** Undefined: all namespaces. */
export type Namespace = string | undefined;

/** By namespace and name. @throws KubeError */
export async function readInstances(
  client: KubeClient,
  namespace: Namespace,
): Promise<readonly Instance[]> {
  const { items } = await client.list(INSTANCES, { namespace });
  return items.toSorted(byName);
}

/** All that the given instances may be made of. @throws KubeError */
export async function readCluster(
  client: KubeClient,
  namespace: Namespace,
  instances: readonly Instance[],
): Promise<ReadCluster> {
  const hidden: string[] = [];
  const read = async <T extends KubeObject>(
    type: ResourceType<T>,
    options: ListOptions,
  ): Promise<readonly T[] | undefined> => {
    try {
      return (await client.list(type, options)).items.toSorted(byName);
    } catch (error) {
      if (!(error instanceof KubeError) || error.status !== FORBIDDEN) throw error;
      hidden.push(type.plural);
      return undefined;
    }
  };
  const ours = { namespace, labelSelector: `${LABEL.name}=${PRODUCT}` };
  const [topics, groups, pods, claims, nodes] = await Promise.all([
    read(TOPICS, { namespace }),
    read(GROUPS, { namespace }),
    read(PODS, ours),
    read(PERSISTENT_VOLUME_CLAIMS, ours),
    read(NODES, {}),
  ]);
  return {
    instances,
    topics,
    groups,
    pods,
    claims: claims ?? [],
    nodes: nodes ?? [],
    hidden: hidden.toSorted(),
  };
}

function byName({ metadata: one }: KubeObject, { metadata: other }: KubeObject): number {
  const first = (one?.namespace ?? '').localeCompare(other?.namespace ?? '', 'en');
  if (first !== 0) return first;
  return (one?.name ?? '').localeCompare(other?.name ?? '', 'en', { numeric: true });
}
