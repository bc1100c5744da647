/**
 * The archive, made as a user makes it, unpacked and run: with nothing of this machine in reach.
 * Changing the root directory needs root; elsewhere the tests say that they did not run.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { VERSION } from '#lib/version';
import { ROOT } from '../../scripts/image-layers.ts';

const run = promisify(execFile);
const IMAGE_MS = 120_000;
const isRoot = process.getuid?.() === 0;
const ifRoot = isRoot ? test : test.skip;

let folder = '';
let rootfs = '';
let output = '';
let entrypoint: string[] = [];
let environment: Record<string, string> = {};

interface ImageConfig {
  readonly config: { readonly Entrypoint: string[]; readonly Env: string[] };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-image-'));
  const archive = join(folder, 'sluice.tar');
  const script = join(ROOT, 'scripts', 'image.ts');
  const tag = ['--tag', 'localhost/sluice:test'];
  ({ stdout: output } = await run(process.execPath, [script, '--out', archive, ...tag]));
  if (!isRoot) {
    process.stderr.write('SKIPPED: running the image needs root, to change the root directory\n');
    return;
  }
  rootfs = join(folder, 'rootfs');
  await mkdir(rootfs);
  await run('tar', ['-xf', archive, '-C', folder]);
  const [image] = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')) as [
    { readonly Config: string; readonly Layers: string[] },
  ];
  for (const layer of image.Layers) {
    await run('tar', ['-xzpf', join(folder, layer), '-C', rootfs, '--same-owner']);
  }
  const { config } = JSON.parse(await readFile(join(folder, image.Config), 'utf8')) as ImageConfig;
  entrypoint = config.Entrypoint;
  environment = Object.fromEntries(config.Env.map((each) => each.split('=') as [string, string]));
}, IMAGE_MS);

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** As a container would: as the image's user, in its root directory, with its variables. */
function inImage(command: readonly string[]): ChildProcess {
  return spawn('/usr/sbin/chroot', ['--userspec=10001:10001', rootfs, ...command], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function outputOf(command: readonly string[]): Promise<{ code: number; stdout: string }> {
  const child = inImage(command);
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [code] = (await once(child, 'close')) as [number];
  expect(stderr).toBe('');
  return { code, stdout };
}

test('a table tells the size of each layer', () => {
  for (const name of ['runtime', 'data', 'dependencies', 'program', 'all']) {
    expect(output).toMatch(new RegExp(`^${name} +\\d+ +\\d+\\.\\d +\\d+\\.\\d`, 'm'));
  }
  expect(output).toContain('localhost/sluice:test\nsha256:');
});

ifRoot('the entry point runs the program', async () => {
  const answer = await outputOf([...entrypoint, '--version']);
  expect(answer).toEqual({ code: 0, stdout: `${VERSION}\n` });
});

ifRoot('the command is there by its name', async () => {
  const answer = await outputOf(['/usr/local/bin/sluice', '--version']);
  expect(answer).toEqual({ code: 0, stdout: `${VERSION}\n` });
});

ifRoot('standalone starts as the user of the image, with its data in /data', async () => {
  const ports = ['--grpc-port', '0', '--admin-port', '0', '--metrics-port', '0'];
  const child = inImage([...entrypoint, 'standalone', ...ports]);
  const closed = once(child, 'close');
  const lines: string[] = [];
  try {
    let metrics = '';
    for await (const line of createInterface({ input: child.stdout! })) {
      lines.push(line);
      const said = JSON.parse(line) as { event?: string; metrics?: string };
      if (said.event === 'ready') metrics = said.metrics ?? '';
      if (metrics !== '') break;
    }
    const answer = await fetch(`http://${metrics}/readyz`);
    expect([answer.status, await answer.text()]).toEqual([200, 'ready\n']);
  } finally {
    child.kill('SIGTERM');
  }
  expect(await closed).toEqual([0, null]);
  expect(lines.join('\n')).toContain('data/tls/cert.pem');
});
