/** Small files that are either wholly there or not at all, also after a power loss. */
import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Writes `text` to `path`; it and its name are on the disk when this resolves. */
export async function writeDurably(path: string, text: string, mode: number): Promise<void> {
  const unfinished = `${path}.new`;
  const file = await open(unfinished, 'w', mode);
  try {
    await file.chmod(mode); // also when the file was left there by a crash
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(unfinished, path);
  const parent = await open(dirname(path), 'r');
  try {
    await parent.sync();
  } finally {
    await parent.close();
  }
}
