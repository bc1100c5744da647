/** The files of the commit log, in order: `<20 digits of the base position>.log`. */
import path from 'node:path';

import { DamageError } from '#broker/store/damage';
import type { StoreFile, StoreFiles } from '#broker/store/files';

const NAME = /^(\d{20})\.log$/;

/** One file of the log; it holds the bytes from position `base` on. */
export interface Segment {
  readonly base: number;
  readonly path: string;
  readonly file: StoreFile;
  /** When its first record was written, ms; undefined while it is empty. */
  firstTimestampMs?: number;
  /** Begins with a complete copy of the small state, so that everything before it may go. */
  carries: boolean;
}

export function segmentName(base: number): string {
  return `${String(base).padStart(20, '0')}.log`;
}

export class Segments {
  readonly #files: StoreFiles;
  readonly #directory: string;
  readonly #list: Segment[] = [];

  private constructor(files: StoreFiles, directory: string) {
    this.#files = files;
    this.#directory = directory;
  }

  /** Opens what is there. Throws DamageError when a file is missing between two others. */
  static async open(files: StoreFiles, directory: string): Promise<Segments> {
    await files.makeDirectory(directory);
    const segments = new Segments(files, directory);
    const bases = (await files.list(directory))
      .map((name) => NAME.exec(name)?.[1])
      .filter((digits) => digits !== undefined)
      .map(Number)
      .sort((a, b) => a - b);
    // A killed process may have made or removed files a moment ago: what is there now is to stay.
    await files.syncDirectory(directory);
    try {
      for (const base of bases) {
        const previous = segments.#list.at(-1);
        if (previous) await expectEnd(previous, base);
        segments.#list.push(await segments.#open(base, false));
      }
    } catch (error) {
      await segments.close();
      throw error;
    }
    return segments;
  }

  async #open(base: number, create: boolean): Promise<Segment> {
    const file = path.join(this.#directory, segmentName(base));
    return { base, path: file, file: await this.#files.open(file, { create }), carries: false };
  }

  /** A new last segment; its name is durable when this returns. */
  async create(base: number): Promise<Segment> {
    const segment = await this.#open(base, true);
    try {
      await this.#files.syncDirectory(this.#directory);
    } catch (error) {
      await segment.file.close(); // the next try opens it again
      throw error;
    }
    this.#list.push(segment);
    return segment;
  }

  /** Whether nothing was ever written. */
  async isEmpty(): Promise<boolean> {
    const [first, second] = this.#list;
    return second === undefined && (await first?.file.size()) === 0;
  }

  get all(): readonly Segment[] {
    return this.#list;
  }

  get first(): Segment | undefined {
    return this.#list[0];
  }

  get last(): Segment | undefined {
    return this.#list.at(-1);
  }

  /** The segment that holds `position`, if it is still there. */
  at(position: number): Segment | undefined {
    let low = 0;
    let high = this.#list.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      if ((this.#list[middle] as Segment).base <= position) low = middle + 1;
      else high = middle - 1;
    }
    return this.#list[high];
  }

  /** Where the bytes of `segment` end: the next one's base, or undefined for the last. */
  endOf(segment: Segment): number | undefined {
    return this.#list[this.#list.indexOf(segment) + 1]?.base;
  }

  /** Removes the files of all segments before `segment`; returns the bytes freed. */
  async removeBefore(segment: Segment): Promise<number> {
    const count = this.#list.indexOf(segment);
    if (count <= 0) return 0;
    const gone = this.#list.splice(0, count);
    for (const { path: file, file: handle } of gone) {
      await handle.close();
      await this.#files.remove(file);
    }
    await this.#files.syncDirectory(this.#directory);
    return segment.base - (gone[0] as Segment).base;
  }

  async close(): Promise<void> {
    for (const { file } of this.#list) await file.close();
    this.#list.length = 0;
  }
}

async function expectEnd(segment: Segment, nextBase: number): Promise<void> {
  const end = segment.base + (await segment.file.size());
  if (end !== nextBase) {
    throw new DamageError(
      `this part of the log ends at ${end}, but the next begins at ${nextBase}`,
      { file: segment.path, position: end },
    );
  }
}
