/** `sluice group …` */
import { Argument, Option, type Command } from 'commander';
import { runAdmin } from '#cli/admin-command';
import { wholeNumber, wholeNumbers } from '#cli/arguments';
import { allGroups, describeReport, groupData, listReport } from '#cli/commands/group-report';
import { addReset } from '#cli/commands/group-reset';
import { allUnread, unreadReport } from '#cli/commands/unread-report';
import { confirmDelete } from '#cli/confirm';
import { UsageError } from '#cli/failure';
import type { Report } from '#cli/output';
import { CONSUME } from '#lib/limits';
import type { Group } from '#proto/admin-types';

interface GroupOptions {
  readonly ordered?: boolean;
  readonly maxAttempts?: number;
  readonly backoffMs?: readonly number[];
  readonly pull?: boolean;
  readonly broadcast?: boolean;
}

export function addGroupCommands(program: Command): void {
  const group = program
    .command('group')
    .description('Create, show, change and delete consumer groups');
  addCreate(group);
  addUpdate(group);
  addDelete(group);
  addReset(group);
  group
    .command('list')
    .description('All groups, with how far they are behind')
    .action((_options: object, command: Command) =>
      runAdmin(command, async (client) => listReport(await allGroups(client))),
    );
  group
    .command('unread')
    .description('What groups are not done with: all that a broker has to keep for them')
    .action((_options: object, command: Command) =>
      runAdmin(command, async (client) => unreadReport(await allUnread(client))),
    );
  group
    .command('describe')
    .description('One group: its members, and per queue its progress, lag and what is on its way')
    .addArgument(new Argument('<name>', 'Its name'))
    .action((name: string, _options: object, command: Command) =>
      runAdmin(command, async (client) =>
        describeReport(await client.call('DescribeGroup', { name })),
      ),
    );
}

const attemptsOption = (): Option =>
  new Option(
    '--max-attempts <n>',
    `Retries of a message before it goes to %DLQ%NAME, 1 to ${CONSUME.retriesMax}`,
  ).argParser(wholeNumber(1, CONSUME.retriesMax));

const backoffOption = (): Option =>
  new Option(
    '--backoff-ms <n,...>',
    `Waits before the retries, in ms, up to ${CONSUME.backoffsMax}; the last one repeats`,
  ).argParser(wholeNumbers(1, CONSUME.invisibleMaxMs, CONSUME.backoffsMax));

function addCreate(group: Command): void {
  group
    .command('create')
    .description('Create a consumer group')
    .addArgument(new Argument('<name>', 'Letters, digits, _ - %, up to 64 characters'))
    .option('--ordered', 'Messages of one message group are handed out one after the other', false)
    .addOption(attemptsOption())
    .addOption(backoffOption())
    .option('--no-pull', 'Pull consumers are refused')
    .option('--broadcast', 'Every member gets every message, by pull; for good', false)
    .addHelpText(
      'after',
      '\nExamples:\n  sluice group create billing\n' +
        '  sluice group create ledger --ordered --max-attempts 5\n' +
        '  sluice group create mails --max-attempts 3 --backoff-ms 1000,60000,3600000\n' +
        '  sluice group create caches --broadcast\n',
    )
    .action((name: string, options: GroupOptions, command: Command) =>
      runAdmin(command, async (client) => {
        const { ordered = false, broadcast = false } = options;
        const request = { name, ordered, broadcast, ...fieldsOf(options) };
        return changeReport('created', await client.call('CreateGroup', request));
      }),
    );
}

function addUpdate(group: Command): void {
  group
    .command('update')
    .description('Change a consumer group; what is not given stays as it is')
    .addArgument(new Argument('<name>', 'Its name'))
    .option('--ordered', 'Messages of one message group are handed out one after the other')
    .option('--no-ordered', 'Messages are handed out as they come')
    .addOption(attemptsOption())
    .addOption(backoffOption())
    .option('--pull', 'Pull consumers are served')
    .option('--no-pull', 'Pull consumers are refused')
    .action((name: string, { ordered, ...options }: GroupOptions, command: Command) =>
      runAdmin(command, async (client) => {
        const change = { ordered, ...fieldsOf(options) };
        if (Object.values(change).every((value) => value === undefined)) {
          throw new UsageError(
            'nothing to change: give --ordered, --no-ordered, --max-attempts, --backoff-ms, ' +
              '--pull or --no-pull',
          );
        }
        const request = { name, ...change };
        return changeReport('updated', await client.call('UpdateGroup', request));
      }),
    );
}

function fieldsOf({ maxAttempts, backoffMs, pull }: GroupOptions) {
  const backoff = backoffMs && { waitsMs: [...backoffMs] };
  return { maxAttempts, backoff, pullAllowed: pull };
}

function addDelete(group: Command): void {
  group
    .command('delete')
    .description('Delete a consumer group and its progress')
    .addArgument(new Argument('<name>', 'Its name'))
    .option('--yes', 'Do not ask', false)
    .action((name: string, { yes }: { yes: boolean }, command: Command) =>
      runAdmin(command, async (client) => {
        await confirmDelete('group', name, yes);
        await client.call('DeleteGroup', { name });
        return { data: { deleted: name }, text: () => `group ${name} deleted\n` };
      }),
    );
}

function changeReport(what: string, group: Group): Report {
  const order = group.ordered ? 'ordered, ' : '';
  const pull = group.pullAllowed ? '' : ', no pull consumers';
  const kind = group.broadcast ? 'broadcast' : `${order}${group.maxAttempts} retries${pull}`;
  return { data: groupData(group), text: () => `group ${group.name} ${what}: ${kind}\n` };
}
