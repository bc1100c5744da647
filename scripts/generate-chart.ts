/**
 * Copies the definitions of the custom resources, `crds/`, into the chart, which can read no file
 * outside of it; with `--check` fails when a copy is not current.
 */
import { readdir, readFile } from 'node:fs/promises';
import { writeOrCheck } from './generated-file.ts';

const CRDS = new URL('../crds/', import.meta.url);

for (const name of await readdir(CRDS)) {
  const text = await readFile(new URL(name, CRDS), 'utf8');
  await writeOrCheck(`charts/sluice/files/crds/${name}`, text);
}
