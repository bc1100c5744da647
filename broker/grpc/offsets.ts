/**
 * GetOffset, UpdateOffset, QueryOffset: a pull consumer's place in a queue (wire.md A.1). In a
 * broadcast group that place is the member's own, by its client id.
 */
import { SluiceError } from '#lib/errors';
import { OK_STATUS } from '#proto/codes';
import { codec } from '#proto/messages';
import { QueryOffsetPolicy } from '#proto/types';
import type { MessageQueue, Timestamp } from '#proto/types';

import type { OffsetPolicy } from '#broker/consume/pull';
import { assertPullAllowed } from '#broker/topic/groups';
import type { Topic } from '#broker/topic/topics';
import { existingGroup, pullGroup, readableTopic, resourceName } from '#broker/grpc/resources';
import type { Services, UnaryRpc } from '#broker/grpc/services';

const getRequest = codec('GetOffsetRequest');
const getResponse = codec('GetOffsetResponse');
const updateRequest = codec('UpdateOffsetRequest');
const updateResponse = codec('UpdateOffsetResponse');
const queryRequest = codec('QueryOffsetRequest');
const queryResponse = codec('QueryOffsetResponse');

function queueOf(
  queue: MessageQueue | null,
  services: Services,
): { topic: Topic; queueId: number } {
  if (!queue) throw new SluiceError('BAD_REQUEST', 'the request names no message queue');
  return { topic: readableTopic(resourceName(queue.topic), services), queueId: queue.id };
}

export const getOffset: UnaryRpc = {
  kind: 'unary',
  handle(bytes, call, services) {
    const { group: name, messageQueue } = getRequest.decode(bytes);
    const { topic, queueId } = queueOf(messageQueue, services);
    const group = existingGroup(resourceName(name), services);
    if (!group.broadcast) services.mode.admitPull();
    assertPullAllowed(group);
    const { broadcast, pull } = services.consumption;
    const offset = group.broadcast
      ? broadcast.offsetOf(group, call.clientId, topic, queueId)
      : pull.committedOffset(group, topic, queueId);
    return getResponse.encode({ status: OK_STATUS, offset });
  },
  failure: (status) => getResponse.encode({ status }),
};

export const updateOffset: UnaryRpc = {
  kind: 'unary',
  async handle(bytes, call, services) {
    const { group: name, messageQueue, offset } = updateRequest.decode(bytes);
    const { topic, queueId } = queueOf(messageQueue, services);
    const group = await pullGroup(resourceName(name), services);
    const { broadcast, pull } = services.consumption;
    const end = group.broadcast
      ? broadcast.storeOffset(group, call.clientId, topic, queueId, offset)
      : pull.commitOffset(group, topic, queueId, offset, call);
    await services.producer.whenStored(end);
    return updateResponse.encode({ status: OK_STATUS });
  },
  failure: (status) => updateResponse.encode({ status }),
};

/** Of a queue alone, for no group: so in every edition, as broadcast groups need it. */
export const queryOffset: UnaryRpc = {
  kind: 'unary',
  async handle(bytes, _call, services) {
    const { messageQueue, queryOffsetPolicy, timestamp } = queryRequest.decode(bytes);
    const { topic, queueId } = queueOf(messageQueue, services);
    const policy = policyOf(queryOffsetPolicy, timestamp);
    const offset = await services.consumption.pull.queryOffset(topic, queueId, policy);
    return queryResponse.encode({ status: OK_STATUS, offset });
  },
  failure: (status) => queryResponse.encode({ status }),
};

function policyOf(policy: number, timestamp: Timestamp | null | undefined): OffsetPolicy {
  if (policy === QueryOffsetPolicy.BEGINNING) return { at: 'beginning' };
  if (policy === QueryOffsetPolicy.END) return { at: 'end' };
  if (policy !== QueryOffsetPolicy.TIMESTAMP || !timestamp) {
    throw new SluiceError('BAD_REQUEST', 'an offset is asked for by BEGINNING, END or TIMESTAMP');
  }
  return { at: 'time', timeMs: timestamp.seconds * 1000 + Math.floor(timestamp.nanos / 1e6) };
}
