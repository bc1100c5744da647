/** Reads records back from the segments, verified; recently read pages stay in memory. */
import { STORE } from '#lib/limits';

import { DamageError } from '#broker/store/damage';
import { HEAD_BYTES, isIntact, peekHead } from '#broker/store/record';
import type { LogRecord } from '#broker/store/record';
import type { Segment, Segments } from '#broker/store/segments';

export class LogReader {
  readonly #segments: Segments;
  readonly #committed: () => number;
  /** Whole pages by position, least recently used first. */
  readonly #pages = new Map<number, Promise<Buffer>>();

  constructor(segments: Segments, committed: () => number) {
    this.#segments = segments;
    this.#committed = committed;
  }

  /**
   * The record of `length` bytes at `position`.
   * @throws DamageError when it is not there as it was written
   */
  async read(position: number, length: number): Promise<LogRecord> {
    const segment = this.#segments.at(position);
    if (!segment) throw new DamageError('no file holds this part', { file: '-', position });
    const bytes = await this.#bytes(segment, position, length);
    const head = peekHead(bytes, 0);
    if (!head || !isIntact(bytes, 0, length, position)) {
      throw new DamageError('a record is damaged', { file: segment.path, position });
    }
    const payload = bytes.subarray(HEAD_BYTES, length);
    const { type, timestampMs } = head;
    return { position, type, timestampMs, payload, end: position + length };
  }

  /** The record at `position`, whose head says how long it is. @throws DamageError */
  async readAt(position: number): Promise<LogRecord> {
    const segment = this.#segments.at(position);
    if (!segment) throw new DamageError('no file holds this part', { file: '-', position });
    const head = peekHead(await this.#bytes(segment, position, HEAD_BYTES), 0);
    if (!head) throw new DamageError('a record is damaged', { file: segment.path, position });
    return this.read(position, head.length);
  }

  async #bytes(segment: Segment, position: number, length: number): Promise<Buffer> {
    const at = position - segment.base;
    const first = Math.floor(at / STORE.pageBytes);
    const last = Math.floor((at + length - 1) / STORE.pageBytes);
    const pageEnd = segment.base + (last + 1) * STORE.pageBytes;
    if (last - first > 1 || pageEnd > this.#committed()) {
      const bytes = Buffer.allocUnsafe(length);
      const got = await segment.file.read(bytes, at);
      return bytes.subarray(0, got);
    }
    const page = await this.#page(segment, first);
    const from = at - first * STORE.pageBytes;
    if (first === last) return page.subarray(from, from + length);
    const next = await this.#page(segment, last);
    const head = page.subarray(from);
    return Buffer.concat([head, next.subarray(0, length - head.length)]);
  }

  #page(segment: Segment, number: number): Promise<Buffer> {
    const key = segment.base + number * STORE.pageBytes;
    const known = this.#pages.get(key);
    if (known) {
      this.#pages.delete(key);
      this.#pages.set(key, known);
      return known;
    }
    const page = readPage(segment, number);
    page.catch(() => this.#pages.delete(key)); // the reader is told; the next one tries again
    this.#pages.set(key, page);
    if (this.#pages.size > STORE.pages) {
      const oldest = this.#pages.keys().next().value as number;
      this.#pages.delete(oldest);
    }
    return page;
  }

  /** Forgets what was read before `position`. */
  forgetBefore(position: number): void {
    for (const key of this.#pages.keys()) if (key < position) this.#pages.delete(key);
  }
}

async function readPage(segment: Segment, number: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(STORE.pageBytes);
  const got = await segment.file.read(bytes, number * STORE.pageBytes);
  return bytes.subarray(0, got);
}
