import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { RECEIPT_KEY_BYTES, Receipts } from '#broker/consume/receipt';
import type { Receipt } from '#broker/consume/receipt';
import { SluiceError } from '#lib/errors';
import { printSeed, runs } from '#support/property';

printSeed();

const u48 = fc.nat(2 ** 48 - 1);
const receipt: fc.Arbitrary<Receipt> = fc.record({
  groupId: u48,
  topicId: u48,
  queueId: fc.nat(0xffff),
  offset: u48,
  sequence: fc.nat(2 ** 32 - 1),
});

const receipts = new Receipts(Buffer.alloc(RECEIPT_KEY_BYTES, 7));

function verified(text: string, by = receipts): Receipt | string {
  try {
    return by.verify(text);
  } catch (error) {
    if (error instanceof SluiceError) return error.code;
    throw error;
  }
}

describe('receipt handles', () => {
  test('say what they were signed for', () => {
    const check = (facts: Receipt): void => {
      expect(receipts.verify(receipts.sign(facts))).toEqual(facts);
    };
    fc.assert(fc.property(receipt, check), runs(300));
  });

  test('are the same after a restart with the same key, and differ with their facts', () => {
    const facts = { groupId: 1, topicId: 2, queueId: 3, offset: 4, sequence: 5 };
    const again = new Receipts(Buffer.alloc(RECEIPT_KEY_BYTES, 7));
    expect(again.sign(facts)).toBe(receipts.sign(facts));
    expect(receipts.sign({ ...facts, sequence: 6 })).not.toBe(receipts.sign(facts));
  });

  test('every flipped bit is found out', () => {
    const text = receipts.sign({ groupId: 1, topicId: 2, queueId: 3, offset: 4, sequence: 5 });
    const bytes = Buffer.from(text, 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const forged = Buffer.from(bytes);
      forged[bit >> 3] = (forged[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(verified(forged.toString('base64url'))).toBe('INVALID_RECEIPT_HANDLE');
    }
  });

  test('those of another key are refused', () => {
    const other = new Receipts(Buffer.alloc(RECEIPT_KEY_BYTES, 8));
    const check = (facts: Receipt): void => {
      expect(verified(other.sign(facts))).toBe('INVALID_RECEIPT_HANDLE');
    };
    fc.assert(fc.property(receipt, check), runs(100));
  });

  test('any other text is refused', () => {
    const length = receipts.sign({
      groupId: 1,
      topicId: 2,
      queueId: 3,
      offset: 4,
      sequence: 5,
    }).length;
    const alike = fc
      .uint8Array({ minLength: 32, maxLength: 32 })
      .map((bytes) => Buffer.from(bytes).toString('base64url'));
    const longText = fc.string({ minLength: length, maxLength: length, unit: 'grapheme' });
    const check = (text: string): void => {
      expect(verified(text)).toBe('INVALID_RECEIPT_HANDLE');
    };
    fc.assert(fc.property(fc.oneof(fc.string(), alike, longText), check), runs(1000));
    for (const text of ['', 'forged', 'A'.repeat(length), '='.repeat(length)]) check(text);
  });
});
