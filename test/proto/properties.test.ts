import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import {
  PROPERTY,
  addProperty,
  isSystemProperty,
  parseProperties,
  tagHash,
} from '#proto/properties';
import { printSeed, runs } from '#support/property';

printSeed();

const free = fc
  .string({ unit: 'grapheme' })
  .filter((text) => !text.includes('\x01') && !text.includes('\x02'));
const name = free.filter((text) => text !== '' && !isSystemProperty(text));

describe('properties', () => {
  test('come back as they were, the system apart from the user', () => {
    const system = fc.dictionary(fc.constantFrom(...Object.values(PROPERTY)), free);
    const user = fc.array(fc.tuple(name, free), { maxLength: 10 });
    const check = (ofSystem: Record<string, string>, ofUser: [string, string][]): void => {
      let text = '';
      for (const [key, value] of Object.entries(ofSystem)) text = addProperty(text, key, value);
      for (const [key, value] of ofUser) text = addProperty(text, key, value);
      const parsed = parseProperties(text);
      expect(parsed.system).toEqual(new Map(Object.entries(ofSystem)));
      expect(parsed.user).toEqual(ofUser.flat());
    };
    fc.assert(fc.property(system, user, check), runs(300));
  });

  test.each([
    ['', []],
    ['a', []],
    ['a\x01', ['a', '']],
    ['a\x01b', ['a', 'b']],
    ['a\x01b\x02', ['a', 'b']],
    ['a\x01b\x02c', ['a', 'b']],
    ['\x01\x02', ['', '']],
    ['a\x01b\x01c\x02', ['a', 'b\x01c']],
  ])('%j is read as %j', (text, user) => {
    expect(parseProperties(text)).toEqual({ system: new Map(), user });
  });

  test('the names that RocketMQ keeps for itself are the system’s', () => {
    for (const reserved of ['TAGS', 'KEYS', 'UNIQ_KEY', 'DELAY', '__SHARDINGKEY', 'POP_CK']) {
      expect(isSystemProperty(reserved)).toBe(true);
    }
    for (const usual of ['tags', 'a', '', 'UNIQ']) expect(isSystemProperty(usual)).toBe(false);
  });

  test('the hash of a tag is Java’s String.hashCode', () => {
    const check = (text: string): void => {
      let expected = 0n;
      for (let i = 0; i < text.length; i++) expected = expected * 31n + BigInt(text.charCodeAt(i));
      expect(tagHash(text)).toBe(Number(BigInt.asIntN(32, expected)));
    };
    fc.assert(fc.property(fc.string({ unit: 'binary' }), check), runs(300));
    expect(tagHash(undefined)).toBe(0);
  });
});
