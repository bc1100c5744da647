/** Limits of scheduled messages beside those of the product, which are in lib/limits.ts. */
import { MIB } from '#lib/units';

/** Scheduled messages. architecture.md P4: never early, 1 s late at most. */
export const SCHEDULE = {
  /** The next of them are in memory, others in the index alone: so many, cut back to so many. */
  nearMax: 32_768,
  nearKept: 16_384,
  /** With fewer left, the next ones are read: 10,000 a second may be due. */
  nearRefillBelow: 8192,
  /** Read from the index in one go. */
  pageTimers: 4096,
  /** Delivered in one go, before other work has its turn. */
  turnTimersMax: 512,
  turnBytesMax: 4 * MIB,
  /** Somebody may set the machine's clock: it is looked at this often while any is pending. */
  clockCheckMs: 500,
  /** After the store took none, the wait before the next try. */
  retryMs: 200,
  /** Appended again in one go, before the segment they are in is deleted. */
  carryTimers: 128,
} as const;
