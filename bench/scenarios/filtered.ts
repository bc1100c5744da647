import { drain, fill } from '../drain.ts';
import type { Scenario } from '../scenario.ts';

const QUEUES = 8;
const TOPICS = ['bench'];

/** Half of the messages have each tag; each filter has a group of its own on the same topic. */
const FILTERS = [
  { label: 'all', filter: '*', filterType: 'tag', share: 1 },
  { label: 'tag', filter: 'tag-A', filterType: 'tag', share: 0.5 },
  { label: 'SQL, all', filter: "TAGS IN ('tag-A', 'tag-B')", filterType: 'sql', share: 1 },
  { label: 'SQL, half', filter: "TAGS = 'tag-A'", filterType: 'sql', share: 0.5 },
] as const;

export const filtered: Scenario = {
  name: 'filtered',
  about: 'receives all messages, and the half that a tag or a condition of SQL92 asks for',
  async run(trial) {
    const server = await trial.start();
    await server.createTopics(TOPICS, QUEUES);
    const { drainWarmup, drainMessages, rounds } = trial.sizes;
    const messages = 2 * QUEUES * Math.ceil((drainWarmup + drainMessages) / (2 * QUEUES));
    await fill(trial, server, { topics: TOPICS, messages, kind: 'tagged' });
    const measure = async (round: string): Promise<number[]> => {
      const costs: number[] = [];
      for (const { label, filter, filterType, share } of FILTERS) {
        const group = `${label.replaceAll(/[^a-z]/gi, '-')}-${round}`;
        const asked = { filter, filterType, messages: messages * share };
        const result = await drain(trial, server, { topics: TOPICS, group, ...asked });
        costs.push(result.serverMicrosPerMessage);
      }
      return costs;
    };
    await measure('warmup');
    for (let round = 0; round < rounds; round++) {
      const costs = await measure(String(round));
      for (const [i, { label }] of FILTERS.entries()) {
        const cost = costs[i] ?? NaN;
        trial.add(`server CPU a message received, ${label}`, cost, 'µs');
        if (i > 0) trial.add(`${label} ÷ all`, cost / (costs[0] ?? NaN), '×');
      }
    }
  },
};
