/** Limits of transactional messages, as lib/limits.ts has the others. architecture.md §6 */
import { HOUR, MIB, SECOND } from '#lib/units';

export const TRANSACTION = {
  /** The first check, unless the message asks for another time; then one each time again. */
  firstCheckMs: 6 * SECOND,
  checkEveryMs: 30 * SECOND,
  /** Then it is rolled back. What no producer was there to get is no check... */
  checksMax: 15,
  /** ...but what is open for this long is rolled back too: the product keeps messages so long. */
  openMaxMs: 72 * HOUR,
  /** What a message may ask for before its first check. wire.md A.7 */
  recoveryMinMs: 1 * SECOND,
  recoveryMaxMs: 1 * HOUR,
  /** Of one broker, at some 200 bytes of memory each; more get TOO_MANY_REQUESTS. */
  openMax: 250_000,
  /** Open transactions that one turn looks at, and the pause behind it. */
  checksPerTurn: 200,
  checkPauseMs: 100,
  /** Entries of the index that are read at once. */
  entriesPerRead: 10_000,
  /** Appended again at once when retention comes to them. */
  carriedBytesPerTurn: 4 * MIB,
} as const;
