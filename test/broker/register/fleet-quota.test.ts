/** A broker's side of the quota, alone and with the name server's side of it. */
import { describe, expect, test } from '@jest/globals';
import { Quota } from '#broker/admit/quota';
import { FleetQuota } from '#broker/register/fleet-quota';
import { FLEET, REGISTRY } from '#lib/fleet-limits';
import { QuotaLedger } from '#nameserver/quota-ledger';
import type { FleetSettings } from '#proto/fleet-settings';
import { ManualClock } from '#support/manual-clock';

function settings(names: readonly string[], changes: Partial<FleetSettings> = {}): FleetSettings {
  return {
    revision: '1',
    nameServers: ['ns:8091'],
    edition: 'standard',
    tps: 1000,
    brokers: Object.fromEntries(names.map((name) => [name, { readOnly: false, listeners: {} }])),
    ...changes,
  };
}

function broker(clock = new ManualClock()) {
  const quota = new Quota(clock);
  return { clock, quota, member: new FleetQuota(quota, clock) };
}

const two = ['a', 'b'];

describe('a broker lets through', () => {
  test('an even part until a name server says its share, then that, and goes on with it', () => {
    const { quota, member } = broker();
    member.follow(settings(two), undefined);
    expect(quota.perSecond).toBe(500);
    member.follow(settings(two), 300);
    expect(quota.perSecond).toBe(300);
    member.follow(settings(two), undefined);
    expect(quota.perSecond).toBe(300);
  });

  test('the same part of another quota, until it hears of its share of that', () => {
    const { quota, member } = broker();
    member.follow(settings(two), 300);
    member.follow(settings(two, { tps: 100 }), undefined);
    expect(quota.perSecond).toBe(30);
  });

  test('the whole quota, and never more', () => {
    const { quota, member } = broker();
    member.follow(settings(two), 5000);
    expect(quota.perSecond).toBe(1000);
    member.follow(settings(two, { nameServers: [] }), undefined);
    expect(quota.perSecond).toBe(1000);
  });

  test('everything where there is no quota', () => {
    const { quota, member } = broker();
    const { tps: _none, ...unlimited } = settings(two);
    member.follow(unlimited, undefined);
    expect(quota.perSecond).toBeUndefined();
    member.follow(unlimited, 300);
    expect(quota.perSecond).toBeUndefined();
  });
});

describe('the demand', () => {
  test('is what wanted to pass in a second, the same for all who ask within it', () => {
    const { clock, quota, member } = broker();
    clock.advance(REGISTRY.reportMs);
    quota.admitSend(30);
    expect(member.demand()).toBe(30);
    quota.admitSend(30);
    clock.advance(REGISTRY.reportMs / 2);
    expect(member.demand()).toBe(30);
    clock.advance(REGISTRY.reportMs);
    expect(member.demand()).toBe(20);
  });

  test('is more than the share when receives were refused, which do not say how much', () => {
    const { clock, quota, member } = broker();
    member.follow(settings(two), 100);
    while (quota.chargeReceive());
    expect(() => quota.admitReceive()).toThrow('the quota');
    clock.advance(REGISTRY.reportMs);
    expect(member.demand()).toBe(100 * FLEET.hungryFactor);
    clock.advance(REGISTRY.reportMs);
    expect(member.demand()).toBe(100 * FLEET.hungryFactor);
    clock.advance(REGISTRY.reportMs);
    expect(member.demand()).toBe(0);
  });
});

