/** For commands that do not speak to an admin port: of the options for all, help shows only -o. */
import type { Command, Option } from 'commander';

/** Before the command gets commands of its own, which take it over. */
export function showOutputOptionOnly(command: Command): void {
  command.configureHelp({ showGlobalOptions: true, visibleGlobalOptions: outputOptions });
}

function outputOptions(command: Command): Option[] {
  if (command.parent) return outputOptions(command.parent);
  return command.options.filter(({ long }) => long === '--output');
}
