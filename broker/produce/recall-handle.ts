/**
 * Recall handles: what a scheduled message is found by, with a keyed checksum as receipt handles
 * have it: topic id u48, due u48, id u48, and SipHash-2-4 of these 18 bytes; as base64url.
 */
import { timingSafeEqual } from 'node:crypto';

import { SluiceError } from '#lib/errors';
import { SIPHASH_BYTES, SipHash } from '#lib/siphash';

import type { TimerKey } from '#broker/store/index-keys';

const U48 = 6;
const FACTS_BYTES = 18;
const HANDLE_BYTES = FACTS_BYTES + SIPHASH_BYTES;
const HANDLE_CHARS = Math.ceil((HANDLE_BYTES * 4) / 3);

export interface Recallable extends TimerKey {
  topicId: number;
}

export class RecallHandles {
  readonly #sipHash: SipHash;
  readonly #expected = Buffer.alloc(SIPHASH_BYTES);

  /** `key` is that of the receipt handles; the two differ in length. */
  constructor(key: Buffer) {
    this.#sipHash = new SipHash(key);
  }

  sign({ topicId, dueMs, id }: Recallable): string {
    const handle = Buffer.allocUnsafe(HANDLE_BYTES);
    handle.writeUIntBE(topicId, 0, U48);
    handle.writeUIntBE(dueMs, 6, U48);
    handle.writeUIntBE(id, 12, U48);
    this.#sipHash.write(handle, 0, FACTS_BYTES, handle, FACTS_BYTES);
    return handle.toString('base64url');
  }

  /** @throws SluiceError INVALID_RECEIPT_HANDLE unless this broker signed it */
  verify(text: string): Recallable {
    const handle = text.length === HANDLE_CHARS ? Buffer.from(text, 'base64url') : undefined;
    if (handle?.length !== HANDLE_BYTES || !this.#isSigned(handle)) {
      throw new SluiceError('INVALID_RECEIPT_HANDLE', 'this broker never gave out that handle');
    }
    return {
      topicId: handle.readUIntBE(0, U48),
      dueMs: handle.readUIntBE(6, U48),
      id: handle.readUIntBE(12, U48),
    };
  }

  #isSigned(handle: Buffer): boolean {
    this.#sipHash.write(handle, 0, FACTS_BYTES, this.#expected, 0);
    return timingSafeEqual(this.#expected, handle.subarray(FACTS_BYTES));
  }
}
