/**
 * LevelDB under everything that is derived from the log. Every batch also leaves a mark that says
 * up to which log position it has been applied, so that the two are never apart, and takes away the
 * mark of the batch before it: where two are found, a batch in between was lost (LevelDB passes
 * over a damaged part of its own log in silence). Values carry a checksum seeded with their key: an
 * index that lies is found out, thrown away and rebuilt from the log.
 */
import { readdir, rm } from 'node:fs/promises';
import { crc32 } from 'node:zlib';

import { ClassicLevel } from 'classic-level';

import { IndexDamageError } from '#broker/store/damage';
import { STORE } from '#lib/limits';

import { appliedKey, readAppliedKey, tableRange } from '#broker/store/index-keys';
import { checkTables } from '#broker/store/index-tables';

const CRC_BYTES = 4;
const POSITION_BYTES = 8;
/**
 * Not compressed, since only so can the tables be checked; keys and places hardly shrink anyway.
 */
const OPTIONS = {
  keyEncoding: 'buffer',
  valueEncoding: 'buffer',
  compression: false,
  cacheSize: STORE.indexBlockCacheBytes,
  writeBufferSize: STORE.indexWriteBufferBytes,
} as const;
/** What LevelDB says of files that are not as it left them, or not there. */
const DAMAGE_CODES: ReadonlySet<string> = new Set(['LEVEL_CORRUPTION', 'LEVEL_IO_ERROR']);

export type IndexChange =
  { type: 'put'; key: Buffer; value: Buffer } | { type: 'del'; key: Buffer };

function positionValue(position: number): Buffer {
  const value = Buffer.alloc(POSITION_BYTES);
  value.writeBigUInt64BE(BigInt(position));
  return value;
}

function readPosition(value: Buffer): number {
  return Number(value.readBigUInt64BE(0));
}

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

/** Without its CURRENT, LevelDB would begin a new database and mix the old one's log into it. */
async function assertWhole(directory: string): Promise<void> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const hasData = names.some((name) => /^(MANIFEST-\d+|\d+\.\w+)$/.test(name));
  if (hasData && !names.includes('CURRENT')) throw new IndexDamageError('the index lacks CURRENT');
  if (hasData) await checkTables(directory);
}

/** Throws when another process has the database: what looks damaged may be what that is writing. */
async function assertUnused(directory: string): Promise<void> {
  const db = new ClassicLevel<Buffer, Buffer>(directory, OPTIONS);
  try {
    await db.open({ createIfMissing: false, errorIfExists: true }); // takes the lock, and fails
    await db.close();
  } catch (error) {
    if (codeOf(error) === 'LEVEL_LOCKED') throw inUse(error);
  }
}

function codeOf(error: unknown): string | undefined {
  return (((error as Error).cause ?? error) as NodeJS.ErrnoException).code;
}

function inUse(cause: unknown): Error {
  return new Error('the data directory is in use by another process', { cause });
}

async function orDamage<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const code = codeOf(error);
    if (code === 'LEVEL_LOCKED') throw inUse(error);
    if (code === undefined || !DAMAGE_CODES.has(code)) throw error;
    throw new IndexDamageError('the index cannot be read', { cause: error });
  }
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
  #mark = appliedKey(undefined);
  #logStart = 0;
  #condemned = false;
  #lastChange: Promise<void> = Promise.resolve();

  private constructor(db: ClassicLevel<Buffer, Buffer>) {
    this.#db = db;
  }

  /**
   * Opens it, or makes an empty one. Throws when another process has it.
   * @throws IndexDamageError
   */
  static async open(directory: string): Promise<IndexDatabase> {
    await assertWhole(directory);
    const db = new ClassicLevel<Buffer, Buffer>(directory, OPTIONS);
    await orDamage(db.open());
    const index = new IndexDatabase(db);
    try {
      await index.#findMark();
    } catch (error) {
      await db.close();
      throw error;
    }
    return index;
  }

  /** Opens it; a damaged one is told to `onDamage`, and replaced by an empty one. */
  static async openSound(
    directory: string,
    onDamage: (error: IndexDamageError) => void,
  ): Promise<IndexDatabase> {
    try {
      return await IndexDatabase.open(directory);
    } catch (error) {
      if (!(error instanceof IndexDamageError)) throw error;
      await assertUnused(directory);
      onDamage(error);
      await IndexDatabase.destroy(directory);
      return IndexDatabase.open(directory);
    }
  }

  async #findMark(): Promise<void> {
    const marks = await this.entries(tableRange('applied'));
    if (marks.length > 1) throw new IndexDamageError('the index lacks a batch');
    const [mark] = marks;
    if (mark) {
      this.#mark = mark[0];
      this.#logStart = readPosition(mark[1]);
    } else {
      const isNew = (await this.keys({ limit: 1 })).length === 0;
      if (!isNew) throw new IndexDamageError('the index does not say how far it goes');
      await this.#putMark();
    }
  }

  async #putMark(): Promise<void> {
    if (this.#condemned) return;
    await this.#db.batch([put(this.#mark, positionValue(this.#logStart))], { sync: true });
  }

  static async destroy(directory: string): Promise<void> {
    await rm(directory, { recursive: true, force: true });
  }

  /** The log position up to which everything is in here; undefined in a new index. */
  applied(): number | undefined {
    return readAppliedKey(this.#mark);
  }

  /** Where the log began when that was last written down: nothing behind it was ever let go. */
  get logStart(): number {
    return this.#logStart;
  }

  /** The log is about to begin at `position`; durable when this resolves. */
  setLogStart(position: number): Promise<void> {
    return this.#inTurn(async () => {
      this.#logStart = position;
      await this.#putMark();
    });
  }

  /** Changes of the mark come one after the other: two that overlap would leave two marks. */
  #inTurn(change: () => Promise<void>): Promise<void> {
    const turn = this.#lastChange.then(change);
    this.#lastChange = turn.catch(() => undefined); // whoever wanted it is told
    return turn;
  }

  /** Keys and values in a range, in one go: bound it. @throws IndexDamageError */
  async entries(range: IndexRange): Promise<[Buffer, Buffer][]> {
    try {
      const found = await orDamage(this.#db.iterator(range).all());
      return found.map(([key, value]) => [key, checked(key, value)]);
    } catch (error) {
      if (error instanceof IndexDamageError) await this.condemn();
      throw error;
    }
  }

  /** What is in here is damaged: it is made anew at the next start. Until then the rest serves. */
  async condemn(): Promise<void> {
    if (this.#condemned) return;
    this.#condemned = true;
    await this.#inTurn(() => this.#db.batch([{ type: 'del', key: this.#mark }], { sync: true }));
  }

  keys(range: IndexRange): Promise<Buffer[]> {
    return orDamage(this.#db.keys(range).all());
  }

  /** All changes and the position they bring the index to, or nothing. */
  write(changes: IndexChange[], applied: number): Promise<void> {
    return this.#inTurn(async () => {
      const mark = appliedKey(applied);
      changes.push({ type: 'del', key: this.#mark });
      if (!this.#condemned) changes.push(put(mark, positionValue(this.#logStart)));
      await this.#db.batch(changes);
      this.#mark = mark;
    });
  }

  clear(range: { gte: Buffer; lt: Buffer }): Promise<void> {
    return this.#db.clear(range);
  }

  close(): Promise<void> {
    return this.#db.close();
  }
}
