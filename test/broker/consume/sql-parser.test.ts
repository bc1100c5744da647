import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { parseSql } from '#broker/consume/sql-parser';
import type { SqlCondition } from '#broker/consume/sql-parser';
import { SluiceError } from '#lib/errors';
import { FILTER, NAME } from '#lib/limits';
import { printSql, anyCondition } from '#support/sql-expressions';
import { printSeed, runs } from '#support/property';

printSeed();

/** The condition, or what the error says. */
function parsed(source: string): SqlCondition | string {
  try {
    return parseSql(source);
  } catch (error) {
    if (error instanceof SluiceError && error.code === 'ILLEGAL_FILTER_EXPRESSION') {
      return error.message.replace('SQL filter, ', '');
    }
    throw error;
  }
}

const COMPARISONS = '=, <>, <, <=, >, >=, IS, NOT, BETWEEN, IN, CONTAINS, STARTSWITH, ENDSWITH';
const VALUES = '-, +, (, TRUE, FALSE or NULL';

describe('an SQL filter is parsed', () => {
  const a = { kind: 'property', name: 'a' } as const;
  const five = { kind: 'number', integer: true, value: 5 } as const;
  const isTrue = (name: string) => ({
    kind: 'equal',
    negated: false,
    left: { kind: 'property', name },
    right: { kind: 'boolean', value: true },
  });

  test.each([
    ['a = 5', { kind: 'equal', negated: false, left: a, right: five }],
    ['5<>a', { kind: 'equal', negated: true, left: five, right: a }],
    ['a >= 5', { kind: 'order', operator: '>=', left: a, right: five }],
    ['a', isTrue('a')],
    ['(((a)))', isTrue('a')],
    ['TRUE', { kind: 'boolean', value: true }],
    ['a IS NULL', { kind: 'null', negated: false, operand: a }],
    ['a IS NOT NULL', { kind: 'null', negated: true, operand: a }],
    ["a IN ('x')", { kind: 'in', negated: false, property: a, values: ['x'] }],
    ["a NOT IN ('', '''')", { kind: 'in', negated: true, property: a, values: ['', "'"] }],
    ['a BETWEEN 5 AND a', { kind: 'between', negated: false, value: a, low: five, high: a }],
    [
      "a NOT CONTAINS ''",
      { kind: 'text', negated: true, test: 'CONTAINS', operand: a, wanted: '' },
    ],
  ])('%s', (source, expected) => {
    expect(parsed(source)).toEqual(expected);
  });

  test.each([
    ['a OR b AND NOT c', 'a OR (b AND (NOT c))'],
    ['NOT NOT a = 5', 'NOT (NOT (a = 5))'],
    ['NOT a IS NULL', 'NOT (a IS NULL)'],
    ['a AND b AND c OR d OR e', '(a AND b AND c) OR d OR e'],
    ['a BETWEEN 1 AND 2 AND b', '(a BETWEEN 1 AND 2) AND b'],
    ['NOT a AND b', '(NOT a) AND b'],
  ])('%s means %s', (source, meaning) => {
    expect(parsed(source)).toEqual(parseSql(meaning));
  });

  test.each([
    ["a='x'and b In('y')", "a = 'x' AND b IN ('y')"],
    ['\t a\r\n>\f5 -- comment\nAND b', 'a > 5 AND b'],
    ['a /* OR * b */ IS/**/NULL --', 'a IS NULL'],
    ['a > +5', 'a > 5'],
    ['a > - 5', 'a > -5'],
    ['a > 5l OR a > 5L', 'a > 5 OR a > 5'],
    ['a > .5e1', 'a > 5.0'],
    ['a > 5.', 'a > 5.0'],
    ['a > 50E-1', 'a > 5.0'],
    ['a > 05', 'a > 5'],
  ])('%j is %s', (source, meaning) => {
    expect(parsed(source)).toEqual(parseSql(meaning));
  });

  test('keywords are the same in capitals and not, names are not', () => {
    expect(parsed('$A_1 = true')).toEqual(isTrue('$A_1'));
    expect(parsed('nOtA iS nUlL')).toEqual(parseSql('nOtA IS NULL'));
    expect(parsed('A IS NULL')).not.toEqual(parsed('a IS NULL'));
  });

  test('integers have 64 bits, exactly', () => {
    const value = (text: string) => (parsed(`a = ${text}`) as { right: { value: unknown } }).right;
    expect(value('9007199254740993')).toMatchObject({ value: 9_007_199_254_740_993n });
    expect(value('9223372036854775807')).toMatchObject({ value: 2n ** 63n - 1n });
    expect(value('-9223372036854775808')).toMatchObject({ value: -(2n ** 63n) });
    expect(value('-9007199254740991')).toMatchObject({ value: -9_007_199_254_740_991 });
  });

  test('what was written out is read as the same', () => {
    const check = (condition: SqlCondition): void => {
      expect(parseSql(printSql(condition))).toEqual(condition);
    };
    fc.assert(fc.property(anyCondition, check), runs(3000));
  });
});