/** What all brokers let through in a second, after `settleMs`, over `forMs`. */
function letThrough(
  offered: (broker: number, ms: number) => number,
  brokers: number,
  { tps = 1000, settleMs = 3000, forMs = 5000 } = {},
): number {
  const clock = new ManualClock();
  const ledger = new QuotaLedger();
  const names = Array.from({ length: brokers }, (_, index) => `b-${index}`);
  const fleet = settings(names, { tps });
  const members = names.map((name) => ({ ...broker(clock), name, owed: 0 }));
  let atStart = 0;
  const passed = (): number => members.reduce((sum, { quota }) => sum + quota.sent.passed, 0);
  for (let ms = 0; ms < settleMs + forMs; ms++) {
    for (const [index, each] of members.entries()) {
      // Their reports come one after the other, as those of any fleet do.
      if (ms % REGISTRY.reportMs === Math.floor((index * REGISTRY.reportMs) / brokers)) {
        each.member.follow(fleet, ledger.shareOf(each.name, each.member.demand(), tps));
      }
      each.owed += offered(index, ms) / 1000;
      for (; each.owed >= 1; each.owed--) send(each.quota);
    }
    clock.advance(1);
    if (ms === settleMs) atStart = passed();
  }
  return ((passed() - atStart) * 1000) / forMs;
}

function send(quota: Quota): void {
  try {
    quota.admitSend(1);
  } catch {
    // Above the quota, which is what this is about.
  }
}

describe('all brokers together stay within 5 % of the quota', () => {
  const TPS = 1000;
  test.each<[string, number, (broker: number, ms: number) => number]>([
    ['of two, one has it all', 2, (index) => (index === 0 ? 5000 : 0)],
    ['of two, one has most of it', 2, (index) => (index === 0 ? 3000 : 150)],
    ['both have too much', 2, (index) => 800 + 400 * index],
    ['of ten, nine have just about their part', 10, (index) => (index === 0 ? 900 : 95)],
    ['of ten, one has it all', 10, (index) => (index === 0 ? 2000 : 0)],
    ['each has another load', 7, (index) => 2 ** index * 20],
    [
      'load goes around every two seconds',
      3,
      (index, ms) => (Math.floor(ms / 2000) % 3 === index ? 3000 : 400),
    ],
  ])('when %s', (_name, brokers, offered) => {
    const perSecond = letThrough(offered, brokers, { tps: TPS });
    expect(perSecond).toBeLessThanOrEqual(TPS * 1.05);
    expect(perSecond).toBeGreaterThanOrEqual(TPS * 0.95);
  });

  test('and when all load goes from one to the other: never above, and full again soon', () => {
    const movedMs = 4000;
    const offered = (index: number, ms: number): number =>
      index === Number(ms < movedMs) ? 3000 : 50;
    const around = { tps: TPS, settleMs: movedMs, forMs: 2000 };
    expect(letThrough(offered, 2, around)).toBeLessThanOrEqual(TPS * 1.05);
    const after = { tps: TPS, settleMs: movedMs + 2500, forMs: 5000 };
    expect(letThrough(offered, 2, after)).toBeGreaterThanOrEqual(TPS * 0.95);
  });

  test('and who receives gets its part, within 10 s, beside one who sends without end', () => {
    const clock = new ManualClock();
    const ledger = new QuotaLedger();
    const fleet = settings(two, { tps: TPS });
    const [sender, receiver] = [broker(clock), broker(clock)];
    let pausedUntilMs = 0;
    for (let ms = 0; ms < 18_000; ms++) {
      if (ms % REGISTRY.reportMs === 0) {
        for (const [name, { member }] of Object.entries({ sender, receiver })) {
          member.follow(fleet, ledger.shareOf(name, member.demand(), TPS));
        }
      }
      for (let count = 0; count < 5; count++) send(sender.quota);
      // 400 messages a second from the fifth second on; a refused poll comes back a second later.
      if (ms > 5000 && ms % 10 === 0 && ms >= pausedUntilMs) {
        try {
          receiver.quota.admitReceive();
          for (let count = 0; count < 4; count++) receiver.quota.chargeReceive();
        } catch {
          pausedUntilMs = ms + 1000;
        }
      }
      clock.advance(1);
      if (ms === 15_000) receiver.quota.received.passed = 0;
    }
    expect(receiver.quota.received.passed).toBeGreaterThan(0.9 * 3 * 400);
  });

  test('and below the quota nobody is turned away', () => {
    const offered = (index: number): number => (index === 0 ? 900 : 30);
    expect(letThrough(offered, 3, { tps: TPS })).toBeCloseTo(960, -1);
  });
});
