/** What each value changes. */
import { expect, test } from '@jest/globals';
import { operatorRules } from '#operator/rbac';
import { runCli } from '#support/run-cli';
import { describeWithHelm, helm, CHART, kinds, NAMESPACE, only, rendered } from './helm.ts';

type Objects = Awaited<ReturnType<typeof rendered>>;

function argsOf(objects: Objects): readonly string[] {
  return podSpec(objects).containers[0]!.args;
}

interface PodSpec {
  readonly containers: readonly { readonly args: string[]; readonly image: string }[];
}

function podSpec(objects: Objects): PodSpec {
  return (only(objects, 'Deployment')['spec'] as { template: { spec: PodSpec } }).template.spec;
}

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
}

function resourcesOf(role: Objects[number]): string[] {
  return (role['rules'] as Rule[]).flatMap(({ resources }) => resources);
}

const INSTANCES = 'messagequeueinstances';
const OWN_CLUSTER_NAME = `${NAMESPACE}-sluice`;

describeWithHelm('rights', () => {
  test('for all namespaces, one role has them', async () => {
    const objects = await rendered();
    const role = only(objects, 'ClusterRole', OWN_CLUSTER_NAME);
    expect(resourcesOf(role)).toEqual(expect.arrayContaining([INSTANCES, 'nodes', 'secrets']));
    expect(only(objects, 'Role').metadata.namespace).toBe(NAMESPACE);
    expect(argsOf(objects).filter((arg) => arg.startsWith('--namespaces'))).toEqual([]);
  });

  test('for some namespaces, it may do nothing elsewhere but read nodes', async () => {
    const objects = await rendered({ watchNamespaces: ['shop', 'bank'] });
    const cluster = only(objects, 'ClusterRole', OWN_CLUSTER_NAME);
    expect(resourcesOf(cluster).sort()).toEqual(['nodes', 'validatingwebhookconfigurations']);
    for (const kind of ['Role', 'RoleBinding']) {
      const namespaces = objects.filter((object) => object.kind === kind);
      expect(namespaces.map(({ metadata }) => metadata.namespace).sort()).toEqual([
        'bank',
        NAMESPACE,
        'shop',
      ]);
    }
    expect(argsOf(objects)).toContain('--namespaces=shop,bank');
    const [webhook] = only(objects, 'ValidatingWebhookConfiguration')['webhooks'] as [object];
    expect(webhook).toMatchObject({
      namespaceSelector: { matchExpressions: [{ operator: 'In', values: ['shop', 'bank'] }] },
    });
    expect(only(objects, 'Pod').metadata.namespace).toBe('shop');
  });

  test('of what is its own, it may change that alone, by name', async () => {
    const objects = await rendered();
    const named = ['ClusterRole', 'Role'].flatMap((kind) => {
      const name = kind === 'Role' ? undefined : OWN_CLUSTER_NAME;
      const rules = only(objects, kind, name)['rules'] as Rule[];
      return rules.flatMap(({ resources, resourceNames }) =>
        resourceNames === undefined ? [] : [[resources, resourceNames]],
      );
    });
    expect(named).toEqual([
      [['validatingwebhookconfigurations'], [OWN_CLUSTER_NAME]],
      [['leases'], ['sluice-operator']],
      [['secrets'], ['sluice-webhook-tls']],
    ]);
    expect(argsOf(objects)).toContain('--leader-lease=sluice-operator');
    expect(argsOf(objects)).toContain('--webhook-service=sluice-webhook');
  });

  test('for all namespaces or for some, it has what the program uses, and no more', async () => {
    const { clusterRules, namespaceRules, leaderRules } = operatorRules();
    const all = await rendered();
    const some = await rendered({ watchNamespaces: ['shop'] });
    const rulesOf = (objects: Objects, kind: string, namespace?: string): Rule[] =>
      objects
        .filter((object) => object.kind === kind && object.metadata.namespace === namespace)
        .filter(({ metadata }) => !/-(admin|edit|view)$/.test(metadata.name))
        .flatMap((object) => object['rules'] as Rule[]);
    const withoutNames = (rules: readonly object[]): object[] =>
      rules.map((rule) => ({ ...rule, resourceNames: undefined }));
    expect(withoutNames(rulesOf(all, 'ClusterRole'))).toEqual(
      withoutNames([...clusterRules, ...namespaceRules]),
    );
    expect(withoutNames(rulesOf(some, 'ClusterRole'))).toEqual(withoutNames(clusterRules));
    expect(rulesOf(some, 'Role', 'shop')).toEqual(namespaceRules);
    for (const objects of [all, some]) {
      expect(withoutNames(rulesOf(objects, 'Role', NAMESPACE))).toEqual(withoutNames(leaderRules));
    }
  });

  test('nothing is granted by a wildcard', async () => {
    for (const watchNamespaces of [[], ['shop']]) {
      const roles = (await rendered({ watchNamespaces })).filter(({ kind }) =>
        kind.endsWith('Role'),
      );
      expect(roles.length).toBeGreaterThan(0);
      expect(JSON.stringify(roles.map((role) => role['rules']))).not.toContain('"*"');
    }
  });

  test('rbac.create off: somebody else gives them', async () => {
    const objects = await rendered({ rbac: { create: false, aggregate: false } });
    expect(kinds(objects).filter((kind) => /Role/.test(kind))).toEqual([]);
  });

  test.each([
    ['view', ['get', 'list', 'watch']],
    ['edit', ['create', 'update', 'patch', 'delete']],
    ['admin', ['create', 'update', 'patch', 'delete', 'deletecollection']],
  ])('rbac.aggregate: the role %s', async (role, verbs) => {
    const object = only(await rendered(), 'ClusterRole', `${OWN_CLUSTER_NAME}-${role}`);
    expect(object.metadata.labels).toMatchObject({
      [`rbac.authorization.k8s.io/aggregate-to-${role}`]: 'true',
    });
    expect(object['rules']).toContainEqual({
      apiGroups: ['mq.sluice.dev'],
      resources: ['messagequeueinstances', 'topics', 'consumergroups'],
      verbs,
    });
  });

  test('serviceAccount: of one that is there', async () => {
    const objects = await rendered({ serviceAccount: { create: false, name: 'ours' } });
    expect(kinds(objects)).not.toContain('ServiceAccount');
    expect(podSpec(objects)).toMatchObject({ serviceAccountName: 'ours' });
    expect(only(objects, 'ClusterRoleBinding')).toMatchObject({
      subjects: [{ name: 'ours', namespace: NAMESPACE }],
    });
  });
});

