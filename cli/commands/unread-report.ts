/** What groups are not done with, as the command line prints it. */
import type { Report } from '#cli/output';
import { table } from '#cli/table';
import type { AdminClient } from '#proto/admin-client';
import type { UnreadTopic } from '#proto/admin-types';

interface Unread {
  readonly unread: readonly UnreadTopic[];
  readonly totalMessages: number;
  readonly deadLetters: number;
  readonly scheduled: boolean;
}

export async function allUnread(client: AdminClient): Promise<Unread> {
  const unread: UnreadTopic[] = [];
  for (let pageToken = ''; ;) {
    const page = await client.call('UnreadMessages', { pageToken });
    unread.push(...page.unread);
    pageToken = page.nextPageToken;
    const { totalMessages, deadLetters, scheduled } = page;
    if (pageToken === '') return { unread, totalMessages, deadLetters, scheduled };
  }
}

export function unreadReport(found: Unread): Report {
  const { unread, totalMessages, deadLetters, scheduled } = found;
  const rows = unread.map(({ group, topic, messages, inFlight, waitingRetry }) => [
    group,
    topic,
    messages,
    inFlight,
    waitingRetry,
  ]);
  const headings = ['GROUP', 'TOPIC', 'MESSAGES', 'IN FLIGHT', 'TO RETRY'];
  const text = (): string => {
    const waiting = scheduled ? ', scheduled ones wait for their time' : '';
    const total = `${totalMessages} messages not done with, ${deadLetters} dead letters${waiting}`;
    return rows.length === 0 ? `${total}\n` : `${table(headings, rows)}\n${total}\n`;
  };
  return { data: { ...found }, text };
}
