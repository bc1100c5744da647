/** QueryRoute: a topic's queues at all brokers, by the listener that was asked (wire.md A.6). */
import { SluiceError } from '#lib/errors';
import type { RouteTable, TopicAtBroker } from '#nameserver/route-table';
import { OK_STATUS } from '#proto/codes';
import type { Call } from '#proto/grpc-transport/call';
import { codec } from '#proto/messages';
import { assertReadableTopicName, fullName, type ResourceName } from '#proto/names';
import { endpointsOf, routeEntries } from '#proto/route';
import type { MessageQueueInput, Resource } from '#proto/types';

const request = codec('QueryRouteRequest');
const response = codec('QueryRouteResponse');

export function queryRoute(bytes: Buffer, { listener }: Call, table: RouteTable): Buffer {
  const name = resourceName(request.decode(bytes).topic);
  assertReadableTopicName(name);
  const messageQueues = routedQueues(table, name, listener, allQueues);
  return response.encode({ status: OK_STATUS, messageQueues });
}

/** Throws TOPIC_NOT_FOUND when there is no broker that the client could reach. */
export function routedQueues(
  table: RouteTable,
  name: ResourceName,
  listener: string,
  choose: (entries: readonly MessageQueueInput[]) => readonly MessageQueueInput[],
): MessageQueueInput[] {
  const topicAtBrokers = table.find(fullName(name));
  if (topicAtBrokers.length === 0) {
    throw new SluiceError('TOPIC_NOT_FOUND', `no broker has the topic ${fullName(name)}`);
  }
  const queues = topicAtBrokers.flatMap(({ broker, listeners, topic }: TopicAtBroker) => {
    const address = listeners.get(listener);
    return address ? choose(routeEntries(name, topic, broker, endpointsOf(address))) : [];
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
