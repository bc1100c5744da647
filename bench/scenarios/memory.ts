import { fill } from '../drain.ts';
import { spread } from '../many-queues.ts';
import { memory } from '../measure.ts';
import type { Scenario } from '../scenario.ts';
import { TARGETS } from '../targets.ts';

const QUEUES = 8;

export const memoryScenario: Scenario = {
  name: 'memory',
  about: 'resident memory at the start, after many messages, and with many queues on top',
  async run(trial) {
    const server = await trial.start();
    trial.add('resident at start', memory(server.pids).residentMib, 'MiB');
    await server.createTopics(['bench'], QUEUES);
    const messages = trial.sizes.memoryMessages;
    await fill(trial, server, { topics: ['bench'], messages });
    const after = memory(server.pids);
    const { residentMibAfterMillion, residentMibManyQueues } = TARGETS;
    trial.add('messages', messages, '');
    trial.add('resident after', after.residentMib, 'MiB', residentMibAfterMillion);
    trial.add('resident peak', after.residentPeakMib, 'MiB');
    const { topics, queuesEach } = spread('bench-many', trial.sizes.manyQueues);
    await server.createTopics(topics, queuesEach);
    // Some messages in every queue, so that each has its state in memory.
    await fill(trial, server, { topics, messages: trial.sizes.manyQueues * 10 });
    const many = memory(server.pids);
    trial.add('queues', topics.length * queuesEach, '');
    trial.add('resident with many queues', many.residentMib, 'MiB', residentMibManyQueues);
  },
};
