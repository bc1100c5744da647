/** The settings of a schema as options of a command. */
import { Option, type Command } from 'commander';
import { flagOf, type Setting } from '#lib/config';

/** Defaults are only described, not set: flag, variable, file and default meet in `loadConfig`. */
export function addSettings(command: Command, settings: readonly Setting[]): void {
  for (const setting of settings) {
    const value = setting.kind === 'boolean' ? '' : ` <${setting.placeholder ?? 'VALUE'}>`;
    command.addOption(new Option(`${flagOf(setting)}${value}`, describe(setting)));
  }
}

/** What was given on the command line, by setting name. */
export function givenFlags(
  command: Command,
  settings: readonly Setting[],
): Readonly<Record<string, unknown>> {
  // The root command also knows --admin-token, and takes it wherever it stands.
  const options = command.optsWithGlobals<Record<string, unknown>>();
  const isGiven = ({ name }: Setting): boolean =>
    command.getOptionValueSourceWithGlobals(name) === 'cli';
  return Object.fromEntries(
    settings.filter(isGiven).map(({ name }) => [name, options[name]] as const),
  );
}

function describe(setting: Setting): string {
  const { help, unit, allowed, isChoice, defaultValue, defaultNote, kind } = setting;
  const preset = defaultNote ?? (kind === 'boolean' ? undefined : defaultValue);
  const parts = [
    help,
    unit === undefined ? '' : `, in ${unit}`,
    isChoice ? `: ${allowed}` : '',
    preset === undefined ? '' : ` (default: ${preset})`,
  ];
  return parts.join('');
}
