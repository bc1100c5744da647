import { describe, expect, test } from '@jest/globals';
import { WireReader } from '#proto/wire/reader';
import { readDurationMs, readTimestampMs } from '#proto/wire/time';

const BAD_REQUEST = expect.objectContaining({ name: 'SluiceError', code: 'BAD_REQUEST' });

function reader(...bytes: readonly number[]): WireReader {
  return new WireReader(Buffer.from(bytes));
}

describe('WireReader', () => {
  test('varints of 64 bits, with their sign', () => {
    const minusOne = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
    expect(reader(...minusOne).int64()).toBe(-1);
    expect(reader(...minusOne).int32()).toBe(-1);
    expect(reader(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01).int64()).toBe(
      -(2 ** 63),
    );
    expect(reader(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f).int64()).toBe(2 ** 53 - 1);
    expect(reader(0x80, 0x80, 0x80, 0x80, 0x10).int64()).toBe(2 ** 32);
    expect(reader(0xff, 0xff, 0xff, 0xff, 0x0f).int32()).toBe(-1);
    expect(reader(0x80, 0x80, 0x80, 0x80, 0x10).bool()).toBe(true);
  });

  test('a varint of more than 10 bytes, or cut off, is refused', () => {
    const endless = Array.from({ length: 11 }, () => 0x80);
    expect(() => reader(...endless).int64()).toThrow(BAD_REQUEST);
    expect(() => reader(...endless).int32()).toThrow(BAD_REQUEST);
    expect(() => reader(0x80).int64()).toThrow(BAD_REQUEST);
    expect(() => reader().int32()).toThrow(BAD_REQUEST);
  });

  test('a length beyond the nested message is refused, also when the buffer goes on', () => {
    const nested = reader(0x02, 0x02, 0x41, 0x42, 0x43);
    nested.enter();
    expect(() => nested.string()).toThrow(BAD_REQUEST);
    const twice = reader(0x02, 0x02, 0x41, 0x42, 0x43);
    twice.enter();
    expect(() => twice.enter()).toThrow(BAD_REQUEST);
    expect(() => reader(0x02, 0x41).enter()).toThrow(BAD_REQUEST);
    const huge = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
    expect(() => reader(...huge).bytes()).toThrow(BAD_REQUEST);
    const negative = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
    expect(() => reader(...negative).bytes()).toThrow(BAD_REQUEST);
  });

  test('strings must be UTF-8; U+FFFD itself is', () => {
    expect(reader(3, 0xef, 0xbf, 0xbd).string()).toBe('\ufffd');
    for (const bytes of [
      [2, 0xc3, 0x28],
      [1, 0x80],
      [3, 0xed, 0xa0, 0x80],
    ]) {
      expect(() => reader(...bytes).string()).toThrow(BAD_REQUEST);
      expect(() => reader(...bytes).name()).toThrow(BAD_REQUEST);
    }
  });

  test('names are right also when others take their place in the cache', () => {
    for (let round = 0; round < 2; round += 1) {
      for (let index = 0; index < 5_000; index += 1) {
        const text = `name-${index}-${'é'.repeat(index % 3)}`;
        const bytes = Buffer.from(text);
        expect(reader(bytes.length, ...bytes).name()).toBe(text);
      }
    }
  });

  test('field 0, stray ends of groups and unknown wire types are refused', () => {
    expect(() => reader(0x00).tag()).toThrow(BAD_REQUEST);
    for (const tag of [0x0c, 0x0e, 0x0f]) {
      expect(() => reader().skip(tag)).toThrow(BAD_REQUEST);
    }
    expect(() => reader(0x0b, 0x0b).skip(0x0b)).toThrow(BAD_REQUEST);
  });

  test('texts are UTF-8, in place; whether they are plain is known', () => {
    const text = (...bytes: readonly number[]) => reader(bytes.length, ...bytes).text();
    const plain = text(0x20, 0x41, 0x7e);
    expect([plain.toString(), plain.length, plain.plain]).toEqual([' A~', 3, true]);
    for (const bytes of [[0x1f], [0x7f], [0xc3, 0xa9], [0xef, 0xbf, 0xbd]]) {
      const other = text(0x41, ...bytes);
      expect([other.toString(), other.plain]).toEqual([`A${Buffer.from(bytes)}`, false]);
    }
    expect(text().toString()).toBe('');
    for (const bytes of [[0xc3, 0x28], [0x80], [0xed, 0xa0, 0x80]]) {
      expect(() => text(...bytes)).toThrow(BAD_REQUEST);
    }
  });

  test('times beyond ten thousand years are refused', () => {
    const seconds = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
    expect(() => readTimestampMs(reader(8, 0x08, ...seconds), 0)).toThrow(BAD_REQUEST);
    const nanos = [0xff, 0xff, 0xff, 0xff, 0x07];
    expect(() => readDurationMs(reader(6, 0x10, ...nanos), 0)).toThrow(BAD_REQUEST);
  });
});
