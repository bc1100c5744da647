/**
 * What clients themselves say of a message: messages in the trace topic, found by its id, which is
 * among their keys. A body is records, each ended by 02, of fields with 01 between (wire.md B.13):
 *
 *   Pub time region group topic id tags keys store-host body-length cost type offset-id success
 *     [client-host]
 *   SubBefore time region group request id retries keys [client-host]
 *   SubAfter request id cost success keys code [time group …]
 */
import { unzipSync } from 'node:zlib';

import { MESSAGE, TRACE } from '#lib/limits';
import type { StoredMessage } from '#proto/message';
import { TRACE_TOPIC } from '#proto/names';

import type { ClientTraceEvent } from '#broker/admin/message-trace';
import type { Core } from '#broker/core';
import { candidatesFor } from '#broker/core-admin/stored-message';

const AFTER_RECORD = '\u0002';
const BETWEEN_FIELDS = '\u0001';

/** In order of time; those without one last. */
export async function clientTrace(core: Core, messageId: string): Promise<ClientTraceEvent[]> {
  const topic = core.topics.find(TRACE_TOPIC);
  if (!topic) return [];
  const records: string[][] = [];
  const limit = TRACE.clientMessagesMax;
  for await (const message of candidatesFor(core, topic, messageId, { limit })) {
    records.push(...recordsIn(message));
  }
  return eventsIn(records, messageId).slice(0, TRACE.clientEventsMax);
}

function recordsIn(message: StoredMessage): string[][] {
  const records = bodyOf(message).split(AFTER_RECORD, TRACE.clientRecordsMax);
  return records.map((record) => record.split(BETWEEN_FIELDS, TRACE.clientFieldsMax));
}

/** Empty for what can't be unpacked: a client wrote it, and it is nobody's fault but its own. */
function bodyOf({ body, compressed }: StoredMessage): string {
  if (!compressed) return body.toString();
  try {
    return unzipSync(body, { maxOutputLength: MESSAGE.bodyBytesMax }).toString();
  } catch {
    return '';
  }
}

function eventsIn(records: readonly string[][], messageId: string): ClientTraceEvent[] {
  const events: ClientTraceEvent[] = [];
  /** Where a client began, by its request id. */
  const begun = new Map<string, ClientTraceEvent>();
  for (const [kind, ...fields] of records) {
    if (kind === 'Pub' && fields[4] === messageId) events.push(sent(fields));
    if (kind !== 'SubBefore' || fields[4] !== messageId) continue;
    const event = begin(fields);
    begun.set(fields[3] ?? '', event);
    events.push(event);
  }
  for (const [kind, ...fields] of records) {
    if (kind !== 'SubAfter' || fields[1] !== messageId) continue;
    events.push(end(fields, begun.get(fields[0] ?? '')));
  }
  return events.sort((one, other) => (one.atMs ?? Infinity) - (other.atMs ?? Infinity) || 0);
}

function sent(fields: readonly string[]): ClientTraceEvent {
  const [time, , group = '', , , , , , , cost, , , success, address = ''] = fields;
  const succeeded = success === 'true';
  return { kind: 'sent', atMs: count(time), group, tookMs: count(cost), succeeded, address };
}

function begin(fields: readonly string[]): ClientTraceEvent {
  const [time, , group = '', , , , , address = ''] = fields;
  const open = { tookMs: undefined, succeeded: undefined };
  return { kind: 'began', atMs: count(time), group, ...open, address };
}

/** Some clients say neither when nor in which group: that is where they began. */
function end(fields: readonly string[], begun: ClientTraceEvent | undefined): ClientTraceEvent {
  const [, , cost, success, , , time, group] = fields;
  const tookMs = count(cost);
  const beganMs = begun?.atMs;
  const endedMs = beganMs === undefined ? undefined : beganMs + (tookMs ?? 0);
  return {
    kind: 'ended',
    atMs: count(time) ?? endedMs,
    group: group || (begun?.group ?? ''),
    tookMs,
    succeeded: success === 'true',
    address: begun?.address ?? '',
  };
}

function count(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
