/** `sluice nameserver`: tells the clients of a fleet which broker has which queues. */
import type { Command } from 'commander';
import { defineProcess } from '#cli/define-process';
import { nameServerSchema } from '#cli/nameserver-config';

export function defineNameServer(command: Command): void {
  defineProcess(command, {
    schema: nameServerSchema,
    examples: [
      'sluice nameserver',
      'SLUICE_FLEET_TOKEN=... sluice nameserver --host 0.0.0.0 --registry-host 0.0.0.0',
      'sluice nameserver --config nameserver.yaml',
    ],
    async run(config) {
      const { runNameServer } = await import('#cli/nameserver');
      await runNameServer(config);
    },
  });
}
