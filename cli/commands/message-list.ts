/** `sluice message list` */
import { Argument, Option, type Command } from 'commander';
import { runAdmin } from '#cli/admin-command';
import { pastTime, wholeNumber } from '#cli/arguments';
import { messageData, utf8 } from '#cli/commands/message-data';
import { UsageError } from '#cli/failure';
import { timeText, type Report } from '#cli/output';
import { table } from '#cli/table';
import { ADMIN, TOPIC } from '#lib/limits';
import { QUERY } from '#lib/query-limits';
import type { AdminClient } from '#proto/admin-client';
import type { Message, MessagePage } from '#proto/admin-types';

interface ListOptions {
  readonly key?: string;
  readonly queue?: number;
  readonly offset?: number;
  readonly since?: number;
  readonly until?: number;
  readonly newestFirst: boolean;
  readonly limit: number;
  readonly continue: string;
}

const LIMIT_DEFAULT = 20;
const LIMIT_MAX = 100_000;
/** Of a body, in the table. */
const PREVIEW_CHARS = 40;

export function addList(message: Command): void {
  message
    .command('list')
    .description('Messages by key, by time, or along a queue; nothing changes for consumers')
    .addArgument(new Argument('<topic>', 'The topic they are in'))
    .addOption(new Option('--key <key>', 'Those with this key, the newest first'))
    .addOption(
      new Option('--queue <n>', 'Those of this queue')
        .argParser(wholeNumber(0, TOPIC.queuesMax - 1))
        .conflicts('key'),
    )
    .addOption(
      new Option('--offset <n>', 'With --queue: from the message at this offset on').argParser(
        wholeNumber(0, Number.MAX_SAFE_INTEGER),
      ),
    )
    .addOption(
      new Option(
        '--since <time>',
        'Stored then or later: 2026-01-31T18:00:00Z, or 2h ago',
      ).argParser(pastTime),
    )
    .addOption(new Option('--until <time>', 'Stored before').argParser(pastTime))
    .option('--newest-first', 'From the newest to the oldest; by key it is always so', false)
    .addOption(
      new Option('--limit <n>', 'How many at most')
        .argParser(wholeNumber(1, LIMIT_MAX))
        .default(LIMIT_DEFAULT),
    )
    .addOption(
      new Option('--continue <token>', 'Go on where an earlier list with a limit ended').default(
        '',
        'at the beginning',
      ),
    )
    .addHelpText(
      'after',
      '\nExamples:\n  sluice message list orders --key order-17\n' +
        '  sluice message list orders --since 15m --limit 100\n' +
        '  sluice message list orders --since 2026-01-31T18:00:00Z --until 2026-01-31T18:05:00Z\n' +
        '  sluice message list orders --newest-first\n' +
        '  sluice message list orders --queue 3 --offset 1200 --limit 10 -o json\n',
    )
    .action((topic: string, options: ListOptions, command: Command) =>
      runAdmin(command, async (client) => {
        if (options.offset !== undefined && options.queue === undefined) {
          throw new UsageError('an offset is one of a queue: give --queue N as well');
        }
        return report(topic, options, await list(client, topic, options));
      }),
    );
}

interface Listed {
  readonly messages: readonly Message[];
  /** Empty when there is no more. */
  readonly next: string;
  readonly unreadable: number;
  readonly oldestMs: number | undefined;
}

async function list(client: AdminClient, topic: string, options: ListOptions): Promise<Listed> {
  const messages: Message[] = [];
  let unreadable = 0;
  let bytes = 0;
  let next = options.continue;
  for (;;) {
    const wanted = options.limit - messages.length;
    const page = await onePage(client, topic, options, {
      pageToken: next,
      pageSize: Math.min(wanted, QUERY.pageDefault, ADMIN.pageMax),
    });
    messages.push(...page.messages);
    unreadable += page.unreadable;
    bytes += page.messages.reduce((sum, { body }) => sum + body.length, 0);
    next = page.nextPageToken;
    if (next === '' || messages.length >= options.limit || bytes >= QUERY.listedBytesMax) {
      return { messages, next, unreadable, oldestMs: page.oldestMs };
    }
  }
}

function onePage(
  client: AdminClient,
  topic: string,
  { key, queue, offset, since: sinceMs, until: untilMs, newestFirst }: ListOptions,
  page: { pageToken: string; pageSize: number },
): Promise<MessagePage> {
  const common = { topic, sinceMs, untilMs, ...page };
  if (key !== undefined) return client.call('FindMessages', { ...common, key });
  return client.call('ListMessages', { ...common, queue, offset, newestFirst });
}

function report(topic: string, { key }: ListOptions, listed: Listed): Report {
  const { messages, next, unreadable, oldestMs } = listed;
  const say = (text: string): boolean => process.stderr.write(`${text}\n`);
  if (unreadable > 0) say(`${unreadable} messages are damaged and can't be shown`);
  if (messages.length === 0) {
    const what = key === undefined ? 'no message in this range' : 'no message with this key';
    const oldest = timeText(oldestMs);
    say(`${topic} has ${what}; ${oldest ? `its oldest is of ${oldest}` : 'it is empty'}`);
  }
  if (next !== '')
    say(`there are more than these ${messages.length}: go on with --continue ${next}`);
  const data = { messages: messages.map(messageData), continue: next === '' ? undefined : next };
  return { data, text: () => messageTable(messages) };
}

function messageTable(messages: readonly Message[]): string {
  if (messages.length === 0) return '';
  const headings = ['STORED', 'QUEUE', 'OFFSET', 'MESSAGE', 'TAG', 'KEYS', 'BYTES', 'BODY'];
  const rows = messages.map(({ storedMs, queue, offset, messageId, tag, keys, body }) => [
    timeText(storedMs),
    queue,
    offset,
    messageId,
    tag,
    keys.join(' '),
    body.length,
    preview(body),
  ]);
  return table(headings, rows);
}

function preview(body: Buffer): string {
  const text = utf8(body);
  if (text === undefined) return '(not text)';
  const characters = Array.from(text.slice(0, 2 * PREVIEW_CHARS));
  if (characters.length <= PREVIEW_CHARS) return text;
  return `${characters.slice(0, PREVIEW_CHARS - 1).join('')}…`;
}
