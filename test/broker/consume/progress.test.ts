import { beforeEach, describe, expect, test } from '@jest/globals';

import { Progress } from '#broker/consume/progress';
import type { Lease } from '#broker/consume/progress';

describe('the progress of a group in a queue', () => {
  let progress: Progress;

  beforeEach(() => {
    progress = new Progress(1, 2, 3, 10);
  });

  function grant(offset: number, sequence = 1): Lease {
    progress.advance(offset + 1);
    return progress.grant({ offset, deadlineMs: 1000, attempt: sequence, sequence });
  }

  test('is committed up to the lowest message that is still out', () => {
    expect(progress.committed).toBe(10);
    for (const offset of [10, 11, 12]) grant(offset);
    expect([progress.committed, progress.next]).toEqual([10, 13]);
    progress.settle(11);
    expect(progress.committed).toBe(10);
    progress.settle(10);
    expect(progress.committed).toBe(12);
    progress.settle(12);
    expect(progress.committed).toBe(13);
  });

  test('never goes back', () => {
    progress.advance(20);
    progress.advance(15);
    expect([progress.next, progress.committed]).toEqual([20, 20]);
    progress.settleBelow(12);
    expect(progress.committed).toBe(20);
  });

  test('a new lease ends the one before it', () => {
    const first = grant(10);
    const second = grant(10, 2);
    expect([first.live, second.live]).toEqual([false, true]);
    expect(progress.lease(10)).toBe(second);
    expect(progress.outstandingCount).toBe(1);
  });

  test('settles once', () => {
    const lease = grant(10);
    expect([progress.settle(10), progress.settle(10), progress.settle(99)]).toEqual([
      true,
      false,
      false,
    ]);
    expect(lease.live).toBe(false);
    expect(progress.lease(10)).toBeUndefined();
  });

  test('hands out again what expired first, until it is leased or settled', () => {
    const leases = [10, 11, 12].map((offset) => grant(offset));
    for (const lease of [leases[2], leases[0], leases[1]]) progress.expire(lease as Lease);
    expect([progress.firstExpired(), progress.expiredCount]).toEqual([12, 3]);
    grant(12, 2);
    expect([progress.firstExpired(), progress.expiredCount]).toEqual([10, 2]);
    progress.settle(10);
    expect(progress.firstExpired()).toBe(11);
    progress.settle(11);
    expect(progress.firstExpired()).toBeUndefined();
  });

  test('settles all below an offset, handed out or not', () => {
    const leases = [10, 11, 12].map((offset) => grant(offset));
    progress.expire(leases[0] as Lease);
    progress.settleBelow(12);
    expect([...progress.leases].map(({ offset }) => offset)).toEqual([12]);
    expect([progress.committed, progress.expiredCount]).toEqual([12, 0]);
    progress.settleBelow(30);
    expect([progress.committed, progress.next, progress.outstandingCount]).toEqual([30, 30, 0]);
  });
});
