/**
 * LevelDB under everything that is derived from the log. Every batch also says up to which log
 * position it has been applied, so that the two are never apart. Values carry a checksum seeded with
 * their key: an index that lies is found out, thrown away and rebuilt from the log.
 */
import { rm } from 'node:fs/promises';
import { crc32 } from 'node:zlib';

import { ClassicLevel } from 'classic-level';

import { appliedKey } from '#broker/store/index-keys';

const CRC_BYTES = 4;
const POSITION_BYTES = 8;

/** Something in the index is not what was put there. The log still has it. */
export class IndexDamageError extends Error {}

export type IndexChange =
  { type: 'put'; key: Buffer; value: Buffer } | { type: 'del'; key: Buffer };

/** A put of a value with its checksum. */
export function put(key: Buffer, value: Buffer): IndexChange {
  const stored = Buffer.allocUnsafe(CRC_BYTES + value.length);
  value.copy(stored, CRC_BYTES);
  stored.writeUInt32BE(crc32(value, crc32(key)), 0);
  return { type: 'put', key, value: stored };
}

function checked(key: Buffer, stored: Buffer): Buffer {
  const value = stored.subarray(CRC_BYTES);
  if (stored.length < CRC_BYTES || stored.readUInt32BE(0) !== crc32(value, crc32(key))) {
    throw new IndexDamageError(`the index entry ${key.toString('hex')} is damaged`);
  }
  return value;
}

export interface IndexRange {
  gte?: Buffer;
  lt?: Buffer;
  lte?: Buffer;
  limit?: number;
  reverse?: boolean;
}

export class IndexDatabase {
  readonly #db: ClassicLevel<Buffer, Buffer>;

  private constructor(db: ClassicLevel<Buffer, Buffer>) {
    this.#db = db;
  }

  /** Opens it, or makes an empty one. Throws when another process has it, or it can't be read. */
  static async open(directory: string): Promise<IndexDatabase> {
    const options = { keyEncoding: 'buffer', valueEncoding: 'buffer' } as const;
    const db = new ClassicLevel<Buffer, Buffer>(directory, options);
    await db.open();
    return new IndexDatabase(db);
  }

  static async destroy(directory: string): Promise<void> {
    await rm(directory, { recursive: true, force: true });
  }

  /** The log position up to which everything is in here; undefined in a new index. */
  applied(): number | undefined {
    const value = this.get(appliedKey);
    return value && Number(value.readBigUInt64BE(0));
  }

  get(key: Buffer): Buffer | undefined {
    const stored = this.#db.getSync(key);
    return stored && checked(key, stored);
  }

  /** Keys and values in a range, in one go: bound it. */
  async entries(range: IndexRange): Promise<[Buffer, Buffer][]> {
    const found = await this.#db.iterator(range).all();
    return found.map(([key, value]) => [key, checked(key, value)]);
  }

  keys(range: IndexRange): Promise<Buffer[]> {
    return this.#db.keys(range).all();
  }

  /** All changes and the position they bring the index to, or nothing. */
  async write(changes: IndexChange[], applied: number): Promise<void> {
    const position = Buffer.alloc(POSITION_BYTES);
    position.writeBigUInt64BE(BigInt(applied));
    changes.push(put(appliedKey, position));
    await this.#db.batch(changes);
  }

  clear(range: { gte: Buffer; lt: Buffer }): Promise<void> {
    return this.#db.clear(range);
  }

  close(): Promise<void> {
    return this.#db.close();
  }
}
