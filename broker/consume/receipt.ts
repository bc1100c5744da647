/**
 * Receipt handles: what an acknowledgement needs to find its lease, with a keyed checksum so that
 * nobody can make one up: group id u48, topic id u48, queue id u16, offset u48, sequence u32, and
 * SipHash-2-4 of these 24 bytes; as base64url.
 */
import { SluiceError } from '#lib/errors';
import { writeU16BE, writeU32BE, writeU48BE } from '#lib/integers';
import { SIPHASH_BYTES, SIPHASH_KEY_BYTES, SipHash } from '#lib/siphash';

import type { Place } from '#broker/consume/progress-records';

const U48 = 6;
const FACTS_BYTES = 24;
const HANDLE_BYTES = FACTS_BYTES + SIPHASH_BYTES;
const HANDLE_CHARS = Math.ceil((HANDLE_BYTES * 4) / 3);
export const RECEIPT_KEY_BYTES = SIPHASH_KEY_BYTES;

export interface Receipt extends Place {
  offset: number;
  sequence: number;
}

export class Receipts {
  readonly #sipHash: SipHash;
  /** The handle that is being made or looked at. */
  readonly #handle = Buffer.alloc(HANDLE_BYTES);
  readonly #expected = Buffer.alloc(SIPHASH_BYTES);

  /** `key` has 16 random bytes that stay the same over restarts. */
  constructor(key: Buffer) {
    this.#sipHash = new SipHash(key);
  }

  sign({ groupId, topicId, queueId, offset, sequence }: Receipt): string {
    const handle = this.#handle;
    writeU48BE(handle, groupId, 0);
    writeU48BE(handle, topicId, 6);
    writeU16BE(handle, queueId, 12);
    writeU48BE(handle, offset, 14);
    writeU32BE(handle, sequence, 20);
    this.#sipHash.write(handle, 0, FACTS_BYTES, handle, FACTS_BYTES);
    return handle.toString('base64url');
  }

  /** @throws SluiceError INVALID_RECEIPT_HANDLE unless this broker signed it */
  verify(text: string): Receipt {
    const handle = this.#handle;
    const bytes = text.length === HANDLE_CHARS ? handle.write(text, 'base64url') : 0;
    if (bytes !== HANDLE_BYTES || !this.#isSigned(handle)) {
      throw new SluiceError('INVALID_RECEIPT_HANDLE', 'this broker never gave out that handle');
    }
    return {
      groupId: handle.readUIntBE(0, U48),
      topicId: handle.readUIntBE(6, U48),
      queueId: handle.readUInt16BE(12),
      offset: handle.readUIntBE(14, U48),
      sequence: handle.readUInt32BE(20),
    };
  }

  #isSigned(handle: Buffer): boolean {
    const expected = this.#expected;
    this.#sipHash.write(handle, 0, FACTS_BYTES, expected, 0);
    let difference = 0; // over all bytes, so that the time does not tell how many are right
    for (let i = 0; i < SIPHASH_BYTES; i++) {
      difference |= (handle[FACTS_BYTES + i] as number) ^ (expected[i] as number);
    }
    return difference === 0;
  }
}
