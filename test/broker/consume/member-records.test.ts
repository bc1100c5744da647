import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { MemberPositionPayload, decodeMemberPosition } from '#broker/consume/member-records';
import { SluiceError } from '#lib/errors';
import { printSeed, runs } from '#support/property';

printSeed();

const u48 = fc.nat(2 ** 48 - 1);
const position = fc.record({
  groupId: u48,
  topicId: u48,
  queueId: fc.nat(0xffff),
  offset: u48,
  seenMs: u48,
  member: fc.string({ minLength: 1, maxLength: 60, unit: 'grapheme' }),
});

describe("a record of a member's position", () => {
  test('comes back as it was, and keeps to its own bytes', () => {
    const check = fc.property(position, (each) => {
      const payload = new MemberPositionPayload(each);
      const target = Buffer.alloc(payload.bytes + 20, 0xee);
      payload.write(target, 10);
      expect(target.subarray(0, 10)).toEqual(Buffer.alloc(10, 0xee));
      expect(target.subarray(-10)).toEqual(Buffer.alloc(10, 0xee));
      expect(decodeMemberPosition(target.subarray(10, -10))).toEqual(each);
    });
    fc.assert(check, runs(200));
  });

  test('without a member is INTERNAL_ERROR', () => {
    for (let length = 0; length <= 26; length++) {
      expect(() => decodeMemberPosition(Buffer.alloc(length))).toThrow(SluiceError);
    }
  });
});
