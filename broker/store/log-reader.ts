/** Reads records back from the segments, verified; recently read pages stay in memory. */
import { STORE } from '#lib/limits';

import { DamageError } from '#broker/store/damage';
import { PageCache } from '#broker/store/page-cache';
import { HEAD_BYTES, isIntact, peekHead } from '#broker/store/record';
import type { LogRecord } from '#broker/store/record';
import type { Segment, Segments } from '#broker/store/segments';

/** The end of the log. */
interface NewestRecords {
  readonly committed: number;
  /** Undefined for what is no longer in memory. */
  recordNow(position: number): LogRecord | undefined;
}

export class LogReader {
  readonly #segments: Segments;
  readonly #newest: () => NewestRecords;
  readonly #pages = new PageCache();

  constructor(segments: Segments, newest: () => NewestRecords) {
    this.#segments = segments;
    this.#newest = newest;
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
    const newest = this.#newest().recordNow(position);
    if (newest) return newest;
    const segment = this.#segments.at(position);
    if (!segment) throw new DamageError('no file holds this part', { file: '-', position });
    const head = peekHead(await this.#bytes(segment, position, HEAD_BYTES), 0);
    if (!head) throw new DamageError('a record is damaged', { file: segment.path, position });
    return this.read(position, head.length);
  }

  /** The parts of the log with records since `sinceMs`, newest first; a part is a segment. */
  *partsSince(sinceMs: number): Iterable<{ from: number; to: number }> {
    let to = this.#newest().committed;
    for (const { base: from, firstTimestampMs = 0 } of this.#segments.all.toReversed()) {
      yield { from, to };
      if (firstTimestampMs < sinceMs) return;
      to = from;
    }
  }

  async #bytes(segment: Segment, position: number, length: number): Promise<Buffer> {
    const at = position - segment.base;
    const bytes = Buffer.allocUnsafe(length);
    const lastPage = Math.floor((at + length - 1) / STORE.pageBytes);
    const pagesEnd = segment.base + (lastPage + 1) * STORE.pageBytes;
    const isLarge = length > STORE.pageBytes;
    // A page that the log has not filled yet must not be kept.
    const got =
      isLarge || pagesEnd > this.#newest().committed
        ? await segment.file.read(bytes, at)
        : await this.#pages.copy(segment, at, length, bytes);
    return bytes.subarray(0, got);
  }

  /** Forgets what was read before `position`. */
  forgetBefore(position: number): void {
    this.#pages.forgetBefore(position);
  }
}