describeWithHelm('parts that can be left out', () => {
  test('crds.enabled off', async () => {
    const objects = await rendered({ crds: { enabled: false } });
    expect(kinds(objects)).not.toContain('CustomResourceDefinition');
  });

  test('webhook.enabled off: no port, no service, no right', async () => {
    const objects = await rendered({ webhook: { enabled: false } });
    expect(kinds(objects)).not.toContain('ValidatingWebhookConfiguration');
    expect(argsOf(objects)).toContain('--no-webhook');
    const rest = JSON.stringify(
      objects.filter(({ kind }) => kind !== 'CustomResourceDefinition'),
    ).replaceAll('--no-webhook', '');
    expect(rest).not.toMatch(/webhook/i);
  });

  test('webhook.failurePolicy', async () => {
    const objects = await rendered({ webhook: { failurePolicy: 'Fail' } });
    expect(only(objects, 'ValidatingWebhookConfiguration')).toMatchObject({
      webhooks: [{ failurePolicy: 'Fail' }],
    });
  });

  test('networkPolicy.enabled off', async () => {
    const objects = await rendered({ networkPolicy: { enabled: false } });
    expect(kinds(objects)).not.toContain('NetworkPolicy');
  });

  test('a single replica has no disruption budget, which would hold up every drain', async () => {
    expect(kinds(await rendered({ replicas: 1 }))).not.toContain('PodDisruptionBudget');
  });
});

