/** Header blocks as they come. RFC 7541; one decoder for the life of a connection. */
import { HTTP2 } from '#lib/transport-limits';
import { BlockCache } from '#proto/http2/hpack/block-cache';
import { HeaderFields } from '#proto/http2/hpack/header-fields';
import { HpackError } from '#proto/http2/hpack/hpack-error';
import { decodeHuffman } from '#proto/http2/hpack/huffman';
import { ENTRY_OVERHEAD_BYTES, HpackTable } from '#proto/http2/hpack/table';
import { nameAt } from '#proto/wire/name-cache';

export interface HpackDecoderLimits {
  /** What we tell the peer as SETTINGS_HEADER_TABLE_SIZE. */
  readonly tableBytesMax: number;
  /** Of one header list, as `HeaderFields.bytes` counts them. */
  readonly listBytesMax: number;
  readonly fieldsMax: number;
}

/** What a field begins with. RFC 7541 6 */
const INDEXED = 0x80;
const INSERTED = 0x40;
const SIZE_UPDATE = 0x20;
const HUFFMAN = 0x80;
/** The bits of the first byte that belong to its number. RFC 7541 5.1 */
const INDEXED_MASK = 0x7f;
const INSERTED_MASK = 0x3f;
const SIZE_UPDATE_MASK = 0x1f;
const LITERAL_MASK = 0x0f;
const LENGTH_MASK = 0x7f;

export class HpackDecoder {
  readonly #limits: HpackDecoderLimits;
  /** As large as the protocol lets it be at first, whatever we are about to tell the peer. */
  readonly #table = new HpackTable(HTTP2.hpackTableBytesDefault);
  readonly #cache = new BlockCache();
  /** Of the block that is being decoded. */
  #position = 0;
  #end = 0;

  constructor(limits: HpackDecoderLimits) {
    this.#limits = limits;
  }

  /**
   * Decodes the block at `start..end`. Blocks have to be given in the order in which they came,
   * those of refused streams too. After an HpackError the decoder is of no further use.
   */
  decode(bytes: Buffer, start: number, end: number): HeaderFields {
    const { version } = this.#table;
    const known = this.#cache.find(bytes, start, end, version);
    if (known !== undefined) return known;
    this.#position = start;
    this.#end = end;
    const result = this.#fields(bytes);
    if (this.#table.version === version) this.#cache.offer(bytes, start, end, version, result);
    return result;
  }

  #fields(bytes: Buffer): HeaderFields {
    const table = this.#table;
    const { listBytesMax, fieldsMax } = this.#limits;
    const fields: string[] = [];
    let listBytes = 0;
    let isTooLarge = false;
    this.#sizeUpdates(bytes);
    while (this.#position < this.#end) {
      const first = bytes[this.#position] as number;
      let name: string;
      let value: string;
      if (first >= INDEXED) {
        const index = this.#number(bytes, INDEXED_MASK);
        name = table.nameAt(index);
        value = table.valueAt(index);
      } else if (first >= INSERTED) {
        name = this.#name(bytes, this.#number(bytes, INSERTED_MASK));
        value = this.#text(bytes);
        table.insert(name, value);
      } else if (first >= SIZE_UPDATE) {
        throw new HpackError('the size of the table changes in the middle of a block');
      } else {
        name = this.#name(bytes, this.#number(bytes, LITERAL_MASK));
        value = this.#text(bytes);
      }
      listBytes += name.length + value.length + ENTRY_OVERHEAD_BYTES;
      // Even then the rest has to be read: later blocks point to what it inserts.
      if (listBytes > listBytesMax || fields.length === 2 * fieldsMax) isTooLarge = true;
      if (!isTooLarge) fields.push(name, value);
    }
    return new HeaderFields(isTooLarge ? [] : fields, listBytes, isTooLarge);
  }

  /** RFC 7541 4.2: only at the beginning of a block. */
  #sizeUpdates(bytes: Buffer): void {
    while (this.#position < this.#end) {
      const first = bytes[this.#position] as number;
      if (first < SIZE_UPDATE || first >= INSERTED) return;
      const tableBytes = this.#number(bytes, SIZE_UPDATE_MASK);
      if (tableBytes > this.#limits.tableBytesMax) {
        throw new HpackError(`a table of ${tableBytes} bytes is larger than was allowed`);
      }
      this.#table.setBytesMax(tableBytes);
    }
  }

  #name(bytes: Buffer, index: number): string {
    return index === 0 ? this.#nameText(bytes) : this.#table.nameAt(index);
  }

  /** Names are few, and most of them known from other connections. */
  #nameText(bytes: Buffer): string {
    const isHuffman = this.#isHuffman(bytes);
    const start = this.#textStart(bytes);
    if (isHuffman) return decodeHuffman(bytes, start, this.#position);
    return nameAt(bytes, start, this.#position) ?? bytes.toString('latin1', start, this.#position);
  }

  #text(bytes: Buffer): string {
    const isHuffman = this.#isHuffman(bytes);
    const start = this.#textStart(bytes);
    if (isHuffman) return decodeHuffman(bytes, start, this.#position);
    return bytes.toString('latin1', start, this.#position);
  }

  #isHuffman(bytes: Buffer): boolean {
    if (this.#position === this.#end) throw new HpackError('a header block ends before a text');
    return (bytes[this.#position] as number) >= HUFFMAN;
  }

  /** Reads the length of a text and goes behind its end. */
  #textStart(bytes: Buffer): number {
    const length = this.#number(bytes, LENGTH_MASK);
    const start = this.#position;
    if (length > this.#end - start) throw new HpackError('a header block ends inside a text');
    this.#position = start + length;
    return start;
  }

  #number(bytes: Buffer, mask: number): number {
    const number = (bytes[this.#position] as number) & mask;
    this.#position += 1;
    return number < mask ? number : this.#longNumber(bytes, mask);
  }

  #longNumber(bytes: Buffer, mask: number): number {
    let number = mask;
    for (let shift = 0; shift < 7 * HTTP2.hpackNumberBytesMax; shift += 7) {
      if (this.#position === this.#end) throw new HpackError('a header block ends in a number');
      const byte = bytes[this.#position] as number;
      this.#position += 1;
      number += (byte & 0x7f) << shift;
      if (byte < 0x80) return number;
    }
    throw new HpackError('a number of more bytes than any may have');
  }
}
