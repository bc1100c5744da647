/**
 * AckMessage: decode the request, encode the response. wire.md A.1, A.9
 *
 *   AckMessageRequest   group 1, topic 2,
 *                       entries* 3 { message_id 1, receipt_handle 2, lite_topic? 3 }
 *   AckMessageResponse  status 1, entries* 2 { message_id 1, receipt_handle 2, status 3 }
 */
import { SluiceError } from '#lib/errors';
import { CONSUME } from '#lib/limits';
import type { Status } from '#proto/codes';
import { WireReader } from '#proto/wire/reader';
import { NO_RESOURCE, readResource } from '#proto/wire/resource';
import type { ResourceName } from '#proto/wire/resource';
import { statusBytes, writeStatus } from '#proto/wire/status';
import { WireWriter, delimitedBytes, plainStringBytes } from '#proto/wire/writer';

export interface AckEntryView {
  messageId: string;
  receiptHandle: string;
  liteTopic: string | undefined;
}

/** Nothing is checked yet but the format. What was not sent is ''. */
export interface AckMessageView {
  group: ResourceName;
  topic: ResourceName;
  entries: AckEntryView[];
}

export interface AckResult extends Status {
  readonly messageId: string;
  readonly receiptHandle: string;
}

/** Throws BAD_REQUEST when the bytes are no such request, or have too many entries. */
export function decodeAckMessage(request: Buffer): AckMessageView {
  const reader = new WireReader(request);
  const view: AckMessageView = { group: NO_RESOURCE, topic: NO_RESOURCE, entries: [] };
  while (reader.more) {
    const tag = reader.tag();
    if (tag === 0x0a) view.group = readResource(reader);
    else if (tag === 0x12) view.topic = readResource(reader);
    else if (tag === 0x1a) readEntry(reader, view.entries);
    else reader.skip(tag);
  }
  return view;
}

function readEntry(reader: WireReader, entries: AckEntryView[]): void {
  if (entries.length === CONSUME.ackEntriesMax) {
    throw new SluiceError('BAD_REQUEST', `more than ${CONSUME.ackEntriesMax} entries in one call`);
  }
  const entry: AckEntryView = { messageId: '', receiptHandle: '', liteTopic: undefined };
  const outer = reader.enter();
  while (reader.more) {
    const tag = reader.tag();
    if (tag === 0x0a) entry.messageId = reader.string();
    else if (tag === 0x12) entry.receiptHandle = reader.string();
    else if (tag === 0x1a) entry.liteTopic = reader.name();
    else reader.skip(tag);
  }
  reader.leave(outer);
  entries.push(entry);
}

/** `results` are as many as the request had entries, in their order; none when all was refused. */
export function encodeAckMessageResponse(status: Status, results: readonly AckResult[]): Buffer {
  const ofStatus = statusBytes(status);
  let bytes = delimitedBytes(1, ofStatus);
  for (const result of results) bytes += delimitedBytes(2, resultBytes(result));
  const writer = new WireWriter(bytes);
  writer.delimited(1, ofStatus);
  writeStatus(writer, status);
  for (const result of results) {
    writer.delimited(2, resultBytes(result));
    writer.plainString(1, result.messageId);
    writer.plainString(2, result.receiptHandle);
    writer.delimited(3, statusBytes(result));
    writeStatus(writer, result);
  }
  return writer.finish();
}

function resultBytes(result: AckResult): number {
  return (
    plainStringBytes(1, result.messageId) +
    plainStringBytes(2, result.receiptHandle) +
    delimitedBytes(3, statusBytes(result))
  );
}
