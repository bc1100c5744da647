/** Where a member of a broadcast group is in a queue, as a log record (docs/storage-format.md). */
import { SluiceError } from '#lib/errors';
import { writeU16BE, writeU48BE } from '#lib/integers';

import type { Payload } from '#broker/store/record';

/** group id u48 · topic id u48 · queue id u16 · offset u48 · seen u48 (ms) · member, UTF-8 */
const HEAD_BYTES = 26;
const U48 = 6;

export interface MemberPosition {
  groupId: number;
  topicId: number;
  queueId: number;
  /** The next one that the member wants. */
  offset: number;
  /** When the member was last heard of. */
  seenMs: number;
  /** Its client id. */
  member: string;
}

export class MemberPositionPayload implements Payload {
  readonly #position: MemberPosition;
  readonly bytes: number;

  constructor(position: MemberPosition) {
    this.#position = position;
    this.bytes = HEAD_BYTES + Buffer.byteLength(position.member);
  }

  write(target: Buffer, at: number): void {
    const { groupId, topicId, queueId, offset, seenMs, member } = this.#position;
    writeU48BE(target, groupId, at);
    writeU48BE(target, topicId, at + 6);
    writeU16BE(target, queueId, at + 12);
    writeU48BE(target, offset, at + 14);
    writeU48BE(target, seenMs, at + 20);
    target.write(member, at + HEAD_BYTES);
  }
}

export function decodeMemberPosition(source: Buffer): MemberPosition {
  if (source.length <= HEAD_BYTES) {
    throw new SluiceError('INTERNAL_ERROR', "a record of a member's position is too short");
  }
  return {
    groupId: source.readUIntBE(0, U48),
    topicId: source.readUIntBE(6, U48),
    queueId: source.readUInt16BE(12),
    offset: source.readUIntBE(14, U48),
    seenMs: source.readUIntBE(20, U48),
    member: source.toString('utf8', HEAD_BYTES),
  };
}
