/**
 * A client's calls of one method often have the same header block, byte for byte, which means the
 * same as long as the table is the same. Such a block is found by its bytes, without allocating.
 */
import { HTTP2 } from '#lib/transport-limits';
import type { HeaderFields } from '#proto/http2/hpack/header-fields';

interface Remembered {
  readonly bytes: Buffer;
  tableVersion: number;
  fields: HeaderFields;
}

/** So many bytes of a block decide on its slot; those between are only compared. */
const HASHED_BYTES = 32;

export class BlockCache {
  /** One block per slot: a newer one takes its place. */
  readonly #slots: (Remembered | undefined)[] = [];
  /** Hashes of the last block that came by each slot. */
  readonly #seen = new Int32Array(HTTP2.hpackBlocksRemembered);

  find(bytes: Buffer, start: number, end: number, tableVersion: number): HeaderFields | undefined {
    const length = end - start;
    if (length > HTTP2.hpackRememberedBytesMax) return undefined;
    const known = this.#slots[slotOf(hashOf(bytes, start, end))];
    if (known === undefined || known.tableVersion !== tableVersion) return undefined;
    return isAt(known.bytes, bytes, start, length) ? known.fields : undefined;
  }

  /** Keeps a block when it comes for the second time: most of those that differ never do. */
  offer(
    bytes: Buffer,
    start: number,
    end: number,
    tableVersion: number,
    fields: HeaderFields,
  ): void {
    if (end - start > HTTP2.hpackRememberedBytesMax) return;
    const hash = hashOf(bytes, start, end);
    const slot = slotOf(hash);
    if (this.#seen[slot] === hash) this.#keep(slot, bytes, start, end, tableVersion, fields);
    this.#seen[slot] = hash;
  }

  #keep(
    slot: number,
    bytes: Buffer,
    start: number,
    end: number,
    tableVersion: number,
    fields: HeaderFields,
  ): void {
    const known = this.#slots[slot];
    if (known !== undefined && isAt(known.bytes, bytes, start, end - start)) {
      known.tableVersion = tableVersion;
      known.fields = fields;
      return;
    }
    const copy = Buffer.allocUnsafeSlow(end - start);
    bytes.copy(copy, 0, start, end);
    this.#slots[slot] = { bytes: copy, tableVersion, fields };
  }
}

function isAt(known: Buffer, bytes: Buffer, start: number, length: number): boolean {
  if (known.length !== length) return false;
  for (let index = 0; index < length; index += 1) {
    if (known[index] !== bytes[start + index]) return false;
  }
  return true;
}

function hashOf(bytes: Buffer, start: number, end: number): number {
  const stride = Math.floor((end - start) / HASHED_BYTES) + 1;
  let hash = end - start;
  for (let position = start; position < end; position += stride) {
    hash = (Math.imul(hash, 31) + (bytes[position] as number)) | 0;
  }
  return hash;
}

function slotOf(hash: number): number {
  return (hash ^ (hash >>> 12)) & (HTTP2.hpackBlocksRemembered - 1);
}
