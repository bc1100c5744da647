/** Heartbeat: a client says that it is there (wire.md A.4). */
import { OK_STATUS } from '#proto/codes';
import { codec } from '#proto/messages';

import type { UnaryRpc } from '#broker/grpc/services';

const request = codec('HeartbeatRequest');
const response = codec('HeartbeatResponse');

export const heartbeat: UnaryRpc = {
  kind: 'unary',
  handle(bytes, call, { sessions }) {
    request.decode(bytes); // its group and client type are in the settings already
    sessions.heartbeat(call.clientId);
    return response.encode({ status: OK_STATUS });
  },
  failure: (status) => response.encode({ status }),
};
