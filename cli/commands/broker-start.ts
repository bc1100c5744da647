/** `sluice broker start`: one broker of a fleet. */
import type { Command } from 'commander';
import { brokerSchema } from '#cli/broker-config';
import { defineProcess } from '#cli/define-process';

export function defineBrokerStart(command: Command): void {
  defineProcess(command, {
    schema: brokerSchema,
    examples: [
      'sluice broker start --name-servers ns-1.example.org:8091,ns-2.example.org:8091 \\',
      '    --host 0.0.0.0 --advertise broker-1.example.org:8081 --name broker-1',
      'SLUICE_FLEET_TOKEN=... sluice broker start --config broker.yaml',
    ],
    async run(config) {
      const { runBroker } = await import('#cli/broker');
      await runBroker(config);
    },
  });
}
