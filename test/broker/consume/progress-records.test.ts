import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import {
  AcksPayload,
  CAUSE,
  LeasesPayload,
  decodeAcks,
  decodeForgotten,
  decodeLeases,
  forgottenPayload,
  isResetUntold,
  progressPayload,
} from '#broker/consume/progress-records';
import type { Why } from '#broker/consume/progress-records';
import { Progress } from '#broker/consume/progress';
import type { Payload } from '#broker/store/record';
import { SluiceError } from '#lib/errors';
import { printSeed, runs } from '#support/property';

printSeed();

const u48 = fc.nat(2 ** 48 - 1);
const place = fc.record({ groupId: u48, topicId: u48, queueId: fc.nat(0xffff) });
const lease = fc.record({
  offset: u48,
  deadlineMs: u48,
  attempt: fc.nat(0xffff),
  sequence: fc.nat(2 ** 32 - 1),
});

const why = fc.record({ cause: fc.constantFrom(...Object.values(CAUSE)), member: u48 });
const copied = { cause: CAUSE.copied, member: 0 };

/** Written into the middle of other bytes: it must keep to its own. */
function written(payload: Payload): Buffer {
  const target = Buffer.alloc(payload.bytes + 20, 0xee);
  payload.write(target, 10, 0, 0);
  expect(target.subarray(0, 10)).toEqual(Buffer.alloc(10, 0xee));
  expect(target.subarray(-10)).toEqual(Buffer.alloc(10, 0xee));
  return target.subarray(10, -10);
}

describe('records of consuming', () => {
  test('leases come back as they were', () => {
    const check = (at: { groupId: number; topicId: number; queueId: number }, next: number) =>
      fc.property(fc.array(lease, { maxLength: 20 }), why, (leases, because) => {
        expect(decodeLeases(written(new LeasesPayload(at, next, leases, because)))).toEqual({
          ...at,
          ...because,
          next,
          leases,
        });
      });
    fc.assert(
      fc.property(place, u48, (at, next) => fc.assert(check(at, next), runs(5))),
      runs(60),
    );
  });

  test('acknowledgements come back as they were', () => {
    const offsets = fc.array(u48, { minLength: 1, maxLength: 20 });
    const check = (
      at: { groupId: number; topicId: number; queueId: number },
      list: number[],
      because: Why,
    ): void => {
      const decoded = decodeAcks(written(new AcksPayload(at, list, because)));
      expect(decoded).toEqual({ ...at, ...because, offsets: list });
    };
    fc.assert(fc.property(place, offsets, why, check), runs(200));
  });

  test('a whole progress has its next offset and all its leases', () => {
    const progress = new Progress(1, 2, 3, 0);
    progress.advance(5);
    const entry = { offset: 4, deadlineMs: 99, attempt: 2, sequence: 7 };
    progress.grant(entry);
    const decoded = decodeLeases(written(progressPayload(progress)));
    const at = { groupId: 1, topicId: 2, queueId: 3 };
    expect(decoded).toEqual({ ...at, ...copied, next: 5, leases: [entry] });
  });

  test.each([0, 1, 2])('of a group to be told of a reset it says so, %s leases', (count) => {
    const progress = new Progress(1, 2, 3, 0);
    progress.reset(5);
    const leases = Array.from({ length: count }, (_, i) => ({
      offset: 3 + i,
      deadlineMs: 99,
      attempt: 2,
      sequence: 7,
    }));
    for (const entry of leases) progress.grant(entry);
    const bytes = written(progressPayload(progress));
    expect(isResetUntold(bytes)).toBe(true);
    const at = { groupId: 1, topicId: 2, queueId: 3 };
    expect(decodeLeases(bytes)).toEqual({ ...at, ...copied, next: 5, leases });
    progress.resetUntold = false;
    expect(isResetUntold(written(progressPayload(progress)))).toBe(false);
  });

  test('more attempts than the record has room for stay at the largest', () => {
    const entry = { offset: 1, deadlineMs: 1, attempt: 70_000, sequence: 1 };
    const at = { groupId: 1, topicId: 2, queueId: 3 };
    const { leases } = decodeLeases(written(new LeasesPayload(at, 2, [entry])));
    expect(leases[0]?.attempt).toBe(0xffff);
  });

  test('cut off anywhere they are whole entries or INTERNAL_ERROR', () => {
    const at = { groupId: 1, topicId: 2, queueId: 3 };
    const entry = { offset: 4, deadlineMs: 99, attempt: 2, sequence: 7 };
    const leases = written(new LeasesPayload(at, 5, [entry, entry]));
    const acks = written(new AcksPayload(at, [4, 5], copied));
    const decoders = [
      { decode: decodeLeases, bytes: leases, bytesMin: 27 },
      { decode: decodeAcks, bytes: acks, bytesMin: 21 },
    ];
    for (const { decode, bytes, bytesMin } of decoders) {
      for (let length = 0; length < bytes.length; length++) {
        const cut = bytes.subarray(0, length);
        if (length < bytesMin) {
          expect(() => decode(cut)).toThrow(SluiceError);
          continue;
        }
        const decoded = decode(cut);
        expect(decoded).toMatchObject(at);
        const entries = 'leases' in decoded ? decoded.leases : decoded.offsets;
        expect(entries.length).toBeLessThan(3);
      }
    }
  });

  test('what is forgotten is a group and a topic, and nothing less', () => {
    const bytes = written(forgottenPayload(2 ** 40, 7));
    expect(decodeForgotten(bytes)).toEqual({ groupId: 2 ** 40, topicId: 7 });
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeForgotten(bytes.subarray(0, length))).toThrow(SluiceError);
    }
  });
});
