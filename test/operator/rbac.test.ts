/** The rules against what the API server makes of them. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { KubeError } from '#kube/client';
import { connect, type HttpKubeClient } from '#kube/http-client';
import { INSTANCE_RESOURCES, NODES, SECRETS } from '#kube/resources';
import type { KubeObject, ResourceType, Verb } from '#kube/types';
import { operatorRules } from '#operator/rbac';
import { describeWithCluster, unrestricted, type TestCluster } from '#support/kube';
import { parse, stringify } from 'yaml';
import { isCurrent } from '../../scripts/generated-file.ts';
import { RBAC_FILE, rbacFile } from '../../scripts/rbac-file.ts';

const VERBS: readonly Verb[] = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'];
const ABSENT = 'absent';

interface Granted extends KubeObject {
  rules?: unknown;
  roleRef?: unknown;
  subjects?: unknown;
}

const rbac = (plural: string, kind: string): ResourceType<Granted> => ({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  namespaced: true,
  plural,
  kind,
  verbs: ['create'],
});

test('every declared verb is in the rules, and nothing else', () => {
  const { clusterRules, namespaceRules, leaderRules } = operatorRules();
  const granted = namespaceRules.flatMap(({ apiGroups, resources, verbs }) =>
    resources.flatMap((resource) => verbs.map((verb) => `${apiGroups[0]}/${resource} ${verb}`)),
  );
  const declared = INSTANCE_RESOURCES.flatMap(({ group, plural, verbs, statusVerbs = [] }) => [
    ...verbs.map((verb) => `${group}/${plural} ${verb}`),
    ...statusVerbs.map((verb) => `${group}/${plural}/status ${verb}`),
  ]);
  expect(granted.sort()).toEqual(declared.sort());
  // Beside making them, the operator has no right to others' objects of these kinds.
  for (const { verbs, resourceNames } of leaderRules) {
    expect(resourceNames === undefined).toBe(verbs.includes('create'));
  }
  expect(clusterRules.map(({ resources }) => resources)).toEqual([
    ['nodes'],
    ['validatingwebhookconfigurations'],
  ]);
});

test(`${RBAC_FILE} is current: else run npm run generate`, async () => {
  expect(await isCurrent(RBAC_FILE, rbacFile())).toBe(true);
  expect(await isCurrent(RBAC_FILE, rbacFile().replace('patch', 'delete'))).toBe(false);
});

describeWithCluster('the rights of one namespace', (cluster) => {
  test('are what the operator needs there, to the verb, and nothing elsewhere', async () => {
    const { client, namespace } = cluster();
    const user = `operator-of-${namespace}`;
    const metadata = { namespace, name: 'operator' };
    const { namespaceRules } = operatorRules();
    await client.create(rbac('roles', 'Role'), { metadata, rules: namespaceRules });
    await client.create(rbac('rolebindings', 'RoleBinding'), {
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'operator' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user }],
    });
    const operator = await connectAs(cluster(), user);
    try {
      const wrong: string[] = [];
      for (const type of INSTANCE_RESOURCES) {
        for (const verb of VERBS) {
          const isAllowed = await may(operator, type, verb, namespace);
          if (isAllowed !== type.verbs.includes(verb)) wrong.push(`${verb} ${type.plural}`);
        }
      }
      expect(wrong).toEqual([]);
      expect(await may(operator, SECRETS, 'get', 'default')).toBe(false);
      expect(await may(operator, NODES, 'list', namespace)).toBe(false);
    } finally {
      await operator.close();
    }
  }, 60_000);
});

/** Whether the API server lets it through to where it finds no such object, or no sense in it. */
async function may(
  client: HttpKubeClient,
  declared: ResourceType<KubeObject>,
  verb: Verb,
  namespace: string,
): Promise<boolean> {
  const type = unrestricted(declared);
  // A namespace is in itself, as far as rights go.
  const name = type.plural === 'namespaces' ? namespace : ABSENT;
  const ref = { namespace, name };
  const call = (): Promise<unknown> => {
    switch (verb) {
      case 'get':
        return client.get(type, ref);
      case 'list':
        return client.list(type, { namespace });
      case 'watch':
        return watchOnce(client, type, namespace);
      case 'create':
        // Without a name there is nothing that could be made.
        return client.create(type, { metadata: { namespace } });
      case 'update':
        return client.replace(type, { metadata: { ...ref, resourceVersion: '1' } });
      case 'patch':
        return client.mergePatch(type, ref, {});
      case 'delete':
        return client.delete(type, ref, { uid: 'of no object' });
    }
  };
  try {
    await call();
    return true;
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    return error.status !== 403;
  }
}

async function watchOnce(
  client: HttpKubeClient,
  type: ResourceType<KubeObject>,
  namespace: string,
): Promise<void> {
  const ending = new AbortController();
  const options = {
    namespace,
    resourceVersion: '0',
    timeoutSeconds: 1,
    onOpen: () => ending.abort(),
  };
  for await (const event of client.watch(type, options, ending.signal)) void event;
}

interface Kubeconfig {
  readonly users: readonly { readonly user: Record<string, unknown> }[];
}

/** The same cluster, as somebody else. */
async function connectAs(cluster: TestCluster, user: string): Promise<HttpKubeClient> {
  const config = parse(await readFile(cluster.kubeconfig, 'utf8')) as Kubeconfig;
  for (const each of config.users) each.user['as'] = user;
  const directory = await mkdtemp(join(tmpdir(), 'sluice-rbac-'));
  try {
    const kubeconfig = join(directory, 'kubeconfig');
    await writeFile(kubeconfig, stringify(config));
    return connect({ kubeconfig });
  } finally {
    await rm(directory, { recursive: true });
  }
}
