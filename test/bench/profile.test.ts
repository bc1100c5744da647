import { describe, expect, test } from '@jest/globals';
import { summarize } from '../../bench/profile.ts';

const frame = (functionName: string, url = '', lineNumber = 0) => ({
  functionName,
  url,
  lineNumber,
});
const ROOT = 'file:///project';

describe('the summary of a CPU profile', () => {
  const profile = {
    nodes: [
      { id: 1, callFrame: frame('(root)'), children: [2, 4, 5, 6, 8] },
      { id: 2, callFrame: frame('append', `${ROOT}/broker/store/commit-log.ts`, 9), children: [7] },
      { id: 3, callFrame: frame('writeBuffers') },
      { id: 7, callFrame: frame('write', 'node:internal/buffer'), children: [3] },
      { id: 8, callFrame: frame('processTicksAndRejections', 'node:internal/process/task_queues') },
      { id: 4, callFrame: frame('onread', 'node:internal/http2/core') },
      { id: 5, callFrame: frame('(idle)') },
      { id: 6, callFrame: frame('(garbage collector)') },
    ],
    startTime: 1000,
    samples: [5, 2, 3, 4, 6, 7, 8, 2],
    timeDeltas: [0, 100, 10, 20, 40, 80, 5, 7],
  };

  test('gives self time to parts; native and library functions belong to their caller', () => {
    const { groups } = summarize(profile, { startMicros: 0, endMicros: 9999 });
    expect(Object.fromEntries(groups)).toEqual({
      idle: 100,
      store: 35,
      transport: 40,
      gc: 80,
      'node runtime': 7,
    });
  });

  test('counts what lies in the window only', () => {
    const { groups, functions } = summarize(profile, { startMicros: 1100, endMicros: 1110 });
    expect(Object.fromEntries(groups)).toEqual({ store: 30 });
    expect(functions.map(({ name, micros }) => [name, micros])).toEqual([
      ['writeBuffers', 20],
      ['append /project/broker/store/commit-log.ts:10', 10],
    ]);
  });
});
