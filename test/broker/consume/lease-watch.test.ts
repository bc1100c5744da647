import { beforeEach, describe, expect, test } from '@jest/globals';

import { LeaseWatch } from '#broker/consume/lease-watch';
import { Progress } from '#broker/consume/progress';
import type { Lease } from '#broker/consume/progress';
import { CONSUME } from '#lib/limits';
import { ManualClock } from '#support/manual-clock';

const SLICE = CONSUME.autoRenewSliceMs;

describe('the watch over leases', () => {
  let clock: ManualClock;
  let watch: LeaseWatch;
  let progress: Progress;
  let expired: number[];
  let renewed: number[];
  let connected: Set<string>;

  beforeEach(() => {
    clock = new ManualClock(0);
    progress = new Progress(1, 2, 0, 0);
    expired = [];
    renewed = [];
    connected = new Set(['client']);
    watch = new LeaseWatch({
      clock,
      isConnected: (clientId) => connected.has(clientId),
      onRenewed: ({ offset }) => renewed.push(offset),
      onExpired: (ended) => {
        expired.push(ended.offset);
        progress.expire(ended);
      },
    });
    watch.start();
  });

  function lease(offset: number, ms: number, renewFor?: string): Lease {
    const nowMs = clock.nowMs();
    const until = nowMs + CONSUME.autoRenewMaxMs;
    const renewal = renewFor === undefined ? undefined : { clientId: renewFor, untilMs: until };
    const entry = { offset, deadlineMs: nowMs + ms, attempt: 1, sequence: 1 };
    const granted = progress.grant(entry, renewal);
    watch.watch(granted);
    return granted;
  }

  test('each lease ends at its deadline, not before', () => {
    lease(1, 3000);
    lease(2, 1000);
    lease(3, 2000);
    clock.advance(999);
    expect(expired).toEqual([]);
    clock.advance(1);
    expect(expired).toEqual([2]);
    clock.advance(10_000);
    expect(expired).toEqual([2, 3, 1]);
  });

  test('settled and replaced leases end without a word', () => {
    lease(1, 1000);
    lease(2, 1000);
    lease(2, 5000);
    progress.settle(1);
    clock.advance(4999);
    expect(expired).toEqual([]);
    clock.advance(1);
    expect(expired).toEqual([2]);
  });

  test('nothing ends while the state is being restored', () => {
    watch.stop();
    lease(1, 1000);
    clock.advance(5000);
    expect(expired).toEqual([]);
    watch.start();
    clock.advance(0);
    expect(expired).toEqual([1]);
  });

  test('one timer watches over them all, and none when there is nothing', () => {
    expect(clock.pendingTimers).toBe(0);
    for (let offset = 0; offset < 100; offset++) lease(offset, 1000 + offset);
    expect(clock.pendingTimers).toBe(1);
    clock.advance(5000);
    expect(clock.pendingTimers).toBe(0);
  });

  test('many settled leases do not pile up', () => {
    for (let i = 0; i < 20_000; i++) {
      lease(i, CONSUME.invisibleMaxMs);
      progress.settle(i);
    }
    const last = lease(99_999, 1000);
    clock.advance(1000);
    expect([expired, last.expired]).toEqual([[99_999], true]);
  });

  test('renews for a client that is there, slice by slice, until the longest time', () => {
    const held = lease(1, SLICE, 'client');
    clock.advance(SLICE);
    expect([renewed, expired, held.deadlineMs]).toEqual([[1], [], 2 * SLICE]);
    clock.advance(CONSUME.autoRenewMaxMs - SLICE - 1);
    expect(expired).toEqual([]);
    clock.advance(1);
    expect(expired).toEqual([1]);
    expect(renewed).toHaveLength(CONSUME.autoRenewMaxMs / SLICE - 1);
  });

  test('does not renew for one that is gone', () => {
    lease(1, SLICE, 'stranger');
    clock.advance(SLICE);
    expect([renewed, expired]).toEqual([[], [1]]);
  });

  test('frees at once what a client held that left, and nothing else', () => {
    lease(1, SLICE, 'client');
    lease(2, SLICE, 'other');
    lease(3, SLICE);
    const settled = lease(4, SLICE, 'client');
    progress.settle(settled.offset);
    watch.release('client');
    expect(expired).toEqual([1]);
    watch.release('client');
    clock.advance(SLICE);
    expect(expired).toEqual([1, 2, 3]);
  });
});
