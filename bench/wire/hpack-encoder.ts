/**
 * Header blocks of requests. Like the public clients, every header goes into the dynamic table at
 * its first use and is one byte from then on.
 */
import { STATIC_HEADERS } from './hpack-tables.ts';
import type { Header } from './hpack-decoder.ts';

const INDEXED = 0x80;
const INSERTED = 0x40;
/** Largest number of one byte behind a seven-bit prefix, so that no other form is needed. */
const ONE_BYTE_MAX = 126;

export class HpackEncoder {
  readonly #insertions = new Map<string, number>();
  readonly #blocks = new Map<string, Buffer>();

  /**
   * The block that `build` describes, by its key. What is returned must go on the wire before the
   * next call: it may carry insertions that later blocks point to.
   */
  encode(key: string, build: () => readonly Header[]): Buffer {
    const known = this.#blocks.get(key);
    if (known !== undefined) return known;
    const headers = build();
    const missing = headers.filter((header) => this.#index(header) === undefined);
    const block = Buffer.concat(headers.map((header) => this.#field(header)));
    // An insertion moves the numbers of all older entries.
    if (missing.length > 0) this.#blocks.clear();
    else this.#blocks.set(key, block);
    return block;
  }

  #field(header: Header): Buffer {
    const index = this.#index(header);
    if (index !== undefined) return Buffer.from([INDEXED | index]);
    const [name, value] = header;
    const nameIndex = STATIC_HEADERS.findIndex(([known]) => known === name) + 1;
    this.#insertions.set(`${name}\n${value}`, this.#insertions.size);
    return Buffer.concat([
      Buffer.from([INSERTED | nameIndex]),
      nameIndex === 0 ? plainString(name) : Buffer.alloc(0),
      plainString(value),
    ]);
  }

  #index([name, value]: Header): number | undefined {
    const fixed = STATIC_HEADERS.findIndex((known) => known[0] === name && known[1] === value);
    if (fixed >= 0) return fixed + 1;
    const insertion = this.#insertions.get(`${name}\n${value}`);
    if (insertion === undefined) return undefined;
    return STATIC_HEADERS.length + this.#insertions.size - insertion;
  }
}

function plainString(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  if (bytes.length > ONE_BYTE_MAX) {
    throw new Error(`a header of ${bytes.length} bytes; at most ${ONE_BYTE_MAX} are supported`);
  }
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}
