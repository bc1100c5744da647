import { describe, expect, test } from '@jest/globals';
import { Results } from '../../bench/results.ts';

const target = { max: 65, source: 'a test' };

describe('the table of results', () => {
  test('shows target, both servers, ratio of the medians and the verdict, aligned', () => {
    const results = new Results();
    for (const value of [80, 60, 70]) {
      results.add('produce', 'sluice', [{ name: 'CPU', value, unit: 'µs', target }]);
    }
    results.add('produce', 'peer', [{ name: 'CPU', value: 140, unit: 'µs', target }]);
    results.add('idle', 'sluice', [{ name: 'CPU', value: 0.25, unit: '%' }]);
    const [head, first, second] = results.table().split('\n');
    expect(head).toMatch(/^scenario +figure +target +sluice +peer +ratio$/);
    expect(first).toMatch(/^produce +CPU +≤ 65 µs +60 \/ 70 \/ 80 µs +140 µs +0\.50 +missed$/);
    expect(second).toMatch(/^idle +CPU +0\.25 %$/);
    expect(JSON.parse(results.json())).toMatchObject({
      rows: [{ sluice: { min: 60, median: 70, max: 80 }, ratio: 0.5, verdict: 'missed' }, {}],
    });
  });
});
