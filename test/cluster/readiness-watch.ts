/** Follows the pods of an instance, and remembers how many were not ready at the same time. */
import type { V1Pod } from '@kubernetes/client-node';
import { componentLabels, type Component } from '#kube/names';
import { PODS } from '#kube/resources';
import type { ClusterInstance } from './instance.ts';

const TIMEOUT_SECONDS = 900;

export interface ReadinessWatch {
  /** Ends it: every set of pods that were away together, two or more. */
  stop(): Promise<readonly string[]>;
}

export async function watchReadiness(
  { client, namespace, name }: ClusterInstance,
  component: Component,
): Promise<ReadinessWatch> {
  const labels = Object.entries(componentLabels(name, component));
  const labelSelector = labels.map(([label, value]) => `${label}=${value}`).join(',');
  const { items, resourceVersion } = await client.list(PODS, { namespace, labelSelector });
  const pods = new Map(items.map((pod) => [pod.metadata?.name ?? '', isReady(pod)]));
  const away: string[] = [];
  const control = new AbortController();
  const options = { namespace, labelSelector, resourceVersion, timeoutSeconds: TIMEOUT_SECONDS };
  const follow = async (): Promise<void> => {
    for await (const { type, object } of client.watch(PODS, options, control.signal)) {
      if (type === 'BOOKMARK') continue;
      pods.set(object.metadata?.name ?? '', type !== 'DELETED' && isReady(object));
      const down = [...pods].filter(([, ready]) => !ready).map(([pod]) => pod);
      if (down.length > 1) away.push(down.join(' and '));
    }
    if (!control.signal.aborted) throw new Error('the watch of pods ended');
  };
  const following = follow().catch((error: unknown) => {
    if (!control.signal.aborted) throw error;
  });
  following.catch(() => undefined); // told by stop
  return {
    async stop() {
      control.abort();
      await following;
      return away;
    },
  };
}

function isReady({ metadata, status }: V1Pod): boolean {
  if (metadata?.deletionTimestamp !== undefined) return false;
  const condition = status?.conditions?.find(({ type }) => type === 'Ready');
  return condition?.status === 'True';
}
