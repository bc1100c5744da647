import { drain, fill, subscribe } from '../drain.ts';
import type { LoadOptions } from '../load/options.ts';
import type { LoadResult } from '../load/process.ts';
import { memory, resetPeak } from '../measure.ts';
import type { Scenario, Trial } from '../scenario.ts';
import type { RunningServer } from '../servers/contender.ts';

const QUEUES = 8;
const BODY_MIB = 4;
/** Of the largest messages that there may be; at most 16 MiB in an answer. */
const LOAD = {
  topics: ['bench'],
  group: 'group',
  bodyBytes: BODY_MIB * 1024 * 1024,
  connections: 4,
  inFlight: 8,
  receivers: 4,
  batch: 4,
} satisfies Partial<LoadOptions>;

export const large: Scenario = {
  name: 'large',
  about: 'messages of 4 MiB: 8 sends in flight on 4 connections, 4 receive streams',
  transports: 'one by one',
  async run(trial) {
    const server = await trial.start();
    await server.createTopics(LOAD.topics, QUEUES);
    await subscribe(trial, server, LOAD);
    const { largeMessages: messages } = trial.sizes;
    const { topics, group } = LOAD;
    // What a process costs in its first seconds belongs to neither.
    await fill(trial, server, { topics, messages: 1000 });
    await drain(trial, server, { topics, group, messages: 1000, warmupMessages: 0 });
    resetPeak(server.pids);
    add(trial, server, 'send', await fill(trial, server, { ...LOAD, messages }));
    resetPeak(server.pids);
    const received = await drain(trial, server, { ...LOAD, messages, warmupMessages: 0 });
    add(trial, server, 'receive', received);
  },
};

function add(trial: Trial, server: RunningServer, what: string, result: LoadResult): void {
  const mib = result.messages * BODY_MIB;
  trial.add(what, mib / result.seconds, 'MiB/s');
  trial.add(`${what}: server CPU a MiB`, result.serverMicrosPerMessage / BODY_MIB, 'µs');
  trial.add(`${what}: resident peak`, memory(server.pids).residentPeakMib, 'MiB');
}
