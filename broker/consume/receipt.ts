/**
 * Receipt handles: what an acknowledgement needs to find its lease, with a keyed checksum so that
 * nobody can make one up: group id u48, topic id u48, queue id u16, offset u48, sequence u32, and
 * SipHash-2-4 of these 24 bytes; as base64url.
 */
import { timingSafeEqual } from 'node:crypto';

import { SluiceError } from '#lib/errors';
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
  readonly #expected = Buffer.alloc(SIPHASH_BYTES);

  /** `key` has 16 random bytes that stay the same over restarts. */
  constructor(key: Buffer) {
    this.#sipHash = new SipHash(key);
  }

  sign({ groupId, topicId, queueId, offset, sequence }: Receipt): string {
    const handle = Buffer.allocUnsafe(HANDLE_BYTES);
    handle.writeUIntBE(groupId, 0, U48);
    handle.writeUIntBE(topicId, 6, U48);
    handle.writeUInt16BE(queueId, 12);
    handle.writeUIntBE(offset, 14, U48);
    handle.writeUInt32BE(sequence, 20);
    this.#sipHash.write(handle, 0, FACTS_BYTES, handle, FACTS_BYTES);
    return handle.toString('base64url');
  }

  /** @throws SluiceError INVALID_RECEIPT_HANDLE unless this broker signed it */
  verify(text: string): Receipt {
    const handle = text.length === HANDLE_CHARS ? Buffer.from(text, 'base64url') : undefined;
    if (handle?.length !== HANDLE_BYTES || !this.#isSigned(handle)) {
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
    this.#sipHash.write(handle, 0, FACTS_BYTES, this.#expected, 0);
    return timingSafeEqual(this.#expected, handle.subarray(FACTS_BYTES));
  }
}
