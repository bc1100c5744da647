/**
 * Makes the container image of this version without a container engine, as a file that
 * `ctr images import` and `docker load` take:
 *
 *   npm run image -- [--out FILE] [--tag NAME:TAG]
 */
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { VERSION } from '#lib/version';
import { type PackedLayer, packLayer, pruneCache, writeArchive } from './image-archive.ts';
import { runConfig } from './image-config.ts';
import { imageLayers, ROOT } from './image-layers.ts';

const CACHE = join(ROOT, 'node_modules', '.cache', 'sluice-image');
const MIB = 1024 * 1024;

async function main(): Promise<void> {
  const { out, tag } = options();
  const startMs = performance.now();
  const layers: PackedLayer[] = [];
  for (const layer of await imageLayers()) {
    console.log(`Layer ${layer.name}: ${layer.entries.length} entries ...`);
    layers.push(await packLayer(layer, CACHE));
  }
  await pruneCache(CACHE);
  console.log('Archive ...');
  const image = { reference: fullReference(tag), config: await runConfig(ROOT), layers };
  const { digest } = await writeArchive(image, out);
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  printSizes(layers);
  console.log(`${image.reference}\n${digest}\n${relative('', out)}, in ${seconds} s`);
}

function options(): { out: string; tag: string } {
  const { values } = parseArgs({
    options: {
      out: { type: 'string', default: join(ROOT, 'image', `sluice-${VERSION}.tar`) },
      tag: { type: 'string', default: `sluice:${VERSION}` },
    },
  });
  return values;
}

/** As containerd wants it: with the registry, which `docker` leaves out for its own. */
export function fullReference(tag: string): string {
  if (!/^[\w./-]+(:\d+\/[\w./-]+)?:[\w.-]+$/.test(tag)) {
    throw new Error(`--tag is NAME:TAG, such as sluice:${VERSION}, not ${tag}`);
  }
  const [first = '', ...rest] = tag.split('/');
  if (rest.length === 0) return `docker.io/library/${tag}`;
  const isRegistry = /[.:]/.test(first) || first === 'localhost';
  return isRegistry ? tag : `docker.io/${tag}`;
}

function printSizes(layers: readonly PackedLayer[]): void {
  const rows = layers.map(({ name, files, content, compressed, wasCached }) => [
    name,
    String(files),
    mebibytes(content.size),
    mebibytes(compressed.size),
    wasCached ? 'as before' : 'new',
  ]);
  const sum = (pick: (layer: PackedLayer) => number): number =>
    layers.reduce((total, layer) => total + pick(layer), 0);
  rows.push([
    'all',
    String(sum(({ files }) => files)),
    mebibytes(sum(({ content }) => content.size)),
    mebibytes(sum(({ compressed }) => compressed.size)),
    '',
  ]);
  for (const row of [['layer', 'files', 'MiB', 'MiB gzip', ''], ...rows]) {
    const [name = '', ...cells] = row;
    console.log(`${name.padEnd(14)}${cells.map((cell) => cell.padStart(10)).join('')}`);
  }
}

function mebibytes(bytes: number): string {
  return (bytes / MIB).toFixed(1);
}

if (import.meta.main) await main();
