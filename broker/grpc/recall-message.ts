/** RecallMessage: takes a scheduled message back before it is delivered (wire.md A.7). */
import { OK_STATUS } from '#proto/codes';
import { codec } from '#proto/messages';

import { resourceName, writableTopic } from '#broker/grpc/resources';
import type { UnaryRpc } from '#broker/grpc/services';

const requests = codec('RecallMessageRequest');
const responses = codec('RecallMessageResponse');

export const recallMessage: UnaryRpc = {
  kind: 'unary',
  async handle(bytes, _call, services) {
    const request = requests.decode(bytes);
    const topic = writableTopic(resourceName(request.topic), services);
    const { messageId, end } = await services.scheduler.recall(topic, request.recallHandle);
    await services.producer.whenStored(end);
    return responses.encode({ status: OK_STATUS, messageId: messageId.toString() });
  },
  failure: (status) => responses.encode({ status }),
};
