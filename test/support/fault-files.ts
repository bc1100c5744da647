/**
 * The store's seam to the disk, in memory and under a plan of faults: the world stops at the n-th
 * operation, an operation fails, a sync is held up, or there is no room.
 */
import path from 'node:path';

import type { DiskSpace, StoreFile, StoreFiles } from '#broker/store/files';
import { MemoryDisk } from '#support/memory-disk';
import type { Inode, Unsynced } from '#support/memory-disk';

export type Operation = 'create' | 'write' | 'sync' | 'truncate' | 'remove' | 'syncDirectory';

/**
 * Where in its last operation the world stops; the torn ones are for writes, others count as
 * before.
 */
export type StopMode = 'before' | 'after' | 'torn-prefix' | 'torn-hole';

export interface Stop {
  /** Counted from 0 over all operations. */
  at: number;
  mode: StopMode;
}

export interface Failure {
  operation: Operation;
  /** Counted from 0 over the operations of this kind that come from now on. */
  nth: number;
  /** The error of this and of the next `times` - 1 operations of the kind. */
  code: 'EIO' | 'ENOSPC' | 'EDQUOT';
  times?: number;
  /** Of a failing write: the bytes that were written all the same. */
  bytesWritten?: number;
}

const FREE: DiskSpace = { freeBytes: 2 ** 40, totalBytes: 2 ** 41 };

function failure(code: string): Error {
  return Object.assign(new Error(`${code}: by plan`), { code });
}

export class FaultFiles implements StoreFiles {
  readonly disk: MemoryDisk;
  /** Every operation so far. */
  readonly operations: { operation: Operation; file: string }[] = [];
  /** What statfs says. */
  diskSpace: DiskSpace = FREE;
  readonly #stop: Stop | undefined;
  #failures: { failure: Failure; from: number }[] = [];
  #stopped = false;
  #held: { operation: Operation; release: Promise<void> } | undefined;

  constructor({ disk = new MemoryDisk(), stop }: { disk?: MemoryDisk; stop?: Stop } = {}) {
    this.disk = disk;
    this.#stop = stop;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  count(operation: Operation): number {
    return this.operations.filter((each) => each.operation === operation).length;
  }

  /** From now on nothing happens any more: the process was killed. */
  crash(): void {
    this.#stopped = true;
  }

  fail(plan: Failure): void {
    this.#failures.push({ failure: plan, from: this.count(plan.operation) + plan.nth });
  }

  /** There is room again, and the disk is sound: no more failures. */
  heal(): void {
    this.#failures = [];
  }

  /** Operations of this kind wait until the returned function is called. */
  hold(operation: Operation): () => void {
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    this.#held = { operation, release: released };
    return () => {
      this.#held = undefined;
      release();
    };
  }

  /** What a fresh process finds; it has no plan of faults. */
  afterCrash(what: { unsynced: Unsynced; seed: number }): FaultFiles {
    return new FaultFiles({ disk: this.disk.afterCrash(what) });
  }

  makeDirectory(): Promise<void> {
    return this.#read(() => undefined);
  }

  list(directory: string): Promise<string[]> {
    return this.#read(() =>
      this.disk.files
        .filter((file) => path.dirname(file) === directory)
        .map((file) => path.basename(file)),
    );
  }

  async open(file: string, { create }: { create: boolean }): Promise<StoreFile> {
    const inode = this.disk.get(file);
    if (inode) return this.#read(() => this.#file(file, inode));
    if (!create) throw failure('ENOENT');
    await this.#run('create', file, () => void this.disk.create(file));
    return this.#file(file, this.disk.get(file) as Inode);
  }

  remove(file: string): Promise<void> {
    return this.#run('remove', file, () => this.disk.remove(file));
  }

  syncDirectory(directory: string): Promise<void> {
    return this.#run('syncDirectory', directory, () => this.disk.syncDirectory());
  }

  space(): Promise<DiskSpace> {
    return this.#read(() => this.diskSpace);
  }

  #file(file: string, inode: Inode): StoreFile {
    return {
      size: () => this.#read(() => inode.bytes.length),
      read: (buffer, position) =>
        this.#read(() => inode.bytes.copy(buffer, 0, Math.min(position, inode.bytes.length))),
      write: (buffers, position) => {
        const bytes = Buffer.concat(buffers);
        const perform = (): void => inode.write(position, bytes);
        return this.#run('write', file, perform, {
          prefix: (length) => inode.write(position, bytes.subarray(0, length)),
          hole: (length) => inode.write(position + length, bytes.subarray(length)),
          length: bytes.length,
        });
      },
      sync: () => this.#run('sync', file, () => inode.sync()),
      truncate: (bytes) => this.#run('truncate', file, () => inode.truncate(bytes)),
      close: () => Promise.resolve(),
    };
  }

  async #read<T>(work: () => T): Promise<T> {
    if (this.#stopped) throw failure('crashed');
    await Promise.resolve();
    return work();
  }

  async #run(operation: Operation, file: string, perform: () => void, torn?: Torn): Promise<void> {
    if (this.#stopped) throw failure('crashed');
    const number = this.operations.length;
    const nth = this.count(operation);
    this.operations.push({ operation, file });
    if (this.#held?.operation === operation) await this.#held.release;
    await Promise.resolve();
    if (this.#stopped) throw failure('crashed');
    if (number === this.#stop?.at) this.#end(this.#stop.mode, perform, torn);
    const planned = this.#failures.find(
      (each) =>
        each.failure.operation === operation &&
        nth >= each.from &&
        nth < each.from + (each.failure.times ?? 1),
    );
    if (planned) {
      torn?.prefix(planned.failure.bytesWritten ?? 0);
      throw failure(planned.failure.code);
    }
    perform();
  }

  #end(mode: StopMode, perform: () => void, torn: Torn | undefined): never {
    this.#stopped = true;
    const half = Math.floor((torn?.length ?? 0) / 2);
    if (mode === 'after') perform();
    if (mode === 'torn-prefix') torn?.prefix(half);
    if (mode === 'torn-hole') torn?.hole(half);
    throw failure('crashed');
  }
}

/** The parts of a write that can happen without the rest. */
interface Torn {
  prefix: (length: number) => void;
  hole: (length: number) => void;
  length: number;
}
