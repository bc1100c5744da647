/** Tar files whose bytes depend on nothing but what is in them. */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { pack, type Pack } from 'tar-stream';
import type { ImageEntry } from './image-entries.ts';

type Bytes = AsyncIterable<Buffer>;

/** The time of every file: 1970. */
const MTIME = new Date(0);

export function layerTar(entries: readonly ImageEntry[]): Bytes {
  return tarOf(async (tar) => {
    for (const entry of entries) {
      const head = { name: entry.path, mode: entry.mode, mtime: MTIME };
      if (entry.kind === 'file') await add(tar, head, await entry.read());
      else await add(tar, { ...head, ...owner(entry.ownerId), type: 'directory' });
    }
  });
}

/** One file of an archive: its bytes, or where they are. */
export type Member = { readonly name: string } & (
  { readonly bytes: Buffer } | { readonly file: string; readonly size: number }
);

export function archiveTar(members: readonly Member[]): Bytes {
  return tarOf(async (tar) => {
    for (const member of members) {
      const head = { name: member.name, mode: 0o644, mtime: MTIME };
      if ('bytes' in member) await add(tar, head, member.bytes);
      else await pipeline(createReadStream(member.file), tar.entry({ ...head, size: member.size }));
    }
  });
}

function tarOf(fill: (tar: Pack) => Promise<void>): Bytes {
  const tar = pack();
  fill(tar).then(
    () => tar.finalize(),
    (error: Error) => tar.destroy(error),
  );
  // Its types don't say that it is one.
  return tar as unknown as Bytes;
}

type Head = Parameters<Pack['entry']>[0];

async function add(tar: Pack, head: Head, bytes: Buffer = Buffer.alloc(0)): Promise<void> {
  const entry = tar.entry({ ...head, size: bytes.length });
  entry.end(bytes);
  await once(entry, 'finish');
}

function owner(id: number): { uid: number; gid: number } {
  return { uid: id, gid: id };
}

export interface Digest {
  /** `sha256:…` */
  readonly digest: string;
  readonly size: number;
}

export function digestOf(bytes: Buffer): Digest {
  return {
    digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}`,
    size: bytes.length,
  };
}

export async function digestOfStream(stream: Bytes): Promise<Digest> {
  const meter = new DigestMeter();
  for await (const chunk of stream) meter.add(chunk);
  return meter.digest();
}

/** Returns the digest of what was given. The header that zlib writes has neither name nor time. */
export async function writeGzip(stream: Bytes, file: string): Promise<Digest> {
  const meter = new DigestMeter();
  const measured = async function* (chunks: Bytes): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      meter.add(chunk);
      yield chunk;
    }
  };
  await pipeline(stream, measured, createGzip({ level: 6 }), createWriteStream(file));
  return meter.digest();
}

class DigestMeter {
  readonly #hash = createHash('sha256');
  #size = 0;

  add(chunk: Buffer): void {
    this.#hash.update(chunk);
    this.#size += chunk.length;
  }

  digest(): Digest {
    return { digest: `sha256:${this.#hash.digest('hex')}`, size: this.#size };
  }
}
