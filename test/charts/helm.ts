/** Runs `helm` for the tests of the chart: the one in HELM, or the one on the path. */
import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe } from '@jest/globals';
import { parseAllDocuments, stringify } from 'yaml';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const CHART = join(ROOT, 'charts', 'sluice');
const RELEASE = 'sluice';
export const NAMESPACE = 'mq-system';

const HELM = process.env['HELM'] ?? 'helm';
const HELM_MS = 60_000;
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

function isThere(): boolean {
  try {
    execFileSync(HELM, ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    process.stderr.write(
      'SKIPPED: tests of the chart need helm on the path, or its place in HELM\n',
    );
    return false;
  }
}

export const hasHelm = isThere();
export const describeWithHelm = hasHelm ? describe : describe.skip;

export interface Rendered {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [key: string]: unknown;
}

export type Values = Readonly<Record<string, unknown>>;

/** Its output; rejects with what it says on stderr. */
export async function helm(args: readonly string[], values?: Values): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-chart-'));
  try {
    const file = join(folder, 'values.yaml');
    if (values) await writeFile(file, stringify(values));
    const run = promisify(execFile)(HELM, [...args, ...(values ? ['--values', file] : [])], {
      timeout: HELM_MS,
      maxBuffer: OUTPUT_BYTES_MAX,
    });
    return (await run).stdout;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const renderings = new Map<string, Promise<readonly Rendered[]>>();

/** What would be applied with these values, hooks too. */
export function rendered(values: Values = {}): Promise<readonly Rendered[]> {
  const key = JSON.stringify(values);
  const rendering = renderings.get(key) ?? render(values);
  renderings.set(key, rendering);
  return rendering;
}

async function render(values: Values): Promise<readonly Rendered[]> {
  const text = await helm(['template', RELEASE, CHART, '--namespace', NAMESPACE], values);
  return parseAllDocuments(text)
    .map((document) => document.toJS() as Rendered | null)
    .filter((object) => object !== null);
}

/** The only object of a kind, or the one of that name. */
export function only(objects: readonly Rendered[], kind: string, name?: string): Rendered {
  const found = objects.filter(
    (object) => object.kind === kind && (name === undefined || object.metadata.name === name),
  );
  const [one] = found;
  if (one === undefined || found.length > 1) throw new Error(`${found.length} of kind ${kind}`);
  return one;
}

export function kinds(objects: readonly Rendered[]): string[] {
  return [...new Set(objects.map(({ kind }) => kind))].sort();
}
