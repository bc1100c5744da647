/** Heartbeat: a client says that it is there (wire.md A.4). */
import { OK_STATUS } from '#proto/codes';
import { decodeHeartbeat, encodeHeartbeatResponse } from '#proto/wire/heartbeat';

import type { UnaryRpc } from '#broker/grpc/services';

export const heartbeat: UnaryRpc = {
  kind: 'unary',
  handle(bytes, call, { sessions }) {
    decodeHeartbeat(bytes); // its group and client type are in the settings already
    sessions.heartbeat(call.clientId);
    return encodeHeartbeatResponse(OK_STATUS);
  },
  failure: encodeHeartbeatResponse,
};
