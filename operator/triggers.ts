/** Which objects a change of another one makes worth a look. */
import type { V1Node, V1Pod } from '@kubernetes/client-node';
import { regionOf } from '#kube/api/defaults';
import type { Instance } from '#kube/api/instance';
import { LABEL } from '#kube/names';
import { GROUPS, INSTANCES, NODES, PODS, TOPICS } from '#kube/resources';
import { keyOf, type KubeObject, type ResourceType } from '#kube/types';
import { canonicalJson } from '#operator/apply/canonical-json';
import { CHILDREN, labelledInstance, type Caches } from '#operator/caches';
import type { InstanceName } from '#operator/brokers/tokens';
import { nameOf, type Declared } from '#operator/reconcile/declared';
import { isPodReady, ZONE_LABEL } from '#operator/reconcile/facts';

export interface Queues {
  /** All take `namespace/name`. */
  readonly instance: (key: string) => void;
  readonly topic: (key: string) => void;
  readonly group: (key: string) => void;
}

export function connectTriggers(caches: Caches, queues: Queues): void {
  caches.onChange(INSTANCES, (now, before) => {
    const object = now ?? before;
    if (!object) return;
    if (!now || !before || isWorthALook(now, before)) queues.instance(keyOf(object));
    if (!now || !before || shardsChanged(now, before)) {
      addDeclared(object.metadata, caches, queues);
    }
    if (before && isStandard(before) && !isStandard(now)) addRegion(before, caches, queues);
  });
  connectDeclared(caches, TOPICS, queues.topic);
  connectDeclared(caches, GROUPS, queues.group);
  for (const type of CHILDREN) {
    caches.onChange(type, (now, before) => {
      const object = now ?? before;
      const instance = object && labelledInstance(object);
      if (instance !== undefined) queues.instance(instance);
    });
  }
  caches.onChange(PODS, (now, before) => {
    if (isReady(now) === isReady(before)) return;
    const pod = now ?? before;
    const name = pod?.metadata?.labels?.[LABEL.instance];
    const { namespace = '' } = pod?.metadata ?? {};
    if (name !== undefined) addDeclared({ namespace, name }, caches, queues);
  });
  caches.onChange(NODES, (now, before) => {
    if (now && before && !nodeChanged(now, before)) return;
    for (const instance of caches.all(INSTANCES)) queues.instance(keyOf(instance));
  });
}

function connectDeclared<T extends Declared>(
  caches: Caches,
  type: ResourceType<T>,
  add: (key: string) => void,
): void {
  caches.onChange(type, (now, before) => {
    if (now && (!before || isWorthALook(now, before))) add(keyOf(now));
    if (now || !before) return;
    // Another object may have waited for the name that is free now.
    const { namespace } = before.metadata;
    const instance = { namespace, name: before.spec.instanceRef.name };
    for (const other of caches.ofInstance(type, instance)) {
      if (nameOf(other) === nameOf(before)) add(keyOf(other));
    }
  });
}

/** Not for a status that we wrote ourselves; the same object again is a resync. */
function isWorthALook(now: KubeObject, before: KubeObject): boolean {
  const { metadata: is } = now;
  const { metadata: was } = before;
  return (
    is?.resourceVersion === was?.resourceVersion ||
    is?.generation !== was?.generation ||
    is?.deletionTimestamp !== was?.deletionTimestamp ||
    canonicalJson(is?.annotations) !== canonicalJson(was?.annotations) ||
    canonicalJson(is?.finalizers) !== canonicalJson(was?.finalizers)
  );
}

/** Its brokers are others, or more of them can be asked: topics and groups may have to be made. */
function shardsChanged(now: Instance, before: Instance): boolean {
  return (
    shardsOf(now) !== shardsOf(before) || now.metadata.generation !== before.metadata.generation
  );
}

function shardsOf({ status }: Instance): string {
  const stalled = status?.conditions?.find(({ type }) => type === 'Stalled')?.status;
  const shards = status?.shardStatuses?.map(({ name, state, node }) => [name, state, node]);
  return canonicalJson([stalled, shards]);
}

function isReady(pod: V1Pod | undefined): boolean {
  return pod !== undefined && isPodReady(pod);
}

function addDeclared(instance: InstanceName, caches: Caches, queues: Queues): void {
  for (const topic of caches.topicsOf(instance)) queues.topic(keyOf(topic));
  for (const group of caches.groupsOf(instance)) queues.group(keyOf(group));
}

function isStandard(instance: Instance | undefined): boolean {
  return instance?.spec.edition === 'Standard';
}

/** One that was too many may have its turn now. */
function addRegion(gone: Instance, caches: Caches, queues: Queues): void {
  for (const other of caches.all(INSTANCES)) {
    if (regionOf(other) === regionOf(gone)) queues.instance(keyOf(other));
  }
}

/** Heartbeats of nodes are no news; their zone, readiness and addresses are. */
function nodeChanged(now: V1Node, before: V1Node): boolean {
  return factsOfNode(now) !== factsOfNode(before);
}

function factsOfNode({ metadata, status }: V1Node): string {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready')?.status;
  return canonicalJson([metadata?.labels?.[ZONE_LABEL], ready, status?.addresses]);
}
