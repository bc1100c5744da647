import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { WireReader } from '#proto/wire/reader';
import { WireWriter, integerBytes, stringBytes, varintBytes } from '#proto/wire/writer';
import * as any from './arbitraries.ts';

describe('WireWriter', () => {
  test('what it writes has the size that was computed and reads back the same', () => {
    const check = (field: number, integer: number, text: string): void => {
      const writer = new WireWriter(integerBytes(field, integer) + stringBytes(field, text));
      writer.integer(field, integer);
      writer.string(field, text);
      const reader = new WireReader(writer.finish());
      expect(reader.tag()).toBe(field * 8);
      expect(reader.int64()).toBe(integer);
      expect(reader.tag()).toBe(field * 8 + 2);
      expect(reader.string()).toBe(text);
      expect(reader.more).toBe(false);
    };
    const field = fc.integer({ min: 1, max: 2047 });
    fc.assert(fc.property(field, any.int64, any.text, check), any.property);
  });

  test('the size of a varint at each of its bounds', () => {
    for (let bits = 7; bits <= 49; bits += 7) {
      expect([varintBytes(2 ** bits - 1), varintBytes(2 ** bits)]).toEqual([
        bits / 7,
        bits / 7 + 1,
      ]);
    }
    expect(varintBytes(-1)).toBe(10);
  });

  test('a size that was computed wrong is noticed', () => {
    const writer = new WireWriter(5);
    writer.integer(1, 1);
    expect(() => writer.finish()).toThrow(RangeError);
  });

  test('lone surrogates become U+FFFD, in the size that was computed', () => {
    for (const text of ['\ud800', `${'a'.repeat(30)}\udc00`, `${'a'.repeat(60)}\udc00\ud800`]) {
      const writer = new WireWriter(stringBytes(1, text));
      writer.string(1, text);
      const reader = new WireReader(writer.finish());
      reader.tag();
      expect(reader.string()).toBe(text.replace(/[\ud800-\udfff]/g, '\ufffd'));
    }
  });
});
