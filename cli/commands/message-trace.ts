/** `sluice message trace` */
import { Argument, Option, type Command } from 'commander';
import { runAdmin } from '#cli/admin-command';
import { wholeNumber } from '#cli/arguments';
import { traceReport } from '#cli/commands/trace-report';
import { UsageError } from '#cli/failure';
import { TOPIC } from '#lib/limits';
import type { GetMessageTraceRequestInput } from '#proto/admin-types';

interface TraceOptions {
  readonly topic?: string;
  readonly queue?: number;
  readonly offset?: number;
}

export function addTrace(message: Command): void {
  message
    .command('trace')
    .description('The life of one message: who sent it, who got it when, and how it ended')
    .addArgument(new Argument('[id]', 'Its message id'))
    .option('--topic <name>', 'The topic it is in; without it all are searched')
    .addOption(
      new Option('--queue <n>', 'With --topic and --offset: its queue').argParser(
        wholeNumber(0, TOPIC.queuesMax - 1),
      ),
    )
    .addOption(
      new Option('--offset <n>', 'With --topic and --queue: its offset').argParser(
        wholeNumber(0, Number.MAX_SAFE_INTEGER),
      ),
    )
    .addHelpText(
      'after',
      '\nTimes are counted from when it was stored. Of each delivery a bar shows how long its\n' +
        'consumer had it. A trace is there for as long as the message.\n' +
        '\nExamples:\n  sluice message trace 01A4C3…\n' +
        "  sluice message trace 01A4C3… --topic '%DLQ%billing'\n" +
        '  sluice message trace --topic orders --queue 3 --offset 17 -o json\n',
    )
    .action((id: string | undefined, options: TraceOptions, command: Command) =>
      runAdmin(command, async (client) =>
        traceReport(await client.call('GetMessageTrace', request(id, options))),
      ),
    );
}

function request(
  id: string | undefined,
  { topic, queue, offset }: TraceOptions,
): GetMessageTraceRequestInput {
  const isByPlace = topic !== undefined && queue !== undefined && offset !== undefined;
  if (id !== undefined && queue === undefined && offset === undefined) {
    return { topic, messageId: id };
  }
  if (id === undefined && isByPlace) return { topic, queue, offset };
  throw new UsageError('say which message: its ID, or --topic NAME, --queue N and --offset N');
}
