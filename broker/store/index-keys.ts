/**
 * The keys of the index, all big-endian so that LevelDB's order is ours (docs/storage-format.md).
 */

const TABLE = {
  applied: 'a',
  timer: 'd',
  timerPlace: 'e',
  group: 'g',
  half: 'h',
  ended: 'i',
  key: 'k',
  member: 'b',
  queueEnd: 'n',
  doneAhead: 'o',
  progress: 'p',
  queue: 'q',
  topic: 't',
  trace: 'r',
} as const;

const U48 = 6;

function key(table: string, bytes: number): Buffer {
  const buffer = Buffer.alloc(1 + bytes);
  buffer.write(table, 0, 'latin1');
  return buffer;
}

const APPLIED_BYTES = 8;

/**
 * The mark of a batch: up to which log position it brings the index. Without one: to nothing yet.
 */
export function appliedKey(position: number | undefined): Buffer {
  if (position === undefined) return key(TABLE.applied, 0);
  const buffer = key(TABLE.applied, APPLIED_BYTES);
  buffer.writeBigUInt64BE(BigInt(position), 1);
  return buffer;
}

export function readAppliedKey(buffer: Buffer): number | undefined {
  return buffer.length === 1 ? undefined : Number(buffer.readBigUInt64BE(1));
}

/** Ids of topics and groups are the log positions at which they were first defined. */
export function topicKey(topicId: number): Buffer {
  const buffer = key(TABLE.topic, U48);
  buffer.writeUIntBE(topicId, 1, U48);
  return buffer;
}

export function groupKey(groupId: number): Buffer {
  const buffer = key(TABLE.group, U48);
  buffer.writeUIntBE(groupId, 1, U48);
  return buffer;
}

export function queueEndKey(topicId: number, queueId: number): Buffer {
  const buffer = key(TABLE.queueEnd, U48 + 2);
  buffer.writeUIntBE(topicId, 1, U48);
  buffer.writeUInt16BE(queueId, 7);
  return buffer;
}

export function readQueueEndKey(buffer: Buffer): { topicId: number; queueId: number } {
  return { topicId: buffer.readUIntBE(1, U48), queueId: buffer.readUInt16BE(7) };
}

const QUEUE_PREFIX_BYTES = 1 + U48 + 2;

/** What the keys of all runs of a queue begin with. */
export function queuePrefix(topicId: number, queueId: number): Buffer {
  return queueKey(topicId, queueId, 0).subarray(0, QUEUE_PREFIX_BYTES);
}

/** Where the run of entries of a queue that begins at `offset` is. */
export function queueKey(topicId: number, queueId: number, offset: number): Buffer {
  const buffer = key(TABLE.queue, U48 + 2 + U48);
  buffer.writeUIntBE(topicId, 1, U48);
  buffer.writeUInt16BE(queueId, 7);
  buffer.writeUIntBE(offset, QUEUE_PREFIX_BYTES, U48);
  return buffer;
}

export function readQueueKeyOffset(buffer: Buffer): number {
  return buffer.readUIntBE(QUEUE_PREFIX_BYTES, U48);
}

export function progressKey(groupId: number, topicId: number, queueId: number): Buffer {
  return placeKey(TABLE.progress, groupId, topicId, queueId);
}

export function doneAheadKey(groupId: number, topicId: number, queueId: number): Buffer {
  return placeKey(TABLE.doneAhead, groupId, topicId, queueId);
}

function placeKey(table: string, groupId: number, topicId: number, queueId: number): Buffer {
  const buffer = key(table, U48 + U48 + 2);
  buffer.writeUIntBE(groupId, 1, U48);
  buffer.writeUIntBE(topicId, 7, U48);
  buffer.writeUInt16BE(queueId, 13);
  return buffer;
}

export function memberKey(
  groupId: number,
  topicId: number,
  queueId: number,
  member: string,
): Buffer {
  const place = placeKey(TABLE.member, groupId, topicId, queueId);
  return Buffer.concat([place, Buffer.from(member)]);
}

/**
 * Some messages of a segment whose keys fall into one bucket, the first of them at `position`.
 * Segment first, so that a segment's keys go in one piece when the segment goes.
 */
export function messageKeysKey(segmentBase: number, bucket: number, position: number): Buffer {
  const buffer = key(TABLE.key, U48 + 1 + U48);
  buffer.writeUIntBE(segmentBase, 1, U48);
  buffer[7] = bucket;
  buffer.writeUIntBE(position, 8, U48);
  return buffer;
}

/** What the keys of all of a segment's entries of a bucket begin with. */
export function messageKeysPrefix(segmentBase: number, bucket: number): Buffer {
  return messageKeysKey(segmentBase, bucket, 0).subarray(0, 1 + U48 + 1);
}

