import { describe, expect, test } from '@jest/globals';
import { systemClock } from '#lib/clock';
import { ManualClock } from '#support/manual-clock';

describe('system clock', () => {
  test('a timer of 40 days does not fire at once', async () => {
    let fired = 0;
    const timer = systemClock.setTimeout(() => fired++, 40 * 24 * 3600 * 1000);
    await new Promise((resolve) => systemClock.setTimeout(() => resolve(undefined), 20));
    timer.cancel();
    expect(fired).toBe(0);
  });

  test('cancelled timers do not run', async () => {
    let fired = 0;
    systemClock.setTimeout(() => fired++, 1).cancel();
    systemClock.setInterval(() => fired++, 1).cancel();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(fired).toBe(0);
  });
});

describe('manual clock', () => {
  test('runs timers in order of time, each at its own', () => {
    const clock = new ManualClock(1000);
    const seen: string[] = [];
    const note = (name: string) => () => seen.push(`${name}@${clock.nowMs()}`);
    clock.setTimeout(note('late'), 30);
    clock.setTimeout(note('soon'), 10);
    clock.setTimeout(note('also soon'), 10);
    const ticks = clock.setInterval(note('tick'), 20);
    clock.setTimeout(note('never'), 15).cancel();
    clock.advance(40);
    expect(seen).toEqual(['soon@1010', 'also soon@1010', 'tick@1020', 'late@1030', 'tick@1040']);
    expect([clock.nowMs(), clock.monotonicMs(), clock.pendingTimers]).toEqual([1040, 40, 1]);
    ticks.cancel();
    expect(clock.pendingTimers).toBe(0);
  });
});
