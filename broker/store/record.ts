/**
 * One record of the commit log: a head of 28 bytes and a payload (docs/storage-format.md).
 *
 *   0 length u32 (head + payload) · 4 crc32 u32 · 8 type u8 · 9 version u8 · 10 reserved u16
 *   12 epoch u32 · 16 timestamp u64 (ms) · 24 batch offset u32 · 28 payload
 *
 * The checksum covers everything behind it and is seeded with the record's position, so that intact
 * bytes in the wrong place are as wrong as damaged ones. The batch offset is the distance to the
 * start of the group commit that wrote the record: recovery tells by it a torn tail, which nobody
 * was promised, from damage to something that was.
 */
import { crc32 } from 'node:zlib';

import { writeU32LE } from '#lib/integers';
import { STORE } from '#lib/limits';

export const HEAD_BYTES = 28;
const FORMAT_VERSION = 1;
const CHECKED_FROM = 8;
const TWO_32 = 2 ** 32;

export const RECORD_TYPE = {
  /** A message in the RocketMQ layout, wire.md B.4. */
  message: 1,
  topic: 2,
  topicDeleted: 3,
  group: 4,
  groupDeleted: 5,
  /** The whole consuming state of a group in a queue. */
  progress: 6,
  lease: 7,
  ack: 8,
  /** Around the copy of all small state with which every segment begins. */
  carryBegin: 9,
  carryEnd: 10,
  /** A message that waits for its time. */
  scheduled: 11,
  /** It was taken back before its time. */
  scheduledCancelled: 12,
  /** A message of a transaction that is open: nobody may see it yet. */
  half: 13,
  /** A transaction ended without its message. */
  halfOutcome: 14,
  /** Producers were asked how their transactions ended. */
  halfChecked: 15,
  /** Where a member of a broadcast group is in a queue. */
  memberPosition: 16,
  /** Beside a progress of an ordered group: what is done above its next offset. */
  doneAhead: 17,
  /** Who is named by its position in the records behind it. */
  member: 18,
  /** A group was set to another offset of a queue by hand. */
  reset: 19,
  /** A group begins anew in a topic. */
  progressForgotten: 20,
} as const;

export type RecordType = (typeof RECORD_TYPE)[keyof typeof RECORD_TYPE];
const KNOWN_TYPES: ReadonlySet<number> = new Set(Object.values(RECORD_TYPE));

/** A payload that knows its size and writes itself into the log, once. */
export interface Payload {
  readonly bytes: number;
  write(target: Buffer, at: number, position: number, timestampMs: number): void;
}

export interface RecordHead {
  length: number;
  type: RecordType;
  epoch: number;
  timestampMs: number;
  batchOffset: number;
}

export interface LogRecord {
  position: number;
  type: RecordType;
  timestampMs: number;
  payload: Buffer;
  /** Where the next record begins. */
  end: number;
}

function seed(position: number): number {
  return ((position % TWO_32) ^ Math.floor(position / TWO_32)) >>> 0;
}

/** Writes a whole record at `at`. The caller has made room for `HEAD_BYTES + payload.bytes`. */
export function writeRecord(
  target: Buffer,
  at: number,
  position: number,
  head: Omit<RecordHead, 'length'>,
  payload: Payload,
): void {
  const length = HEAD_BYTES + payload.bytes;
  if (length > STORE.recordBytesMax) throw new RangeError(`record of ${length} bytes`);
  writeU32LE(target, length, at);
  target[at + 8] = head.type;
  target[at + 9] = FORMAT_VERSION;
  target[at + 10] = 0;
  target[at + 11] = 0;
  writeU32LE(target, head.epoch, at + 12);
  writeU32LE(target, head.timestampMs, at + 16);
  writeU32LE(target, Math.floor(head.timestampMs / TWO_32), at + 20);
  writeU32LE(target, head.batchOffset, at + 24);
  payload.write(target, at + HEAD_BYTES, position, head.timestampMs);
  const checked = target.subarray(at + CHECKED_FROM, at + length);
  writeU32LE(target, crc32(checked, seed(position)), at + 4);
}

/** The head at `at` if it is plausible (not yet proven intact), else undefined. */
export function peekHead(source: Buffer, at: number): RecordHead | undefined {
  if (at + HEAD_BYTES > source.length) return undefined;
  const length = source.readUInt32LE(at);
  const type = source[at + 8] as number;
  if (length < HEAD_BYTES || length > STORE.recordBytesMax) return undefined;
  if (!KNOWN_TYPES.has(type) || source[at + 9] !== FORMAT_VERSION) return undefined;
  return {
    length,
    type: type as RecordType,
    epoch: source.readUInt32LE(at + 12),
    timestampMs: source.readUInt32LE(at + 16) + source.readUInt32LE(at + 20) * TWO_32,
    batchOffset: source.readUInt32LE(at + 24),
  };
}

/** Whether the record at `at`, `length` bytes long, is the one that was written at `position`. */
export function isIntact(source: Buffer, at: number, length: number, position: number): boolean {
  if (at + length > source.length || length < HEAD_BYTES) return false;
  if (source.readUInt32LE(at) !== length) return false;
  const checked = source.subarray(at + CHECKED_FROM, at + length);
  return crc32(checked, seed(position)) === source.readUInt32LE(at + 4);
}

/** A payload that is already bytes. */
export function bytesPayload(bytes: Buffer): Payload {
  return {
    bytes: bytes.length,
    write: (target, at) => void bytes.copy(target, at),
  };
}

/** Of records whose type says everything. */
export const NO_PAYLOAD = bytesPayload(Buffer.alloc(0));
