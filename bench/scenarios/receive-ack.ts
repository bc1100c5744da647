import { drain, fill, subscribe } from '../drain.ts';
import type { Scenario } from '../scenario.ts';
import { TARGETS } from '../targets.ts';

const QUEUES = 8;

/** Each way to acknowledge empties a topic of its own. */
const VARIANTS = [
  { ack: 'single', consumer: 'simple', label: 'ack each' },
  { ack: 'batch', consumer: 'simple', label: 'ack batch' },
  { ack: 'single', consumer: 'push', label: 'push, ack each' },
] as const;

export const receiveAck: Scenario = {
  name: 'receive-ack',
  about: 'ReceiveMessage in batches of 32 on 8 streams, each message acknowledged',
  async run(trial) {
    const server = await trial.start();
    const messages = trial.sizes.drainWarmup + trial.sizes.drainMessages;
    for (const { ack, consumer, label } of VARIANTS) {
      const topics = [`bench-${consumer}-${ack}`];
      const group = `group-${consumer}-${ack}`;
      await server.createTopics(topics, QUEUES);
      await subscribe(trial, server, { topics, group });
      await fill(trial, server, { topics, messages });
      const result = await drain(trial, server, { topics, group, messages, ack, consumer });
      const micros = result.serverMicrosPerMessage;
      trial.add(`server CPU a message, ${label}`, micros, 'µs', TARGETS.receiveAckCpuMicros);
      trial.add(`messages a second, ${label}`, result.perSecond, '/s');
      trial.add(`ack p50, ${label}`, result.ackLatency?.p50Ms ?? NaN, 'ms');
      trial.add(`ack p99, ${label}`, result.ackLatency?.p99Ms ?? NaN, 'ms');
      trial.add(`delivered again, ${label}`, result.arrivedAgain, '');
    }
  },
};
