import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Text } from '#proto/text';
import { WireReader } from '#proto/wire/reader';
import { WireWriter } from '#proto/wire/writer';
import * as any from './arbitraries.ts';

const tag = fc.integer({ min: 8, max: 2 ** 14 - 1 });
/** Also too few: the writer makes room by itself. */
const bytesExpected = fc.constantFrom(0, 1, 16, 64, 100_000);

describe('WireWriter', () => {
  test('what it writes from the end reads back from the beginning', () => {
    const check = (at: number, integer: number, text: string, expected: number): void => {
      const writer = new WireWriter(expected);
      writer.bytes(at, Buffer.from(text));
      const before = writer.written;
      writer.text(at, Text.of(text));
      writer.string(at, text);
      writer.integer(at, integer);
      writer.message(at, before);
      const bytes = writer.finish();
      expect(bytes.length).toBe(writer.written);
      const reader = new WireReader(bytes);
      const tagRead = (): void => expect(reader.tag()).toBe(at);
      tagRead();
      const outer = reader.enter();
      tagRead();
      expect(reader.int64()).toBe(integer);
      tagRead();
      expect(reader.string()).toBe(text);
      tagRead();
      expect(reader.string()).toBe(text);
      expect(reader.more).toBe(false);
      reader.leave(outer);
      tagRead();
      expect(reader.bytes().toString()).toBe(text);
      expect(reader.more).toBe(false);
    };
    fc.assert(fc.property(tag, any.int64, any.text, bytesExpected, check), any.property);
  });

  test('a number takes as few bytes as it can', () => {
    const bytesOf = (value: number): number => {
      const writer = new WireWriter(0);
      writer.integer(8, value);
      return writer.written - 1;
    };
    for (let bits = 7; bits <= 49; bits += 7) {
      expect([bytesOf(2 ** bits - 1), bytesOf(2 ** bits)]).toEqual([bits / 7, bits / 7 + 1]);
    }
    expect(bytesOf(-1)).toBe(10);
  });

  test('what has its default value is left out by the functions for that', () => {
    const writer = new WireWriter(8);
    writer.plainInteger(8, 0);
    writer.plainString(10, '');
    writer.plainText(10, Text.of(''));
    expect(writer.finish()).toHaveLength(0);
    writer.text(10, Text.of(''));
    writer.string(10, '');
    writer.integer(8, 0);
    expect([...writer.finish()]).toEqual([8, 0, 10, 0, 10, 0]);
  });

  test('lone surrogates become U+FFFD', () => {
    for (const text of ['\ud800', `${'a'.repeat(30)}\udc00`, `${'a'.repeat(60)}\udc00\ud800`]) {
      const writer = new WireWriter(8);
      writer.string(10, text);
      const reader = new WireReader(writer.finish());
      reader.tag();
      expect(reader.string()).toBe(text.replace(/[\ud800-\udfff]/g, '\ufffd'));
    }
  });
});
