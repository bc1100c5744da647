/** The chart on the cluster that KUBECONFIG names: under names of this run, others may be there. */
import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe } from '@jest/globals';
import { hasHelm, helm, type Values } from './helm.ts';

export const INSTALL_MS = 120_000;

const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0;
const hasCluster = process.env['KUBECONFIG'] !== undefined && hasHelm && hasKubectl;

/** Names of one test file. */
export interface Site {
  readonly release: string;
  /** Namespace of the release. */
  readonly system: string;
  /** Two other namespaces. */
  readonly shop: string;
  readonly other: string;
}

/** As `describe`, with three namespaces that are there until the end, as is what is installed. */
export function describeWithSite(name: string, suite: (site: Site) => void): void {
  if (!hasCluster) {
    const needed = 'KUBECONFIG, and helm and kubectl on the path';
    process.stderr.write(`SKIPPED, the chart ${name}: that needs ${needed}\n`);
  }
  (hasCluster ? describe : describe.skip)(name, () => {
    const release = `chart-${process.pid}-${Date.now() % 100_000}`;
    const site = {
      release,
      system: `${release}-system`,
      shop: `${release}-shop`,
      other: `${release}-other`,
    };
    const namespaces = [site.system, site.shop, site.other];
    beforeAll(async () => {
      for (const namespace of namespaces) await kubectl('create', 'namespace', namespace);
    }, INSTALL_MS);
    afterAll(async () => {
      await helm(['uninstall', release, '--namespace', site.system, '--ignore-not-found']);
      await kubectl('delete', 'namespace', ...namespaces, '--wait=false');
    }, INSTALL_MS);
    suite(site);
  });
}

export async function kubectl(...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('kubectl', [...args], { timeout: INSTALL_MS });
  return stdout.trim();
}

/** Applies text that may be several documents. */
export async function apply(namespace: string, text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-apply-'));
  try {
    const file = join(folder, 'objects.yaml');
    await writeFile(file, text);
    return await kubectl('apply', '-n', namespace, '-f', file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * The definitions belong to the whole cluster, and may be there from another release. No pod runs:
 * there need not be a node for one.
 */
export async function install(site: Site, chart: string, values: Values = {}): Promise<string> {
  const args = ['upgrade', site.release, chart, '--install', '--take-ownership'];
  // Other suites on this cluster have put the custom resources there, too.
  args.push('--force-conflicts');
  return helm([...args, '--namespace', site.system], { replicas: 0, ...values });
}
