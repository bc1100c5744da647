/** `sluice message receive` */
import { Argument, Option, type Command } from 'commander';
import { runAdmin } from '#cli/admin-command';
import { realNumber, wholeNumber } from '#cli/arguments';
import { messageData, messageText } from '#cli/commands/message-data';
import type { Report } from '#cli/output';
import { ADMIN, CONSUME } from '#lib/limits';
import type { AdminClient } from '#proto/admin-client';
import type { Message } from '#proto/admin-types';

interface ReceiveOptions {
  readonly group: string;
  readonly filter: string;
  readonly sql?: string;
  readonly count: number;
  readonly wait: number;
  readonly invisible: number;
  readonly leave: boolean;
}

const SECOND_MS = 1000;
const COUNT_MAX = 10_000;
const WAIT_SECONDS_DEFAULT = 5;

export function addReceive(message: Command): void {
  const secondsMax = ADMIN.receiveWaitMaxMs / SECOND_MS;
  const invisibleMin = CONSUME.invisibleMinMs / SECOND_MS;
  const invisibleMax = CONSUME.invisibleMaxMs / SECOND_MS;
  message
    .command('receive')
    .description('Receive messages as a member of a group, and acknowledge them')
    .addArgument(new Argument('<topic>', 'The topic to receive from'))
    .requiredOption('--group <name>', 'The consumer group')
    .option('--filter <tags>', "Only these tags, e.g. 'created || paid'", '*')
    .addOption(
      new Option(
        '--sql <condition>',
        `Only these, e.g. "amount > 100 AND region = 'eu'"`,
      ).conflicts('filter'),
    )
    .addOption(
      new Option('--count <n>', 'How many at most').argParser(wholeNumber(1, COUNT_MAX)).default(1),
    )
    .addOption(
      new Option('--wait <seconds>', `How long to wait for a message, 0 to ${secondsMax}`)
        .argParser(realNumber(0, secondsMax))
        .default(WAIT_SECONDS_DEFAULT),
    )
    .option('--leave', 'Do not acknowledge: they come again after --invisible', false)
    .addOption(
      new Option('--invisible <seconds>', `With --leave, ${invisibleMin} to ${invisibleMax}`)
        .argParser(realNumber(invisibleMin, invisibleMax))
        .default(ADMIN.receiveInvisibleDefaultMs / SECOND_MS),
    )
    .addHelpText(
      'after',
      '\nExamples:\n  sluice message receive orders --group billing\n' +
        '  sluice message receive orders --group billing --count 10 --leave -o json\n',
    )
    .action((topic: string, options: ReceiveOptions, command: Command) =>
      runAdmin(command, async (client) => report(await receive(client, topic, options))),
    );
}

async function receive(
  client: AdminClient,
  topic: string,
  { group, filter, sql, count, wait, invisible, leave }: ReceiveOptions,
): Promise<readonly Message[]> {
  const messages: Message[] = [];
  const waitMs = Math.round(wait * SECOND_MS);
  while (messages.length < count) {
    const request = {
      group,
      topic,
      filter: sql ?? filter,
      sql: sql !== undefined,
      count: Math.min(count - messages.length, ADMIN.receiveMax),
      // Once there is one, the rest is what is there already.
      waitMs: messages.length === 0 ? waitMs : 0,
      invisibleMs: Math.round(invisible * SECOND_MS),
      ack: !leave,
    };
    const answer = await client.call('ReceiveMessages', request, waitMs + ADMIN.callMs);
    if (answer.messages.length === 0) break;
    messages.push(...answer.messages);
  }
  return messages;
}

function report(messages: readonly Message[]): Report {
  if (messages.length === 0) process.stderr.write('no message came\n');
  return {
    data: messages.map(messageData),
    text: () => messages.map(messageText).join('\n'),
  };
}
