/** What the status of an instance says beside its conditions. Reads, changes nothing. */
import type { InstanceStatus, ShardState, ShardStatus } from '#kube/api/instance';
import { childName, componentLabels, INTERNAL_LISTENER } from '#kube/names';
import { SERVICES } from '#kube/resources';
import { throttledPerSecond } from '#operator/conditions/quota-exceeded';
import type { Place, ShardFacts } from '#operator/reconcile/facts';
import type { Pass, Tools } from '#operator/reconcile/pass';
import { advertisedAddress, endpointOf } from '#operator/resources/addresses';

export function instanceStatus(pass: Pass, tools: Tools): Partial<InstanceStatus> {
  const { instance, facts, revision } = pass;
  const { shards, nameServers } = facts;
  const endpoints = endpointsOf(pass, tools);
  const internal = endpoints.find(({ listener }) => listener === INTERNAL_LISTENER);
  return {
    image: instance.image,
    version: versionOf(instance.image),
    shards: shards.filter(({ set }) => set !== undefined).length,
    selector: selectorOf(instance.name),
    brokers: readyOf(shards.filter(({ isWanted }) => isWanted)),
    nameServers: readyOf(nameServers),
    ...(internal ? { endpoint: internal.address } : {}),
    endpoints,
    shardStatuses: shards.map((shard) => shardStatus(shard, pass, tools)),
    zones: zonesOf(pass),
    quota: {
      ...(instance.tps === undefined ? {} : { messagesPerSecond: instance.tps }),
      throttled: throttledPerSecond(pass.brokers) > 0,
    },
    ...(pass.scaleIn ? { scaleIn: pass.scaleIn } : {}),
    ...(revision === undefined ? {} : { fleetRevision: revision }),
  };
}

function endpointsOf({ instance, facts }: Pass, { caches, clusterDomain }: Tools) {
  const [first] = facts.shards;
  return [INTERNAL_LISTENER, ...instance.listeners.map(({ name }) => name)].flatMap((listener) => {
    const service = caches.get(SERVICES, {
      namespace: instance.namespace,
      name:
        listener === INTERNAL_LISTENER
          ? childName.clients(instance.name)
          : childName.listener(instance.name, listener),
    });
    const node = facts.nameServers[0]?.node ?? first?.node;
    const found = endpointOf(instance, listener, { service, node, clusterDomain });
    return 'address' in found ? [{ listener, address: found.address }] : [];
  });
}

function shardStatus(shard: ShardFacts, pass: Pass, { clusterDomain }: Tools): ShardStatus {
  const { number, broker, name, pod, node, zone, claim } = shard;
  const internal = advertisedAddress(pass.instance, number, INTERNAL_LISTENER, {
    service: undefined,
    node,
    clusterDomain,
  });
  const image = pod?.spec?.containers[0]?.image;
  const size = claim?.status?.capacity?.['storage'];
  const readOnly = pass.brokers.get(number)?.readOnly;
  return {
    name: broker,
    pod: name,
    state: stateOf(shard),
    address: 'address' in internal ? internal.address : '',
    ...(node?.metadata?.name === undefined ? {} : { node: node.metadata.name }),
    ...(zone === undefined ? {} : { zone }),
    ...(image === undefined ? {} : { image }),
    ...(size === undefined ? {} : { volume: size }),
    ...(readOnly === undefined ? {} : { readOnly }),
  };
}

function stateOf({ isWanted, isReady, isOutdated, pod }: ShardFacts): ShardState {
  if (!isWanted) return 'Draining';
  if (isReady) return isOutdated ? 'Updating' : 'Serving';
  const isNew = pod === undefined || pod.status?.phase === 'Pending';
  return isNew ? 'Starting' : 'Down';
}

function zonesOf({ facts }: Pass): NonNullable<InstanceStatus['zones']> {
  const { shards, nameServers, readyNodesByZone } = facts;
  const countIn = (zone: string, places: readonly Place[]): number =>
    places.filter((place) => place.isReady && place.zone === zone).length;
  return [...readyNodesByZone.keys()].sort().map((zone) => ({
    zone,
    brokers: countIn(zone, shards),
    nameServers: countIn(zone, nameServers),
  }));
}

function readyOf(places: readonly Place[]): string {
  return `${places.filter(({ isReady }) => isReady).length}/${places.length}`;
}

function selectorOf(instance: string): string {
  return Object.entries(componentLabels(instance, 'broker'))
    .map(([label, value]) => `${label}=${value}`)
    .join(',');
}

/** The tag of an image, or its digest. */
function versionOf(image: string): string {
  const [, tag] = /[:@]([^/:@]+(?::[^/:@]+)?)$/.exec(image) ?? [];
  return tag ?? 'latest';
}
