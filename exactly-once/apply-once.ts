/** The one function that a consumer calls for each message. */
import type { AppliedMessage, Database, Outcome } from './database.ts';

/** Of a group, a topic or an id: what the key of the table has room for in each database. */
const NAME_BYTES_MAX = 255;

/**
 * Does `work` unless it was done for this message before; then acknowledge the message.
 *
 * `work` writes through the transaction that it is given, and through nothing else, and lets all
 * errors out. When this rejects, nothing was applied, or it is not known whether it was (the
 * connection broke at the commit): do not acknowledge the message, it comes again.
 *
 * @throws RangeError when group, topic or id are empty or too long, before anything is done
 */
export async function applyOnce<Transaction>(
  database: Database<Transaction>,
  message: AppliedMessage,
  work: (transaction: Transaction) => unknown,
): Promise<Outcome> {
  assertName('group', message.group);
  assertName('topic', message.topic);
  assertName('messageId', message.messageId);
  return database.apply(message, Date.now(), work);
}

function assertName(what: string, value: string): void {
  const bytes = Buffer.byteLength(value);
  if (bytes === 0 || bytes > NAME_BYTES_MAX || value.includes('\0')) {
    throw new RangeError(
      `${what} must have 1 to ${NAME_BYTES_MAX} bytes and no NUL, this one has ${bytes} bytes`,
    );
  }
}
