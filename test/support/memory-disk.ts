/**
 * A disk in memory that knows what a crash would leave of it: what was synced for certain, and of
 * the rest what the caller wants to see (all of it, nothing, or some pages and not others).
 */
import { integer, seededRandom } from '#support/random';
import type { Random } from '#support/random';

/**
 * What of the unsynced a crash leaves: a killed process (kept), or a power loss (dropped, torn).
 */
export type Unsynced = 'kept' | 'dropped' | 'torn';

type Change = { kind: 'write'; at: number; bytes: Buffer } | { kind: 'truncate'; size: number };
type EntryChange =
  { kind: 'create'; file: string; inode: Inode } | { kind: 'remove'; file: string };

/** The unit in which a disk writes: of a torn write each page is there or is not. */
const PAGE_BYTES = 4096;

/** Bytes that grow. */
class Content {
  #bytes = Buffer.alloc(0);
  size = 0;

  static of(bytes: Buffer): Content {
    const content = new Content();
    content.write(0, bytes);
    return content;
  }

  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.size);
  }

  write(at: number, bytes: Buffer): void {
    const end = at + bytes.length;
    if (end > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(end, this.#bytes.length * 2));
      this.#bytes.copy(larger, 0, 0, this.size);
      this.#bytes = larger;
    }
    bytes.copy(this.#bytes, at);
    this.size = Math.max(this.size, end);
  }

  truncate(size: number): void {
    if (size < this.size) this.#bytes.fill(0, size, this.size);
    else this.write(size, Buffer.alloc(0));
    this.size = size;
  }
}

export class Inode {
  readonly #live: Content;
  readonly #durable: Content;
  #pending: Change[] = [];

  constructor(bytes: Buffer = Buffer.alloc(0)) {
    this.#live = Content.of(bytes);
    this.#durable = Content.of(bytes);
  }

  get bytes(): Buffer {
    return this.#live.bytes;
  }

  /** The same in every respect: what is not synced is still not synced. */
  clone(): Inode {
    const copy = new Inode(this.#durable.bytes);
    for (const change of this.#pending) {
      if (change.kind === 'write') copy.write(change.at, change.bytes);
      else copy.truncate(change.size);
    }
    return copy;
  }

  write(at: number, bytes: Buffer): void {
    const copy = Buffer.from(bytes);
    this.#live.write(at, copy);
    this.#pending.push({ kind: 'write', at, bytes: copy });
  }

  truncate(size: number): void {
    this.#live.truncate(size);
    this.#pending.push({ kind: 'truncate', size });
  }

  sync(): void {
    for (const change of this.#pending) apply(this.#durable, change);
    this.#pending = [];
  }

  /** The bytes that are there after a power loss. */
  afterPowerLoss(unsynced: 'dropped' | 'torn', random: Random): Buffer {
    const left = Content.of(this.#durable.bytes);
    if (unsynced === 'torn') for (const change of this.#pending) applyTorn(left, change, random);
    return Buffer.from(left.bytes);
  }
}

function apply(content: Content, change: Change): void {
  if (change.kind === 'write') content.write(change.at, change.bytes);
  else content.truncate(change.size);
}

/** Some pages of a write, each on its own; a truncation happens or does not. */
function applyTorn(content: Content, change: Change, random: Random): void {
  if (change.kind === 'truncate') {
    if (random() < 0.5) content.truncate(change.size);
    return;
  }
  const { at, bytes } = change;
  for (let from = 0; from < bytes.length;) {
    const to = Math.min(bytes.length, from + PAGE_BYTES - ((at + from) % PAGE_BYTES));
    if (random() < 0.5) content.write(at + from, bytes.subarray(from, to));
    from = to;
  }
}

export class MemoryDisk {
  readonly #entries = new Map<string, Inode>();
  readonly #durable = new Map<string, Inode>();
  /**
   * Since the directory was last synced, in the order in which the file system's journal has them.
   */
  #pending: EntryChange[] = [];

  static of(files: ReadonlyMap<string, Buffer>): MemoryDisk {
    const disk = new MemoryDisk();
    for (const [file, bytes] of files) {
      const inode = new Inode(bytes);
      disk.#entries.set(file, inode);
      disk.#durable.set(file, inode);
    }
    return disk;
  }

  /** The same in every respect, under another directory. */
  moved(from: string, to: string): MemoryDisk {
    const copy = new MemoryDisk();
    const clones = new Map<Inode, Inode>();
    const cloneOf = (inode: Inode): Inode => {
      const clone = clones.get(inode) ?? inode.clone();
      clones.set(inode, clone);
      return clone;
    };
    const rename = (file: string): string => file.replace(from, to);
    for (const [file, inode] of this.#entries) copy.#entries.set(rename(file), cloneOf(inode));
    for (const [file, inode] of this.#durable) copy.#durable.set(rename(file), cloneOf(inode));
    copy.#pending = this.#pending.map((change) => {
      const file = rename(change.file);
      return change.kind === 'remove'
        ? { ...change, file }
        : { ...change, file, inode: cloneOf(change.inode) };
    });
    return copy;
  }

  get files(): string[] {
    return [...this.#entries.keys()];
  }

  get(file: string): Inode | undefined {
    return this.#entries.get(file);
  }

  create(file: string): Inode {
    const inode = new Inode();
    this.#entries.set(file, inode);
    this.#pending.push({ kind: 'create', file, inode });
    return inode;
  }

  remove(file: string): void {
    this.#entries.delete(file);
    this.#pending.push({ kind: 'remove', file });
  }

  syncDirectory(): void {
    for (const change of this.#pending) applyEntry(this.#durable, change);
    this.#pending = [];
  }

  /** The disk that a fresh process would find. Entries come and go in the order of the journal. */
  afterCrash({ unsynced, seed }: { unsynced: Unsynced; seed: number }): MemoryDisk {
    if (unsynced === 'kept') return this.moved('', ''); // a power loss may still follow
    const random = seededRandom(seed);
    const entries = new Map(this.#durable);
    const { length } = this.#pending;
    const journaled = unsynced === 'torn' ? integer(random, length + 1) : 0;
    for (const change of this.#pending.slice(0, journaled)) applyEntry(entries, change);
    const files = new Map<string, Buffer>();
    for (const [file, inode] of entries) {
      files.set(file, inode.afterPowerLoss(unsynced, random));
    }
    return MemoryDisk.of(files);
  }
}

function applyEntry(entries: Map<string, Inode>, change: EntryChange): void {
  if (change.kind === 'create') entries.set(change.file, change.inode);
  else entries.delete(change.file);
}
