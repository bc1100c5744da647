/**
 * Receipt handles: what an acknowledgement needs to find its lease, signed so that nobody can make
 * one up. HMAC-SHA256 cut to 16 bytes, over 24 bytes: group id, topic id, queue id, offset, sequence.
 */
import { createHash, hash, timingSafeEqual } from 'node:crypto';

import { SluiceError } from '#lib/errors';

import type { Place } from '#broker/consume/progress-records';

const U48 = 6;
const FACTS_BYTES = 24;
const MAC_BYTES = 16;
const HANDLE_BYTES = FACTS_BYTES + MAC_BYTES;
const HANDLE_CHARS = Math.ceil((HANDLE_BYTES * 4) / 3);
const BLOCK_BYTES = 64;
const DIGEST_BYTES = 32;
export const RECEIPT_KEY_BYTES = 32;

export interface Receipt extends Place {
  offset: number;
  sequence: number;
}

/** RFC 2104 with the two key blocks kept in place: a third of the time of making an Hmac object. */
class Mac {
  readonly #inner = Buffer.alloc(BLOCK_BYTES + FACTS_BYTES, 0x36);
  readonly #outer = Buffer.alloc(BLOCK_BYTES + DIGEST_BYTES, 0x5c);

  constructor(key: Buffer) {
    const block = key.length > BLOCK_BYTES ? createHash('sha256').update(key).digest() : key;
    for (const [i, byte] of block.entries()) {
      this.#inner[i] = byte ^ 0x36;
      this.#outer[i] = byte ^ 0x5c;
    }
  }

  sign(facts: Buffer): Buffer {
    facts.copy(this.#inner, BLOCK_BYTES, 0, FACTS_BYTES);
    hash('sha256', this.#inner, 'buffer').copy(this.#outer, BLOCK_BYTES);
    return hash('sha256', this.#outer, 'buffer');
  }
}

export class Receipts {
  readonly #mac: Mac;

  /** `key` has 32 random bytes that stay the same over restarts. */
  constructor(key: Buffer) {
    if (key.length < RECEIPT_KEY_BYTES) throw new RangeError('a receipt key has 32 bytes');
    this.#mac = new Mac(key);
  }

  sign({ groupId, topicId, queueId, offset, sequence }: Receipt): string {
    const handle = Buffer.allocUnsafe(HANDLE_BYTES);
    handle.writeUIntBE(groupId, 0, U48);
    handle.writeUIntBE(topicId, 6, U48);
    handle.writeUInt16BE(queueId, 12);
    handle.writeUIntBE(offset, 14, U48);
    handle.writeUInt32BE(sequence, 20);
    this.#mac.sign(handle).copy(handle, FACTS_BYTES, 0, MAC_BYTES);
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
    const expected = this.#mac.sign(handle).subarray(0, MAC_BYTES);
    return timingSafeEqual(expected, handle.subarray(FACTS_BYTES));
  }
}
