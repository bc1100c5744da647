import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import {
  writeI64BE,
  writeU16BE,
  writeU32BE,
  writeU32LE,
  writeU48BE,
  writeU48LE,
} from '#lib/integers';
import { printSeed, runs } from '#support/property';

printSeed();

type Write = (target: Buffer, value: number, at: number) => void;

const i32 = fc.integer();
const u16 = fc.nat(2 ** 16 - 1);
const u32 = fc.nat(2 ** 32 - 1);
const u48 = fc.nat(2 ** 48 - 1);

/** Ours, and as Buffer writes it. */
const CASES: [string, fc.Arbitrary<number>, Write, Write][] = [
  ['u16 BE', u16, writeU16BE, (b, value, at) => b.writeUInt16BE(value, at)],
  ['u32 BE', u32, writeU32BE, (b, value, at) => b.writeUInt32BE(value, at)],
  ['i32 BE', i32, writeU32BE, (b, value, at) => b.writeInt32BE(value, at)],
  ['u48 BE', u48, writeU48BE, (b, value, at) => b.writeUIntBE(value, at, 6)],
  [
    'i64 BE',
    fc.maxSafeInteger(),
    writeI64BE,
    (b, value, at) => b.writeBigInt64BE(BigInt(value), at),
  ],
  ['u32 LE', u32, writeU32LE, (b, value, at) => b.writeUInt32LE(value, at)],
  ['i32 LE', i32, writeU32LE, (b, value, at) => b.writeInt32LE(value, at)],
  ['u48 LE', u48, writeU48LE, (b, value, at) => b.writeUIntLE(value, at, 6)],
];

test.each(CASES)('%s is as Buffer writes it', (_name, values, write, ofBuffer) => {
  const check = (value: number, at: number): void => {
    const expected = Buffer.alloc(12, 0xee);
    ofBuffer(expected, value, at);
    const target = Buffer.alloc(12, 0xee);
    write(target, value, at);
    expect(target).toEqual(expected);
  };
  fc.assert(fc.property(values, fc.nat(4), check), runs(500));
});
