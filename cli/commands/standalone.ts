/** `sluice standalone`: what `npm start` runs. */
import type { Command } from 'commander';
import { defineProcess } from '#cli/define-process';
import { standaloneSchema } from '#cli/standalone-config';

export function defineStandalone(command: Command): void {
  defineProcess(command, {
    schema: standaloneSchema,
    examples: [
      'npm start',
      'npm start -- --data /var/lib/sluice --host 0.0.0.0 --advertise queue.example.org:8081',
      'sluice standalone --config sluice.yaml',
      'SLUICE_LOG_FORMAT=json sluice standalone --retention-hours 24',
    ],
    async run(config) {
      // Loaded only now: help and refusals come faster without the broker's code.
      const { runStandalone } = await import('#cli/standalone');
      await runStandalone(config);
    },
  });
}
