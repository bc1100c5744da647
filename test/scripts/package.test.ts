/** The package for consumers, made, installed and imported as a user does. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { afterAll, beforeAll, expect, test } from '@jest/globals';

import { VERSION } from '#lib/version';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const INSTALL_MS = 120_000;

const APP = `
import { DatabaseSync } from 'node:sqlite';
import { applyOnce, forgetApplied, sqlite } from 'sluice/exactly-once';

const connection = new DatabaseSync(':memory:');
const database = sqlite(connection);
await database.createTable();
const message = { group: 'billing', topic: 'orders', messageId: 'A' };
const apply = () => applyOnce(database, message, (transaction) => transaction.exec('SELECT 1'));
console.log(await apply(), '-', await apply(), '-', await forgetApplied(database));
`;

const TYPED_APP = `
import { createPool } from 'mysql2/promise';
import { DatabaseSync } from 'node:sqlite';
import pg from 'pg';
import { applyOnce, mysql, postgresql, sqlite } from 'sluice/exactly-once';
import type { Outcome } from 'sluice/exactly-once';

const message = { group: 'billing', topic: 'orders', messageId: 'A' };
const outcomes: Outcome[] = [
  await applyOnce(postgresql(new pg.Pool()), message, (client) => client.escapeLiteral('a')),
  await applyOnce(postgresql(new pg.Client()), message, (client) => client.escapeLiteral('a')),
  await applyOnce(mysql(createPool({})), message, (connection) => connection.execute('SELECT 1')),
  await applyOnce(sqlite(new DatabaseSync('')), message, (connection) => connection.isOpen),
];
// @ts-expect-error: no database
await applyOnce(postgresql(outcomes), message, () => undefined);
`;

let folder = '';
let app = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-package-test-'));
  app = await mkdtemp(join(folder, 'app-'));
  const script = join(ROOT, 'scripts', 'package.ts');
  const { stdout } = await run(process.execPath, [script, '--out', folder], { cwd: ROOT });
  await writeFile(join(app, 'package.json'), '{ "type": "module", "private": true }');
  await run('npm', ['install', '--offline', '--no-audit', stdout.trim()], { cwd: app });
}, INSTALL_MS);

afterAll(() => rm(folder, { recursive: true, force: true }));

test('is one file, named by the version', async () => {
  expect(await readdir(folder)).toContain(`sluice-${VERSION}.tgz`);
});

test('has no dependencies, and nothing but its part', async () => {
  expect(await readdir(join(app, 'node_modules')).then((names) => names.sort())).toEqual([
    '.package-lock.json',
    'sluice',
  ]);
  const installed = join(app, 'node_modules', 'sluice');
  const files = (await readdir(installed)).sort();
  expect(files).toEqual(['LICENSE', 'README.md', 'exactly-once', 'package.json']);
  const manifest = await readFile(join(installed, 'package.json'), 'utf8');
  expect(JSON.parse(manifest)).toMatchObject({ name: 'sluice', version: VERSION });
});

test('is imported by name', async () => {
  await writeFile(join(app, 'app.js'), APP);
  const { stdout } = await run(process.execPath, ['app.js'], { cwd: app });
  expect(stdout).toBe('applied - already applied - 0\n');
});

test('has types that fit those of the database clients', async () => {
  await writeFile(join(app, 'app.ts'), TYPED_APP);
  for (const name of ['pg', '@types', 'mysql2', 'sql-escaper']) {
    const target = join(ROOT, 'node_modules', name);
    await symlink(target, join(app, 'node_modules', name)).catch(() => undefined);
  }
  const tsc = join(ROOT, 'node_modules', '.bin', 'tsc');
  const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2023'];
  const more = ['--skipLibCheck', '--types', 'node', '--ignoreConfig'];
  const { stdout } = await run(tsc, [...options, ...more, 'app.ts'], { cwd: app }).catch(
    (error: { stdout: string }) => error,
  );
  expect(stdout).toBe('');
}, 60_000);
