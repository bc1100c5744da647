/**
 * Checks the tables of the index before LevelDB reads them. Its binding leaves their checksums
 * unverified: a flipped bit can hide an entry in silence, or end the process by an assertion.
 *
 * A table is blocks one behind the other and a footer of 48 bytes: handle of the meta-index block,
 * handle of the index block, padding, magic number. A handle is offset and size as varints; a block
 * has 5 bytes behind it: type u8 (0: not compressed) and the masked crc32c of block and type.
 */
import fs from 'node:fs/promises';
import path from 'node:path';

import { crc32c } from '#lib/crc32c';

import { IndexDamageError } from '#broker/store/damage';

const FOOTER_BYTES = 48;
const TRAILER_BYTES = 5;
const MAGIC = 0xdb4775248b80fb57n;
const MASK_DELTA = 0xa282ead8;

interface Handle {
  offset: number;
  size: number;
}

/** Reads numbers off a part of a table. */
class Cursor {
  readonly #bytes: Buffer;
  at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#bytes[this.at++];
      if (byte === undefined) throw new RangeError('a number beyond the end');
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  }

  handle(): Handle {
    return { offset: this.varint(), size: this.varint() };
  }
}

/** The block, whose checksum is right. */
function blockAt(table: Buffer, { offset, size }: Handle): Buffer {
  const end = offset + size + 1;
  if (end + 4 > table.length - FOOTER_BYTES) throw new RangeError('a block beyond the end');
  const crc = crc32c(table, offset, end);
  const masked = (((crc >>> 15) | (crc << 17)) + MASK_DELTA) >>> 0;
  if (table.readUInt32LE(end) !== masked) throw new RangeError('a wrong checksum');
  return table.subarray(offset, end - 1);
}

/** The handles that are the values of a block: key parts and values, then restart points. */
function handlesIn(block: Buffer, type: number | undefined): Handle[] {
  if (type !== 0) throw new RangeError('a compressed block');
  const restarts = block.readUInt32LE(block.length - 4);
  const cursor = new Cursor(block.subarray(0, block.length - 4 * (restarts + 1)));
  const end = block.length - 4 * (restarts + 1);
  const handles: Handle[] = [];
  while (cursor.at < end) {
    cursor.varint(); // bytes shared with the key before
    const keyBytes = cursor.varint();
    const valueBytes = cursor.varint();
    cursor.at += keyBytes;
    const valueEnd = cursor.at + valueBytes;
    handles.push(cursor.handle());
    cursor.at = valueEnd;
  }
  return handles;
}

function checkTable(table: Buffer): void {
  if (table.length < FOOTER_BYTES + TRAILER_BYTES) throw new RangeError('too short');
  const footer = table.subarray(table.length - FOOTER_BYTES);
  if (footer.readBigUInt64LE(FOOTER_BYTES - 8) !== MAGIC) throw new RangeError('no footer');
  const cursor = new Cursor(footer);
  for (const handle of [cursor.handle(), cursor.handle()]) {
    const block = blockAt(table, handle);
    const type = table[handle.offset + handle.size];
    for (const inner of handlesIn(block, type)) blockAt(table, inner);
  }
}

/** @throws IndexDamageError that names the file */
export async function checkTables(directory: string): Promise<void> {
  const names = await fs.readdir(directory);
  for (const name of names.filter((each) => /\.(ldb|sst)$/.test(each))) {
    const file = path.join(directory, name);
    const table = await fs.readFile(file);
    try {
      checkTable(table);
    } catch (cause) {
      throw new IndexDamageError(`the index table ${file} is damaged`, { cause });
    }
  }
}
