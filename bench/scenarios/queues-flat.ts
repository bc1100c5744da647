import { drain, fill, subscribe } from '../drain.ts';
import { spread } from '../many-queues.ts';
import type { Scenario, Trial } from '../scenario.ts';
import type { RunningServer } from '../servers/contender.ts';
import { TARGETS } from '../targets.ts';

const FEW_QUEUES = 8;

interface Cost {
  readonly send: number;
  readonly receive: number;
}

async function cost(
  trial: Trial,
  server: RunningServer,
  topics: readonly string[],
  group: string,
): Promise<Cost> {
  const messages = trial.sizes.drainWarmup + trial.sizes.drainMessages;
  await subscribe(trial, server, { topics, group });
  const sent = await fill(trial, server, { topics, messages });
  const receivers = Math.max(8, topics.length);
  const received = await drain(trial, server, { topics, group, messages, receivers });
  return { send: sent.serverMicrosPerMessage, receive: received.serverMicrosPerMessage };
}

export const queuesFlat: Scenario = {
  name: 'queues-flat',
  about: 'cost of a message spread over 10,000 queues, against 8',
  async run(trial) {
    const server = await trial.start();
    const few = ['bench-few'];
    const { topics: many, queuesEach } = spread('bench-many', trial.sizes.manyQueues);
    await server.createTopics(['bench-warmup', ...few], FEW_QUEUES);
    // What a process costs in its first seconds belongs to neither side.
    await cost(trial, server, ['bench-warmup'], 'group-warmup');
    const fewCost = await cost(trial, server, few, 'group-few');
    await server.createTopics(many, queuesEach);
    const manyCost = await cost(trial, server, many, 'group-many');
    trial.add('queues', many.length * queuesEach, '');
    trial.add('server CPU a send, 8', fewCost.send, 'µs');
    trial.add('server CPU a send, many', manyCost.send, 'µs');
    trial.add('send, many ÷ 8', manyCost.send / fewCost.send, '×', TARGETS.flatRatio);
    trial.add('server CPU a receive, 8', fewCost.receive, 'µs');
    trial.add('server CPU a receive, many', manyCost.receive, 'µs');
    trial.add('receive, many ÷ 8', manyCost.receive / fewCost.receive, '×', TARGETS.flatRatio);
  },
};
