import { describe, expect, test } from '@jest/globals';
import { Results } from '../../bench/results.ts';
import type { Target } from '../../bench/targets.ts';

const time: Target = { bound: 22, is: 'max', scales: true, source: 'a test' };
const rate: Target = { bound: 25_000, is: 'min', scales: true, source: 'a test' };
const memory: Target = { bound: 150, is: 'max', scales: false, source: 'a test' };

describe('the table of results', () => {
  test('shows target, all servers, ratios of the medians and the verdict, aligned', () => {
    const results = new Results();
    for (const value of [30, 20, 25]) {
      results.add('produce', 'wire', [{ name: 'CPU', value, unit: 'µs', target: time }]);
    }
    results.add('produce', 'peer', [{ name: 'CPU', value: 250, unit: 'µs', target: time }]);
    results.add('produce', 'grpc-js', [{ name: 'CPU', value: 100, unit: 'µs', target: time }]);
    results.add('idle', 'wire', [{ name: 'CPU', value: 0.25, unit: '%' }]);
    const [head, first, second, ...rest] = results.table().split('\n');
    expect(head).toMatch(/^scenario +figure +target +wire +grpc-js +ratio +peer +ratio$/);
    expect(first).toMatch(
      /^produce +CPU +≤ 22 µs +20 \/ 25 \/ 30 µs +100 µs +0\.25 +250 µs +0\.10 +missed$/,
    );
    expect(second).toMatch(/^idle +CPU +0\.25 %$/);
    expect(rest).toEqual([]);
    expect(JSON.parse(results.json())).toMatchObject({
      rows: [
        {
          servers: { wire: { min: 20, median: 25, max: 30 } },
          ratios: { 'grpc-js': 0.25, peer: 0.1 },
          verdict: 'missed',
        },
        {},
      ],
    });
  });

  test('a slower machine has targets of its own, which are shown beside the others', () => {
    const results = new Results();
    results.bareCallMicros.push(100, 60);
    results.add('produce', 'wire', [
      { name: 'CPU', value: 40, unit: 'µs', target: time },
      { name: 'fast', value: 20, unit: 'µs', target: time },
      { name: 'slow', value: 45, unit: 'µs', target: time },
      { name: 'rate', value: 13_000, unit: '/s', target: rate },
      { name: 'low', value: 12_000, unit: '/s', target: rate },
      { name: 'memory', value: 200, unit: 'MiB', target: memory },
    ]);
    const [head, ...lines] = results.table().split('\n');
    expect(head).toMatch(/^scenario +figure +target +here +wire$/);
    expect(lines.map((line) => line.replaceAll(/ {2,}/g, ' | ').trim())).toEqual([
      'produce | CPU | ≤ 22 µs | ≤ 44 µs | 40 µs | met here',
      '| fast | ≤ 22 µs | ≤ 44 µs | 20 µs | met',
      '| slow | ≤ 22 µs | ≤ 44 µs | 45 µs | missed',
      '| rate | ≥ 25,000 /s | ≥ 12,500 /s | 13,000 /s | met here',
      '| low | ≥ 25,000 /s | ≥ 12,500 /s | 12,000 /s | missed',
      '| memory | ≤ 150 MiB | 200 MiB | missed',
      '',
      'here: a bare unary call of grpc-js took 60 / 80 / 100 µs, not the 40 µs that the targets ' +
        'are set for, so times × 2.00 and rates ÷ 2.00',
    ]);
  });

  test('a fast machine does not meet a target by its speed alone; a peer has no verdict', () => {
    const results = new Results();
    results.bareCallMicros.push(20);
    results.add('produce', 'wire', [{ name: 'CPU', value: 20, unit: 'µs', target: time }]);
    results.add('receive', 'peer', [{ name: 'CPU', value: 1, unit: 'µs', target: time }]);
    const [, first = '', second = ''] = results.table().split('\n');
    expect(first).toMatch(/missed here$/);
    expect(second).toMatch(/ 1 µs$/);
  });

  test('what one server did in one scenario, a line a figure', () => {
    const results = new Results();
    results.add('produce', 'wire', [{ name: 'CPU', value: 20, unit: 'µs' }]);
    results.add('produce', 'grpc-js', [{ name: 'CPU', value: 100, unit: 'µs' }]);
    expect(results.of('produce', 'grpc-js')).toEqual(['CPU: 100 µs']);
  });
});
