import { expect, test } from '@jest/globals';
import { Backoff } from '#lib/retry';

const policy = { initialMs: 100, maxMs: 1000, multiplier: 3 };

test('each wait is longer, up to the largest, and a success starts over', () => {
  const backoff = new Backoff(policy, () => 0.5);
  expect([1, 2, 3, 4, 5].map(() => backoff.nextMs())).toEqual([75, 225, 675, 750, 750]);
  backoff.reset();
  expect(backoff.nextMs()).toBe(75);
});

test('a wait is between half of its bound and all of it', () => {
  expect(new Backoff(policy, () => 0).nextMs()).toBe(50);
  expect(new Backoff(policy, () => 0.999_999).nextMs()).toBeCloseTo(100, 3);
});
