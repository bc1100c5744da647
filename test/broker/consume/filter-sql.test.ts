import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { SqlFilter } from '#broker/consume/filter-sql';
import type { SqlCondition } from '#broker/consume/sql-parser';
import { FILTER, NAME } from '#lib/limits';
import { parseProperties } from '#proto/properties';
import type { StoredProperties } from '#proto/properties';
import { Text } from '#proto/text';
import { printSeed, runs } from '#support/property';
import { anyCondition, anyMessage, interpret, printSql } from '#support/sql-expressions';

printSeed();

function stored(message: Readonly<Record<string, string>>): StoredProperties {
  const entries = Object.entries(message);
  return parseProperties(
    Text.of(entries.map(([name, value]) => `${name}\x01${value}\x02`).join('')),
  );
}

function accepts(expression: string, message: Readonly<Record<string, string>>): boolean {
  return SqlFilter.parse(expression).accepts(stored(message));
}

/** Tells apart what leaves a message out. */
function outcome(expression: string, message: Readonly<Record<string, string>>): string {
  if (accepts(expression, message)) return 'TRUE';
  if (accepts(`NOT (${expression})`, message)) return 'FALSE';
  return accepts(`(${expression}) IS NULL`, message) ? 'NULL' : 'FAILED';
}

describe('an SQL filter', () => {
  const message = {
    TAGS: 'paid',
    KEYS: 'k1 k2',
    five: '5',
    real: '5.5',
    whole: '5.0',
    minus: '-3',
    zeros: '+007',
    long: '9007199254740993',
    huge: '9223372036854775808',
    yes: 'True',
    no: 'no',
    text: "it's",
    empty: '',
  };

  test.each([
    // Strings are compared as they are.
    ["TAGS = 'paid'", 'TRUE'],
    ["TAGS <> 'paid'", 'FALSE'],
    ["'paid' = TAGS", 'TRUE'],
    ["KEYS CONTAINS 'k2'", 'TRUE'],
    ["text = 'it''s'", 'TRUE'],
    ["five = '5.0'", 'FALSE'],
    ["empty = ''", 'TRUE'],
    ['five = whole', 'FALSE'],
    ['five = five', 'TRUE'],
    // A number makes a number of the text beside it, or nothing is decided.
    ['five = 5', 'TRUE'],
    ['five = 5.0', 'TRUE'],
    ['five <> 6', 'TRUE'],
    ['zeros = 7', 'TRUE'],
    ['5 < real', 'FAILED'],
    ['5.0 < real', 'TRUE'],
    ['whole = 5', 'FAILED'],
    ['whole = 5.0', 'TRUE'],
    ['text > 5', 'FAILED'],
    ['text <> 5', 'FAILED'],
    ['empty = 0', 'FAILED'],
    ['five > minus', 'TRUE'],
    ['five > real', 'FALSE'],
    ['five > text', 'FAILED'],
    ['minus = -3', 'TRUE'],
    ['minus >= -2.5e0', 'FALSE'],
    ['long = 9007199254740993', 'TRUE'],
    ['long = 9007199254740992', 'FALSE'],
    ['long > 9007199254740992', 'TRUE'],
    ['huge > 5', 'FAILED'],
    ['huge > 5.0', 'TRUE'],
    ["'5' = 5", 'TRUE'],
    ['1 = 1', 'TRUE'],
    ['5 = 5.0', 'TRUE'],
    // TRUE and FALSE make a boolean of it.
    ['yes = TRUE', 'TRUE'],
    ['TRUE = yes', 'TRUE'],
    ['yes', 'TRUE'],
    ['no', 'FALSE'],
    ['no = FALSE', 'TRUE'],
    ['yes <> FALSE', 'TRUE'],
    ['(five > 3) = TRUE', 'TRUE'],
    ['(five > 3) = yes', 'TRUE'],
    ['TRUE = 5', 'FALSE'],
    ['TRUE', 'TRUE'],
    ['NULL', 'NULL'],
    // What is missing is NULL.
    ["gone = 'x'", 'NULL'],
    ["gone <> 'x'", 'NULL'],
    ["'x' <> gone", 'NULL'],
    ['gone = gone', 'NULL'],
    ['gone > 5', 'NULL'],
    ['text > gone', 'NULL'],
    ['gone', 'NULL'],
    ['gone IS NULL', 'TRUE'],
    ['gone IS NOT NULL', 'FALSE'],
    ['five IS NULL', 'FALSE'],
    ['empty IS NULL', 'FALSE'],
    ["gone IN ('x')", 'NULL'],
    ["gone NOT IN ('x')", 'NULL'],
    ['gone BETWEEN 1 AND 2', 'NULL'],
    ['(gone > 5) IS NULL', 'TRUE'],
    ['(text > 5) IS NULL', 'FAILED'],
    // Three values, and the failure that beats what comes behind it.
    ['TRUE AND NULL', 'NULL'],
    ['FALSE AND NULL', 'FALSE'],
    ['NULL AND FALSE', 'FALSE'],
    ['TRUE OR NULL', 'TRUE'],
    ['NULL OR TRUE', 'TRUE'],
    ['FALSE OR NULL', 'NULL'],
    ['NOT NULL', 'NULL'],
    ['text > 5 OR TRUE', 'FAILED'],
    ['TRUE OR text > 5', 'TRUE'],
    ['FALSE AND text > 5', 'FALSE'],
    ['NULL AND text > 5', 'FAILED'],
    ['NOT text > 5', 'FAILED'],
    // Ranges and lists.
    ['five BETWEEN 5 AND 6', 'TRUE'],
    ['five BETWEEN 4 AND 5', 'TRUE'],
    ['five BETWEEN 6 AND gone', 'FALSE'],
    ['five BETWEEN 5 AND gone', 'NULL'],
    ['five NOT BETWEEN 6 AND 7', 'TRUE'],
    ['five NOT BETWEEN 5 AND 7', 'FALSE'],
    ['real BETWEEN 1 AND 9.0', 'FAILED'],
    ["five IN ('4', '5')", 'TRUE'],
    ["five IN ('5.0')", 'FALSE'],
    ["five NOT IN ('4')", 'TRUE'],
    // Parts of a text, where there is one.
    ["TAGS STARTSWITH 'pa'", 'TRUE'],
    ["TAGS ENDSWITH 'id'", 'TRUE'],
    ["TAGS CONTAINS 'ai'", 'TRUE'],
    ["TAGS NOT CONTAINS 'ai'", 'FALSE'],
    ["TAGS NOT ENDSWITH 'pa'", 'TRUE'],
    ["TAGS STARTSWITH ''", 'FALSE'],
    ["TAGS NOT STARTSWITH ''", 'FALSE'],
    ["gone CONTAINS 'x'", 'FALSE'],
    ["gone NOT CONTAINS 'x'", 'FALSE'],
    ["5 CONTAINS '5'", 'FALSE'],
    ["(text > 5) CONTAINS 'x'", 'FAILED'],
  ])('%s is %s', (expression, expected) => {
    expect(outcome(expression, message)).toBe(expected);
  });

  test.each(['NaN', 'Infinity', '0x5', '5 ', '5d', '1e', '.', '+', '--5', '٥', '5n', '1_0'])(
    'the text %j is no number',
    (value) => {
      expect([outcome('a > 0.5', { a: value }), outcome('a > 0', { a: value })]).toEqual([
        'FAILED',
        'FAILED',
      ]);
    },
  );

  test('a long text is no number', () => {
    const digits = (count: number) => ({ a: '5'.padStart(count, '0') });
    expect(outcome('a = 5', digits(FILTER.numberCharsMax))).toBe('TRUE');
    expect(outcome('a = 5', digits(FILTER.numberCharsMax + 1))).toBe('FAILED');
    expect(outcome('a = 5.0', digits(FILTER.numberCharsMax + 1))).toBe('FAILED');
  });

  test('asks for no tag in particular, and is compiled once', () => {
    const filter = SqlFilter.parse('a = 5');
    expect([filter.mayMatch(), filter.readsProperties]).toEqual([true, true]);
    expect(SqlFilter.parse('a = 5')).toBe(filter);
  });

  test(`has at most ${NAME.filterBytesMax} bytes, blanks included`, () => {
    const of = (bytes: number): string => 'TRUE'.padEnd(bytes);
    expect(accepts(of(NAME.filterBytesMax), {})).toBe(true);
    expect(() => accepts(of(NAME.filterBytesMax + 1), {})).toThrow(/4096 bytes, this one has 4097/);
  });

  test('decides as a plain interpreter does', () => {
    const check = (condition: SqlCondition, properties: Record<string, string>): void => {
      const expected = interpret(condition, properties);
      const name = expected === null ? 'NULL' : String(expected).toUpperCase();
      expect(outcome(printSql(condition), properties)).toBe(name);
    };
    fc.assert(fc.property(anyCondition, anyMessage, check), runs(5000));
  });
});
