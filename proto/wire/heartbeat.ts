/** Heartbeat: decode the request, encode the response. wire.md A.1, A.4 */
import type { Status } from '#proto/codes';
import { HEARTBEAT_REQUEST, HEARTBEAT_RESPONSE } from '#proto/wire/fields';
import { WireReader } from '#proto/wire/reader';
import { NO_RESOURCE, readResource } from '#proto/wire/resource';
import type { ResourceName } from '#proto/wire/resource';
import { encodeStatusField } from '#proto/wire/status';

/** Nothing is checked yet but the format. */
export interface HeartbeatView {
  /** Of a consumer. */
  group: ResourceName | undefined;
  /** ClientType of apache.rocketmq.v2. */
  clientType: number;
}

/** Throws BAD_REQUEST when the bytes are no such request. */
export function decodeHeartbeat(request: Buffer): HeartbeatView {
  const reader = new WireReader(request);
  const view: HeartbeatView = { group: undefined, clientType: 0 };
  while (reader.more) {
    const tag = reader.tag();
    if (tag === HEARTBEAT_REQUEST.group) {
      view.group = readResource(reader, view.group ?? NO_RESOURCE);
    } else if (tag === HEARTBEAT_REQUEST.clientType) view.clientType = reader.int32();
    else reader.skip(tag);
  }
  return view;
}

export function encodeHeartbeatResponse(status: Status): Buffer {
  return encodeStatusField(HEARTBEAT_RESPONSE.status, status);
}
