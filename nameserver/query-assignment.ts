/** QueryAssignment: what the brokers of the topic would answer, all in one (wire.md A.6). */
import { resourceName, routedQueues } from '#nameserver/query-route';
import type { RouteTable } from '#nameserver/route-table';
import { OK_STATUS } from '#proto/codes';
import type { Call } from '#proto/grpc-transport/call';
import { codec } from '#proto/messages';
import { assertGroupName, assertReadableTopicName, fullName } from '#proto/names';

const request = codec('QueryAssignmentRequest');
const response = codec('QueryAssignmentResponse');

/** Members of an ordinary group share all queues of a broker by their leases. */
const ANY_QUEUE = -1;

export function queryAssignment(bytes: Buffer, { listener }: Call, table: RouteTable): Buffer {
  const decoded = request.decode(bytes);
  const topic = resourceName(decoded.topic);
  const group = resourceName(decoded.group);
  assertReadableTopicName(topic);
  assertGroupName(group);
  const isOrdered = table.isOrdered(fullName(group));
  const queues = routedQueues(table, topic, listener, (entries) =>
    isOrdered ? entries : entries.slice(0, 1).map((entry) => ({ ...entry, id: ANY_QUEUE })),
  );
  const assignments = queues.map((messageQueue) => ({ messageQueue }));
  return response.encode({ status: OK_STATUS, assignments });
}
