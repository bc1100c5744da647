import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { imageLayers, ROOT } from '../../scripts/image-layers.ts';

const layers = await imageLayers();
const paths = (layer: string): string[] =>
  (layers.find(({ name }) => name === layer)?.entries ?? []).map(({ path }) => path);

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest;

test('every dependency is in the image', () => {
  for (const name of Object.keys(manifest.dependencies)) {
    expect(paths('dependencies')).toContain(`app/node_modules/${name}/package.json`);
  }
});

test('no tool of the project is in the image', () => {
  // The Kubernetes client depends on it as well.
  const tools = Object.keys(manifest.devDependencies).filter((name) => name !== 'tar-stream');
  for (const name of tools) {
    expect(paths('dependencies')).not.toContain(`app/node_modules/${name}`);
  }
});

test('nothing that is only read by people or compilers is in the image', () => {
  const found = paths('dependencies').filter((path) => /\.(map|ts|md|cc|h)$/.test(path));
  expect(found.filter((path) => !/licen[cs]e[^/]*$/i.test(path))).toEqual([]);
});

test('of native parts there are those for this platform alone', () => {
  const addons = paths('dependencies').filter((path) => path.endsWith('.node'));
  expect(addons.length).toBeGreaterThan(0);
  for (const path of addons) expect(path).toContain(`/${process.platform}-${process.arch}/`);
});

test('every file that the program imports or reads is in the image', () => {
  expect(paths('program')).toEqual(
    expect.arrayContaining([
      'app/cli/main.ts',
      'app/proto/rocketmq.proto',
      'app/proto/rocketmq-admin.proto',
      'app/proto/admin.proto',
      'app/proto/fleet.proto',
      'app/package.json',
      'app/LICENSE',
    ]),
  );
});

test('there is no shell, and nothing but /tmp that everyone may write', () => {
  const entries = layers.flatMap((layer) => layer.entries);
  expect(entries.filter(({ path }) => /(^|\/)(ba|da)?sh$/.test(path))).toEqual([]);
  const writable = entries.filter(({ mode }) => (mode & 0o022) !== 0);
  expect(writable.map(({ path }) => path)).toEqual(['tmp']);
});

test('every directory comes before what is in it', () => {
  for (const { entries } of layers) {
    const seen = new Set(['.']);
    for (const { path, kind } of entries) {
      const parent = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '.';
      expect(seen.has(parent)).toBe(true);
      if (kind === 'directory') seen.add(path);
    }
  }
});
