/** `sluice group reset` */
import { Argument, Option, type Command } from 'commander';
import { runAdmin } from '#cli/admin-command';
import { collectWholeNumber, timestamp, wholeNumber } from '#cli/arguments';
import { UsageError } from '#cli/failure';
import type { Report } from '#cli/output';
import { table } from '#cli/table';
import { TOPIC } from '#lib/limits';
import type { AdminClient } from '#proto/admin-client';
import { ResetPlace, type QueueReset, type ResetOffsetsRequestInput } from '#proto/admin-types';

interface ResetOptions {
  readonly topic?: string;
  readonly queue?: readonly number[];
  readonly earliest?: true;
  readonly latest?: true;
  readonly time?: number;
  readonly offset?: number;
  readonly dryRun: boolean;
}

/** What became of one queue of one topic. */
interface Row extends QueueReset {
  readonly topic: string;
}

const HELP_AFTER = `
Its members go on from there at once. What they hold is dropped: they can't acknowledge it any more.

Examples:
  sluice group reset billing --topic orders --time 2026-01-31T18:00:00Z --dry-run
  sluice group reset billing --earliest                  all topics that it has read
  sluice group reset billing --topic orders --offset 1200 --queue 3
`;

export function addReset(group: Command): void {
  group
    .command('reset')
    .description('Set a consumer group back to read again, or ahead to skip')
    .addArgument(new Argument('<name>', 'Its name'))
    .option('--topic <topic>', 'In this topic only; else in all that it has read')
    .option('--earliest', 'To the oldest message that is kept')
    .option('--latest', 'Behind the newest message')
    .addOption(
      new Option('--time <time>', 'To the first message stored then or later').argParser(timestamp),
    )
    .addOption(
      new Option('--offset <n>', 'With --topic: to this offset').argParser(
        wholeNumber(0, Number.MAX_SAFE_INTEGER),
      ),
    )
    .addOption(
      new Option('--queue <n>', 'With --topic: this queue only; may be repeated').argParser(
        collectWholeNumber(0, TOPIC.queuesMax - 1),
      ),
    )
    .option('--dry-run', 'Show what would change, and change nothing', false)
    .addHelpText('after', HELP_AFTER)
    .action((name: string, options: ResetOptions, command: Command) =>
      runAdmin(command, async (client) => {
        const request = { group: name, queues: [...(options.queue ?? [])], ...placeOf(options) };
        const topics = await topicsOf(client, name, options);
        // All topics are looked at first, so that a place that one does not allow changes nothing.
        const planned = await reset(client, topics, { ...request, dryRun: true });
        if (options.dryRun) return report(name, planned, true);
        return report(name, await reset(client, topics, request), false);
      }),
    );
}

function placeOf({ earliest, latest, time, offset }: ResetOptions): ResetOffsetsRequestInput {
  const places = [
    earliest && { place: ResetPlace.EARLIEST },
    latest && { place: ResetPlace.LATEST },
    time !== undefined && { place: ResetPlace.TIME, timeMs: time },
    offset !== undefined && { place: ResetPlace.OFFSET, offset },
  ].filter((place) => place !== undefined && place !== false);
  const [place] = places;
  if (place && places.length === 1) return place;
  throw new UsageError('say where to go on: one of --earliest, --latest, --time and --offset');
}

async function topicsOf(
  client: AdminClient,
  name: string,
  { topic, queue, offset }: ResetOptions,
): Promise<readonly string[]> {
  if (topic !== undefined) return [topic];
  if (queue !== undefined || offset !== undefined) {
    throw new UsageError('--queue and --offset are for one topic: say which with --topic');
  }
  const { topics } = await client.call('DescribeGroup', { name });
  return topics.map((each) => each.topic);
}

async function reset(
  client: AdminClient,
  topics: readonly string[],
  request: ResetOffsetsRequestInput,
): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const topic of topics) {
    const { queues } = await client.call('ResetOffsets', { ...request, topic });
    rows.push(...queues.map((queue) => ({ topic, ...queue })));
  }
  return rows;
}

function report(name: string, rows: readonly Row[], isDryRun: boolean): Report {
  const text = (): string => {
    if (rows.length === 0) return `group ${name} has not read any topic; nothing to reset\n`;
    const headings = ['TOPIC', 'QUEUE', 'BEFORE', 'AFTER', 'AGAIN', 'SKIPPED', 'LEASES DROPPED'];
    const cells = rows.map((row) => [
      row.topic,
      row.queue,
      row.before,
      row.after,
      row.readAgain,
      row.skipped,
      row.leasesDropped,
    ]);
    const last = isDryRun ? 'a dry run: nothing was changed' : `group ${name} was reset`;
    return `${table(headings, cells)}\n${last}\n`;
  };
  return { data: { group: name, dryRun: isDryRun, queues: rows }, text };
}
