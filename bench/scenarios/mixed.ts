import type { LoadOptions } from '../load/options.ts';
import type { LoadResult } from '../load/process.ts';
import type { Scenario } from '../scenario.ts';

const QUEUES = 8;

/** One generator each, at the same time; each receives what it sends. */
const LOADS = [
  { kind: 'normal', topicKind: 'normal' },
  { kind: 'ordered', topicKind: 'fifo' },
  { kind: 'scheduled', topicKind: 'delay' },
  { kind: 'transaction', topicKind: 'transaction' },
  {
    kind: 'tagged',
    topicKind: 'normal',
    filter: "TAGS IN ('tag-A', 'tag-B')",
    filterType: 'sql',
  },
] as const;

export const mixed: Scenario = {
  name: 'mixed',
  about: 'messages of every kind at once, sent and received, each kind on a topic of its own',
  async run(trial) {
    const server = await trial.start();
    for (const { kind, topicKind } of LOADS) {
      await server.createTopics([`bench-${kind}`], QUEUES, topicKind);
    }
    await server.createOrderedGroup('group-ordered');
    const { seconds, warmupSeconds } = trial.sizes;
    const results = await Promise.all(
      LOADS.map(({ topicKind: _, ...load }) => {
        const options: Partial<LoadOptions> = {
          ...load,
          mode: 'both',
          topics: [`bench-${load.kind}`],
          group: `group-${load.kind}`,
          connections: 2,
          inFlight: 16,
          receivers: 4,
          seconds,
          warmupSeconds,
        };
        return trial.load(server, options);
      }),
    );
    const perSecond = results.reduce((sum, each) => sum + each.perSecond, 0);
    trial.add('server CPU a message, both ways', cpuPerSecond(results) / perSecond, 'µs');
    trial.add('messages a second', perSecond, '/s');
    for (const [i, { kind }] of LOADS.entries()) {
      const { perSecond: each = NaN, endToEndLatency } = results[i] ?? {};
      trial.add(`messages a second, ${kind}`, each, '/s');
      trial.add(`end to end p99, ${kind}`, endToEndLatency?.p99Ms ?? NaN, 'ms');
    }
  },
};

/** Each generator saw all of it in its own measured time. */
function cpuPerSecond(results: readonly LoadResult[]): number {
  const each = results.map(
    ({ serverMicrosPerMessage, perSecond }) => serverMicrosPerMessage * perSecond,
  );
  return each.reduce((sum, micros) => sum + micros, 0) / each.length;
}
