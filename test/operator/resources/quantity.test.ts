import { expect, test } from '@jest/globals';
import { canonicalQuantity, quantityValue } from '#operator/resources/quantity';
import { QUANTITIES } from './quantities.ts';

test.each(QUANTITIES)('%s is %s', (text, canonical) => {
  expect(canonicalQuantity(text)).toBe(canonical);
  expect(canonicalQuantity(canonical)).toBe(canonical);
});

test('zeros in front go', () => {
  expect(canonicalQuantity('007Gi')).toBe('7Gi');
});

test('quantities compare by what they amount to', () => {
  expect(quantityValue('1Gi')).toBe(quantityValue('1024Mi'));
  expect(quantityValue('1G') < quantityValue('1Gi')).toBe(true);
  expect(quantityValue('10Gi') > quantityValue('9.9Gi')).toBe(true);
  expect(quantityValue('500m') < quantityValue('1')).toBe(true);
});

test.each(['', 'Gi', '-1', '1e3', '1 Gi', '1KB', '1.'])('%j is none', (text) => {
  expect(() => canonicalQuantity(text)).toThrow('is no quantity');
});
