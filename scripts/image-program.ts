/** The layer of the program itself. */
import { join } from 'node:path';
import { EXECUTABLE, fileFrom, fileOf, filesBelow, type Layer, layer } from './image-entries.ts';

const FOLDERS = ['cli', 'lib', 'proto', 'kube', 'broker', 'nameserver', 'operator'];
const FILES = ['package.json', 'LICENSE'];

/** For `kubectl exec POD -- sluice ...`: the first line of the program asks for `env`. */
const COMMAND = `#!/usr/local/bin/node\nimport('/app/cli/main.ts');\n`;

export async function programLayer(root: string): Promise<Layer> {
  const nested = await Promise.all(
    FOLDERS.map((folder) => filesBelow(join(root, folder), `app/${folder}`, isProgram)),
  );
  const files = await Promise.all(FILES.map((file) => fileFrom(join(root, file), `app/${file}`)));
  return layer('program', [
    ...nested.flat(),
    ...files,
    fileOf('usr/local/bin/sluice', COMMAND, EXECUTABLE),
  ]);
}

function isProgram(path: string): boolean {
  return /\.(ts|proto)$/.test(path);
}
