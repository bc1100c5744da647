/** `sluice message recall` */
import { Argument, type Command } from 'commander';
import { runAdmin } from '#cli/admin-command';

export function addRecall(message: Command): void {
  message
    .command('recall')
    .description('Take a scheduled message back before its time')
    .addArgument(new Argument('<topic>', 'The topic it was sent to'))
    .addArgument(new Argument('<handle>', 'The recall handle that its sender was given'))
    .action((topic: string, recallHandle: string, _options: object, command: Command) =>
      runAdmin(command, async (client) => {
        const { messageId } = await client.call('RecallMessage', { topic, recallHandle });
        return {
          data: { messageId, topic },
          text: () => `recalled ${messageId}: it will not be delivered\n`,
        };
      }),
    );
}
