/** `sluice message get` */
import { Argument, Option, type Command } from 'commander';
import { runAdmin } from '#cli/admin-command';
import { wholeNumber } from '#cli/arguments';
import { messageData, messageText } from '#cli/commands/message-data';
import { UsageError } from '#cli/failure';
import { TOPIC } from '#lib/limits';
import type { GetMessageRequestInput } from '#proto/admin-types';

interface GetOptions {
  readonly queue?: number;
  readonly offset?: number;
  readonly raw: boolean;
}

export function addGet(message: Command): void {
  message
    .command('get')
    .description('One message, by its id or by its place; nothing changes for its consumers')
    .addArgument(new Argument('<topic>', 'The topic it is in'))
    .addArgument(new Argument('[id]', 'Its message id'))
    .addOption(
      new Option('--queue <n>', 'With --offset: its queue').argParser(
        wholeNumber(0, TOPIC.queuesMax - 1),
      ),
    )
    .addOption(
      new Option('--offset <n>', 'With --queue: its offset').argParser(
        wholeNumber(0, Number.MAX_SAFE_INTEGER),
      ),
    )
    .option('--raw', 'Print nothing but the bytes of its body', false)
    .action((topic: string, id: string | undefined, options: GetOptions, command: Command) =>
      runAdmin(command, async (client) => {
        const found = await client.call('GetMessage', { topic, ...place(id, options) });
        if (!options.raw) {
          return { data: messageData(found), text: () => messageText(found) };
        }
        process.stdout.write(found.body);
        return undefined;
      }),
    );
}

function place(id: string | undefined, { queue, offset }: GetOptions): GetMessageRequestInput {
  const isByPlace = queue !== undefined && offset !== undefined;
  if (id !== undefined && queue === undefined && offset === undefined) return { messageId: id };
  if (id === undefined && isByPlace) return { queue, offset };
  throw new UsageError('say which message: its ID, or --queue N and --offset N');
}
