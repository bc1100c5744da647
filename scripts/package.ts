/**
 * Packs what consumers install, the package `sluice` with `sluice/exactly-once`: JavaScript and
 * types, since Node strips no types inside node_modules, and no dependencies. The server is not in
 * it: that ships as an image.
 *
 *   npm run package -- --out DIRECTORY      writes sluice-VERSION.tgz there
 */
import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PART = 'exactly-once';
const run = promisify(execFile);

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license: string;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { out: { type: 'string', default: 'dist' } } });
  const out = resolve(values.out);
  const staging = await mkdtemp(join(tmpdir(), 'sluice-package-'));
  try {
    await compile(join(staging, PART));
    await writeFile(join(staging, 'package.json'), await manifest());
    await copyFile(join(ROOT, 'LICENSE'), join(staging, 'LICENSE'));
    await copyFile(join(ROOT, 'docs', `${PART}.md`), join(staging, 'README.md'));
    await mkdir(out, { recursive: true });
    const { stdout } = await run('npm', ['pack', '--silent', '--pack-destination', out], {
      cwd: staging,
    });
    console.log(join(out, stdout.trim()));
  } finally {
    await rm(staging, { recursive: true });
  }
}

async function compile(outDirectory: string): Promise<void> {
  const tsc = join(ROOT, 'node_modules', '.bin', 'tsc');
  await run(tsc, ['--project', join(ROOT, PART), '--outDir', outDirectory]);
}

async function manifest(): Promise<string> {
  const text = await readFile(join(ROOT, 'package.json'), 'utf8');
  const { name, version, license } = JSON.parse(text) as Manifest;
  const file = `./${PART}/${PART}`;
  const packed = {
    name,
    version,
    license,
    description: 'For consumers of Sluice: messages that are applied once',
    type: 'module',
    engines: { node: '>=20' },
    exports: { [`./${PART}`]: { types: `${file}.d.ts`, default: `${file}.js` } },
  };
  return `${JSON.stringify(packed, undefined, 2)}\n`;
}

await main();