describe('an error says where, what was expected, and what is there', () => {
  test.each([
    ['', 1, `a property, a string, a number, NOT, ${VALUES}`, 'the end'],
    ['  a > ', 7, `a property, a string, a number, ${VALUES}`, 'the end'],
    ['*', 1, `a property, a string, a number, NOT, ${VALUES}`, '"*"'],
    ['a b', 3, `the end, ${COMPARISONS}, AND or OR`, '"b"'],
    ['a != 5', 3, `the end, ${COMPARISONS}, AND or OR`, '"!="'],
    ['a > 5;', 6, 'the end, AND or OR', '";"'],
    ['a = b = c', 7, 'the end, AND or OR', '"="'],
    ["a LIKE 'x%'", 3, `the end, ${COMPARISONS}, AND or OR`, '"LIKE"'],
    ['(a > 5', 7, 'AND, OR or )', 'the end'],
    ['a > 5)', 6, 'the end, AND or OR', '")"'],
    ['a = NOT b', 5, `a property, a string, a number, ${VALUES}`, '"NOT"'],
    ['a NOT > 5', 7, 'BETWEEN, IN, CONTAINS, STARTSWITH or ENDSWITH', '">"'],
    ['a IS 5', 6, 'NOT or NULL', '"5"'],
    ['a IN ()', 7, 'a string', '")"'],
    ["a IN ('x', 5)", 12, 'a string', '"5"'],
    ["a IN ('x' 'y')", 11, ', or )', `"'y'"`],
    ["'a' IN ('x')", 1, 'a property in front of IN', `"'a'"`],
    ["a = 'x", 5, 'a string that ends with a quote', `"'x"`],
    ['a CONTAINS b', 12, 'a string', '"b"'],
    ['a = -b', 6, 'a number', '"b"'],
    ['a = b AND 5', 11, 'a condition', '"5"'],
    ["NOT 'x'", 5, 'a condition', `"'x'"`],
    ["a > 'x'", 5, 'a number or a property', `"'x'"`],
    ['(a = b) > 5', 1, 'a number or a property', '"(a = b)"'],
    ['a > TRUE', 5, 'a number or a property', '"TRUE"'],
    ['a BETWEEN 1 OR 2', 13, 'AND', '"OR"'],
    ['a BETWEEN 10 AND -1', 18, 'a number from 10 on', '"-1"'],
    ['a BETWEEN 10 AND 9.5', 18, 'a number from 10 on', '"9.5"'],
    ['a = NULL', 5, 'a value (IS NULL asks whether there is one)', '"NULL"'],
    ["a = '😀é' AND \u0000", 14, `a property, a string, a number, NOT, ${VALUES}`, '"\\u0000"'],
    [
      'a = 9223372036854775808',
      5,
      'an integer from -9223372036854775808 to 9223372036854775807',
      '"9223372036854775808"',
    ],
    ['a > 1e999', 5, `at most ${Number.MAX_VALUE}`, '"1e999"'],
    ['a /* b', 3, `the end, ${COMPARISONS}, AND or OR`, '"/"'],
  ])('%j', (source, character, expected, found) => {
    expect(parsed(source)).toBe(`character ${character}: expected ${expected}, found ${found}`);
  });

  test('it does not repeat a long text', () => {
    expect(parsed(`a = '${'x'.repeat(1000)}`)).toMatch(/found "'x{39}…"$/);
  });
});

describe('a filter is bounded', () => {
  const nested = (open: string, levels: number, close: string): string =>
    open.repeat(levels) + 'a' + close.repeat(levels);

  test.each([
    ['(', ')'],
    ['NOT ', ''],
    ['NOT(', ')'],
    ['a = (', ')'],
  ])('in depth: %s', (open, close) => {
    const each = open === 'NOT(' ? 2 : 1;
    expect(typeof parsed(nested(open, FILTER.depthMax / each, close))).toBe('object');
    const tooDeep = new RegExp(`at most ${FILTER.depthMax} levels of parentheses and NOT, found`);
    expect(parsed(nested(open, FILTER.depthMax / each + 1, close))).toMatch(tooDeep);
    expect(parsed(nested(open, 800, ''))).toMatch(tooDeep);
  });

  test('in depth, not in how many parentheses are side by side', () => {
    const sides = Array.from({ length: FILTER.depthMax + 1 }, () => '(NOT a)');
    expect(parsed(sides.join(' OR '))).toMatchObject({ kind: 'or' });
  });

  test('in size', () => {
    const chain = (terms: number): string =>
      Array.from({ length: terms }, () => 'a=1').join(' OR ');
    const terms = Math.floor((FILTER.nodesMax - 1) / 3);
    expect(typeof parsed(chain(terms))).toBe('object');
    expect(parsed(chain(terms + 1))).toMatch(
      `at most ${FILTER.nodesMax} properties, constants and conditions, found`,
    );
  });

  test('but not in the strings of a list, other than by its text', () => {
    const values = Array.from({ length: 900 }, () => "'x'").join();
    expect(parsed(`a IN (${values})`)).toMatchObject({ kind: 'in' });
  });

  test('nothing hostile does more than to be refused', () => {
    const known =
      "NOT AND OR BETWEEN IN TRUE NULL IS CONTAINS = <> < >= ( ) , + - -- /* */ ' 'x' a 5";
    const token = fc.constantFrom(...known.split(' '), '.5e', '\n', '😀', '\ud800', '\u0000');
    const garbage = fc.oneof(
      fc.array(token, { maxLength: 1200 }).map((tokens) => tokens.join(' ')),
      fc.array(token, { maxLength: 3000 }).map((tokens) => tokens.join('')),
      fc.string({ unit: 'binary', maxLength: NAME.filterBytesMax }),
      fc.tuple(token, fc.nat(NAME.filterBytesMax)).map(([text, count]) => text.repeat(count)),
    );
    const check = (text: string): void => {
      const outcome = parsed(text.slice(0, NAME.filterBytesMax));
      if (typeof outcome === 'string')
        expect(outcome).toMatch(/^character \d+: expected .+, found /s);
    };
    fc.assert(fc.property(garbage, check), runs(3000));
  });
});
