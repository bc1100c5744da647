/**
 * The seam between the store and the disk: everything that the log does to files goes through here,
 * so that a test can stop the world at any write, fsync, rename or truncate.
 */
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

/** An open file of the store. */
export interface StoreFile {
  size(): Promise<number>;
  /**
   * Reads into `buffer` from `position`; returns the bytes read, fewer only at the end of the file.
   */
  read(buffer: Buffer, position: number): Promise<number>;
  /** Writes all of `buffers` from `position` on, or throws. */
  write(buffers: Buffer[], position: number): Promise<void>;
  /** fdatasync: what was written is on the disk when this returns. */
  sync(): Promise<void>;
  truncate(bytes: number): Promise<void>;
  close(): Promise<void>;
}

export interface DiskSpace {
  freeBytes: number;
  totalBytes: number;
}

export interface StoreFiles {
  makeDirectory(directory: string): Promise<void>;
  list(directory: string): Promise<string[]>;
  /** Opens for reading and writing; `create` makes it when it is not there. */
  open(file: string, options: { create: boolean }): Promise<StoreFile>;
  remove(file: string): Promise<void>;
  /** Makes the directory's entries (new, renamed, removed files) durable. */
  syncDirectory(directory: string): Promise<void>;
  space(directory: string): Promise<DiskSpace>;
}

const writev = promisify(fs.writev) as unknown as (
  fd: number,
  buffers: Buffer[],
  position: number,
) => Promise<{ bytesWritten: number }>;
const read = promisify(fs.read) as unknown as (
  fd: number,
  buffer: Buffer,
  offset: number,
  length: number,
  position: number,
) => Promise<{ bytesRead: number }>;
const fdatasync = promisify(fs.fdatasync);
const ftruncate = promisify(fs.ftruncate);
const fstat = promisify(fs.fstat);
const close = promisify(fs.close);

class NodeFile implements StoreFile {
  readonly #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
  }

  async size(): Promise<number> {
    return (await fstat(this.#fd)).size;
  }

  async read(buffer: Buffer, position: number): Promise<number> {
    let done = 0;
    while (done < buffer.length) {
      const { bytesRead } = await read(
        this.#fd,
        buffer,
        done,
        buffer.length - done,
        position + done,
      );
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return done;
  }

  async write(buffers: Buffer[], position: number): Promise<void> {
    let rest = buffers;
    let at = position;
    while (rest.length > 0) {
      const { bytesWritten } = await writev(this.#fd, rest, at);
      at += bytesWritten;
      rest = withoutFirst(rest, bytesWritten);
    }
  }

  sync(): Promise<void> {
    return fdatasync(this.#fd);
  }

  truncate(bytes: number): Promise<void> {
    return ftruncate(this.#fd, bytes);
  }

  close(): Promise<void> {
    return close(this.#fd);
  }
}

/** What is left of `buffers` after a short write of `bytes`. */
function withoutFirst(buffers: Buffer[], bytes: number): Buffer[] {
  let skip = bytes;
  for (let i = 0; i < buffers.length; i++) {
    const buffer = buffers[i] as Buffer;
    if (skip < buffer.length) return [buffer.subarray(skip), ...buffers.slice(i + 1)];
    skip -= buffer.length;
  }
  return [];
}

export const nodeFiles: StoreFiles = {
  async makeDirectory(directory) {
    await fs.promises.mkdir(directory, { recursive: true });
  },
  list(directory) {
    return fs.promises.readdir(directory);
  },
  async open(file, { create }) {
    const flags = fs.constants.O_RDWR | (create ? fs.constants.O_CREAT : 0);
    return new NodeFile(await promisify(fs.open)(file, flags, 0o640));
  },
  remove(file) {
    return fs.promises.unlink(file);
  },
  async syncDirectory(directory) {
    const handle = await fs.promises.open(path.resolve(directory), 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
  async space(directory) {
    const { bavail, blocks, bsize } = await fs.promises.statfs(directory);
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
  },
};
