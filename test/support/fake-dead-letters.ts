import type {
  DeadLetter,
  DeadLetterAdmin,
  DeadLetterListRequest,
  DeadLetterPage,
  DeadLetterResendRequest,
  ResendOutcome,
  ResentPage,
} from '#broker/admin/dead-letter-backend';
import { SluiceError } from '#lib/errors';

/** Dead letters of one group, whatever it is called; ignores selections, but notes them. */
export class FakeDeadLetters implements DeadLetterAdmin {
  /** The newest last. */
  readonly letters: DeadLetter[] = [];
  readonly lists: DeadLetterListRequest[] = [];
  readonly resends: DeadLetterResendRequest[] = [];
  readonly outcomes = new Map<string, ResendOutcome>();
  /** Looked at by one call, though more were asked for. */
  pageMax = 2;

  list(request: DeadLetterListRequest): Promise<DeadLetterPage> {
    this.lists.push(request);
    const { letters, next, left } = this.#page(request.cursor?.at ?? 0, request.limit);
    return Promise.resolve({ letters, next, left });
  }

  #page(at: number, limit: number) {
    const end = this.letters.length;
    const letters = this.letters.slice(at, at + Math.min(limit, this.pageMax));
    const left = end - at - letters.length;
    const next = left > 0 ? { at: at + letters.length, end } : undefined;
    return { letters, next, left };
  }

  async get(group: string, messageId: string): Promise<DeadLetter> {
    const found = this.letters.find(({ message }) => message.messageId === messageId);
    if (found) return found;
    throw new SluiceError('MESSAGE_NOT_FOUND', `${group} has no dead letter ${messageId}`);
  }

  resend(request: DeadLetterResendRequest): Promise<ResentPage> {
    this.resends.push(request);
    const { which, cursor, limit } = request;
    const { letters, next, left } = Array.isArray(which)
      ? { letters: this.letters, next: undefined, left: 0 }
      : this.#page(cursor?.at ?? 0, limit);
    const results = letters.map(({ message: { messageId, offset }, originTopic: topic }) => {
      const outcome = this.outcomes.get(messageId) ?? 'resent';
      const isThere = outcome === 'resent' || outcome === 'already-resent';
      const resent = isThere ? { topic, queue: 1, offset: 100 + offset } : undefined;
      return { messageId, topic, outcome, resent };
    });
    return Promise.resolve({ results, next, left });
  }
}
