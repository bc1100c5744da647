/**
 * Route answers: queues of a topic at a broker, and the address a client is to dial (wire.md A.6).
 */
import { isIPv4, isIPv6 } from 'node:net';

import { SluiceError } from '#lib/errors';
import type { HostPort } from '#lib/host-port';
import { AddressScheme, MessageType, Permission } from '#proto/types';
import type { Endpoints, EndpointsInput, MessageQueueInput } from '#proto/types';
import type { ResourceName } from '#proto/wire/resource';

export const TOPIC_KINDS = ['normal', 'fifo', 'global-fifo', 'delay', 'transaction'] as const;
export type TopicKind = (typeof TOPIC_KINDS)[number];

/** What clients may do with a topic. */
export const TOPIC_PERMISSIONS = ['read-write', 'read-only', 'write-only'] as const;
export type TopicPermission = (typeof TOPIC_PERMISSIONS)[number];

/** A topic at one broker, as a route tells it. */
export interface RoutedTopic {
  kind: TopicKind;
  queues: number;
  permission: TopicPermission;
}

/** Of a topic at a broker that takes no messages from clients; undefined where nothing is left. */
export function withoutWriting(permission: TopicPermission): TopicPermission | undefined {
  return permission === 'write-only' ? undefined : 'read-only';
}

/** What messages a topic takes, as the protocol says it. */
export const MESSAGE_TYPES: Readonly<Record<TopicKind, number>> = {
  normal: MessageType.NORMAL,
  fifo: MessageType.FIFO,
  'global-fifo': MessageType.FIFO,
  delay: MessageType.DELAY,
  transaction: MessageType.TRANSACTION,
};

const PERMISSIONS: Readonly<Record<TopicPermission, number>> = {
  'read-write': Permission.READ_WRITE,
  'read-only': Permission.READ,
  'write-only': Permission.WRITE,
};

/** Brokers are masters of their shard: clients send only to id 0. */
const MASTER_ID = 0;
const HOST_CHARS_MAX = 253;
const PORT_MAX = 65_535;

function schemeOf(host: string): number {
  if (isIPv4(host)) return AddressScheme.IPv4;
  return isIPv6(host) ? AddressScheme.IPv6 : AddressScheme.DOMAIN_NAME;
}

export function endpointsOf({ host, port }: HostPort): EndpointsInput {
  return { scheme: schemeOf(host), addresses: [{ host, port }] };
}

/**
 * The address by which the client itself reached us, for servers that don't know how they are
 * reached.
 * @throws SluiceError BAD_REQUEST when it is no address at all
 */
export function dialledEndpoints(endpoints: Endpoints | null): EndpointsInput | undefined {
  const address = endpoints?.addresses[0];
  if (!address) return undefined;
  const { host, port } = address;
  const legal = host !== '' && host.length <= HOST_CHARS_MAX && port > 0 && port <= PORT_MAX;
  if (!legal) throw new SluiceError('BAD_REQUEST', 'the endpoints of the request are no address');
  return { scheme: schemeOf(host), addresses: [{ host, port }] };
}

/** One entry a queue, in their order. */
export function routeEntries(
  resource: ResourceName,
  topic: RoutedTopic,
  brokerName: string,
  endpoints: EndpointsInput,
): MessageQueueInput[] {
  const broker = { name: brokerName, id: MASTER_ID, endpoints };
  const named = { resourceNamespace: resource.namespace, name: resource.name };
  return Array.from({ length: topic.queues }, (_, id) => ({
    topic: named,
    id,
    permission: PERMISSIONS[topic.permission],
    broker,
    acceptMessageTypes: [MESSAGE_TYPES[topic.kind]],
  }));
}
