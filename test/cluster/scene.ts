/**
 * Real nodes, with the chart installed on them: what the tests here have in common. They read
 * KUBECONFIG, and the names of the image on the nodes: SLUICE_IMAGE, and SLUICE_IMAGE_NEXT for a
 * second tag of it.
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, test } from '@jest/globals';
import { parseAllDocuments, stringify } from 'yaml';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const RELEASE = 'sluice';
const SYSTEM_NAMESPACE = 'sluice-system';
const COMMAND_MS = 240_000;
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

/** A test that waits for several pods, on a machine that is busy. */
export const LONG_MS = 600_000;
/** Bound of one wait. */
export const WAIT_MS = 180_000;

const NEEDED = ['KUBECONFIG', 'SLUICE_IMAGE'] as const;

/** As `describe`, where there are nodes; else it is skipped, and says so. */
export function describeOnNodes(name: string, suite: () => void): void {
  const missing = NEEDED.filter((variable) => process.env[variable] === undefined);
  if (missing.length === 0) {
    describe(name, suite);
    return;
  }
  console.warn(`SKIPPED for want of ${missing.join(', ')}: ${name}`);
  test.skip(`${name}: needs a cluster with nodes`, () => undefined);
}

/** As `test`, where there is a second tag of the image. */
export const testWithNextImage = process.env['SLUICE_IMAGE_NEXT'] === undefined ? test.skip : test;

export function imageOf(variable: 'SLUICE_IMAGE' | 'SLUICE_IMAGE_NEXT'): {
  repository: string;
  tag: string;
} {
  const image = process.env[variable] ?? '';
  const at = image.lastIndexOf(':');
  return { repository: image.slice(0, at), tag: image.slice(at + 1) };
}

/** Its standard output; an error with all that it said. */
export async function run(
  command: string,
  args: readonly string[],
  { stdin, env = {} }: { stdin?: string; env?: Readonly<Record<string, string>> } = {},
): Promise<string> {
  const child = promisify(execFile)(command, args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    timeout: COMMAND_MS,
    maxBuffer: OUTPUT_BYTES_MAX,
  });
  child.child.stdin?.end(stdin);
  try {
    return (await child).stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${command} ${args.join(' ')}: ${stdout}${stderr}`, { cause: error });
  }
}

export function kubectl(...args: readonly string[]): Promise<string> {
  return run('kubectl', args);
}

function helm(...args: readonly string[]): Promise<string> {
  return run(process.env['HELM'] ?? 'helm', args);
}

/** Makes the release, or brings it to this image. */
export async function installOperator(
  variable: 'SLUICE_IMAGE' | 'SLUICE_IMAGE_NEXT' = 'SLUICE_IMAGE',
): Promise<void> {
  const { repository, tag } = imageOf(variable);
  const values = ['--set', `image.repository=${repository}`, '--set', `image.tag=${tag}`];
  const place = ['-n', SYSTEM_NAMESPACE, '--create-namespace'];
  const wait = ['--wait', '--timeout', '3m'];
  await helm('upgrade', '--install', RELEASE, 'charts/sluice', ...place, ...values, ...wait);
}

export async function uninstallOperator(): Promise<void> {
  await helm('uninstall', RELEASE, '-n', SYSTEM_NAMESPACE, '--ignore-not-found', '--wait');
}

export async function createNamespace(name: string): Promise<void> {
  // Left behind by an earlier run that was cut off.
  await deleteNamespace(name);
  await kubectl('create', 'namespace', name);
}

export async function deleteNamespace(name: string): Promise<void> {
  await kubectl('delete', 'namespace', name, '--ignore-not-found', '--timeout=3m');
}

export interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  spec: Record<string, unknown>;
}

/** Applies objects with kubectl. */
export async function apply(namespace: string, manifests: readonly Manifest[]): Promise<void> {
  const stdin = manifests.map((each) => stringify(each)).join('---\n');
  await run('kubectl', ['apply', '-n', namespace, '-f', '-'], { stdin });
}

export function manifest(kind: string, name: string, spec: Record<string, unknown>): Manifest {
  const apiVersion = 'mq.sluice.dev/v1beta1';
  return { apiVersion, kind, metadata: { name }, spec } as Manifest;
}

export async function exampleManifests(file: string): Promise<Manifest[]> {
  const text = await readFile(`${ROOT}/examples/${file}`, 'utf8');
  return parseAllDocuments(text).map((document) => document.toJS() as Manifest);
}
