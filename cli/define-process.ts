/** Commands that run a process: every setting of its schema is an option, a variable and a key. */
import type { Command } from 'commander';
import type { z } from 'zod';
import { EXIT } from '#cli/failure';
import { addSettings, givenFlags } from '#cli/settings-options';
import { flagOf, loadConfig, settingsOf, type ConfigSchema, type Setting } from '#lib/config';
import { SluiceError } from '#lib/errors';

export interface ProcessDefinition<S extends ConfigSchema> {
  readonly schema: S;
  /** Command lines for the help. */
  readonly examples: readonly string[];
  /** Runs until a signal ends the process. */
  readonly run: (config: Readonly<z.output<S>>) => Promise<void>;
}

/** Variables of the other commands; they may be set for a whole shell. */
const CLIENT_VARIABLES = ['SLUICE_ADMIN', 'SLUICE_ADMIN_TOKEN'];

/** Gives the command its options, its help and what it does. */
export function defineProcess<S extends ConfigSchema>(
  command: Command,
  { schema, examples, run }: ProcessDefinition<S>,
): void {
  const settings = settingsOf(schema);
  command
    .helpOption('-h, --help', 'Show this help')
    .configureHelp({ showGlobalOptions: false })
    .addHelpText('after', helpAfter(settings, examples));
  addSettings(command, settings);
  command.action(async () => {
    const config = readConfig();
    if (config !== undefined) await run(config);
  });

  function readConfig(): Readonly<z.output<S>> | undefined {
    try {
      return loadConfig(schema, {
        flags: givenFlags(command, settings),
        env: process.env,
        otherVariables: CLIENT_VARIABLES,
      });
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      const next = `\`${pathOf(command)} --help\` lists what there is`;
      process.stderr.write(`error: ${error.message}\nnext:  ${next}\n`);
      process.exitCode = EXIT.usage;
      return undefined;
    }
  }
}

/** As typed: `sluice broker start`. */
function pathOf(command: Command): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();
}

function helpAfter(settings: readonly Setting[], examples: readonly string[]): string {
  return `
Every option is also a variable and a key of the config file:
${[...settings.filter(({ name }) => name === 'grpcPort'), ...settings.filter(isSwitchedOff)]
  .map(inAllForms)
  .join('\n')}
An option wins over a variable, a variable over the file, the file over the default. What is
unknown or out of range is refused before anything starts.

Examples:
${examples.map((line) => `  ${line}`).join('\n')}

SIGTERM and SIGINT (Ctrl-C) let calls end and exit with 0 in under 5 seconds.
`;
}

/** Its flag begins with `--no-`, which is worth an example. */
function isSwitchedOff({ kind, defaultValue }: Setting): boolean {
  return kind === 'boolean' && defaultValue === true;
}

function inAllForms(setting: Setting): string {
  const { key, variable, defaultValue } = setting;
  const value = isSwitchedOff(setting) ? 'false' : String(Number(defaultValue) + 1);
  const flag = isSwitchedOff(setting) ? flagOf(setting) : `${flagOf(setting)} ${value}`;
  return `  ${flag}    ${variable}=${value}    ${key}: ${value}`;
}
