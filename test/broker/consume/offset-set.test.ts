import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { OffsetSet } from '#broker/consume/offset-set';

type Change = { add: number } | { dropBelow: number };

test('is a set of numbers, whatever happens', () => {
  const offset = fc.integer({ min: 0, max: 3000 });
  const change: fc.Arbitrary<Change> = fc.oneof(
    { weight: 9, arbitrary: offset.map((add) => ({ add })) },
    { weight: 1, arbitrary: offset.map((dropBelow) => ({ dropBelow })) },
  );
  const property = fc.property(fc.array(change, { size: 'large' }), offset, (changes, from) => {
    const set = new OffsetSet();
    const model = new Set<number>();
    for (const each of changes) {
      if ('add' in each) {
        set.add(each.add);
        model.add(each.add);
      } else {
        set.dropBelow(each.dropBelow);
        for (const known of model) if (known < each.dropBelow) model.delete(known);
      }
    }
    const expected = [...model].toSorted((a, b) => a - b);
    expect([...set]).toEqual(expected);
    expect(set.size).toBe(model.size);
    expect([...OffsetSet.decode(set.encode())]).toEqual(expected);
    expect(set.countFrom(from)).toBe(expected.filter((each) => each >= from).length);
    for (const each of [from, from + 1]) expect(set.has(each)).toBe(model.has(each));
  });
  fc.assert(property, { numRuns: 200 });
});

test('takes a bit for each of the offsets between the first and the last', () => {
  const set = new OffsetSet();
  for (let offset = 1_000_000; offset < 1_100_000; offset += 2) set.add(offset);
  expect(set.encode().length).toBe(6 + 100_000 / 8);
  set.dropBelow(1_099_990);
  expect(set.size).toBe(5);
  expect(set.encode().length).toBeLessThan(12);
});
