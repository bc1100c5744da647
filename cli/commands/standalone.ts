/** `sluice standalone`: what `npm start` runs. */
import type { Command } from 'commander';
import { EXIT } from '#cli/failure';
import { addSettings, givenFlags } from '#cli/settings-options';
import { standaloneSchema, type StandaloneConfig } from '#cli/standalone-config';
import { loadConfig, settingsOf } from '#lib/config';
import { SluiceError } from '#lib/errors';

/** Variables of the other commands; they may be set for a whole shell. */
const CLIENT_VARIABLES = ['SLUICE_ADMIN', 'SLUICE_ADMIN_TOKEN'];

const HELP_AFTER = `
Every option is also a variable and a key of the config file:
  --grpc-port 8082    SLUICE_GRPC_PORT=8082    grpc-port: 8082
  --no-auto-create-topics    SLUICE_AUTO_CREATE_TOPICS=false    auto-create-topics: false
An option wins over a variable, a variable over the file, the file over the default. What is
unknown or out of range is refused before anything starts.

Examples:
  npm start
  npm start -- --data /var/lib/sluice --host 0.0.0.0 --advertise queue.example.org:8081
  sluice standalone --config sluice.yaml
  SLUICE_LOG_FORMAT=json sluice standalone --retention-hours 24

SIGTERM and SIGINT (Ctrl-C) let calls end and exit with 0 in under 5 seconds.
`;

/** Gives the command its options, its help and what it does. */
export function defineStandalone(standalone: Command): void {
  const settings = settingsOf(standaloneSchema);
  standalone
    .helpOption('-h, --help', 'Show this help')
    .configureHelp({ showGlobalOptions: false })
    .addHelpText('after', HELP_AFTER);
  addSettings(standalone, settings);
  standalone.action(async (_options: object, command: Command) => {
    const config = readConfig(command);
    if (config === undefined) return;
    // Loaded only now: the other commands start faster without the broker's code.
    const { runStandalone } = await import('#cli/standalone');
    await runStandalone(config);
  });

  function readConfig(command: Command): StandaloneConfig | undefined {
    try {
      return loadConfig(standaloneSchema, {
        flags: givenFlags(command, settings),
        env: process.env,
        otherVariables: CLIENT_VARIABLES,
      });
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      const next = '`sluice standalone --help` lists what there is';
      process.stderr.write(`error: ${error.message}\nnext:  ${next}\n`);
      process.exitCode = EXIT.usage;
      return undefined;
    }
  }
}
