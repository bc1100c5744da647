/** Timestamp and Duration of google.protobuf, which have the same fields, as milliseconds. */
import { SluiceError } from '#lib/errors';
import { TIMESTAMP as TIME } from '#proto/wire/fields';
import type { WireReader } from '#proto/wire/reader';
import type { WireWriter } from '#proto/wire/writer';

/** Both types are defined for 10,000 years; anything beyond is no time, and no safe integer. */
const SECONDS_MAX = 315_576_000_000;
const NANOS_MAX = 999_999_999;
const NANOS_PER_MS = 1_000_000;

type Round = (ms: number) => number;

/**
 * Rounded down to the millisecond, towards the past. `beforeMs` is what the field held so far:
 * parts of one message may come one by one.
 */
export function readTimestampMs(reader: WireReader, beforeMs: number | undefined): number {
  return readMs(reader, beforeMs, Math.floor);
}

/** Rounded to the millisecond towards zero. */
export function readDurationMs(reader: WireReader, beforeMs: number | undefined): number {
  return readMs(reader, beforeMs, Math.trunc);
}

function readMs(reader: WireReader, beforeMs: number | undefined, round: Round): number {
  let seconds = 0;
  let nanos = 0;
  if (beforeMs !== undefined) {
    seconds = round(beforeMs / 1000);
    nanos = (beforeMs - seconds * 1000) * NANOS_PER_MS;
  }
  const outer = reader.enter();
  while (reader.more) {
    const tag = reader.tag();
    if (tag === TIME.seconds) seconds = reader.int64();
    else if (tag === TIME.nanos) nanos = reader.int32();
    else reader.skip(tag);
  }
  reader.leave(outer);
  if (Math.abs(seconds) > SECONDS_MAX || Math.abs(nanos) > NANOS_MAX) {
    throw new SluiceError('BAD_REQUEST', `${seconds} s and ${nanos} ns is not a valid time`);
  }
  return seconds * 1000 + round(nanos / NANOS_PER_MS);
}

/** `ms` is an integer. */
export function writeTimestamp(writer: WireWriter, tag: number, ms: number): void {
  writeMs(writer, tag, ms, Math.floor(ms / 1000));
}

/** Of a duration both parts have the same sign. */
export function writeDuration(writer: WireWriter, tag: number, ms: number): void {
  writeMs(writer, tag, ms, Math.trunc(ms / 1000));
}

function writeMs(writer: WireWriter, tag: number, ms: number, seconds: number): void {
  const before = writer.written;
  writer.plainInteger(TIME.nanos, (ms - seconds * 1000) * NANOS_PER_MS);
  writer.plainInteger(TIME.seconds, seconds);
  writer.message(tag, before);
}
