/**
 * The layer of the packages that the program needs, taken from node_modules by what
 * package-lock.json says: as `npm ci --omit=dev` would install them, less what is never loaded.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { filesBelow, type ImageFile, type Layer, layer } from './image-entries.ts';

interface LockedPackage {
  readonly version: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
}

/** Only types are in them, or (node-linux) the runtime, which is in a layer of its own. */
const NOT_LOADED = /(^|\/)node_modules\/(@types\/|undici-types$|node-linux-)/;

/** For people, compilers and browsers. */
const NOT_READ =
  /\.(map|d\.[cm]?ts|[cm]?ts|flow|md|markdown|gyp|gypi|c|cc|cpp|h|hpp|yml|html|tgz|o|sh|cmd)$/i;
const NOT_READ_FOLDERS = /^(docs?|tests?|__tests__|examples?|bench(marks?)?|deps|\.github)\//;

/** Package, and the folders of it that only other uses than ours load. */
const UNUSED_PARTS: Readonly<Record<string, RegExp>> = {
  // The bundles for browsers, and the compiler for .proto files.
  protobufjs: /^(dist|cli|scripts)\//,
  // The sources; what is loaded is beside them.
  zod: /^src\//,
  // The bundle for browsers.
  yaml: /^browser\//,
};

export async function dependenciesLayer(root: string): Promise<Layer> {
  const files: ImageFile[] = [];
  for (const [path, locked] of await productionPackages(root)) {
    if (!existsSync(join(root, path)) && locked.optional) continue; // of another platform
    await checkVersion(root, path, locked.version);
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    const isKept = (file: string): boolean => isLoaded(name, file);
    files.push(...(await filesBelow(join(root, path), `app/${path}`, isKept)));
  }
  return layer('dependencies', files);
}

/** The native parts of the packages in the layer, as paths below `root`. */
export function addonsOf({ entries }: Layer): string[] {
  return entries
    .map(({ path }) => path)
    .filter((path) => path.endsWith('.node'))
    .map((path) => path.slice('app/'.length));
}

async function productionPackages(root: string): Promise<[string, LockedPackage][]> {
  const lock = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, LockedPackage>>;
  };
  return Object.entries(lock.packages).filter(
    ([path, { dev }]) => path !== '' && dev !== true && !NOT_LOADED.test(path),
  );
}

/** What the image says it contains must be what it contains. */
async function checkVersion(root: string, path: string, version: string): Promise<void> {
  const text = await readFile(join(root, path, 'package.json'), 'utf8');
  const installed = (JSON.parse(text) as { readonly version: string }).version;
  if (installed === version) return;
  throw new Error(`${path} is ${installed}, package-lock.json says ${version}: run \`npm ci\``);
}

function isLoaded(name: string, file: string): boolean {
  // A package in a package is in the lock by itself.
  if (file.startsWith('node_modules/')) return false;
  if (/^licen[cs]e/i.test(file)) return true;
  const prebuild = /(^|\/)prebuilds\/([^/]+)\//.exec(file)?.[2];
  if (prebuild !== undefined) {
    return prebuild === `${process.platform}-${process.arch}` && !file.endsWith('.musl.node');
  }
  return !NOT_READ.test(file) && !NOT_READ_FOLDERS.test(file) && !UNUSED_PARTS[name]?.test(file);
}
