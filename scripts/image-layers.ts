/** All layers of the image, what changes least first. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { addonsOf, dependenciesLayer } from './image-dependencies.ts';
import type { Layer } from './image-entries.ts';
import { programLayer } from './image-program.ts';
import { dataLayer, runtimeLayer } from './image-runtime.ts';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

export async function imageLayers(): Promise<readonly Layer[]> {
  if (process.platform !== 'linux') throw new Error('an image is made on Linux');
  const dependencies = await dependenciesLayer(ROOT);
  const node = join(ROOT, 'node_modules', `node-linux-${process.arch}`, 'bin', 'node');
  const addons = addonsOf(dependencies).map((path) => join(ROOT, path));
  return [await runtimeLayer(node, addons), dataLayer(), dependencies, await programLayer(ROOT)];
}
