/** Header blocks as they come from a server. RFC 7541; one decoder for the life of a connection. */
import { HUFFMAN_CODE_BITS, STATIC_HEADERS } from './hpack-tables.ts';

export type Header = readonly [name: string, value: string];

/** Bytes of the dynamic table that we let the server use: the protocol's default. */
const TABLE_BYTES_MAX = 4096;
/** RFC 7541 4.1: what an entry weighs besides its text. */
const ENTRY_OVERHEAD_BYTES = 32;
const LONGEST_CODE_BITS = 30;

interface HuffmanCodes {
  /** For each code length: the first code, and where its values start in `values`. */
  readonly firstCode: number[];
  readonly firstValue: number[];
  readonly count: number[];
  readonly values: number[];
}

function buildHuffmanCodes(): HuffmanCodes {
  const codes: HuffmanCodes = { firstCode: [], firstValue: [], count: [], values: [] };
  let code = 0;
  for (let bits = 0; bits <= LONGEST_CODE_BITS; bits++) {
    code *= 2;
    codes.firstCode[bits] = code;
    codes.firstValue[bits] = codes.values.length;
    HUFFMAN_CODE_BITS.forEach((length, value) => {
      if (length === bits) codes.values.push(value);
    });
    codes.count[bits] = codes.values.length - (codes.firstValue[bits] ?? 0);
    code += codes.count[bits] ?? 0;
  }
  return codes;
}

const HUFFMAN = buildHuffmanCodes();

function decodeHuffman(bytes: Buffer): string {
  let text = '';
  let code = 0;
  let bits = 0;
  for (const byte of bytes) {
    for (let bit = 7; bit >= 0; bit--) {
      code = code * 2 + ((byte >> bit) & 1);
      bits++;
      if (bits > LONGEST_CODE_BITS) throw new Error('a Huffman code that does not exist');
      const index = code - (HUFFMAN.firstCode[bits] ?? 0);
      if (index >= 0 && index < (HUFFMAN.count[bits] ?? 0)) {
        const value = HUFFMAN.values[(HUFFMAN.firstValue[bits] ?? 0) + index] ?? 0;
        text += String.fromCharCode(value);
        code = 0;
        bits = 0;
      }
    }
  }
  return text;
}

export class HpackDecoder {
  /** Newest first, as the numbers of the protocol count. */
  readonly #dynamic: Header[] = [];
  #dynamicBytes = 0;
  #dynamicBytesMax = TABLE_BYTES_MAX;
  /** Blocks that only point into the tables mean the same until the dynamic table changes. */
  readonly #seen = new Map<string, readonly Header[]>();
  #block: Buffer = Buffer.alloc(0);
  #at = 0;

  /** Blocks must be given in the order in which they arrived. */
  decode(block: Buffer): readonly Header[] {
    const key = block.toString('latin1');
    const known = this.#seen.get(key);
    if (known !== undefined) return known;
    this.#block = block;
    this.#at = 0;
    const headers: Header[] = [];
    let onlyIndexes = true;
    while (this.#at < block.length) {
      const first = block[this.#at] ?? 0;
      if (first >= 0x80) {
        headers.push(this.#entry(this.#integer(7)));
      } else {
        onlyIndexes = false;
        const header = this.#literal(first);
        if (header !== undefined) headers.push(header);
      }
    }
    if (onlyIndexes) this.#seen.set(key, headers);
    return headers;
  }

  #literal(first: number): Header | undefined {
    if (first >= 0x40) {
      const header = this.#pair(6);
      this.#insert(header);
      return header;
    }
    if (first >= 0x20) {
      this.#dynamicBytesMax = this.#integer(5);
      this.#evict();
      return undefined;
    }
    return this.#pair(4);
  }

  #pair(nameIndexBits: number): Header {
    const index = this.#integer(nameIndexBits);
    const name = index === 0 ? this.#string() : this.#entry(index)[0];
    return [name, this.#string()];
  }

  #entry(index: number): Header {
    const header =
      index <= STATIC_HEADERS.length
        ? STATIC_HEADERS[index - 1]
        : this.#dynamic[index - STATIC_HEADERS.length - 1];
    if (header === undefined) throw new Error(`header ${index} is in neither table`);
    return header;
  }

  #insert(header: Header): void {
    this.#dynamic.unshift(header);
    this.#dynamicBytes += header[0].length + header[1].length + ENTRY_OVERHEAD_BYTES;
    this.#evict();
  }

  #evict(): void {
    this.#seen.clear();
    while (this.#dynamicBytes > this.#dynamicBytesMax) {
      const oldest = this.#dynamic.pop();
      if (oldest === undefined) throw new Error('the dynamic table weighs more than its entries');
      this.#dynamicBytes -= oldest[0].length + oldest[1].length + ENTRY_OVERHEAD_BYTES;
    }
  }

  #integer(prefixBits: number): number {
    const mask = 2 ** prefixBits - 1;
    let value = (this.#block[this.#at++] ?? 0) & mask;
    if (value < mask) return value;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#block[this.#at++];
      if (byte === undefined) throw new Error('the header block ends inside a number');
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }

  #string(): string {
    const huffman = (this.#block[this.#at] ?? 0) >= 0x80;
    const length = this.#integer(7);
    const bytes = this.#block.subarray(this.#at, this.#at + length);
    if (bytes.length < length) throw new Error('the header block ends inside a string');
    this.#at += length;
    return huffman ? decodeHuffman(bytes) : bytes.toString('latin1');
  }
}
