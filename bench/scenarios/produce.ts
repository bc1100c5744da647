import type { Scenario } from '../scenario.ts';
import { TARGETS } from '../targets.ts';

const QUEUES = 8;

export const produce: Scenario = {
  name: 'produce',
  about: 'unary SendMessage, 1 KiB, 64 in flight on 4 connections',
  async run(trial) {
    const server = await trial.start();
    await server.createTopics(['bench'], QUEUES);
    const { seconds, warmupSeconds, warmupMessages } = trial.sizes;
    const load = { seconds, warmupSeconds, warmupMessages };
    const result = await trial.load(server, { ...load, mode: 'produce' });
    trial.add(
      'server CPU a message',
      result.serverMicrosPerMessage,
      'µs',
      TARGETS.produceCpuMicros,
    );
    trial.add('messages a second', result.perSecond, '/s');
    trial.add('send p50', result.sendLatency?.p50Ms ?? NaN, 'ms');
    trial.add('send p99', result.sendLatency?.p99Ms ?? NaN, 'ms');
    trial.add('generator CPU a message', result.generatorCpuMicros / result.messages, 'µs');
  },
};
