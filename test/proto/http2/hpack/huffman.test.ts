import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { HpackError } from '#proto/http2/hpack/hpack-error';
import { decodeHuffman } from '#proto/http2/hpack/huffman';
import { printSeed, runs } from '#support/property';
import { EOS, HUFFMAN_CODES, huffman } from './huffman-codes.ts';

printSeed();

// Most of what is decoded here is refused, and nobody looks at where.
Error.stackTraceLimit = 0;

const VALUES = new Map(HUFFMAN_CODES.map((code, value) => [code, value] as const));

const decode = (bytes: Buffer): string => decodeHuffman(bytes, 0, bytes.length);

/** A bit at a time, by the printed table: what decodeHuffman has to agree with. */
function decodedSlowly(bytes: Buffer): string | undefined {
  let bits = '';
  let text = '';
  for (const byte of bytes) {
    for (const bit of byte.toString(2).padStart(8, '0')) {
      bits += bit;
      const value = VALUES.get(bits);
      if (value === undefined) continue;
      if (value === EOS) return undefined;
      text += String.fromCharCode(value);
      bits = '';
    }
  }
  return bits.length < 8 && !bits.includes('0') ? text : undefined;
}

describe('decodeHuffman', () => {
  test('the printed table is a whole prefix code', () => {
    expect(HUFFMAN_CODES).toHaveLength(257);
    const share = HUFFMAN_CODES.reduce((sum, code) => sum + 2 ** -code.length, 0);
    expect(share).toBe(1);
  });

  test('every value, alone and between others', () => {
    for (let value = 0; value < 256; value += 1) {
      const character = String.fromCharCode(value);
      for (const before of ['', 'a', 'aB', '\n\n']) {
        for (const behind of ['', '0', 'Z&', 'abcdefgh']) {
          const text = before + character + behind;
          expect(decode(huffman(text))).toBe(text);
        }
      }
    }
  });

  test('only what lies between start and end', () => {
    const bytes = Buffer.concat([Buffer.alloc(3, 0xff), huffman('text'), Buffer.alloc(3)]);
    expect(decodeHuffman(bytes, 3, bytes.length - 3)).toBe('text');
  });

  test('nothing', () => {
    expect(decodeHuffman(Buffer.from([1, 2]), 1, 1)).toBe('');
  });

  test('long texts', () => {
    for (const length of [2500, 2559, 2560, 4095, 4096, 4097, 50_000]) {
      for (const character of ['0', 'B', '\n']) {
        const text = character.repeat(length);
        expect(decode(huffman(text)) === text).toBe(true);
      }
    }
  });

  test('any text', () => {
    const character = fc.oneof(
      fc.integer({ min: 0x20, max: 0x7e }),
      fc.integer({ min: 0, max: 0xff }),
    );
    const property = fc.property(fc.array(character, { maxLength: 100 }), (codes) => {
      const text = String.fromCharCode(...codes);
      expect(decode(huffman(text))).toBe(text);
    });
    fc.assert(property, runs(2000));
  });

  test('any bytes: as a bit at a time, or refused', () => {
    const byte = fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(0xff, 0xfe, 0x1f));
    const property = fc.property(fc.array(byte, { maxLength: 40 }), (list) => {
      const bytes = Buffer.from(list);
      const expected = decodedSlowly(bytes);
      if (expected === undefined) expect(() => decode(bytes)).toThrow(HpackError);
      else expect(decode(bytes)).toBe(expected);
    });
    fc.assert(property, runs(5000));
  });

  test('all texts of one and two bytes', () => {
    for (let bits = 0; bits < 65_536; bits += 1) {
      const bytes = Buffer.from([bits >>> 8, bits & 0xff]);
      if (outcome(bytes) !== decodedSlowly(bytes)) throw new Error(bytes.toString('hex'));
      const last = bytes.subarray(1);
      if (bits < 256 && outcome(last) !== decodedSlowly(last)) throw new Error(`${bits}`);
    }
  });
});

function outcome(bytes: Buffer): string | undefined {
  try {
    return decode(bytes);
  } catch {
    return undefined;
  }
}
