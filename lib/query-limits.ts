/** Limits of what is looked up: messages, and what clients say of themselves. */
import { KIB, MIB, SECOND } from '#lib/units';

/** What one page of a query for messages may cost; then the rest is for the next page. */
export const QUERY = {
  /** Messages of a page, unless it is asked for more, up to `ADMIN.pageMax`. */
  pageDefault: 32,
  /** Messages read, whether they are in the answer or not. */
  readsMax: 2000,
  readBytesMax: 4 * MIB,
  /** Messages that may have a key, by its hash: more than are wanted only after a collision. */
  candidatesMax: 16,
  /** Segments of the log whose keys are looked through. */
  segmentsMax: 256,
  pageMs: 1 * SECOND,
  /** Bodies of one `message list`, which has them in memory. */
  listedBytesMax: 256 * MIB,
} as const;

/** An answer that does not come in pages. */
export const WHOLE_ANSWER = {
  entriesMax: 10_000,
  /** Queues that are looked at before other work has its turn. */
  queuesPerTurn: 256,
} as const;

/** What is kept of a client's settings to be shown; what is beyond is served, but not shown. */
export const SHOWN = {
  subscriptionsMax: 128,
  /** Topics and filters of them. */
  subscriptionBytesMax: 8 * KIB,
  hostnameBytesMax: 255,
} as const;

/** Questions to clients on their Telemetry streams. wire.md A.5 */
export const QUESTION = {
  /** Those that wait for their answers, of all clients and of one. */
  openMax: 64,
  openPerClientMax: 4,
  /** As long as a client is waited for. */
  waitMs: 8 * SECOND,
  /** Of what a client says about how it went. */
  messageCharsMax: 4096,
} as const;
