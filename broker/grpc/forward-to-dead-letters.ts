/** ForwardMessageToDeadLetterQueue: the consumer itself gives a message up (wire.md A.9). */
import { OK_STATUS } from '#proto/codes';
import { codec } from '#proto/messages';

import { existingGroup, resourceName } from '#broker/grpc/resources';
import type { UnaryRpc } from '#broker/grpc/services';

const request = codec('ForwardMessageToDeadLetterQueueRequest');
const response = codec('ForwardMessageToDeadLetterQueueResponse');

export const forwardMessageToDeadLetterQueue: UnaryRpc = {
  kind: 'unary',
  async handle(bytes, call, services) {
    const { group: name, receiptHandle } = request.decode(bytes);
    const group = existingGroup(resourceName(name), services);
    const { acknowledger, deadLetters } = services.consumption;
    const lease = acknowledger.lease(group, receiptHandle);
    await deadLetters.move(lease, 'forwarded', call);
    return response.encode({ status: OK_STATUS });
  },
  failure: (status) => response.encode({ status }),
};
