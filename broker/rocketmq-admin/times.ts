/** Points in time and durations as the protocol writes them. */
import type { DurationInput, Timestamp, TimestampInput } from '#proto/types';

const SECOND_MS = 1000;
const MS_NANOS = 1e6;

export function timestampOf(ms: number): TimestampInput {
  return { seconds: Math.floor(ms / SECOND_MS), nanos: (ms % SECOND_MS) * MS_NANOS };
}

export function durationOf(ms: number): DurationInput {
  return timestampOf(Math.max(0, ms));
}

/** Undefined for an absent one. */
export function msOf(timestamp: Timestamp | null | undefined): number | undefined {
  if (!timestamp) return undefined;
  return timestamp.seconds * SECOND_MS + Math.floor(timestamp.nanos / MS_NANOS);
}
