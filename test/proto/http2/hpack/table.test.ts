import { describe, expect, test } from '@jest/globals';
import { HpackError } from '#proto/http2/hpack/hpack-error';
import { STATIC_ENTRIES } from '#proto/http2/hpack/static-table';
import { HpackTable } from '#proto/http2/hpack/table';

function entries(table: HpackTable): string[] {
  const indexes = Array.from({ length: table.indexMax - STATIC_ENTRIES }, (_, age) => 62 + age);
  return indexes.map((index) => `${table.nameAt(index)}=${table.valueAt(index)}`);
}

describe('HpackTable', () => {
  test('begins with the static table', () => {
    const table = new HpackTable(4096);
    expect(STATIC_ENTRIES).toBe(61);
    expect([table.nameAt(1), table.valueAt(1)]).toEqual([':authority', '']);
    expect([table.nameAt(8), table.valueAt(8)]).toEqual([':status', '200']);
    expect([table.nameAt(61), table.valueAt(61)]).toEqual(['www-authenticate', '']);
    expect(table.indexMax).toBe(61);
    for (const index of [0, 62, -1, 2 ** 31]) {
      expect(() => table.nameAt(index)).toThrow(HpackError);
      expect(() => table.valueAt(index)).toThrow(HpackError);
    }
  });

  test('has the newest first, and counts 32 bytes for each', () => {
    const table = new HpackTable(4096);
    table.insert('a', '1');
    table.insert('bc', '');
    expect(entries(table)).toEqual(['bc=', 'a=1']);
    expect(table.bytes).toBe(68);
  });

  test('lets the oldest go, and no more than need be', () => {
    const table = new HpackTable(102);
    for (const name of ['a', 'b', 'c', 'd']) table.insert(name, '1');
    expect(entries(table)).toEqual(['d=1', 'c=1', 'b=1']);
    table.insert('e', '12');
    expect(entries(table)).toEqual(['e=12', 'd=1']);
    expect(table.bytes).toBe(69);
  });

  test('is empty after an entry that is larger than itself', () => {
    const table = new HpackTable(40);
    table.insert('a', '1');
    table.insert('name', '12345');
    expect([table.bytes, entries(table)]).toEqual([0, []]);
    table.insert('name', '1234');
    expect([table.bytes, entries(table)]).toEqual([40, ['name=1234']]);
  });

  test('holds as many entries as there can be, over and over', () => {
    const table = new HpackTable(4096);
    for (let number = 0; number < 1000; number += 1) {
      table.insert('', '');
      expect(table.indexMax - STATIC_ENTRIES).toBe(Math.min(number + 1, 128));
    }
    for (let number = 0; number < 1000; number += 1) {
      table.insert(String(number), 'v');
      expect(table.nameAt(62)).toBe(String(number));
      if (number >= 17) expect(table.nameAt(62 + 17)).toBe(String(number - 17));
    }
  });

  test('shrinks at once, and grows again', () => {
    const table = new HpackTable(200);
    for (const name of ['a', 'b', 'c', 'd']) table.insert(name, '1');
    table.setBytesMax(70);
    expect(entries(table)).toEqual(['d=1', 'c=1']);
    table.setBytesMax(0);
    expect(entries(table)).toEqual([]);
    table.insert('a', '1');
    expect(entries(table)).toEqual([]);
    table.setBytesMax(200);
    table.insert('a', '1');
    expect(entries(table)).toEqual(['a=1']);
  });

  test('has another version after each change, and only then', () => {
    const table = new HpackTable(40);
    const versions = new Set([table.version]);
    const steps = [
      () => table.insert('name', '1234'),
      () => table.insert('name', 'larger than the table'),
      () => table.insert('name', '1234'),
      () => table.setBytesMax(0),
      () => table.setBytesMax(40),
    ];
    for (const step of steps) {
      step();
      expect(versions.has(table.version)).toBe(false);
      versions.add(table.version);
      table.setBytesMax(table.bytesMax);
      expect(versions.has(table.version)).toBe(true);
    }
  });
});
