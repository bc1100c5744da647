import { subscribe } from '../drain.ts';
import type { Scenario } from '../scenario.ts';

const QUEUES = 8;

export const produceConsume: Scenario = {
  name: 'produce-consume',
  about:
    'both at once on one topic: 64 sends in flight, 8 receive streams, each message acknowledged',
  async run(trial) {
    const server = await trial.start();
    const topics = ['bench'];
    const group = 'group';
    await server.createTopics(topics, QUEUES);
    await subscribe(trial, server, { topics, group });
    const { seconds, warmupSeconds, warmupMessages } = trial.sizes;
    const load = { topics, group, seconds, warmupSeconds, warmupMessages };
    const result = await trial.load(server, { ...load, mode: 'both' });
    trial.add('server CPU a message, both ways', result.serverMicrosPerMessage, 'µs');
    trial.add('messages a second', result.perSecond, '/s');
    trial.add('send p50', result.sendLatency?.p50Ms ?? NaN, 'ms');
    trial.add('send p99', result.sendLatency?.p99Ms ?? NaN, 'ms');
    trial.add('end to end p50', result.endToEndLatency?.p50Ms ?? NaN, 'ms');
    trial.add('end to end p99', result.endToEndLatency?.p99Ms ?? NaN, 'ms');
    trial.add('delivered again', result.arrivedAgain, '');
  },
};
