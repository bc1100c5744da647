/** The composition root of a process that runs everything: a broker that answers for routes too. */
import { addBroker } from '#cli/broker';
import { runProcess } from '#cli/run-process';
import type { StandaloneConfig } from '#cli/standalone-config';

/** The name of the broker in routes; there is only one. */
const BROKER_NAME = 'broker-0';

/** Runs until a signal ends the process. */
export function runStandalone(config: StandaloneConfig): Promise<void> {
  return runProcess(config, (context) => addBroker(context, { ...config, name: BROKER_NAME }));
}
