/** Header blocks as they go out. RFC 7541; one encoder for the life of a connection. */
import { HTTP2 } from '#lib/transport-limits';
import { SluiceError } from '#lib/errors';
import { STATIC_ENTRIES } from '#proto/http2/hpack/static-table';
import { ENTRY_OVERHEAD_BYTES, HpackTable } from '#proto/http2/hpack/table';

/**
 * A header list. With `isIndexed` a field goes into the table at its first use and is an index from
 * then on: for what comes again and again.
 */
export type EncodableFields = readonly EncodableField[];
type EncodableField = readonly [name: string, value: string, isIndexed: boolean];

interface Remembered {
  readonly fields: EncodableFields;
  readonly tableVersion: number;
  readonly block: Buffer;
}

/** What a field begins with, and the bits of that byte that belong to its number. RFC 7541 6 */
const INDEXED = { head: 0x80, mask: 0x7f };
const INSERTED = { head: 0x40, mask: 0x3f };
const SIZE_UPDATE = { head: 0x20, mask: 0x1f };
const LITERAL = { head: 0x00, mask: 0x0f };
const PLAIN_TEXT = { head: 0x00, mask: 0x7f };

type Prefix = typeof INDEXED;

export class HpackEncoder {
  readonly #table = new HpackTable(HTTP2.hpackTableBytesDefault);
  readonly #remembered: Remembered[] = [];
  #nextRemembered = 0;
  /** Of the table, the least since the last block, if the peer has to hear of a change. */
  #leastBytesMax: number | undefined;

  /** The peer's SETTINGS_HEADER_TABLE_SIZE. We never use more than the protocol's default. */
  setPeerTableBytesMax(bytesMax: number): void {
    const ownBytesMax = Math.min(bytesMax, HTTP2.hpackTableBytesDefault);
    if (ownBytesMax === this.#table.bytesMax) return;
    this.#table.setBytesMax(ownBytesMax);
    this.#leastBytesMax = Math.min(ownBytesMax, this.#leastBytesMax ?? ownBytesMax);
  }

  /**
   * The block of a header list. It has to go on the wire before the next one is asked for, and only
   * once: it may insert what later ones point to. A list whose fields are all indexed should be one
   * object for ever: its block is remembered as long as the table does not change. Nobody may
   * change the block.
   */
  block(fields: EncodableFields): Buffer {
    const { version } = this.#table;
    const remembered = this.#remembered;
    for (let index = 0; index < remembered.length; index += 1) {
      const known = remembered[index] as Remembered;
      if (known.fields === fields && known.tableVersion === version) return known.block;
    }
    return this.#encode(fields, version);
  }

  #encode(fields: EncodableFields, version: number): Buffer {
    // Before anything is inserted that the peer would never hear of.
    for (const [name, value] of fields) assertLatin1(name, value);
    const hasSizeUpdate = this.#leastBytesMax !== undefined;
    const out: number[] = [];
    this.#writeSizeUpdates(out);
    let isLasting = !hasSizeUpdate;
    for (const [name, value, isIndexed] of fields) {
      this.#writeField(out, name, value, isIndexed);
      isLasting &&= isIndexed;
    }
    const block = Buffer.from(out);
    if (isLasting && this.#table.version === version) this.#remember(fields, block);
    return block;
  }

  /** In place of what was known of the same list, else of the one that is there the longest. */
  #remember(fields: EncodableFields, block: Buffer): void {
    const entry = { fields, tableVersion: this.#table.version, block };
    const known = this.#remembered.findIndex((each) => each.fields === fields);
    if (known !== -1) {
      this.#remembered[known] = entry;
      return;
    }
    this.#remembered[this.#nextRemembered] = entry;
    this.#nextRemembered = (this.#nextRemembered + 1) % HTTP2.hpackBlocksRemembered;
  }

  /** RFC 7541 4.2: the smallest size that there was, then the one that holds. */
  #writeSizeUpdates(out: number[]): void {
    const least = this.#leastBytesMax;
    if (least === undefined) return;
    this.#leastBytesMax = undefined;
    if (least < this.#table.bytesMax) writeNumber(out, SIZE_UPDATE, least);
    writeNumber(out, SIZE_UPDATE, this.#table.bytesMax);
  }

  #writeField(out: number[], name: string, value: string, isIndexed: boolean): void {
    const index = this.#indexOf(name, value);
    if (index > 0) {
      writeNumber(out, INDEXED, index);
      return;
    }
    const isInserted = isIndexed && this.#hasRoomFor(name, value);
    const nameIndex = this.#indexOfName(name);
    writeNumber(out, isInserted ? INSERTED : LITERAL, nameIndex);
    if (nameIndex === 0) writeText(out, name);
    writeText(out, value);
    if (isInserted) this.#table.insert(name, value);
  }

  /** Nothing gives way to anything else, or two lists would take turns in evicting each other. */
  #hasRoomFor(name: string, value: string): boolean {
    const bytes = name.length + value.length + ENTRY_OVERHEAD_BYTES;
    return this.#table.bytes + bytes <= this.#table.bytesMax;
  }

  /** 0 if there is none, here and below. */
  #indexOf(name: string, value: string): number {
    const { indexMax } = this.#table;
    for (let index = 1; index <= indexMax; index += 1) {
      if (this.#table.nameAt(index) === name && this.#table.valueAt(index) === value) return index;
    }
    return 0;
  }

  /** Only the static table's: a block without other indexes holds whatever is inserted. */
  #indexOfName(name: string): number {
    for (let index = 1; index <= STATIC_ENTRIES; index += 1) {
      if (this.#table.nameAt(index) === name) return index;
    }
    return 0;
  }
}

function writeText(out: number[], text: string): void {
  writeNumber(out, PLAIN_TEXT, text.length);
  for (let index = 0; index < text.length; index += 1) out.push(text.charCodeAt(index));
}

function assertLatin1(name: string, value: string): void {
  if (!LATIN1.test(name) || !LATIN1.test(value)) {
    throw new SluiceError('INTERNAL_ERROR', `the header ${name} is not latin1`);
  }
}

// oxlint-disable-next-line no-control-regex
const LATIN1 = /^[\0-\xff]*$/;

/** RFC 7541 5.1 */
function writeNumber(out: number[], { head, mask }: Prefix, number: number): void {
  if (number < mask) {
    out.push(head | number);
    return;
  }
  out.push(head | mask);
  let rest = number - mask;
  while (rest >= 0x80) {
    out.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  out.push(rest);
}
