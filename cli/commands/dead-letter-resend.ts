/** `sluice dead-letter resend` */
import { Argument, type Command } from 'commander';
import { runAdmin } from '#cli/admin-command';
import {
  addSelection,
  groupArgument,
  selectionOf,
  type SelectionOptions,
} from '#cli/commands/dead-letter-selection';
import { placeText } from '#cli/commands/dead-letter-report';
import { EXIT, UsageError } from '#cli/failure';
import type { Report } from '#cli/output';
import { createProgress, type Progress } from '#cli/progress';
import { table } from '#cli/table';
import { ADMIN } from '#lib/limits';
import type { AdminClient } from '#proto/admin-client';
import {
  ResendOutcome,
  type ResendDeadLettersRequestInput,
  type ResendResult,
} from '#proto/admin-types';

interface ResendOptions extends SelectionOptions {
  readonly all: boolean;
  readonly again: boolean;
}

const OUTCOMES: Readonly<Record<number, string>> = {
  [ResendOutcome.RESENT]: 'sent again',
  [ResendOutcome.ALREADY_RESENT]: 'was sent again before',
  [ResendOutcome.NOT_FOUND]: 'there is no such dead letter',
  [ResendOutcome.TOPIC_GONE]: 'its topic is gone',
  [ResendOutcome.TOPIC_READ_ONLY]: 'its topic is read only',
  [ResendOutcome.UNREADABLE]: 'it is damaged',
};

const HELP_AFTER = `
Each is sent as a new message to the topic that it comes from; no other group gets it. What was
sent again before is not sent once more, unless --again says so: after an interruption, run the same
line again.

Examples:
  sluice dead-letter resend billing 01A2...
  sluice dead-letter resend billing --all
  sluice dead-letter resend billing --topic orders --since 2026-01-31T18:00:00Z
`;

export function addResend(deadLetter: Command): void {
  const command = deadLetter
    .command('resend')
    .description('Send dead letters again, to their group alone')
    .addArgument(groupArgument())
    .addArgument(new Argument('[ids...]', 'Message ids; or say which with the options'))
    .option('--all', 'All of them', false);
  addSelection(command)
    .option('--again', 'Also what was sent again before', false)
    .addHelpText('after', HELP_AFTER)
    .action((group: string, ids: string[], options: ResendOptions, self: Command) =>
      runAdmin(self, async (client) => {
        checkWhich(ids, options);
        const { again } = options;
        const results =
          ids.length > 0
            ? await resendIds(client, { group, again }, ids)
            : await resendAll(client, { group, again, selection: selectionOf(options) });
        return report(results);
      }),
    );
}

function checkWhich(ids: readonly string[], options: ResendOptions): void {
  const isSelected = Object.values(selectionOf(options)).some((value) => value !== undefined);
  if (ids.length > 0 && (options.all || isSelected)) {
    throw new UsageError('say which by their ids, or by --all and the other options, not both');
  }
  if (ids.length > 0 || options.all || isSelected) return;
  throw new UsageError(
    'say which: message ids, --all, or some of --key, --tag, --topic, --since and --until',
  );
}

async function resendIds(
  client: AdminClient,
  request: ResendDeadLettersRequestInput,
  ids: readonly string[],
): Promise<readonly ResendResult[]> {
  const all: ResendResult[] = [];
  for (let from = 0; from < ids.length; from += ADMIN.pageDefault) {
    const messageIds = ids.slice(from, from + ADMIN.pageDefault);
    const { results } = await client.call('ResendDeadLetters', { ...request, messageIds });
    all.push(...results);
  }
  return all;
}

async function resendAll(
  client: AdminClient,
  request: ResendDeadLettersRequestInput,
): Promise<readonly ResendResult[]> {
  const all: ResendResult[] = [];
  let progress: Progress | undefined;
  let total = 0;
  let pageToken = '';
  try {
    do {
      const page = await client.call('ResendDeadLetters', { ...request, pageToken });
      pageToken = page.nextPageToken;
      total ||= page.left + page.results.length;
      progress ??= createProgress('resending', total);
      all.push(...page.results);
      progress.update(total - page.left);
    } while (pageToken !== '');
  } finally {
    progress?.finish();
  }
  return all;
}

function report(results: readonly ResendResult[]): Report {
  const count = (outcome: number): number =>
    results.filter((result) => result.outcome === outcome).length;
  const resent = count(ResendOutcome.RESENT);
  const alreadyResent = count(ResendOutcome.ALREADY_RESENT);
  const failed = results.length - resent - alreadyResent;
  if (failed > 0) process.exitCode = EXIT.failed;
  const sum = `${resent} sent again, ${alreadyResent} were before, ${failed} can not be`;
  const text = (): string => {
    if (results.length === 0) return 'no such dead letters\n';
    const rows = results.map((result) => [
      result.messageId,
      result.topic,
      OUTCOMES[result.outcome],
      placeText(result.resent),
    ]);
    return `${table(['ID', 'TOPIC', 'RESULT', 'SENT AS'], rows)}\n${sum}\n`;
  };
  const data = results.map(({ outcome, ...result }) => ({ ...result, result: OUTCOMES[outcome] }));
  return { data: { results: data, resent, alreadyResent, failed }, text };
}
