/** NotifyClientTermination: a client says goodbye (wire.md A.4). */
import { OK_STATUS } from '#proto/codes';
import { codec } from '#proto/messages';

import type { UnaryRpc } from '#broker/grpc/services';

const request = codec('NotifyClientTerminationRequest');
const response = codec('NotifyClientTerminationResponse');

export const notifyClientTermination: UnaryRpc = {
  kind: 'unary',
  handle(bytes, call, { sessions }) {
    request.decode(bytes);
    sessions.terminate(call.clientId);
    return response.encode({ status: OK_STATUS });
  },
  failure: (status) => response.encode({ status }),
};
