import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import {
  PROPERTY,
  addProperty,
  isSystemProperty,
  joinKeys,
  lookupKeys,
  parseProperties,
  propertiesBytes,
  storedKeys,
  tagHash,
  writeProperties,
} from '#proto/properties';
import { Text } from '#proto/text';
import { printSeed, runs } from '#support/property';

printSeed();

const free = fc
  .string({ unit: 'grapheme' })
  .filter((text) => !text.includes('\x01') && !text.includes('\x02'));
const name = free.filter((text) => text !== '' && !isSystemProperty(text));

function stored(properties: Text[]): Text {
  const bytes = Buffer.alloc(propertiesBytes(properties));
  writeProperties(properties, bytes, 0);
  return new Text(bytes, 0, bytes.length);
}

describe('properties', () => {
  test('come back as they were, the system apart from the user', () => {
    const system = fc.dictionary(fc.constantFrom(...Object.values(PROPERTY)), free);
    const user = fc.array(fc.tuple(name, free), { maxLength: 10 });
    const check = (ofSystem: Record<string, string>, ofUser: [string, string][]): void => {
      const properties: Text[] = [];
      for (const [key, value] of Object.entries(ofSystem)) {
        addProperty(properties, key, Text.of(value));
      }
      properties.push(...ofUser.flat().map(Text.of));
      const parsed = parseProperties(stored(properties));
      for (const key of Object.values(PROPERTY)) {
        expect(parsed.get(key)).toBe(ofSystem[key]);
        expect(parsed.has(key)).toBe(key in ofSystem);
      }
      expect(parsed.user.map(String)).toEqual(ofUser.flat());
      expect(parsed.all.map(String)).toEqual(properties.map(String));
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
    const parsed = parseProperties(Text.of(text));
    expect(parsed.user.map(String)).toEqual(user);
    expect(parsed.all.map(String)).toEqual(user);
  });

  test('all keys are one property, and are told apart again', () => {
    const key = free.filter((text) => text !== '' && !text.includes(' '));
    const check = (keys: string[], id: string): void => {
      const properties: Text[] = [];
      addProperty(properties, PROPERTY.messageId, Text.of(id));
      if (keys.length > 0) addProperty(properties, PROPERTY.keys, joinKeys(keys.map(Text.of)));
      const parsed = parseProperties(stored(properties));
      expect(storedKeys(parsed).map(String)).toEqual(keys);
      expect(lookupKeys(parsed).map(String)).toEqual([id, ...keys]);
    };
    fc.assert(fc.property(fc.array(key, { maxLength: 5 }), free, check), runs(300));
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
