/** What there is of an instance now, read from the caches at the beginning of a pass. */
import type {
  V1Node,
  V1PersistentVolumeClaim,
  V1Pod,
  V1StatefulSet,
} from '@kubernetes/client-node';
import type { CompleteInstance } from '#kube/api/defaults';
import { brokerPod, childName, LABEL, nameServerPod } from '#kube/names';
import { NODES, PERSISTENT_VOLUME_CLAIMS, PODS, STATEFUL_SETS } from '#kube/resources';
import type { Caches } from '#operator/caches';

export const ZONE_LABEL = 'topology.kubernetes.io/zone';

/** A pod that is wanted, and where it is if it is there. */
export interface Place {
  /** Of the pod. */
  readonly name: string;
  readonly pod: V1Pod | undefined;
  readonly node: V1Node | undefined;
  readonly zone: string | undefined;
  readonly isReady: boolean;
}

export interface ShardFacts extends Place {
  readonly number: number;
  readonly broker: string;
  readonly set: V1StatefulSet | undefined;
  readonly claim: V1PersistentVolumeClaim | undefined;
  /** The spec asks for it; else it is on its way out. */
  readonly isWanted: boolean;
  /** The pod is not as the StatefulSet would make it now. */
  readonly isOutdated: boolean;
}

export interface InstanceFacts {
  /** Wanted ones and those on their way out, by number. */
  readonly shards: readonly ShardFacts[];
  readonly nameServers: readonly Place[];
  readonly nameServerSet: V1StatefulSet | undefined;
  /** Zones of the cluster that the instance may use, and how many of their nodes are ready. */
  readonly readyNodesByZone: ReadonlyMap<string, number>;
}

export function factsOf(instance: CompleteInstance, caches: Caches): InstanceFacts {
  const { namespace, name } = instance;
  const sets = caches.ofInstance(STATEFUL_SETS, instance);
  const existing = sets.flatMap(({ metadata }) => {
    const label = metadata?.labels?.[LABEL.shard];
    return label === undefined ? [] : [Number(label)];
  });
  const wanted = Array.from({ length: instance.shards }, (_, number) => number);
  const numbers = [...new Set([...wanted, ...existing])].sort((a, b) => a - b);
  const place = (pod: string): Place => placeOf(pod, namespace, caches);
  return {
    shards: numbers.map((number) => shardFacts(instance, number, caches)),
    nameServers: Array.from({ length: instance.nameServers }, (_, ordinal) =>
      place(nameServerPod(name, ordinal)),
    ),
    nameServerSet: caches.get(STATEFUL_SETS, { namespace, name: childName.nameServers(name) }),
    readyNodesByZone: readyNodesByZone(instance.zones, caches),
  };
}

function shardFacts(
  { namespace, name, shards }: CompleteInstance,
  number: number,
  caches: Caches,
): ShardFacts {
  const place = placeOf(brokerPod(name, number), namespace, caches);
  const broker = childName.shard(name, number);
  const set = caches.get(STATEFUL_SETS, { namespace, name: broker });
  const claim = caches.get(PERSISTENT_VOLUME_CLAIMS, { namespace, name: claimName(place.name) });
  const isOutdated = set !== undefined && place.pod !== undefined && differs(place.pod, set);
  return { ...place, number, broker, set, claim, isWanted: number < shards, isOutdated };
}

/** The claim that a StatefulSet makes of its template `data`. */
function claimName(pod: string): string {
  return `data-${pod}`;
}

function placeOf(name: string, namespace: string, caches: Caches): Place {
  const pod = caches.get(PODS, { namespace, name });
  const nodeName = pod?.spec?.nodeName;
  const node = nodeName === undefined ? undefined : caches.get(NODES, { name: nodeName });
  const zone = node?.metadata?.labels?.[ZONE_LABEL];
  return { name, pod, node, zone, isReady: pod !== undefined && isPodReady(pod) };
}

export function isPodReady({ metadata, status }: V1Pod): boolean {
  if (metadata?.deletionTimestamp !== undefined) return false;
  return (
    status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false
  );
}

/** The StatefulSet has a newer revision; one whose controller has not looked yet can't tell. */
function differs({ metadata: pod }: V1Pod, { metadata, status }: V1StatefulSet): boolean {
  if (status?.observedGeneration !== metadata?.generation) return false;
  const revision = pod?.labels?.['controller-revision-hash'];
  return status?.updateRevision !== undefined && revision !== status.updateRevision;
}

function readyNodesByZone(zones: readonly string[], caches: Caches): Map<string, number> {
  const ready = new Map<string, number>(zones.map((zone) => [zone, 0]));
  for (const { metadata, status } of caches.all(NODES)) {
    const zone = metadata?.labels?.[ZONE_LABEL];
    if (zone === undefined || (zones.length > 0 && !zones.includes(zone))) continue;
    const isReady = status?.conditions?.some(
      ({ type, status: is }) => type === 'Ready' && is === 'True',
    );
    ready.set(zone, (ready.get(zone) ?? 0) + (isReady ? 1 : 0));
  }
  return ready;
}
