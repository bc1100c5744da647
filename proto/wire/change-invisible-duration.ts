/**
 * ChangeInvisibleDuration: decode the request, encode the response. wire.md A.1, A.9
 *
 *   ChangeInvisibleDurationRequest   group 1, topic 2, receipt_handle 3, invisible_duration 4,
 *                                    message_id 5, lite_topic? 6, suspend? 7
 *   ChangeInvisibleDurationResponse  status 1, receipt_handle 2
 */
import type { Status } from '#proto/codes';
import { WireReader } from '#proto/wire/reader';
import { NO_RESOURCE, readResource } from '#proto/wire/resource';
import type { ResourceName } from '#proto/wire/resource';
import { statusBytes, writeStatus } from '#proto/wire/status';
import { readDurationMs } from '#proto/wire/time';
import { WireWriter, delimitedBytes, plainStringBytes } from '#proto/wire/writer';

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
    if (tag === 0x0a) view.group = readResource(reader);
    else if (tag === 0x12) view.topic = readResource(reader);
    else if (tag === 0x1a) view.receiptHandle = reader.string();
    else if (tag === 0x22) view.invisibleDurationMs = readDurationMs(reader);
    else if (tag === 0x2a) view.messageId = reader.string();
    else if (tag === 0x32) view.liteTopic = reader.name();
    else if (tag === 0x38) view.suspend = reader.bool();
    else reader.skip(tag);
  }
  return view;
}

/** `receiptHandle` is the new one; empty when the call was refused. */
export function encodeChangeInvisibleDurationResponse(
  status: Status,
  receiptHandle: string,
): Buffer {
  const ofStatus = statusBytes(status);
  const writer = new WireWriter(delimitedBytes(1, ofStatus) + plainStringBytes(2, receiptHandle));
  writer.delimited(1, ofStatus);
  writeStatus(writer, status);
  writer.plainString(2, receiptHandle);
  return writer.finish();
}
