/** ChangeInvisibleDuration: decode the request, encode the response. wire.md A.1, A.9 */
import type { Status } from '#proto/codes';
import {
  CHANGE_INVISIBLE_DURATION_REQUEST as REQUEST,
  CHANGE_INVISIBLE_DURATION_RESPONSE as RESPONSE,
} from '#proto/wire/fields';
import { WireReader } from '#proto/wire/reader';
import { NO_RESOURCE, readResource } from '#proto/wire/resource';
import type { ResourceName } from '#proto/wire/resource';
import { STATUS_BYTES_EXPECTED, writeStatus } from '#proto/wire/status';
import { readDurationMs } from '#proto/wire/time';
import { WireWriter } from '#proto/wire/writer';

/** Nothing is checked yet but the format. What was not sent is '' or undefined. */
export interface ChangeInvisibleDurationView {
  group: ResourceName;
  topic: ResourceName;
  receiptHandle: string;
  invisibleDurationMs: number | undefined;
  messageId: string;
  liteTopic: string | undefined;
  suspend: boolean | undefined;
}

/** Throws BAD_REQUEST when the bytes are no such request. */
export function decodeChangeInvisibleDuration(request: Buffer): ChangeInvisibleDurationView {
  const reader = new WireReader(request);
  const view: ChangeInvisibleDurationView = {
    group: NO_RESOURCE,
    topic: NO_RESOURCE,
    receiptHandle: '',
    invisibleDurationMs: undefined,
    messageId: '',
    liteTopic: undefined,
    suspend: undefined,
  };
  while (reader.more) {
    const tag = reader.tag();
    if (tag === REQUEST.group) view.group = readResource(reader, view.group);
    else if (tag === REQUEST.topic) view.topic = readResource(reader, view.topic);
    else if (tag === REQUEST.receiptHandle) view.receiptHandle = reader.string();
    else if (tag === REQUEST.invisibleDuration) {
      view.invisibleDurationMs = readDurationMs(reader, view.invisibleDurationMs);
    } else if (tag === REQUEST.messageId) view.messageId = reader.string();
    else if (tag === REQUEST.liteTopic) view.liteTopic = reader.name();
    else if (tag === REQUEST.suspend) view.suspend = reader.bool();
    else reader.skip(tag);
  }
  return view;
}

/** `receiptHandle` is the new one; empty when the call was refused. */
export function encodeChangeInvisibleDurationResponse(
  status: Status,
  receiptHandle: string,
): Buffer {
  const writer = new WireWriter(2 * STATUS_BYTES_EXPECTED + receiptHandle.length);
  writer.plainString(RESPONSE.receiptHandle, receiptHandle);
  writeStatus(writer, RESPONSE.status, status);
  return writer.finish();
}
