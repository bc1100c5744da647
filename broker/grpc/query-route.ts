/** QueryRoute at a broker: the queues that it has itself (wire.md A.6). */
import { SluiceError } from '#lib/errors';
import { parseHostPort } from '#lib/host-port';
import { OK_STATUS } from '#proto/codes';
import type { Call } from '#proto/grpc-transport/call';
import { codec } from '#proto/messages';
import { dialledEndpoints, endpointsOf, routeEntries, withoutWriting } from '#proto/route';
import type { Endpoints, EndpointsInput } from '#proto/types';

import { resourceName, routedTopic } from '#broker/grpc/resources';
import type { Services, UnaryRpc } from '#broker/grpc/services';

const request = codec('QueryRouteRequest');
const response = codec('QueryRouteResponse');

export const queryRoute: UnaryRpc = {
  kind: 'unary',
  async handle(bytes, call, services) {
    const { topic: resource, endpoints } = request.decode(bytes);
    const name = resourceName(resource);
    const { definition } = await routedTopic(name, services);
    const asDefined = definition.permission;
    const drained = services.mode.readOnly ? withoutWriting(asDefined) : undefined;
    const topic = { ...definition, permission: drained ?? asDefined };
    const address = brokerEndpoints(endpoints, call, services);
    const messageQueues = routeEntries(name, topic, services.brokerName, address);
    return response.encode({ status: OK_STATUS, messageQueues });
  },
  failure: (status) => response.encode({ status }),
};

/** The address of the listener that was asked, or else the one by which this client came. */
export function brokerEndpoints(
  dialled: Endpoints | null,
  call: Call,
  { advertised }: Services,
): EndpointsInput {
  const told = advertised(call.listener);
  if (told) return endpointsOf(told);
  const known = dialledEndpoints(dialled);
  if (known) return known;
  const authority = parseHostPort(call.authority);
  if (authority) return endpointsOf(authority);
  throw new SluiceError('BAD_REQUEST', 'the request does not say which endpoints it was sent to');
}
