/** What a layer of the image is made of, before it becomes a tar file or a directory. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Ids of the user that the program runs as; root owns everything else, and nobody writes it. */
export const USER_ID = 10_001;

export interface ImageFile {
  readonly kind: 'file';
  /** In the image, without a leading slash. */
  readonly path: string;
  readonly mode: number;
  readonly bytes: number;
  read(): Promise<Buffer>;
}

export interface ImageDirectory {
  readonly kind: 'directory';
  readonly path: string;
  readonly mode: number;
  /** User and group. */
  readonly ownerId: number;
}

export type ImageEntry = ImageFile | ImageDirectory;

export interface Layer {
  readonly name: string;
  /** Sorted by path, each directory before what is in it. */
  readonly entries: readonly ImageEntry[];
}

const READABLE = 0o644;
export const EXECUTABLE = 0o755;
const OWNER_EXECUTES = 0o100;

/** Symbolic links are followed; of the mode only whether it is executable is kept. */
export async function fileFrom(source: string, path: string): Promise<ImageFile> {
  const { size, mode } = await stat(source);
  return {
    kind: 'file',
    path,
    mode: (mode & OWNER_EXECUTES) === 0 ? READABLE : EXECUTABLE,
    bytes: size,
    read: () => readFile(source),
  };
}

export function fileOf(path: string, text: string, mode = READABLE): ImageFile {
  const content = Buffer.from(text);
  return {
    kind: 'file',
    path,
    mode,
    bytes: content.length,
    read: () => Promise.resolve(content),
  };
}

export function directory(path: string, mode = EXECUTABLE, ownerId = 0): ImageDirectory {
  return { kind: 'directory', path, mode, ownerId };
}

/** The files below a directory for which `isKept` says so, at the same paths below `to`. */
export async function filesBelow(
  from: string,
  to: string,
  isKept: (path: string) => boolean,
): Promise<ImageFile[]> {
  const found = await readdir(from, { recursive: true, withFileTypes: true });
  const paths = found
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(from.length + 1))
    .filter(isKept);
  return Promise.all(paths.map((path) => fileFrom(join(from, path), `${to}/${path}`)));
}

/** Completes entries to a layer: with the directories that they are in, in order. */
export function layer(name: string, given: readonly ImageEntry[]): Layer {
  const entries = new Map<string, ImageEntry>();
  for (const { path } of given) {
    for (let parent = dirname(path); parent !== '.'; parent = dirname(parent)) {
      entries.set(parent, directory(parent));
    }
  }
  for (const entry of given) entries.set(entry.path, entry);
  // By code unit, whatever the locale: a directory is a prefix of what is in it.
  const sorted = [...entries.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  return { name, entries: sorted };
}
