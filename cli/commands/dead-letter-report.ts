/** Dead letters as the command line prints them. */
import { messageData, messageText } from '#cli/commands/message-data';
import { timeText, type Report } from '#cli/output';
import { facts, table } from '#cli/table';
import {
  DeadLetterReason,
  type DeadLetter,
  type Message,
  type ResentPlace,
} from '#proto/admin-types';

export interface Listed {
  readonly letters: readonly DeadLetter[];
  /** Empty when there are no more. */
  readonly cursor: string;
}

const REASONS: Readonly<Record<number, string>> = {
  [DeadLetterReason.ATTEMPTS_USED_UP]: 'attempts used up',
  [DeadLetterReason.FORWARDED]: 'given up by its consumer',
};

function messageOf({ message }: DeadLetter): Message {
  if (message === null) throw new TypeError('the answer has no message');
  return message;
}

/** With all that is known, and its body. */
export function letterData(letter: DeadLetter): object {
  const message = messageOf(letter);
  return { ...factsOf(letter), failedMs: message.storedMs, ...messageData(message) };
}

function factsOf({ originTopic, originMessageId, attempts, reason, resent }: DeadLetter): object {
  return { originTopic, originMessageId, attempts, reason: REASONS[reason], resent };
}

export function placeText(resent: ResentPlace | null): string | undefined {
  return resent === null ? undefined : `${resent.topic} ${resent.queue}, ${resent.offset}`;
}

export function letterText(letter: DeadLetter): string {
  const message = messageOf(letter);
  const head = facts([
    ['Origin topic', letter.originTopic],
    ['Origin id', letter.originMessageId],
    ['Attempts', letter.attempts],
    ['Reason', REASONS[letter.reason]],
    ['Failed', timeText(message.storedMs)],
    ['Sent again as', placeText(letter.resent)],
  ]);
  return `${head}\n${messageText(message)}`;
}

export function listReport(group: string, { letters, cursor }: Listed): Report {
  const text = (): string => {
    if (letters.length === 0) return `no such dead letters of ${group}\n`;
    const rows = letters.map((letter) => {
      const { messageId, storedMs, tag, keys } = messageOf(letter);
      const { originTopic, originMessageId, attempts, reason, resent } = letter;
      const times = [attempts, timeText(storedMs)];
      const what = [tag, keys.join(' '), REASONS[reason], resent === null ? 'no' : 'yes'];
      return [messageId, originTopic, originMessageId, ...times, ...what];
    });
    const origin = ['ID', 'ORIGIN TOPIC', 'ORIGIN ID'];
    const headings = [...origin, 'ATTEMPTS', 'FAILED', 'TAG', 'KEYS', 'REASON', 'SENT AGAIN'];
    const more = cursor === '' ? '' : `\nthere are more: --cursor ${cursor}\n`;
    return `${table(headings, rows)}${more}`;
  };
  const data = letters.map((letter) => {
    const { messageId, storedMs: failedMs, tag, keys, bornMs, bornHost } = messageOf(letter);
    return { messageId, ...factsOf(letter), failedMs, bornMs, bornHost, tag, keys };
  });
  return { data: { letters: data, cursor }, text };
}
