/**
 * Writes the layers of the image as directories, for the Dockerfile:
 *
 *   node scripts/image-rootfs.ts DIRECTORY      DIRECTORY/runtime, DIRECTORY/data, ...
 */
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Layer } from './image-entries.ts';
import { imageLayers } from './image-layers.ts';

async function writeLayer(to: string, { name, entries }: Layer): Promise<void> {
  await mkdir(join(to, name), { recursive: true });
  for (const entry of entries) {
    const path = join(to, name, entry.path);
    if (entry.kind === 'directory') await mkdir(path);
    else await writeFile(path, await entry.read());
    // What is given to mkdir and writeFile is less the umask.
    await chmod(path, entry.mode);
  }
}

const [to, ...more] = process.argv.slice(2);
if (to === undefined || more.length > 0) {
  console.error('Usage: node scripts/image-rootfs.ts DIRECTORY');
  process.exit(2);
}
for (const layer of await imageLayers()) await writeLayer(to, layer);
