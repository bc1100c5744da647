import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { TagFilter } from '#broker/consume/filter-tag';
import { SluiceError } from '#lib/errors';
import { NAME } from '#lib/limits';
import { tagHash } from '#proto/properties';
import { printSeed, runs } from '#support/property';

printSeed();

function parsed(expression: string): TagFilter | string {
  try {
    return TagFilter.parse(expression);
  } catch (error) {
    if (error instanceof SluiceError) return error.code;
    throw error;
  }
}

describe('a tag filter', () => {
  test.each(['', '*', '  ', ' * ', 'a || *'])('%j lets everything through', (expression) => {
    const filter = TagFilter.parse(expression);
    expect([filter.mayMatch(0), filter.mayMatch(123), filter.matches(undefined)]).toEqual([
      true,
      true,
      true,
    ]);
    expect(filter.matches('any')).toBe(true);
  });

  test('lets the tags of its list through, and nothing else', () => {
    const filter = TagFilter.parse(' new||paid ||  тег ');
    for (const tag of ['new', 'paid', 'тег']) {
      expect([filter.mayMatch(tagHash(tag)), filter.matches(tag)]).toEqual([true, true]);
    }
    expect([filter.mayMatch(tagHash('old')), filter.matches('old')]).toEqual([false, false]);
    expect([filter.mayMatch(tagHash(undefined)), filter.matches(undefined)]).toEqual([
      false,
      false,
    ]);
  });

  test('tells tags of the same hash apart by their text', () => {
    expect(tagHash('Aa')).toBe(tagHash('BB'));
    const filter = TagFilter.parse('Aa');
    expect(filter.mayMatch(tagHash('BB'))).toBe(true);
    expect(filter.matches('BB')).toBe(false);
    expect(filter.matches('Aa')).toBe(true);
  });

  test('its hash is that of Java', () => {
    expect(tagHash('hello world')).toBe(1_794_106_052);
    expect(tagHash('polygenelubricants')).toBe(-2_147_483_648);
  });

  test.each(['||', '|| ||', 'a|b', 'a|||b', '|'])('%j is refused', (expression) => {
    expect(parsed(expression)).toBe('ILLEGAL_FILTER_EXPRESSION');
  });

  test.each(['a||', '||a', 'a || || a'])('%j is the tag a', (expression) => {
    const filter = TagFilter.parse(expression);
    expect([filter.matches('a'), filter.matches('')]).toEqual([true, false]);
  });

  test(`has at most ${NAME.filterBytesMax} bytes, blanks included`, () => {
    expect(TagFilter.parse('a'.repeat(NAME.filterBytesMax)).matches('b')).toBe(false);
    expect(parsed('a'.repeat(NAME.filterBytesMax + 1))).toBe('ILLEGAL_FILTER_EXPRESSION');
    expect(parsed('ä'.repeat(NAME.filterBytesMax / 2 + 1))).toBe('ILLEGAL_FILTER_EXPRESSION');
    expect(parsed(' '.repeat(NAME.filterBytesMax + 1))).toBe('ILLEGAL_FILTER_EXPRESSION');
    expect(parsed(`*${' '.repeat(NAME.filterBytesMax)}`)).toBe('ILLEGAL_FILTER_EXPRESSION');
  });

  test('says the limit and the size', () => {
    const expression = 'a'.repeat(NAME.filterBytesMax + 5);
    expect(() => TagFilter.parse(expression)).toThrow(/4096 bytes, this one has 4101/);
  });

  test('a list of any tags lets each of them through', () => {
    const tag = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 8 })
      .filter((text) => text.trim() === text && !text.includes('|') && text !== '*');
    const check = (tags: string[], other: string): void => {
      const filter = TagFilter.parse(tags.join(' || '));
      for (const text of tags) {
        expect(filter.mayMatch(tagHash(text)) && filter.matches(text)).toBe(true);
      }
      expect(filter.matches(other)).toBe(tags.includes(other));
    };
    fc.assert(fc.property(fc.array(tag, { minLength: 1, maxLength: 9 }), tag, check), runs(1500));
  });
});
