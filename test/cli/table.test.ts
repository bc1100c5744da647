import { describe, expect, test } from '@jest/globals';
import { bytesText, durationText, render } from '#cli/output';
import { facts, printable, table, textWidth } from '#cli/table';

describe('table', () => {
  test('numbers to the right, text to the left, nothing is a dash', () => {
    const rows = [
      ['a', 1, undefined],
      ['long name', 1000, 'x'],
    ];
    expect(table(['NAME', 'N', 'NOTE'], rows)).toBe(
      'NAME          N  NOTE\na             1  -\nlong name  1000  x\n',
    );
  });

  test('wide and combining characters keep the columns', () => {
    const text = table(
      ['NAME', 'X'],
      [
        ['订单', 'a'],
        ['e\u0301tat', 'b'],
        ['🚀', 'c'],
      ],
    );
    expect(text).toBe('NAME  X\n订单  a\ne\u0301tat  b\n🚀    c\n');
    expect([textWidth('订单'), textWidth('e\u0301'), textWidth('🚀')]).toEqual([4, 1, 2]);
  });

  test('without rows there are still headings', () => {
    expect(table(['NAME', 'X'], [])).toBe('NAME  X\n');
  });
});

test('facts are aligned, and control characters are visible', () => {
  expect(
    facts([
      ['A', 'x\u001b[31m'],
      ['Long', undefined],
    ]),
  ).toBe('A     x\\u001b[31m\nLong  -\n');
  expect(printable('a\u202eb\r')).toBe('a\\u202eb\\u000d');
});

test('sizes and times', () => {
  expect([0, 1023, 1536, 5 * 1024 ** 4].map(bytesText)).toEqual([
    '0 B',
    '1023 B',
    '1.5 KiB',
    '5.0 TiB',
  ]);
  expect([0, 999, 61_000, 3_600_000, 90_061_000].map(durationText)).toEqual([
    '0 s',
    '0 s',
    '1 min 1 s',
    '1 h',
    '1 d 1 h',
  ]);
});

test('one report in three forms', () => {
  const report = { data: [{ name: 'a', n: 1 }], text: () => 'A\n' };
  expect(render(report, 'table')).toBe('A\n');
  expect(render(report, 'yaml')).toBe('- name: a\n  n: 1\n');
  expect(JSON.parse(render(report, 'json'))).toEqual(report.data);
});
