import { drain, fill } from '../drain.ts';
import type { LoadResult } from '../load/process.ts';
import type { Scenario, Trial } from '../scenario.ts';
import type { RunningServer } from '../servers/contender.ts';

const QUEUES = 8;
const KINDS = ['normal', 'transaction'] as const;
type Kind = (typeof KINDS)[number];

async function send(trial: Trial, server: RunningServer, kind: Kind): Promise<LoadResult> {
  const topics = [`bench-${kind}`];
  const messages = trial.sizes.drainWarmup + trial.sizes.drainMessages;
  return fill(trial, server, { topics, messages, kind });
}

export const transactional: Scenario = {
  name: 'transactional',
  about: 'half messages, each committed once it is stored, against normal messages',
  async run(trial) {
    const server = await trial.start();
    await server.createTopics(['bench-normal'], QUEUES);
    await server.createTopics(['bench-transaction'], QUEUES, 'transaction');
    // What a process costs in its first seconds belongs to neither side.
    for (const kind of KINDS) await send(trial, server, kind);
    let committed = trial.sizes.drainWarmup + trial.sizes.drainMessages;
    for (let round = 0; round < trial.sizes.rounds; round++) {
      const normal = await send(trial, server, 'normal');
      const both = await send(trial, server, 'transaction');
      committed += both.sent;
      const [of, against] = [both.serverMicrosPerMessage, normal.serverMicrosPerMessage];
      trial.add('server CPU a message, normal', against, 'µs');
      trial.add('server CPU a message, half and commit', of, 'µs');
      trial.add('half and commit ÷ normal', of / against, '×');
      trial.add('transactions a second', both.perSecond, '/s');
      trial.add('half and commit p50', both.sendLatency?.p50Ms ?? NaN, 'ms');
      trial.add('half and commit p99', both.sendLatency?.p99Ms ?? NaN, 'ms');
    }
    // All that was committed is there to be received, and nothing else.
    const topics = ['bench-transaction'];
    await drain(trial, server, { topics, group: 'group', messages: committed });
  },
};
