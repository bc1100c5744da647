/** What the database has of applied messages is cleaned now and then. */
import type { Database } from './database.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * Longer than a message can come again: it is kept for 3 days, up to 4 with the rest of its
 * segment; as a dead letter as long once more, and when that is sent again a third time.
 */
const KEPT_MS = 14 * DAY_MS;
const BATCH_ROWS = 1000;

export interface ForgetOptions {
  /** What was applied longer ago is forgotten; 14 days unless given. */
  readonly olderThanMs?: number;
  /** Rows that one statement deletes at most; 1,000 unless given. */
  readonly batchRows?: number;
  /** Ends it after the batch at hand. */
  readonly signal?: AbortSignal;
}

/** Deletes what was applied so long ago that it can't come again; returns how many rows it were. */
export async function forgetApplied(
  database: Pick<Database<unknown>, 'forget'>,
  options: ForgetOptions = {},
): Promise<number> {
  const { olderThanMs = KEPT_MS, batchRows = BATCH_ROWS, signal } = options;
  assertAtLeast('olderThanMs', olderThanMs, 0);
  assertAtLeast('batchRows', batchRows, 1);
  const beforeMs = Date.now() - olderThanMs;
  let deleted = 0;
  for (;;) {
    const rows = await database.forget(beforeMs, batchRows);
    deleted += rows;
    if (rows < batchRows || signal?.aborted) return deleted;
  }
}

function assertAtLeast(what: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new RangeError(`${what} must be a whole number from ${least} on, this is ${value}`);
}
