/** QueryRoute: a topic's queues at all brokers, by the listener that was asked (wire.md A.6). */
import { SluiceError } from '#lib/errors';
import type { BrokerRoutes, RouteTable, TopicAtBroker } from '#nameserver/route-table';
import { OK_STATUS } from '#proto/codes';
import type { Call } from '#proto/grpc-transport/call';
import { codec } from '#proto/messages';
import { assertReadableTopicName, fullName, type ResourceName } from '#proto/names';
import { dialledEndpoints, endpointsOf, routeEntries } from '#proto/route';
import type { Endpoints, EndpointsInput, MessageQueueInput, Resource } from '#proto/types';

const request = codec('QueryRouteRequest');
const response = codec('QueryRouteResponse');

export interface RouteSource {
  readonly table: RouteTable;
  /** Makes a topic that no broker has; true when it is in the table now. Full name. */
  readonly onUnknownTopic?: ((topic: string) => Promise<boolean>) | undefined;
}

export async function queryRoute(bytes: Buffer, call: Call, source: RouteSource): Promise<Buffer> {
  const { topic, endpoints } = request.decode(bytes);
  const name = resourceName(topic);
  assertReadableTopicName(name);
  const full = fullName(name);
  if (source.table.find(full).length === 0) await source.onUnknownTopic?.(full);
  const messageQueues = routedQueues(source.table, name, endpoints, call, allQueues);
  return response.encode({ status: OK_STATUS, messageQueues });
}

/** Throws TOPIC_NOT_FOUND when there is no broker that the client could reach. */
export function routedQueues(
  table: RouteTable,
  name: ResourceName,
  dialled: Endpoints | null,
  { listener, authority }: Call,
  choose: (entries: readonly MessageQueueInput[]) => readonly MessageQueueInput[],
): MessageQueueInput[] {
  const topicAtBrokers = table.find(fullName(name));
  if (topicAtBrokers.length === 0) {
    throw new SluiceError('TOPIC_NOT_FOUND', `no broker has the topic ${fullName(name)}`);
  }
  const queues = topicAtBrokers.flatMap(({ broker, listeners, topic }: TopicAtBroker) => {
    const endpoints = reachableBy(listeners, listener, dialled, authority);
    return endpoints ? choose(routeEntries(name, topic, broker, endpoints)) : [];
  });
  if (queues.length > 0) return queues;
  throw new SluiceError(
    'TOPIC_NOT_FOUND',
    `no broker with the topic ${fullName(name)} has an address for the listener ${listener}`,
  );
}

export function resourceName(resource: Resource | null): ResourceName {
  return { namespace: resource?.resourceNamespace ?? '', name: resource?.name ?? '' };
}

function allQueues(entries: readonly MessageQueueInput[]): readonly MessageQueueInput[] {
  return entries;
}

/** What the client has to dial; undefined where the broker can't be reached that way. */
function reachableBy(
  listeners: BrokerRoutes['listeners'],
  listener: string,
  dialled: Endpoints | null,
  authority: string,
): EndpointsInput | undefined {
  if (listeners) {
    const address = listeners.get(listener);
    return address && endpointsOf(address);
  }
  return dialledEndpoints(dialled) ?? endpointsOfAuthority(authority);
}

function endpointsOfAuthority(authority: string): EndpointsInput | undefined {
  const [, host, port] = /^\[?([^\]]+)\]?:(\d{1,5})$/.exec(authority) ?? [];
  return host === undefined ? undefined : endpointsOf({ host, port: Number(port) });
}