describeWithHelm('the pods of the operator', () => {
  test('image: by tag, by digest, by the version of the chart', async () => {
    const imageOf = async (image: object): Promise<string> =>
      podSpec(await rendered({ image })).containers[0]!.image;
    const digest = `sha256:${'0'.repeat(64)}`;
    const repository = 'registry.example.org:5000/mq/sluice';
    expect(await imageOf({})).toMatch(/^docker\.io\/library\/sluice:\d+\.\d+\.\d+$/);
    expect(await imageOf({ repository, tag: '9.1' })).toBe(`${repository}:9.1`);
    expect(await imageOf({ repository, tag: '9.1', digest })).toBe(`${repository}@${digest}`);
  });

  test('instances.image: its own by default', async () => {
    const own = await rendered({ image: { tag: '9.1' } });
    expect(argsOf(own)).toContain('--image=docker.io/library/sluice:9.1');
    const other = await rendered({ instances: { image: 'other:1' } });
    expect(argsOf(other)).toContain('--image=other:1');
  });

  test('settings become options', async () => {
    const values = { logLevel: 'debug', clusterDomain: 'example.org' };
    expect(argsOf(await rendered(values))).toEqual(
      expect.arrayContaining(['--log-level=debug', '--cluster-domain=example.org']),
    );
  });

  test('every option is one that the program has', async () => {
    const { stdout } = await runCli(['operator', '--help']);
    const both = [{}, { webhook: { enabled: false }, watchNamespaces: ['shop'] }];
    const args = (await Promise.all(both.map((values) => rendered(values)))).flatMap(argsOf);
    const options = args.filter((arg) => arg.startsWith('--')).map((arg) => arg.split('=')[0]);
    expect(options.length).toBeGreaterThan(10);
    for (const option of options) expect(stdout).toContain(`  ${option} `);
  });

  test('what Kubernetes knows of pods', async () => {
    const tolerations = [{ key: 'mq', operator: 'Exists' }];
    const objects = await rendered({
      imagePullSecrets: ['pull'],
      nodeSelector: { disk: 'fast' },
      tolerations,
      affinity: { nodeAffinity: {} },
      priorityClassName: 'high',
      podAnnotations: { one: '1' },
      podLabels: { two: '2' },
      resources: { limits: { memory: '1Gi' } },
    });
    expect(only(objects, 'Deployment')).toMatchObject({
      spec: {
        template: {
          metadata: { annotations: { one: '1' }, labels: { two: '2' } },
          spec: {
            imagePullSecrets: [{ name: 'pull' }],
            nodeSelector: { disk: 'fast' },
            tolerations,
            affinity: { nodeAffinity: {} },
            priorityClassName: 'high',
            containers: [{ resources: { limits: { memory: '1Gi' } } }],
          },
        },
      },
    });
  });

  test('names: of the release, or as given, never too long', async () => {
    const nameOf = async (values: object): Promise<string> =>
      only(await rendered({ ...values }), 'Deployment').metadata.name;
    expect(await nameOf({})).toBe('sluice-operator');
    expect(await nameOf({ nameOverride: 'queue' })).toBe('sluice-queue-operator');
    expect(await nameOf({ fullnameOverride: 'queues' })).toBe('queues-operator');
    const long = 'a-name-that-is-much-longer-than-it-may-be-in-the-end';
    const objects = await rendered({ nameOverride: long });
    for (const { metadata } of objects) expect(metadata.name.length).toBeLessThanOrEqual(63);
  });
});

describeWithHelm('monitoring', () => {
  const labels = { prometheus: 'main' };

  test('podMonitor: brokers and name servers, with the instance that they are of', async () => {
    const monitoring = { podMonitor: { enabled: true, interval: '10s', labels } };
    const monitor = only(await rendered({ monitoring }), 'PodMonitor');
    expect(monitor.metadata.labels).toMatchObject(labels);
    expect(monitor).toMatchObject({
      spec: {
        namespaceSelector: { any: true },
        podMetricsEndpoints: [{ port: 'metrics', interval: '10s' }],
      },
    });
    expect(JSON.stringify(monitor)).toContain('"targetLabel":"sluice_instance"');
    const some = await rendered({ monitoring, watchNamespaces: ['shop'] });
    expect(only(some, 'PodMonitor')).toMatchObject({
      spec: { namespaceSelector: { matchNames: ['shop'] } },
    });
  });

  test('serviceMonitor: the operator', async () => {
    const objects = await rendered({ monitoring: { serviceMonitor: { enabled: true, labels } } });
    const { spec, metadata } = only(objects, 'ServiceMonitor') as unknown as {
      spec: { selector: { matchLabels: object }; endpoints: object[] };
      metadata: { labels: object };
    };
    expect(metadata.labels).toMatchObject(labels);
    expect(spec.endpoints).toEqual([{ port: 'metrics', interval: '30s' }]);
    const service = only(objects, 'Service', 'sluice-operator');
    expect(service.metadata.labels).toMatchObject(spec.selector.matchLabels);
    expect(service).toMatchObject({ spec: { ports: [{ name: 'metrics' }] } });
  });

  test('dashboard: a ConfigMap as the sidecar of Grafana wants it', async () => {
    const dashboard = { enabled: true, annotations: { folder: 'queues' } };
    const map = only(await rendered({ monitoring: { dashboard } }), 'ConfigMap');
    expect(map.metadata).toMatchObject({
      labels: { grafana_dashboard: '1' },
      annotations: { folder: 'queues' },
    });
    const { 'sluice.json': text } = map['data'] as { 'sluice.json': string };
    expect(JSON.parse(text)).toMatchObject({ title: 'Sluice' });
  });
});

describeWithHelm('notes', () => {
  test('they show the first message, for the namespace that is looked after', async () => {
    const args = ['install', 'sluice', CHART, '--dry-run=client', '--namespace', NAMESPACE];
    const said = await helm(args, { watchNamespaces: ['shop'] });
    const notes = said.slice(said.indexOf('NOTES:'));
    expect(notes).toContain('kubectl apply -n shop');
    expect(notes).toContain('check first-mq:8081 --topic hello --group greeters');
    expect(notes).toContain(`helm test sluice -n ${NAMESPACE}`);
  });
});
