/** QueryAssignment: which queues a push consumer is to receive from (wire.md A.6). */
import { OK_STATUS } from '#proto/codes';
import { codec } from '#proto/messages';
import { routeEntries } from '#proto/route';

import { ANY_QUEUE } from '#broker/consume/polls';
import { brokerEndpoints } from '#broker/grpc/query-route';
import { consumerGroup, readableTopic, resourceName } from '#broker/grpc/resources';
import type { UnaryRpc } from '#broker/grpc/services';

const request = codec('QueryAssignmentRequest');
const response = codec('QueryAssignmentResponse');

export const queryAssignment: UnaryRpc = {
  kind: 'unary',
  async handle(bytes, call, services) {
    const { topic: resource, group: groupName, endpoints } = request.decode(bytes);
    const name = resourceName(resource);
    const found = readableTopic(name, services);
    found.assertReadable();
    const { kind, queues, permission } = found;
    const group = await consumerGroup(resourceName(groupName), services);
    const address = brokerEndpoints(endpoints, call, services);
    // Members of an ordinary group share all queues by their leases; one loop at any queue serves
    // all. A member of a broadcast group reads every queue itself.
    const queueByQueue = group.ordered || group.broadcast;
    const topic = { kind, queues: queueByQueue ? queues.length : 1, permission };
    const entries = routeEntries(name, topic, services.brokerName, address);
    const assignments = entries.map((entry) => ({
      messageQueue: queueByQueue ? entry : { ...entry, id: ANY_QUEUE },
    }));
    return response.encode({ status: OK_STATUS, assignments });
  },
  failure: (status) => response.encode({ status }),
};
