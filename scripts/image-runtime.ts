/** The layer that runs the program: Node, and what of the system Node needs. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import {
  directory,
  fileFrom,
  fileOf,
  type ImageEntry,
  type Layer,
  layer,
  USER_ID,
} from './image-entries.ts';

const NODE_IN_IMAGE = 'usr/local/bin/node';

/** Looked up by libc at run time, so that no program names them; parts of libc since glibc 2.34. */
const NAME_LOOKUP = ['libnss_files.so.2', 'libnss_dns.so.2', 'libresolv.so.2'];

const ETC: Readonly<Record<string, string>> = {
  'etc/passwd':
    'root:x:0:0:root:/:/nonexistent\n' +
    `sluice:x:${USER_ID}:${USER_ID}:sluice:/data:/nonexistent\n`,
  'etc/group': `root:x:0:\nsluice:x:${USER_ID}:\n`,
  // Without it libc asks DNS before it reads /etc/hosts.
  'etc/nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\n',
};

/**
 * `node` is the program; `addons` are what it loads at run time. No certificates: Node brings its
 * own list of authorities, and that of the machine that makes the image is none of its users'.
 */
export async function runtimeLayer(node: string, addons: readonly string[]): Promise<Layer> {
  const libraries = new Set<string>();
  for (const binary of [node, ...addons]) {
    for (const library of await librariesOf(binary)) {
      libraries.add(library);
      const besides = NAME_LOOKUP.map((name) => join(dirname(library), name));
      for (const beside of besides.filter((path) => existsSync(path))) libraries.add(beside);
    }
  }
  const files: ImageEntry[] = [await fileFrom(node, NODE_IN_IMAGE)];
  for (const library of libraries) files.push(await fileFrom(library, library.slice(1)));
  for (const [path, text] of Object.entries(ETC)) files.push(fileOf(path, text));
  return layer('runtime', [...files, directory('tmp', 0o1777)]);
}

/** Where the data is, if nothing is mounted there. */
export function dataLayer(): Layer {
  return layer('data', [directory('data', 0o755, USER_ID)]);
}

const FOUND = /^\s*(?:\S+ => )?(\/\S+) \(0x[0-9a-f]+\)$/;
const MISSING = /^\s*(\S+) => not found$/;

/** Absolute paths of the loader and of all shared libraries, as `ldd` tells. */
async function librariesOf(binary: string): Promise<string[]> {
  const { stdout } = await promisify(execFile)('ldd', [binary]);
  return stdout.split('\n').flatMap((line) => {
    const missing = MISSING.exec(line)?.[1];
    if (missing !== undefined) throw new Error(`${binary} needs ${missing}, which is not here`);
    const path = FOUND.exec(line)?.[1];
    return path === undefined ? [] : [path];
  });
}
