import { beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { QUOTA } from '#lib/limits';
import { TokenBucket } from '#lib/token-bucket';
import { ManualClock } from '#support/manual-clock';
import { runs } from '#support/property';

describe('a token bucket', () => {
  let clock: ManualClock;

  beforeEach(() => {
    clock = new ManualClock();
  });

  /** How many single tokens it gives at once. */
  function drain(bucket: TokenBucket): number {
    let count = 0;
    while (bucket.take(1)) count++;
    return count;
  }

  test.each([
    [5000, 500],
    [100, QUOTA.burstMessagesMin],
    [1, QUOTA.burstMessagesMin],
    [0, 0],
  ])('of %i a second holds %i, however long it rests', (perSecond, burst) => {
    const bucket = new TokenBucket(clock, perSecond);
    expect(drain(bucket)).toBe(burst);
    clock.advance(3_600_000);
    expect(drain(bucket)).toBe(burst);
  });

  test('gives its rate, not more and not less', () => {
    const bucket = new TokenBucket(clock, 1000);
    drain(bucket);
    clock.advance(10);
    expect(drain(bucket)).toBe(10);
    clock.advance(1);
    expect([bucket.has(1), bucket.has(2)]).toEqual([true, false]);
    expect([bucket.take(2), bucket.take(1)]).toEqual([false, true]);
  });

  test('owes at most a burst, and pays that back before anything else passes', () => {
    const bucket = new TokenBucket(clock, 1000);
    let taken = 0;
    while (bucket.takeOnCredit(1)) taken++;
    expect(taken).toBe(200);
    clock.advance(100);
    expect(bucket.has(1)).toBe(false);
    clock.advance(1);
    expect(drain(bucket)).toBe(1);
  });

  test('keeps what it has when its rate changes, up to the new burst', () => {
    const bucket = new TokenBucket(clock, 1000);
    bucket.setRate(10_000);
    expect(drain(bucket)).toBe(100);
    clock.advance(50);
    bucket.setRate(1000);
    expect(drain(bucket)).toBe(100);
    bucket.setRate(0);
    clock.advance(10_000);
    expect(drain(bucket)).toBe(0);
    bucket.setRate(100);
    expect(drain(bucket)).toBe(0);
    clock.advance(10);
    expect(drain(bucket)).toBe(1);
  });

  test('however it is asked, it lets through its rate, a burst and a debt at most', () => {
    const step = fc.record({
      waitMs: fc.integer({ min: 0, max: 50 }),
      asks: fc.array(fc.integer({ min: 1, max: 32 }), { maxLength: 40 }),
    });
    const check = (perSecond: number, steps: { waitMs: number; asks: number[] }[]): void => {
      const timed = new ManualClock();
      const bucket = new TokenBucket(timed, perSecond);
      let [passed, elapsedMs] = [0, 0];
      for (const { waitMs, asks } of steps) {
        timed.advance(waitMs);
        elapsedMs += waitMs;
        for (const count of asks) if (bucket.has(1) && bucket.takeOnCredit(count)) passed += count;
      }
      const burst = Math.max(perSecond / 10, QUOTA.burstMessagesMin);
      expect(passed).toBeLessThanOrEqual((perSecond * elapsedMs) / 1000 + 2 * burst + 1e-6);
    };
    const rate = fc.integer({ min: 1, max: 20_000 });
    fc.assert(fc.property(rate, fc.array(step, { maxLength: 60 }), check), runs(100));
  });
});
