import { drain, fill, subscribe } from '../drain.ts';
import type { Scenario, Trial } from '../scenario.ts';
import type { RunningServer } from '../servers/contender.ts';
import { TARGETS } from '../targets.ts';

const QUEUES = 8;

/** Each way to acknowledge empties a topic of its own. */
const VARIANTS = [
  { ack: 'single', consumer: 'simple', label: 'ack each' },
  { ack: 'batch', consumer: 'simple', label: 'ack batch' },
  { ack: 'single', consumer: 'push', label: 'push, ack each' },
] as const;
type Variant = (typeof VARIANTS)[number];

export const receiveAck: Scenario = {
  name: 'receive-ack',
  about: 'ReceiveMessage in batches of 32 on 8 streams, each message acknowledged',
  transports: 'in turns',
  async run(trial) {
    const server = await trial.start();
    for (const variant of VARIANTS) {
      const { topics, group } = namesOf(variant);
      await server.createTopics(topics, QUEUES);
      await subscribe(trial, server, { topics, group });
      await fillAndDrain(trial, server, variant, trial.sizes.drainWarmup);
    }
    for (let round = 0; round < trial.sizes.rounds; round++) {
      for (const variant of VARIANTS) {
        await trial.letOthersGo();
        await measure(trial, server, variant);
      }
      if (trial.contender.transport !== undefined) await trial.doorAlone('grpc-js', round);
    }
  },
};

function namesOf({ ack, consumer }: Variant): { topics: string[]; group: string } {
  return { topics: [`bench-${consumer}-${ack}`], group: `group-${consumer}-${ack}` };
}

async function fillAndDrain(
  trial: Trial,
  server: RunningServer,
  variant: Variant,
  messages: number,
): ReturnType<typeof drain> {
  const { topics, group } = namesOf(variant);
  const { ack, consumer } = variant;
  await fill(trial, server, { topics, messages });
  return drain(trial, server, { topics, group, messages, ack, consumer });
}

async function measure(trial: Trial, server: RunningServer, variant: Variant): Promise<void> {
  const { drainWarmup, drainMessages } = trial.sizes;
  const result = await fillAndDrain(trial, server, variant, drainWarmup + drainMessages);
  const { label } = variant;
  const micros = result.serverMicrosPerMessage;
  trial.add(`server CPU a message, ${label}`, micros, 'µs', TARGETS.receiveAckCpuMicros);
  trial.add(`messages a second, ${label}`, result.perSecond, '/s');
  trial.add(`ack p50, ${label}`, result.ackLatency?.p50Ms ?? NaN, 'ms');
  trial.add(`ack p99, ${label}`, result.ackLatency?.p99Ms ?? NaN, 'ms');
  trial.add(`delivered again, ${label}`, result.arrivedAgain, '');
}
