import { drain, fill, subscribe } from '../drain.ts';
import type { Scenario, Trial } from '../scenario.ts';
import type { RunningServer } from '../servers/contender.ts';
import { TARGETS } from '../targets.ts';

const QUEUES = 8;

interface Cost {
  readonly send: number;
  readonly receive: number;
}

/** Sends, then drains, the same number of messages; `behind` go into the queues in between. */
async function cost(
  trial: Trial,
  server: RunningServer,
  topic: string,
  behind: number,
): Promise<Cost> {
  const topics = [topic];
  const group = `group-${topic}`;
  const messages = trial.sizes.drainWarmup + trial.sizes.drainMessages;
  await server.createTopics(topics, QUEUES);
  await subscribe(trial, server, { topics, group });
  if (behind > 0) await fill(trial, server, { topics, messages: behind });
  const sent = await fill(trial, server, { topics, messages });
  const received = await drain(trial, server, { topics, group, messages });
  return { send: sent.serverMicrosPerMessage, receive: received.serverMicrosPerMessage };
}

export const backlogFlat: Scenario = {
  name: 'backlog-flat',
  about: 'cost of a message in queues that hold many more, against queues that hold no others',
  async run(trial) {
    const server = await trial.start();
    const behind = trial.sizes.backlogMessages;
    // What a process costs in its first seconds belongs to neither side.
    await cost(trial, server, 'bench-warmup', 0);
    const empty = await cost(trial, server, 'bench-empty', 0);
    const full = await cost(trial, server, 'bench-full', behind);
    trial.add('messages behind', behind, '');
    trial.add('server CPU a send, empty', empty.send, 'µs');
    trial.add('server CPU a send, behind', full.send, 'µs');
    trial.add('send, behind ÷ empty', full.send / empty.send, '×', TARGETS.flatRatio);
    trial.add('server CPU a receive, empty', empty.receive, 'µs');
    trial.add('server CPU a receive, behind', full.receive, 'µs');
    trial.add('receive, behind ÷ empty', full.receive / empty.receive, '×', TARGETS.flatRatio);
  },
};
