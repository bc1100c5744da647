import { drain, fill } from '../drain.ts';
import type { LoadResult } from '../load/process.ts';
import type { Scenario, Trial } from '../scenario.ts';
import type { RunningServer } from '../servers/contender.ts';
import { TARGETS } from '../targets.ts';

const QUEUES = 8;
const KINDS = ['normal', 'ordered'] as const;
type Kind = (typeof KINDS)[number];

interface Cost {
  readonly send: LoadResult;
  readonly receive: LoadResult;
}

/** Fills the kind's own topic, and empties it again with the kind's own group. */
async function cost(trial: Trial, server: RunningServer, kind: Kind): Promise<Cost> {
  const topics = [`bench-${kind}`];
  const group = `group-${kind}`;
  const messages = trial.sizes.drainWarmup + trial.sizes.drainMessages;
  const send = await fill(trial, server, { topics, messages, kind });
  return { send, receive: await drain(trial, server, { topics, group, messages, kind }) };
}

export const ordered: Scenario = {
  name: 'ordered',
  about: 'messages of 1,000 message groups to an ordered group, against normal ones',
  async run(trial) {
    const server = await trial.start();
    await server.createTopics(['bench-normal'], QUEUES);
    await server.createTopics(['bench-ordered'], QUEUES, 'fifo');
    await server.createOrderedGroup('group-ordered');
    // What a process costs in its first seconds belongs to neither side.
    for (const kind of KINDS) await cost(trial, server, kind);
    for (let round = 0; round < trial.sizes.rounds; round++) {
      const normal = await cost(trial, server, 'normal');
      const inOrder = await cost(trial, server, 'ordered');
      compare(trial, 'send', normal.send, inOrder.send);
      compare(trial, 'receive', normal.receive, inOrder.receive);
      trial.add('delivered again, ordered', inOrder.receive.arrivedAgain, '');
    }
  },
};

function compare(trial: Trial, what: string, normal: LoadResult, inOrder: LoadResult): void {
  const [of, against] = [inOrder.serverMicrosPerMessage, normal.serverMicrosPerMessage];
  trial.add(`server CPU a ${what}, normal`, against, 'µs');
  trial.add(`server CPU a ${what}, ordered`, of, 'µs');
  trial.add(`${what}, ordered ÷ normal`, of / against, '×', TARGETS.orderedRatio);
  trial.add(`messages a second, ${what}, ordered`, inOrder.perSecond, '/s');
}
