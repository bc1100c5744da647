/** Dead letter calls of the admin service. */
import type {
  DeadLetter,
  DeadLetterAdmin,
  DeadLetterCursor,
  DeadLetterReason,
  DeadLetterSelection,
  ResendOutcome,
} from '#broker/admin/dead-letter-backend';
import type { AdminHandlers } from '#broker/admin/handlers';
import { messageToWire } from '#broker/admin/messages';
import { sizeOf } from '#broker/admin/page';
import { SluiceError } from '#lib/errors';
import { ADMIN } from '#lib/limits';
import {
  DeadLetterReason as WireReason,
  ResendOutcome as WireOutcome,
  type DeadLetterInput,
  type DeadLetterSelection as WireSelection,
} from '#proto/admin-types';

type DeadLetterMethod = 'ListDeadLetters' | 'GetDeadLetter' | 'ResendDeadLetters';

const WIRE_REASONS: Readonly<Record<DeadLetterReason, number>> = {
  attempts: WireReason.ATTEMPTS_USED_UP,
  forwarded: WireReason.FORWARDED,
};

const WIRE_OUTCOMES: Readonly<Record<ResendOutcome, number>> = {
  resent: WireOutcome.RESENT,
  'already-resent': WireOutcome.ALREADY_RESENT,
  'not-found': WireOutcome.NOT_FOUND,
  'topic-gone': WireOutcome.TOPIC_GONE,
  'topic-read-only': WireOutcome.TOPIC_READ_ONLY,
  unreadable: WireOutcome.UNREADABLE,
};

export function deadLetterHandlers(letters: DeadLetterAdmin): AdminHandlers<DeadLetterMethod> {
  return {
    async ListDeadLetters(request) {
      const { group, oldestFirst, withBodies } = request;
      const page = await letters.list({
        group,
        oldestFirst,
        withBodies,
        selection: selectionOf(request.selection),
        cursor: cursorOf(request.pageToken),
        limit: sizeOf(request),
      });
      return {
        letters: page.letters.map(toWire),
        nextPageToken: tokenOf(page.next),
        left: page.left,
      };
    },
    async GetDeadLetter({ group, messageId }) {
      return toWire(await letters.get(group, messageId));
    },
    async ResendDeadLetters(request) {
      const { group, again, messageIds } = request;
      const page = await letters.resend({
        group,
        again,
        which: messageIds.length > 0 ? idsOf(messageIds) : selectionOf(request.selection),
        cursor: cursorOf(request.pageToken),
        limit: sizeOf(request),
      });
      const results = page.results.map(({ outcome, ...result }) => ({
        ...result,
        outcome: WIRE_OUTCOMES[outcome],
      }));
      return { results, nextPageToken: tokenOf(page.next), left: page.left };
    },
  };
}

function selectionOf(selection: Partial<WireSelection> | null): DeadLetterSelection {
  const { key, tag, topic, sinceMs, untilMs } = selection ?? {};
  return { key, tag, topic, sinceMs, untilMs };
}

function idsOf(messageIds: readonly string[]): readonly string[] {
  if (messageIds.length <= ADMIN.pageMax) return [...new Set(messageIds)];
  throw new SluiceError(
    'BAD_REQUEST',
    `a call resends at most ${ADMIN.pageMax} messages by id; these are ${messageIds.length}`,
  );
}

function toWire({ message, reason, ...letter }: DeadLetter): DeadLetterInput {
  const wire = reason === undefined ? WireReason.REASON_UNKNOWN : WIRE_REASONS[reason];
  return { ...letter, message: messageToWire(message), reason: wire };
}

function tokenOf(cursor: DeadLetterCursor | undefined): string {
  return cursor ? `${cursor.at}-${cursor.end}` : '';
}

function cursorOf(token: string): DeadLetterCursor | undefined {
  if (token === '') return undefined;
  const [, at, end] = /^(\d{1,15})-(\d{1,15})$/.exec(token) ?? [];
  if (at !== undefined) return { at: Number(at), end: Number(end) };
  throw new SluiceError('BAD_REQUEST', 'that page token is not one of this call');
}
