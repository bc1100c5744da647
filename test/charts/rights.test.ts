/** The operator, with the rights that the chart gives it and no others, does all of its work. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { until } from '#support/until';
import { parse, stringify } from 'yaml';
import { apply, describeWithSite, install, INSTALL_MS, kubectl } from './cluster.ts';
import { CHART, ROOT } from './helm.ts';

const UNTIL_MS = 60_000;

interface Kubeconfig {
  readonly contexts: { readonly name: string; readonly context: Record<string, string> }[];
  readonly users: object[];
  readonly 'current-context': string;
}

/** The same cluster, by a token of a service account. */
async function kubeconfigOf(account: string, namespace: string): Promise<string> {
  const config = parse(await kubectl('config', 'view', '--raw')) as Kubeconfig;
  const token = await kubectl('create', 'token', account, '-n', namespace);
  const current = config.contexts.find(({ name }) => name === config['current-context']);
  if (!current) throw new Error('KUBECONFIG has no current context');
  const context = { ...current.context, user: account, namespace };
  return stringify({
    ...config,
    users: [{ name: account, user: { token } }],
    contexts: [{ name: current.name, context }],
  });
}

/** Calls of the API so far, as `VERB RESOURCE CODE`. */
async function callsAt(metrics: string): Promise<string[]> {
  const text = await (await fetch(`http://${metrics}/metrics`)).text();
  const line = /^sluice_operator_api_calls_total\{verb="(.*)",resource="(.*)",code="(.*)"\}/gm;
  return [...text.matchAll(line)].map((match) => match.slice(1).join(' '));
}

describeWithSite('with a running operator', (site) => {
  const { release, system, shop } = site;
  let folder = '';
  let operator: ChildProcess | undefined;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-rights-'));
  });

  afterEach(async () => {
    if (operator?.exitCode === null) {
      operator.kill('SIGKILL');
      await once(operator, 'exit');
    }
    await rm(folder, { recursive: true, force: true });
  });

  /** Its metrics' address. */
  async function start(): Promise<string> {
    const name = `${release}-sluice`;
    const kubeconfig = join(folder, 'kubeconfig');
    await writeFile(kubeconfig, await kubeconfigOf(`${name}-operator`, system));
    operator = spawn(
      process.execPath,
      [
        join(ROOT, 'cli', 'main.ts'),
        'operator',
        `--kubeconfig=${kubeconfig}`,
        `--namespaces=${shop}`,
        `--operator-namespace=${system}`,
        `--leader-lease=${name}-operator`,
        `--webhook-service=${name}-webhook`,
        `--webhook-configuration=${system}-${name}`,
        '--webhook-port=0',
        '--metrics-port=0',
        '--log-format=json',
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    for await (const line of createInterface({ input: operator.stdout! })) {
      const said = JSON.parse(line) as { event?: string; metrics?: string };
      if (said.event === 'ready') return said.metrics ?? '';
    }
    throw new Error('the operator ended before it was ready');
  }

  test(
    'in one namespace: an instance is made, and nothing is forbidden',
    async () => {
      await install(site, CHART, { watchNamespaces: [shop] });
      const metrics = await start();
      // What was read so far is let go on, or the process would stand still.
      operator?.stdout?.resume();
      await apply(shop, await readFile(join(ROOT, 'examples', 'standard.yaml'), 'utf8'));
      const made = ['statefulsets', 'services', 'configmaps', 'poddisruptionbudgets'];
      const wanted = [
        ...made.map((resource) => `patch ${resource} 201`),
        'patch networkpolicies 201',
        'patch serviceaccounts 201',
        'patch messagequeueinstances/status 200',
        'patch topics/status 200',
        'patch consumergroups/status 200',
        'patch validatingwebhookconfigurations 200',
        'create secrets 201',
        'create leases 201',
      ];
      let calls: string[] = [];
      const missing = (): string[] => wanted.filter((call) => !calls.includes(call));
      await until(
        UNTIL_MS,
        async () => {
          calls = await callsAt(metrics);
          return missing().length === 0;
        },
        () => `not called: ${missing().join(', ')}; called: ${calls.join(', ')}`,
      );
      expect(calls.filter((call) => call.endsWith(' 403'))).toEqual([]);
    },
    INSTALL_MS,
  );
});
