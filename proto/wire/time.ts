/** Timestamp and Duration { seconds 1, nanos 2 } of google.protobuf, as milliseconds. */
import { SluiceError } from '#lib/errors';
import type { WireReader } from '#proto/wire/reader';
import { plainIntegerBytes } from '#proto/wire/writer';
import type { WireWriter } from '#proto/wire/writer';

/** Both types are defined for 10,000 years; anything beyond is no time, and no safe integer. */
const SECONDS_MAX = 315_576_000_000;
const NANOS_MAX = 999_999_999;
const NANOS_PER_MS = 1_000_000;

/** Rounded down to the millisecond, towards the past. */
export function readTimestampMs(reader: WireReader): number {
  return readMs(reader, Math.floor);
}

/** Rounded to the millisecond towards zero. */
export function readDurationMs(reader: WireReader): number {
  return readMs(reader, Math.trunc);
}

function readMs(reader: WireReader, round: (ms: number) => number): number {
  let seconds = 0;
  let nanos = 0;
  const outer = reader.enter();
  while (reader.more) {
    const tag = reader.tag();
    if (tag === 0x08) seconds = reader.int64();
    else if (tag === 0x10) nanos = reader.int32();
    else reader.skip(tag);
  }
  reader.leave(outer);
  if (Math.abs(seconds) > SECONDS_MAX || Math.abs(nanos) > NANOS_MAX) {
    throw new SluiceError('BAD_REQUEST', `${seconds} s and ${nanos} ns is not a valid time`);
  }
  return seconds * 1000 + round(nanos / NANOS_PER_MS);
}

/** Bytes of the content. `ms` is an integer. */
export function timestampBytes(ms: number): number {
  const seconds = Math.floor(ms / 1000);
  return plainIntegerBytes(1, seconds) + plainIntegerBytes(2, (ms - seconds * 1000) * NANOS_PER_MS);
}

/** The content; tag and length are the caller's. */
export function writeTimestamp(writer: WireWriter, ms: number): void {
  const seconds = Math.floor(ms / 1000);
  writer.plainInteger(1, seconds);
  writer.plainInteger(2, (ms - seconds * 1000) * NANOS_PER_MS);
}

/** Of a duration both parts have the same sign. */
export function durationBytes(ms: number): number {
  const seconds = Math.trunc(ms / 1000);
  return plainIntegerBytes(1, seconds) + plainIntegerBytes(2, (ms - seconds * 1000) * NANOS_PER_MS);
}

export function writeDuration(writer: WireWriter, ms: number): void {
  const seconds = Math.trunc(ms / 1000);
  writer.plainInteger(1, seconds);
  writer.plainInteger(2, (ms - seconds * 1000) * NANOS_PER_MS);
}
