/**
 * Which segments may go: the oldest, by age or because the disk is fuller than its watermark, up to
 * one that begins with a complete copy of the small state. Never the one that is being written.
 */
import type { Segment } from '#broker/store/segments';

export interface RetentionPolicy {
  nowMs: number;
  retentionMs: number;
  /** Take one more than age asks for: the disk is above its watermark. */
  underPressure: boolean;
  /** Everything before this position is in the index. */
  applied: number;
}

/** The first segment that stays; undefined when nothing is to go. */
export function firstKept(
  segments: readonly Segment[],
  policy: RetentionPolicy,
): Segment | undefined {
  let kept: Segment | undefined;
  for (let i = 1; i < segments.length; i++) {
    const segment = segments[i] as Segment;
    if (segment.base > policy.applied) break;
    if (segment.firstTimestampMs === undefined) continue; // its head is damaged
    const ageMs = policy.nowMs - segment.firstTimestampMs;
    const expired = ageMs > policy.retentionMs; // all before it was written before its first record
    const early = policy.underPressure && kept === undefined;
    if (!expired && !early) break;
    if (segment.carries) kept = segment;
  }
  return kept;
}

/**
 * Whether the segment being written is so old that keeping it open would delay its deletion too
 * long.
 */
export function shouldRoll(last: Segment, nowMs: number, retentionMs: number): boolean {
  const sharesOfRetention = 3; // so that a message outlives its retention by a third at most
  const ageMs = nowMs - (last.firstTimestampMs ?? nowMs);
  return ageMs > retentionMs / sharesOfRetention;
}
