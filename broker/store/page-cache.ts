/**
 * Pages of the log's files that were read lately. Their buffers are used again and again: the
 * garbage collector sees buffers late, and would let a reader that is far behind fill the memory
 * with them.
 */
import { STORE } from '#lib/limits';

import type { Segment } from '#broker/store/segments';

interface Page {
  readonly buffer: Buffer;
  /** Resolves to the bytes that the file has of it. */
  readonly bytes: Promise<number>;
  /** Who waits for it, or copies from it. */
  users: number;
}

export class PageCache {
  /** By log position, least recently used first. */
  readonly #pages = new Map<number, Page>();
  readonly #free: Buffer[] = [];

  /** Copies `length` bytes at `at` of a segment's file to `target`; returns how many there were. */
  async copy(segment: Segment, at: number, length: number, target: Buffer): Promise<number> {
    let done = 0;
    while (done < length) {
      const number = Math.floor((at + done) / STORE.pageBytes);
      const from = at + done - number * STORE.pageBytes;
      const page = this.#page(segment, number);
      page.users++;
      try {
        const end = Math.min(await page.bytes, from + length - done);
        if (end <= from) break;
        done += page.buffer.copy(target, done, from, end);
      } finally {
        page.users--;
      }
    }
    return done;
  }

  #page(segment: Segment, number: number): Page {
    const key = segment.base + number * STORE.pageBytes;
    const known = this.#pages.get(key);
    if (known) {
      this.#pages.delete(key);
      this.#pages.set(key, known);
      return known;
    }
    const buffer = this.#free.pop() ?? Buffer.allocUnsafeSlow(STORE.pageBytes);
    const bytes = segment.file.read(buffer, number * STORE.pageBytes);
    bytes.catch(() => this.#pages.delete(key)); // the reader is told; the next one tries again
    const page = { buffer, bytes, users: 0 };
    this.#pages.set(key, page);
    if (this.#pages.size > STORE.pages) this.#forgetOldest();
    return page;
  }

  #forgetOldest(): void {
    for (const [key, { users, buffer }] of this.#pages) {
      if (users > 0) continue;
      this.#pages.delete(key);
      this.#free.push(buffer);
      return;
    }
  }

  /** Forgets what was read before `position`. */
  forgetBefore(position: number): void {
    for (const [key, { users, buffer }] of this.#pages) {
      if (key >= position || users > 0) continue;
      this.#pages.delete(key);
      this.#free.push(buffer);
    }
  }
}
