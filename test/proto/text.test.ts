import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { TOPIC } from '#lib/limits';
import { Text } from '#proto/text';
import { printSeed, runs } from '#support/property';

printSeed();

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: 'grapheme-ascii', maxLength: 60 }),
);

describe('Text', () => {
  test('is where it lies, and the same wherever it is copied to', () => {
    const check = (before: string, value: string, after: string): void => {
      const bytes = Buffer.from(before + value + after);
      const start = Buffer.byteLength(before);
      const length = Buffer.byteLength(value);
      const text = new Text(bytes, start, start + length);
      expect([text.toString(), text.length]).toEqual([value, length]);
      const target = Buffer.alloc(length + 2, 0xee);
      expect(text.copy(target, 1)).toBe(1 + length);
      expect(target).toEqual(Buffer.from([0xee, ...Buffer.from(value), 0xee]));
      expect(Text.of(value).toString()).toBe(value);
      expect(Text.ofName(value).toString()).toBe(value);
      expect(Text.toKeep(value).bytes.buffer.byteLength).toBe(length);
      expect(text.plain).toBe(/^[ -~]*$/.test(value));
    };
    fc.assert(fc.property(anyText, anyText, anyText, check), runs(500));
  });

  test('of a name is made once', () => {
    expect(Text.ofName('orders')).toBe(Text.ofName('orders'));
    for (let i = 0; i < 2 * TOPIC.topicsMax; i++) {
      expect(Text.ofName(`name-${i}`).toString()).toBe(`name-${i}`);
    }
    expect(Text.ofName('orders').toString()).toBe('orders');
  });
});
