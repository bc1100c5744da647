/** Facts of an instance for tests of what is decided by them. */
import type { V1Node, V1Pod, V1StatefulSet } from '@kubernetes/client-node';
import { completeInstance, type CompleteInstance } from '#kube/api/defaults';
import type { Instance, InstanceSpec } from '#kube/api/instance';
import { brokerPod, childName, nameServerPod } from '#kube/names';
import type { InstanceFacts, Place, ShardFacts } from '#operator/reconcile/facts';

export function instanceObject(spec: Partial<InstanceSpec> = {}): Instance {
  return {
    metadata: { name: 'orders', namespace: 'shop', uid: 'uid-1', generation: 1 },
    spec: { edition: 'Platinum', ...spec },
  };
}

export function complete(spec: Partial<InstanceSpec> = {}): CompleteInstance {
  return completeInstance(instanceObject(spec), 'example.org/sluice:1.0.0');
}

export function node(name: string, isReady = true): V1Node {
  const conditions = [{ type: 'Ready', status: isReady ? 'True' : 'Unknown' }];
  return { metadata: { name }, status: { conditions } };
}

export function pod(name: string, more: Partial<V1Pod> = {}): V1Pod {
  return { metadata: { name, namespace: 'shop', uid: `uid-${name}` }, ...more };
}

export function place(name: string, more: Partial<Place> = {}): Place {
  return { name, pod: pod(name), node: node('node-a'), zone: 'zone-a', isReady: true, ...more };
}

export function shard(number: number, more: Partial<ShardFacts> = {}): ShardFacts {
  return {
    ...place(brokerPod('orders', number)),
    number,
    broker: childName.shard('orders', number),
    set: { metadata: { name: childName.shard('orders', number) } },
    claim: undefined,
    isWanted: true,
    isOutdated: false,
    ...more,
  };
}

export function nameServer(ordinal: number, more: Partial<Place> = {}): Place {
  return place(nameServerPod('orders', ordinal), more);
}

/** All name servers run what their StatefulSet wants. */
export function rolledSet(replicas: number): V1StatefulSet {
  return {
    metadata: { generation: 1 },
    spec: { replicas, selector: {}, serviceName: 'x', template: {} },
    status: { observedGeneration: 1, updatedReplicas: replicas, replicas },
  };
}

export function facts(shards: readonly ShardFacts[], more: Partial<InstanceFacts> = {}) {
  return {
    shards,
    nameServers: [nameServer(0), nameServer(1)],
    nameServerSet: rolledSet(2),
    readyNodesByZone: new Map([['zone-a', 1]]),
    ...more,
  } satisfies InstanceFacts;
}
