import { describe, expect, test } from '@jest/globals';

import {
  HEAD_BYTES,
  RECORD_TYPE,
  bytesPayload,
  isIntact,
  peekHead,
  writeRecord,
} from '#broker/store/record';
import { STORE } from '#lib/limits';

const POSITION = 2 ** 33 + 17;
const HEAD = { type: RECORD_TYPE.message, epoch: 3, timestampMs: 2 ** 40 + 5, batchOffset: 77 };

function record(payload: Buffer, position = POSITION): Buffer {
  const bytes = Buffer.alloc(HEAD_BYTES + payload.length);
  writeRecord(bytes, 0, position, HEAD, bytesPayload(payload));
  return bytes;
}

describe('a record', () => {
  const sound = record(Buffer.from('payload'));

  test('comes back as it was written', () => {
    expect(peekHead(sound, 0)).toEqual({ ...HEAD, length: sound.length });
    expect(isIntact(sound, 0, sound.length, POSITION)).toBe(true);
    expect(sound.subarray(HEAD_BYTES).toString()).toBe('payload');
  });

  test('is not intact with any one bit flipped', () => {
    for (let at = 0; at < sound.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const damaged = Buffer.from(sound);
        damaged[at] = (damaged[at] as number) ^ (1 << bit);
        expect(isIntact(damaged, 0, damaged.length, POSITION)).toBe(false);
      }
    }
  });

  test('is not intact in another place, or cut short', () => {
    expect(isIntact(sound, 0, sound.length, POSITION + 1)).toBe(false);
    expect(isIntact(sound, 0, sound.length, POSITION - 2 ** 32)).toBe(false);
    for (let length = 0; length < sound.length; length++) {
      expect(isIntact(sound.subarray(0, length), 0, sound.length, POSITION)).toBe(false);
      expect(isIntact(sound.subarray(0, length), 0, length, POSITION)).toBe(false);
    }
  });

  test('a head with an impossible length, type or version is none', () => {
    for (const [at, value] of [
      [0, HEAD_BYTES - 1],
      [0, STORE.recordBytesMax + 1],
    ] as const) {
      const damaged = Buffer.from(sound);
      damaged.writeUInt32LE(value, at);
      expect(peekHead(damaged, 0)).toBeUndefined();
    }
    for (const [at, value] of [
      [8, 0],
      [8, 99],
      [9, 2],
    ] as const) {
      const damaged = Buffer.from(sound);
      damaged[at] = value;
      expect(peekHead(damaged, 0)).toBeUndefined();
    }
    expect(peekHead(Buffer.alloc(4096), 0)).toBeUndefined(); // zeros are no record
    expect(peekHead(sound.subarray(0, HEAD_BYTES - 1), 0)).toBeUndefined();
  });

  test('larger than the largest is not written', () => {
    const payload = { bytes: STORE.recordBytesMax, write: () => undefined };
    expect(() => writeRecord(Buffer.alloc(0), 0, 0, HEAD, payload)).toThrow(RangeError);
  });
});
