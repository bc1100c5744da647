/** AckMessage: decode the request, encode the response. wire.md A.1, A.9 */
import { SluiceError } from '#lib/errors';
import { CONSUME } from '#lib/limits';
import type { Status } from '#proto/codes';
import { NO_TEXT } from '#proto/text';
import type { Text } from '#proto/text';
import {
  ACK_MESSAGE_ENTRY as ENTRY,
  ACK_MESSAGE_REQUEST as REQUEST,
  ACK_MESSAGE_RESPONSE as RESPONSE,
  ACK_MESSAGE_RESULT_ENTRY as RESULT,
} from '#proto/wire/fields';
import { WireReader } from '#proto/wire/reader';
import { NO_RESOURCE, readResource } from '#proto/wire/resource';
import type { ResourceName } from '#proto/wire/resource';
import { STATUS_BYTES_EXPECTED, writeStatus } from '#proto/wire/status';
import { WireWriter } from '#proto/wire/writer';

/** Its texts are no copies: they live in the request's buffer. */
export interface AckEntryView {
  messageId: Text;
  receiptHandle: Text;
  liteTopic: Text | undefined;
}

/** Nothing is checked yet but the format. What was not sent is ''. */
export interface AckMessageView {
  group: ResourceName;
  topic: ResourceName;
  entries: AckEntryView[];
}

export interface AckResult extends Status {
  readonly messageId: Text;
  readonly receiptHandle: Text;
}

/** Of a result: its id, its handle, its status. */
const ENTRY_BYTES_EXPECTED = 128;

/** Throws BAD_REQUEST when the bytes are no such request, or have too many entries. */
export function decodeAckMessage(request: Buffer): AckMessageView {
  const reader = new WireReader(request);
  const view: AckMessageView = { group: NO_RESOURCE, topic: NO_RESOURCE, entries: [] };
  while (reader.more) {
    const tag = reader.tag();
    if (tag === REQUEST.group) view.group = readResource(reader, view.group);
    else if (tag === REQUEST.topic) view.topic = readResource(reader, view.topic);
    else if (tag === REQUEST.entries) readEntry(reader, view.entries);
    else reader.skip(tag);
  }
  return view;
}

function readEntry(reader: WireReader, entries: AckEntryView[]): void {
  if (entries.length === CONSUME.ackEntriesMax) {
    throw new SluiceError('BAD_REQUEST', `more than ${CONSUME.ackEntriesMax} entries in one call`);
  }
  const entry: AckEntryView = { messageId: NO_TEXT, receiptHandle: NO_TEXT, liteTopic: undefined };
  const outer = reader.enter();
  while (reader.more) {
    const tag = reader.tag();
    if (tag === ENTRY.messageId) entry.messageId = reader.text();
    else if (tag === ENTRY.receiptHandle) entry.receiptHandle = reader.text();
    else if (tag === ENTRY.liteTopic) entry.liteTopic = reader.text();
    else reader.skip(tag);
  }
  reader.leave(outer);
  entries.push(entry);
}

/** `results` are as many as the request had entries, in their order; none when all was refused. */
export function encodeAckMessageResponse(status: Status, results: readonly AckResult[]): Buffer {
  const bytesExpected = STATUS_BYTES_EXPECTED + results.length * ENTRY_BYTES_EXPECTED;
  const writer = new WireWriter(bytesExpected);
  for (let i = results.length - 1; i >= 0; i--) {
    const result = results[i] as AckResult;
    const before = writer.written;
    writeStatus(writer, RESULT.status, result);
    writer.plainText(RESULT.receiptHandle, result.receiptHandle);
    writer.plainText(RESULT.messageId, result.messageId);
    writer.message(RESPONSE.entries, before);
  }
  writeStatus(writer, RESPONSE.status, status);
  return writer.finish();
}
