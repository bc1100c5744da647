/** Which dead letters a command is about. */
import { Argument, Option, type Command } from 'commander';
import { timestamp } from '#cli/arguments';
import type { DeadLetterSelectionInput } from '#proto/admin-types';

/** What all of a group's dead letters that are meant have in common. */
export interface SelectionOptions {
  readonly key?: string;
  readonly tag?: string;
  readonly topic?: string;
  readonly since?: number;
  readonly until?: number;
}

export function groupArgument(): Argument {
  return new Argument('<group>', 'The group that failed with them');
}

export function addSelection(command: Command): Command {
  return command
    .option('--key <key>', 'Only those with this key')
    .option('--tag <tag>', 'Only those with this tag')
    .option('--topic <topic>', 'Only those that come from this topic')
    .addOption(
      new Option('--since <time>', 'Only those that failed then or later').argParser(timestamp),
    )
    .addOption(new Option('--until <time>', 'Only those that failed before').argParser(timestamp));
}

export function selectionOf({
  key,
  tag,
  topic,
  since,
  until,
}: SelectionOptions): DeadLetterSelectionInput {
  return { key, tag, topic, sinceMs: since, untilMs: until };
}
