/** What clients are told to dial, as far as it is known. Pure. */
import type { V1Node, V1Service } from '@kubernetes/client-node';
import type { CompleteInstance } from '#kube/api/defaults';
import type { ListenerSpec } from '#kube/api/instance';
import { childName, INTERNAL_LISTENER, PORT } from '#kube/names';
import { formatHostPort } from '#lib/host-port';

/** `reason`: why it is not known yet, for people. */
export type Address = { readonly address: string } | { readonly reason: string };

export interface AddressFacts {
  readonly clusterDomain: string;
  /** Of the listener and the shard, or where clients of the listener start; not for `internal`. */
  readonly service?: V1Service | undefined;
  /** The one that the shard's pod, or for the start any pod behind the Service, is on. */
  readonly node?: V1Node | undefined;
}

/** Of a shard, as `host:port`, for the routes that clients of the listener get. */
export function advertisedAddress(
  instance: CompleteInstance,
  shard: number,
  listenerName: string,
  facts: AddressFacts,
): Address {
  if (listenerName === INTERNAL_LISTENER) {
    return insideCluster(childName.shard(instance.name, shard), instance, facts);
  }
  const listener = listenerOf(instance, listenerName);
  const service = childName.shardListener(instance.name, shard, listenerName);
  return outside(listener, { host: shardHost(listener, shard), service, facts });
}

/** Where clients of the listener start, as `host:port`. */
export function endpointOf(
  instance: CompleteInstance,
  listenerName: string,
  facts: AddressFacts,
): Address {
  if (listenerName === INTERNAL_LISTENER) {
    return insideCluster(childName.clients(instance.name), instance, facts);
  }
  const listener = listenerOf(instance, listenerName);
  const service = childName.listener(instance.name, listenerName);
  return outside(listener, { host: listener.host, service, facts });
}

/** Behind a Gateway. */
export function shardHost({ host }: ListenerSpec, shard: number): string | undefined {
  return host === undefined ? undefined : `shard-${shard}.${host}`;
}

function listenerOf({ listeners }: CompleteInstance, name: string): ListenerSpec {
  const listener = listeners.find((each) => each.name === name);
  if (!listener) throw new Error(`the instance has no listener ${name}`);
  return listener;
}

function insideCluster(
  service: string,
  { namespace }: CompleteInstance,
  { clusterDomain }: AddressFacts,
): Address {
  return known(`${service}.${namespace}.svc.${clusterDomain}`, PORT.clients);
}

interface Outside {
  /** Behind a Gateway. */
  readonly host: string | undefined;
  readonly service: string;
  readonly facts: AddressFacts;
}

function outside(listener: ListenerSpec, { host, service, facts }: Outside): Address {
  switch (listener.type) {
    case 'NodePort':
      return atNode(listener, service, facts);
    case 'LoadBalancer':
      return atLoadBalancer(service, facts);
    case 'Gateway':
      if (host !== undefined && listener.gateway) return known(host, listener.gateway.port);
      return unknown(`the listener ${listener.name} needs a host and a gateway`);
  }
}

function atNode({ host: given }: ListenerSpec, service: string, facts: AddressFacts): Address {
  const port = facts.service?.spec?.ports?.[0]?.nodePort;
  if (port === undefined) return unknown(`the Service ${service} has no node port yet`);
  if (given !== undefined) return known(given, port);
  const { node } = facts;
  if (node === undefined) return unknown(`no pod of the Service ${service} is on a node yet`);
  const host = nodeHost(node);
  if (host !== undefined) return known(host, port);
  const name = node.metadata?.name ?? '';
  return unknown(`the node ${name} has neither an ExternalIP nor an InternalIP: set a host`);
}

function nodeHost({ status }: V1Node): string | undefined {
  const of = (type: string): string | undefined =>
    status?.addresses?.find((each) => each.type === type)?.address;
  return of('ExternalIP') ?? of('InternalIP');
}

function atLoadBalancer(service: string, facts: AddressFacts): Address {
  const ingress = facts.service?.status?.loadBalancer?.ingress?.[0];
  // Clouds that give names may change the addresses behind them.
  const host = ingress?.hostname ?? ingress?.ip;
  const port = facts.service?.spec?.ports?.[0]?.port;
  if (host !== undefined && port !== undefined) return known(host, port);
  return unknown(`the Service ${service} has no address of a load balancer yet`);
}

function known(host: string, port: number): Address {
  return { address: formatHostPort({ host, port }) };
}

function unknown(reason: string): Address {
  return { reason };
}
