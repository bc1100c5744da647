import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const PROJECT = fileURLToPath(new URL('./java', import.meta.url));
const TARGET = join(PROJECT, 'target');
const STAMP = join(TARGET, 'sources.sha256');
const BUILD_MS = 300_000;

/** What is missing to run the Java cases, or undefined. */
export function missingTool(): string | undefined {
  return ['java', 'mvn'].find((tool) => {
    const { error, status } = spawnSync(tool, ['-version'], { stdio: 'ignore' });
    return error !== undefined || status !== 0;
  });
}

/** Compiles the driver with Maven if its sources changed; the class path to run it with. */
export async function buildDriver(): Promise<string> {
  const wanted = await sourcesHash();
  const built = await readFile(STAMP, 'utf8').catch(() => '');
  if (built !== wanted) {
    const args = ['-q', '-B', 'process-classes'];
    await promisify(execFile)('mvn', args, { cwd: PROJECT, timeout: BUILD_MS });
    await writeFile(STAMP, wanted);
  }
  return [join(TARGET, 'classes'), join(TARGET, 'lib', '*')].join(delimiter);
}

async function sourcesHash(): Promise<string> {
  const hash = createHash('sha256');
  const entries = await readdir(join(PROJECT, 'src'), { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
  for (const file of [join(PROJECT, 'pom.xml'), ...files]) hash.update(await readFile(file));
  return hash.digest('hex');
}
