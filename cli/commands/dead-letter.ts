/** `sluice dead-letter …` */
import { Argument, Option, type Command } from 'commander';
import { runAdmin } from '#cli/admin-command';
import { wholeNumber } from '#cli/arguments';
import { exportAll } from '#cli/commands/dead-letter-export';
import { letterData, letterText, listReport, type Listed } from '#cli/commands/dead-letter-report';
import { addResend } from '#cli/commands/dead-letter-resend';
import {
  addSelection,
  groupArgument,
  selectionOf,
  type SelectionOptions,
} from '#cli/commands/dead-letter-selection';
import { ADMIN } from '#lib/limits';
import type { AdminClient } from '#proto/admin-client';
import type { DeadLetter } from '#proto/admin-types';

interface ListOptions extends SelectionOptions {
  readonly limit: number;
  readonly cursor: string;
}

export function addDeadLetterCommands(program: Command): void {
  const deadLetter = program
    .command('dead-letter')
    .description('Look at messages that a group could not consume, and send them again');
  addList(deadLetter);
  addGet(deadLetter);
  addResend(deadLetter);
  addExport(deadLetter);
}

function addList(deadLetter: Command): void {
  const command = deadLetter
    .command('list')
    .description('Dead letters of a group, the newest first')
    .addArgument(groupArgument());
  addSelection(command)
    .addOption(
      new Option('--limit <n>', 'So many at most')
        .argParser(wholeNumber(1, Number.MAX_SAFE_INTEGER))
        .default(ADMIN.pageDefault),
    )
    .option('--cursor <cursor>', 'Go on where a list before ended', '')
    .action((group: string, options: ListOptions, self: Command) =>
      runAdmin(self, async (client) => listReport(group, await listed(client, group, options))),
    );
}

async function listed(client: AdminClient, group: string, options: ListOptions): Promise<Listed> {
  const { limit, cursor } = options;
  const selection = selectionOf(options);
  const letters: DeadLetter[] = [];
  let pageToken = cursor;
  do {
    const pageSize = Math.min(limit - letters.length, ADMIN.pageMax);
    const page = await client.call('ListDeadLetters', { group, selection, pageToken, pageSize });
    letters.push(...page.letters);
    pageToken = page.nextPageToken;
  } while (pageToken !== '' && letters.length < limit);
  return { letters, cursor: pageToken };
}

function addGet(deadLetter: Command): void {
  deadLetter
    .command('get')
    .description('One dead letter, with its body')
    .addArgument(groupArgument())
    .addArgument(new Argument('<id>', 'Its message id'))
    .option('--raw', 'Print nothing but the bytes of its body', false)
    .action((group: string, messageId: string, { raw }: { raw: boolean }, command: Command) =>
      runAdmin(command, async (client) => {
        const letter = await client.call('GetDeadLetter', { group, messageId });
        if (!raw) return { data: letterData(letter), text: () => letterText(letter) };
        process.stdout.write(letter.message?.body ?? '');
        return undefined;
      }),
    );
}

function addExport(deadLetter: Command): void {
  const command = deadLetter
    .command('export')
    .description('All of them to standard output, the oldest first, a line of JSON each')
    .addArgument(groupArgument());
  addSelection(command)
    .addHelpText(
      'after',
      '\nExamples:\n  sluice dead-letter export billing > billing.jsonl\n' +
        '  sluice dead-letter export billing --since 2026-01-31T18:00:00Z | jq .body\n',
    )
    .action((group: string, options: SelectionOptions, self: Command) =>
      runAdmin(self, (client) => exportAll(client, group, selectionOf(options))),
    );
}
