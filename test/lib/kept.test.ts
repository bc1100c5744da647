import { expect, test } from '@jest/globals';

import { Kept } from '#lib/kept';

test('a value is made once, until there are as many as are kept', () => {
  const made: number[] = [];
  const kept = new Kept(3, (key: number) => {
    if (key < 0) throw new RangeError('below 0');
    made.push(key);
    return String(key);
  });
  for (const key of [1, 2, 1, 3, 2]) expect(kept.get(key)).toBe(String(key));
  expect(made).toEqual([1, 2, 3]);
  expect(() => kept.get(-1)).toThrow(RangeError);
  expect(kept.get(1)).toBe('1');
  expect(made).toEqual([1, 2, 3]);
  expect(kept.get(4)).toBe('4');
  expect(kept.get(1)).toBe('1');
  expect(made).toEqual([1, 2, 3, 4, 1]);
});
