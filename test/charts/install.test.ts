/** The chart on a real API server: what it says is taken, granted, upgraded and kept. */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { VERSION } from '#lib/version';
import { until } from '#support/until';
import { parse, stringify } from 'yaml';
import { apply, describeWithSite, install, INSTALL_MS, kubectl } from './cluster.ts';
import { CHART, helm } from './helm.ts';

const UNTIL_MS = 20_000;

async function mayUser(
  user: string,
  namespace: string,
  verb: string,
  resource: string,
): Promise<boolean> {
  const args = ['auth', 'can-i', verb, resource, '-n', namespace, '--as', user];
  // A "no" is an exit code of 1 as well.
  const said = await kubectl(...args).catch(({ stdout }: { stdout: string }) => stdout.trim());
  if (said !== 'yes' && said !== 'no') throw new Error(`kubectl auth can-i: ${said}`);
  return said === 'yes';
}

/** The chart as an earlier version had it: with a setting that is no longer there. */
async function earlierChart(folder: string): Promise<string> {
  const chart = join(folder, 'sluice');
  await cp(CHART, chart, { recursive: true });
  await change(join(chart, 'Chart.yaml'), (text) => ({
    ...(parse(text) as object),
    version: '0.0.9',
  }));
  await change(join(chart, 'files', 'crds', 'topics.yaml'), (text) => {
    const crd = parse(text) as Crd;
    for (const { schema } of crd.spec.versions) {
      schema.openAPIV3Schema.properties.spec.properties['former'] = { type: 'string' };
    }
    return crd;
  });
  return chart;
}

interface Crd {
  readonly metadata: { readonly labels?: Readonly<Record<string, string>> };
  readonly spec: {
    readonly versions: readonly {
      readonly schema: {
        readonly openAPIV3Schema: {
          readonly properties: { readonly spec: { readonly properties: Record<string, object> } };
        };
      };
    }[];
  };
}

async function change(file: string, to: (text: string) => object): Promise<void> {
  await writeFile(file, stringify(to(await readFile(file, 'utf8'))));
}

async function topicsCrd(): Promise<Crd> {
  return JSON.parse(await kubectl('get', 'crd', 'topics.mq.sluice.dev', '-o', 'json')) as Crd;
}

function settingsOf(crd: Crd): string[] {
  return crd.spec.versions.flatMap(({ schema }) =>
    Object.keys(schema.openAPIV3Schema.properties.spec.properties),
  );
}

describeWithSite('on a real API server', (site) => {
  const { release, system, shop, other } = site;
  const lease = `leases.coordination.k8s.io/${release}-sluice-operator`;

  /** Whether the operator may. */
  const mayI = (namespace: string, verb: string, resource: string): Promise<boolean> =>
    mayUser(
      `system:serviceaccount:${system}:${release}-sluice-operator`,
      namespace,
      verb,
      resource,
    );

  test(
    'an upgrade from an earlier version changes the definitions, not the certificate',
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'sluice-chart-'));
      try {
        await install(site, await earlierChart(folder));
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
      expect(settingsOf(await topicsCrd())).toContain('former');
      const webhook = ['validatingwebhookconfiguration', `${system}-${release}-sluice`];
      const caBundle = Buffer.from('a certificate of the operator').toString('base64');
      const path = '/webhooks/0/clientConfig/caBundle';
      const patch = JSON.stringify([{ op: 'add', path, value: caBundle }]);
      await kubectl('patch', ...webhook, '--type=json', '--patch', patch);

      await install(site, CHART);
      const crd = await topicsCrd();
      expect(settingsOf(crd)).not.toContain('former');
      expect(crd.metadata.labels).toMatchObject({ 'helm.sh/chart': `sluice-${VERSION}` });
      const template = 'jsonpath={.webhooks[0].clientConfig.caBundle}';
      expect(await kubectl('get', ...webhook, '-o', template)).toBe(caBundle);
    },
    INSTALL_MS,
  );

  test(
    'the notes show objects that the API server takes',
    async () => {
      const notes = await install(site, CHART, { watchNamespaces: [shop] });
      const objects = /<<END\n([^]*?)\n {2}END/.exec(notes)?.[1] ?? '';
      expect(await apply(shop, objects.replaceAll(/^ {2}/gm, ''))).toBe(
        [
          'messagequeueinstance.mq.sluice.dev/first created',
          'topic.mq.sluice.dev/hello created',
          'consumergroup.mq.sluice.dev/greeters created',
        ].join('\n'),
      );
    },
    INSTALL_MS,
  );

  test(
    'with all namespaces, it may work in each',
    async () => {
      await install(site, CHART);
      expect(await mayI(shop, 'create', 'statefulsets.apps')).toBe(true);
      expect(await mayI(other, 'patch', 'topics.mq.sluice.dev/status')).toBe(true);
      expect(await mayI(system, 'update', lease)).toBe(true);
    },
    INSTALL_MS,
  );

  test(
    'with some namespaces, it may do nothing in others',
    async () => {
      await install(site, CHART, { watchNamespaces: [shop] });
      expect(await mayI(shop, 'create', 'statefulsets.apps')).toBe(true);
      expect(await mayI(shop, 'get', 'secrets')).toBe(true);
      expect(await mayI(shop, 'delete', 'secrets')).toBe(false);
      expect(await mayI(system, 'update', lease)).toBe(true);
      for (const [verb, resource] of [
        ['get', 'secrets'],
        ['list', 'messagequeueinstances.mq.sluice.dev'],
        ['create', 'statefulsets.apps'],
        ['list', 'pods'],
      ] as const) {
        expect([resource, await mayI(other, verb, resource)]).toEqual([resource, false]);
      }
    },
    INSTALL_MS,
  );

  test(
    'those who may edit or view a namespace may edit or view its instances',
    async () => {
      await install(site, CHART);
      const may = async (role: string, verb: string): Promise<boolean> => {
        const user = `${release}-${role}`;
        const make = ['create', 'rolebinding', user, `--clusterrole=${role}`, `--user=${user}`];
        await apply(shop, await kubectl(...make, '--dry-run=client', '-o', 'yaml'));
        return mayUser(user, shop, verb, 'topics.mq.sluice.dev');
      };
      // The controller that adds the rights up has no deadline.
      await until(UNTIL_MS, () => may('admin', 'deletecollection'));
      expect(await may('view', 'watch')).toBe(true);
      expect(await may('view', 'patch')).toBe(false);
      expect(await may('edit', 'patch')).toBe(true);
      expect(await may('edit', 'deletecollection')).toBe(false);
    },
    INSTALL_MS,
  );

  test(
    'when the release goes, definitions and objects stay',
    async () => {
      await install(site, CHART, { watchNamespaces: [shop] });
      await apply(
        shop,
        stringify({
          apiVersion: 'mq.sluice.dev/v1beta1',
          kind: 'MessageQueueInstance',
          metadata: { name: 'kept' },
          spec: { edition: 'Standard' },
        }),
      );
      await helm(['uninstall', release, '--namespace', system]);
      expect(await kubectl('get', 'mqi', 'kept', '-n', shop, '-o', 'name')).toContain('kept');
      const left = ['deployment,service,role', '-n', system, '-o', 'name'];
      expect(await kubectl('get', ...left)).toBe('');
    },
    INSTALL_MS,
  );
});
