/** `sluice topic …` */
import { Argument, Option, type Command } from 'commander';
import { runAdmin } from '#cli/admin-command';
import { wholeNumber } from '#cli/arguments';
import {
  allTopics,
  kindText,
  KINDS,
  permissionText,
  PERMISSIONS,
  topicData,
  type KindName,
  type PermissionName,
} from '#cli/commands/topic-data';
import { confirmDelete } from '#cli/confirm';
import { UsageError } from '#cli/failure';
import { timeText, type Report } from '#cli/output';
import { facts, table } from '#cli/table';
import { TOPIC } from '#lib/limits';
import type { Topic, TopicDetails } from '#proto/admin-types';

interface TopicOptions {
  readonly kind?: KindName;
  readonly queues?: number;
  readonly permission?: PermissionName;
}

export function addTopicCommands(program: Command): void {
  const topic = program.command('topic').description('Create, show, change and delete topics');
  addCreate(topic);
  addUpdate(topic);
  addDelete(topic);
  topic
    .command('list')
    .description('All topics, by name')
    .action((_options: object, command: Command) =>
      runAdmin(command, async (client) => listReport(await allTopics(client))),
    );
  topic
    .command('describe')
    .description('One topic: its queues, how far they are written, and who consumes it')
    .addArgument(new Argument('<name>', 'Its name'))
    .action((name: string, _options: object, command: Command) =>
      runAdmin(command, async (client) =>
        describeReport(await client.call('DescribeTopic', { name })),
      ),
    );
}

const kindOption = (): Option =>
  new Option('--kind <kind>', 'The kind of message it takes').choices(Object.keys(KINDS));

const queuesOption = (): Option =>
  new Option('--queues <n>', `Number of queues, 1 to ${TOPIC.queuesMax}`).argParser(
    wholeNumber(1, TOPIC.queuesMax),
  );

const permissionOption = (): Option =>
  new Option('--permission <permission>', 'What clients may do with it').choices(
    Object.keys(PERMISSIONS),
  );

function addCreate(topic: Command): void {
  topic
    .command('create')
    .description('Create a topic')
    .addArgument(new Argument('<name>', 'Letters, digits, _ - %, up to 64 characters'))
    .addOption(kindOption().default('normal'))
    .addOption(queuesOption())
    .addOption(permissionOption().default('read-write'))
    .addHelpText(
      'after',
      '\nExamples:\n  sluice topic create orders\n' +
        '  sluice topic create payments --kind fifo --queues 16\n',
    )
    .action((name: string, options: TopicOptions, command: Command) =>
      runAdmin(command, async (client) => {
        const { kind = 'normal', queues, permission = 'read-write' } = options;
        const fields = { kind: KINDS[kind], permission: PERMISSIONS[permission] };
        const request = { name, queues, ...fields };
        return changeReport('created', await client.call('CreateTopic', request));
      }),
    );
}

function addUpdate(topic: Command): void {
  topic
    .command('update')
    .description('Change a topic; what is not given stays as it is')
    .addArgument(new Argument('<name>', 'Its name'))
    .addOption(kindOption())
    .addOption(queuesOption())
    .addOption(permissionOption())
    .action((name: string, { kind, queues, permission }: TopicOptions, command: Command) =>
      runAdmin(command, async (client) => {
        if (kind === undefined && queues === undefined && permission === undefined) {
          throw new UsageError('nothing to change: give --kind, --queues or --permission');
        }
        const request = {
          name,
          queues,
          kind: kind && KINDS[kind],
          permission: permission && PERMISSIONS[permission],
        };
        return changeReport('updated', await client.call('UpdateTopic', request));
      }),
    );
}

function addDelete(topic: Command): void {
  topic
    .command('delete')
    .description('Delete a topic and all of its messages')
    .addArgument(new Argument('<name>', 'Its name'))
    .option('--yes', 'Do not ask', false)
    .action((name: string, { yes }: { yes: boolean }, command: Command) =>
      runAdmin(command, async (client) => {
        await confirmDelete('topic', name, yes);
        await client.call('DeleteTopic', { name });
        return { data: { deleted: name }, text: () => `topic ${name} deleted\n` };
      }),
    );
}

function changeReport(what: string, topic: Topic): Report {
  const { name, kind, queues, permission } = topic;
  const text = () =>
    `topic ${name} ${what}: ${kindText(kind)}, ${queues} queues, ${permissionText(permission)}\n`;
  return { data: topicData(topic), text };
}

function listReport(topics: readonly Topic[]): Report {
  const text = (): string => {
    if (topics.length === 0) return 'no topics yet; `sluice topic create NAME` makes one\n';
    const rows = topics.map(({ name, kind, queues, permission, createdMs }) => [
      name,
      kindText(kind),
      queues,
      permissionText(permission),
      timeText(createdMs),
    ]);
    return table(['NAME', 'KIND', 'QUEUES', 'PERMISSION', 'CREATED'], rows);
  };
  return { data: topics.map(topicData), text };
}

function describeReport({ topic, queues, groups }: TopicDetails): Report {
  if (!topic) throw new TypeError('the answer has no topic');
  const head = (): string =>
    facts([
      ['Topic', topic.name],
      ['Kind', kindText(topic.kind)],
      ['Queues', topic.queues],
      ['Permission', permissionText(topic.permission)],
      ['Created', timeText(topic.createdMs)],
      ['Groups', groups.join(', ')],
    ]);
  const rows = queues.map(({ queue, minOffset, maxOffset, lastWriteMs }) => [
    queue,
    minOffset,
    maxOffset,
    maxOffset - minOffset,
    timeText(lastWriteMs),
  ]);
  const headings = ['QUEUE', 'OLDEST', 'NEXT', 'MESSAGES', 'LAST WRITE'];
  const states = queues.map(({ queue, minOffset, maxOffset, lastWriteMs }) => ({
    queue,
    minOffset,
    maxOffset,
    lastWriteMs,
  }));
  return {
    data: { ...topicData(topic), queueStates: states, groups },
    text: () => `${head()}\n${table(headings, rows)}`,
  };
}