/** The bounds of the message keys of all segments before `segmentBase`. */
export function messageKeysBefore(segmentBase: number): { gte: Buffer; lt: Buffer } {
  return { gte: tableRange('key').gte, lt: messageKeysPrefix(segmentBase, 0) };
}

/** What tells a scheduled message from all others, in the order in which they are due. */
export interface TimerKey {
  readonly dueMs: number;
  /** The log position at which it was first scheduled. */
  readonly id: number;
}

export function timerKey({ dueMs, id }: TimerKey): Buffer {
  const buffer = key(TABLE.timer, U48 + U48);
  buffer.writeUIntBE(dueMs, 1, U48);
  buffer.writeUIntBE(id, 7, U48);
  return buffer;
}

export function readTimerKey(buffer: Buffer): TimerKey {
  return { dueMs: buffer.readUIntBE(1, U48), id: buffer.readUIntBE(7, U48) };
}

/** By where its record is, so that those of a segment are found when that is to go. */
export function timerPlaceKey(position: number): Buffer {
  const buffer = key(TABLE.timerPlace, U48);
  buffer.writeUIntBE(position, 1, U48);
  return buffer;
}

export function readTimerPlaceKey(buffer: Buffer): number {
  return buffer.readUIntBE(1, U48);
}

/** A transaction that is open; its id is the log position of its first half record. */
export function halfKey(id: number): Buffer {
  const buffer = key(TABLE.half, U48);
  buffer.writeUIntBE(id, 1, U48);
  return buffer;
}

export function readHalfKey(buffer: Buffer): number {
  return buffer.readUIntBE(1, U48);
}

/** How a transaction ended. */
export function endedKey(outcome: number, id: number): Buffer {
  const buffer = key(TABLE.ended, 1 + U48);
  buffer[1] = outcome;
  buffer.writeUIntBE(id, 2, U48);
  return buffer;
}

export function readEndedKeyId(buffer: Buffer): number {
  return buffer.readUIntBE(2, U48);
}

const DELIVERIES = 0;
const COMMITS = 1;

/** What the keys of all that is known of a queue's messages begin with. */
export function tracePrefix(topicId: number, queueId: number): Buffer {
  return deliveriesKey(topicId, queueId, 0, 0).subarray(0, QUEUE_PREFIX_BYTES);
}

/** Records about messages of a queue whose offsets fall into one bucket, from `position` on. */
export function deliveriesKey(
  topicId: number,
  queueId: number,
  bucket: number,
  position: number,
): Buffer {
  return traceKey([topicId, queueId], DELIVERIES, [bucket, position]);
}

/** What the keys of all of a bucket's records begin with. */
export function deliveriesPrefix(topicId: number, queueId: number, bucket: number): Buffer {
  return deliveriesKey(topicId, queueId, bucket, 0).subarray(0, QUEUE_PREFIX_BYTES + 1 + U48);
}

export function readDeliveriesPosition(buffer: Buffer): number {
  return buffer.readUIntBE(QUEUE_PREFIX_BYTES + 1 + U48, U48);
}

/** Some offset commits of a group in a queue; the last of them is at `position`, and to `to`. */
export function commitsKey(
  topicId: number,
  queueId: number,
  groupId: number,
  to: number,
  position: number,
): Buffer {
  return traceKey([topicId, queueId], COMMITS, [groupId, to, position]);
}

export function readCommitsGroup(buffer: Buffer): number {
  return buffer.readUIntBE(QUEUE_PREFIX_BYTES + 1, U48);
}

function traceKey([topicId, queueId]: [number, number], kind: number, rest: number[]): Buffer {
  const buffer = key(TABLE.trace, U48 + 2 + 1 + rest.length * U48);
  buffer.writeUIntBE(topicId, 1, U48);
  buffer.writeUInt16BE(queueId, 7);
  buffer[QUEUE_PREFIX_BYTES] = kind;
  for (const [i, value] of rest.entries()) {
    buffer.writeUIntBE(value, QUEUE_PREFIX_BYTES + 1 + i * U48, U48);
  }
  return buffer;
}

/** The bounds of everything in one table whose key begins with `prefix`. */
export function range(prefix: Buffer): { gte: Buffer; lt: Buffer } {
  const lt = Buffer.from(prefix);
  for (let i = lt.length - 1; i >= 0; i--) {
    lt[i] = ((lt[i] as number) + 1) & 0xff;
    if (lt[i] !== 0) break;
  }
  return { gte: prefix, lt };
}

export function tableRange(table: keyof typeof TABLE): { gte: Buffer; lt: Buffer } {
  return range(Buffer.from(TABLE[table], 'latin1'));
}
