/** `sluice operator`: makes and keeps what the custom resources of a cluster ask for. */
import type { Command } from 'commander';
import { defineProcess } from '#cli/define-process';
import { operatorSchema } from '#cli/operator-config';

export function defineOperator(command: Command): void {
  defineProcess(command, {
    schema: operatorSchema,
    examples: [
      'sluice operator                                     in a pod, installed by the chart',
      'sluice operator --kubeconfig ~/.kube/config --no-webhook    on a laptop, for a cluster',
      'sluice operator --namespaces shop,billing',
    ],
    async run(config) {
      const { runOperator } = await import('#cli/operator');
      await runOperator(config);
    },
  });
}
