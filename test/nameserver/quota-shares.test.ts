import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { sharesOf } from '#nameserver/quota-shares';
import { printSeed, runs } from '#support/property';

printSeed();

const amount = fc.oneof(
  fc.constantFrom(0, 1, 100, 100, 5000),
  fc.double({ min: 0, max: 1e9, noNaN: true }),
);
const quota = fc.oneof(fc.constantFrom(1, 100, 5000), fc.double({ min: 1, max: 1e7, noNaN: true }));
const needs = fc.array(amount, { minLength: 1, maxLength: 50 });

/** Sums of doubles are a little off. */
const slack = (of: number): number => 1e-9 * (1 + of);
const sum = (numbers: readonly number[]): number => numbers.reduce((all, each) => all + each, 0);

test('the sum of all shares is the quota', () => {
  const check = (whole: number, wanted: number[]): void => {
    const shares = sharesOf(whole, wanted);
    expect(shares).toHaveLength(wanted.length);
    expect(Math.min(...shares)).toBeGreaterThanOrEqual(0);
    expect(Math.abs(sum(shares) - whole)).toBeLessThanOrEqual(slack(whole) * wanted.length);
  };
  fc.assert(fc.property(quota, needs, check), runs(300));
});

test('nobody has more than it needs while others lack', () => {
  const check = (whole: number, wanted: number[]): void => {
    const shares = sharesOf(whole, wanted);
    const isLacking = shares.some((share, index) => share < wanted[index]! - slack(wanted[index]!));
    if (!isLacking) return;
    for (const [index, share] of shares.entries()) {
      expect(share).toBeLessThanOrEqual(wanted[index]! + slack(whole));
    }
  };
  fc.assert(fc.property(quota, needs, check), runs(300));
});

test('whoever lacks has as much as anybody, and equal needs have equal shares', () => {
  const check = (whole: number, wanted: number[]): void => {
    const shares = sharesOf(whole, wanted);
    const most = Math.max(...shares);
    for (const [index, share] of shares.entries()) {
      const need = wanted[index]!;
      if (share < need - slack(need)) expect(share).toBeGreaterThanOrEqual(most - slack(whole));
      expect(share).toBe(shares[wanted.indexOf(need)]);
    }
  };
  fc.assert(fc.property(quota, needs, check), runs(300));
});

test.each([
  [300, [0, 0, 0], [100, 100, 100]],
  [300, [50, 100, 0], [100, 150, 50]],
  [300, [50, 500, 500], [50, 125, 125]],
  [300, [1000], [300]],
])('%d for needs of %j is %j', (whole, wanted, shares) => {
  expect(sharesOf(whole, wanted)).toEqual(shares);
});
