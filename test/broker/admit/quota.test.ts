import { beforeEach, describe, expect, test } from '@jest/globals';

import { Quota } from '#broker/admit/quota';
import { CONSUME } from '#lib/limits';
import { SluiceError } from '#lib/errors';
import { ManualClock } from '#support/manual-clock';
import { seededRandom } from '#support/random';

describe('the quota', () => {
  let clock: ManualClock;
  let quota: Quota;

  beforeEach(() => {
    clock = new ManualClock();
    quota = new Quota(clock);
  });

  function refusal(run: () => void): string {
    try {
      run();
      return '';
    } catch (error) {
      if (error instanceof SluiceError) return `${error.code}: ${error.message}`;
      throw error;
    }
  }

  function sends(count: number): boolean {
    return refusal(() => quota.admitSend(count)) === '';
  }

  /** A receive of what is there in plenty; how many messages it got. */
  function receives(count: number): number {
    if (refusal(() => quota.admitReceive()) !== '') return 0;
    let got = 0;
    while (got < count && quota.chargeReceive()) got++;
    return got;
  }

  test('lets everything pass until it is set, and again when it is lifted', () => {
    expect(quota.perSecond).toBeUndefined();
    for (let i = 0; i < 10_000; i++) quota.admitSend(32);
    expect(receives(32)).toBe(32);
    quota.setRate(100);
    expect(quota.perSecond).toBe(100);
    expect([sends(32), sends(1)]).toEqual([true, false]);
    quota.setRate(undefined);
    expect(sends(32)).toBe(true);
    expect(quota.sent).toEqual({ passed: 320_064, throttled: 1 });
  });

  test('says what it is, what the share is, and what to do', () => {
    quota.setRate(0.25, 5000);
    expect(sends(32)).toBe(true);
    expect(refusal(() => quota.admitSend(1))).toBe(
      'TOO_MANY_REQUESTS: the quota of 5000 messages/s (sent + received) is used up: ' +
        'the share of this broker is 0.3/s now; repeat after a backoff, send less, ' +
        'or raise the quota (tps)',
    );
    expect(refusal(() => quota.admitReceive())).toContain('TOO_MANY_REQUESTS');
  });

  test('a send passes as a whole or not at all', () => {
    quota.setRate(100);
    expect([sends(20), sends(13), sends(12), sends(1)]).toEqual([true, false, true, false]);
    expect(quota.sent).toEqual({ passed: 32, throttled: 14 });
  });

  test('an admitted receive gets its whole answer, and the next ones pay for it', () => {
    quota.setRate(100);
    expect(sends(31)).toBe(true);
    expect(receives(CONSUME.receiveBatchMax)).toBe(32);
    expect(receives(1)).toBe(0);
    clock.advance(310);
    expect(receives(1)).toBe(0);
    clock.advance(11);
    expect(receives(1)).toBe(1);
    expect(quota.received).toEqual({ passed: 33, throttled: 2 });
  });

  test('the demand has what was refused in it, and begins anew when it is taken', () => {
    quota.setRate(100);
    expect([sends(32), sends(5), receives(4)]).toEqual([true, false, 0]);
    expect([quota.takeDemand(), quota.takeDemand()]).toEqual([38, 0]);
    clock.advance(100);
    expect([sends(1), receives(3)]).toEqual([true, 3]);
    expect(quota.takeDemand()).toBe(4);
  });

  test.each([50, 400, 5000, 10_000])(
    'of %i/s lets that through over some seconds, within 5 %%, however it is asked',
    (perSecond) => {
      const random = seededRandom(perSecond);
      quota.setRate(perSecond);
      const seconds = Math.max(10, 4000 / perSecond);
      for (let ms = 0; ms < seconds * 1000; ms++) {
        // Some four times of what may pass, half of it sent, in clumps.
        for (let asked = 0; asked < (perSecond * 4) / 1000 || random() < 0.2;) {
          const count = 1 + Math.floor(random() * 32);
          if (random() < 0.5) sends(count);
          else receives(count);
          asked += count;
        }
        clock.advance(1);
      }
      const passed = quota.sent.passed + quota.received.passed;
      expect(Math.abs(passed / (perSecond * seconds) - 1)).toBeLessThan(0.05);
    },
  );
});
