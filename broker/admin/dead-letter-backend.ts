/** What the admin service needs of a broker's dead letters. */
import type { StoredMessage } from '#broker/admin/stored-message';

export interface DeadLetterAdmin {
  /** CONSUMER_GROUP_NOT_FOUND */
  list(request: DeadLetterListRequest): Promise<DeadLetterPage>;
  /** The newest with that message id. CONSUMER_GROUP_NOT_FOUND, MESSAGE_NOT_FOUND */
  get(group: string, messageId: string): Promise<DeadLetter>;
  /**
   * Sends dead letters to their topics again, oldest first, for their group alone; those that were
   * sent again before only when `again`. Resolves when they are stored. CONSUMER_GROUP_NOT_FOUND,
   * BROKER_READ_ONLY, any refusal of the log.
   */
  resend(request: DeadLetterResendRequest): Promise<ResentPage>;
}

/** All that is given must be so. */
export interface DeadLetterSelection {
  readonly key: string | undefined;
  readonly tag: string | undefined;
  /** Where they come from. */
  readonly topic: string | undefined;
  /** When they became dead letters. */
  readonly sinceMs: number | undefined;
  /** And before when. */
  readonly untilMs: number | undefined;
}

/** Where the next page goes on: up to `end`, so that what dies meanwhile is not among them. */
export interface DeadLetterCursor {
  readonly at: number;
  readonly end: number;
}

export interface DeadLetterListRequest {
  readonly group: string;
  readonly selection: DeadLetterSelection;
  readonly cursor: DeadLetterCursor | undefined;
  /** A page may have fewer, or none, and not be the last. */
  readonly limit: number;
  readonly oldestFirst: boolean;
  readonly withBodies: boolean;
}

export interface DeadLetterPage {
  readonly letters: readonly DeadLetter[];
  /** Undefined on the last page. */
  readonly next: DeadLetterCursor | undefined;
  /** Dead letters that are still to be looked at. */
  readonly left: number;
}

export type DeadLetterReason = 'attempts' | 'forwarded';

export interface DeadLetter {
  /** As it lies among the dead letters: stored when it became one. */
  readonly message: StoredMessage;
  readonly originTopic: string;
  readonly originMessageId: string;
  /** Deliveries before it became one; undefined when that was not written down. */
  readonly attempts: number | undefined;
  readonly reason: DeadLetterReason | undefined;
  /** The last time that it was sent again. */
  readonly resent: ResentPlace | undefined;
}

export interface ResentPlace {
  readonly topic: string;
  readonly queue: number;
  readonly offset: number;
}

export interface DeadLetterResendRequest {
  readonly group: string;
  /** Message ids, or all of a selection. */
  readonly which: readonly string[] | DeadLetterSelection;
  readonly cursor: DeadLetterCursor | undefined;
  readonly limit: number;
  readonly again: boolean;
}

export type ResendOutcome =
  'resent' | 'already-resent' | 'not-found' | 'topic-gone' | 'topic-read-only' | 'unreadable';

export interface ResendResult {
  readonly messageId: string;
  readonly topic: string;
  readonly outcome: ResendOutcome;
  /** Of the message that it was sent as, now or before. */
  readonly resent: ResentPlace | undefined;
}

export interface ResentPage {
  readonly results: readonly ResendResult[];
  readonly next: DeadLetterCursor | undefined;
  readonly left: number;
}
