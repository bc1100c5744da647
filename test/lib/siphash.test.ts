import { describe, expect, test } from '@jest/globals';

import { SIPHASH_BYTES, SIPHASH_KEY_BYTES, SipHash } from '#lib/siphash';

/** Published vectors: key 00..0f, inputs of 0, 1, 2 … bytes 00, 01, 02 …; the first 16 of 64. */
const VECTORS = [
  '310e0edd47db6f72',
  'fd67dc93c539f874',
  '5a4fa9d909806c0d',
  '2d7efbd796666785',
  'b7877127e09427cf',
  '8da699cd64557618',
  'cee3fe586e46c9cb',
  '37d1018bf50002ab',
  '6224939a79f5f593',
  'b0e4a90bdf82009e',
  'f3b9dd94c5bb5d7a',
  'a7ad6b22462fb3f4',
  'fbe50e86bc8f1e75',
  '903d84c02756ea14',
  'eef27a8e90ca23f7',
  'e545be4961ca29a1',
];

const key = Buffer.from(Array.from({ length: SIPHASH_KEY_BYTES }, (_, i) => i));

describe('SipHash-2-4', () => {
  const input = Buffer.from(Array.from({ length: 64 }, (_, i) => i));

  test.each(VECTORS.map((expected, length) => ({ length, expected })))(
    'agrees with the published vector of $length bytes',
    ({ length, expected }) => {
      const output = Buffer.alloc(SIPHASH_BYTES);
      new SipHash(key).write(input, 0, length, output, 0);
      expect(output.toString('hex')).toBe(expected);
    },
  );

  test('reads and writes in the middle of buffers', () => {
    const buffer = Buffer.concat([Buffer.alloc(3, 9), input.subarray(0, 15), Buffer.alloc(10, 9)]);
    new SipHash(key).write(buffer, 3, 18, buffer, 19);
    expect(buffer.subarray(19, 27).toString('hex')).toBe(VECTORS[15]);
    expect(buffer[18]).toBe(9);
    expect(buffer[27]).toBe(9);
  });

  test('refuses a key of another size', () => {
    expect(() => new SipHash(Buffer.alloc(15))).toThrow(RangeError);
  });
});
