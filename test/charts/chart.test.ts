import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { VERSION } from '#lib/version';
import {
  CHART,
  describeWithHelm,
  helm,
  kinds,
  NAMESPACE,
  only,
  rendered,
  type Rendered,
  ROOT,
} from './helm.ts';

const CRDS = join(ROOT, 'crds');

interface Pod {
  readonly spec: {
    readonly automountServiceAccountToken: boolean;
    readonly securityContext: object;
    readonly containers: readonly {
      readonly args: readonly string[];
      readonly image: string;
      readonly securityContext: object;
      readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
    }[];
  };
}

function operatorPod(objects: readonly Rendered[]): Pod {
  return (only(objects, 'Deployment')['spec'] as { template: Pod }).template;
}

test('the chart has the version of the program', () => {
  const chart = parse(readFileSync(join(CHART, 'Chart.yaml'), 'utf8')) as Record<string, string>;
  expect([chart['version'], chart['appVersion']]).toEqual([VERSION, VERSION]);
});

test('the chart brings the definitions that are in crds/', () => {
  const files = readdirSync(CRDS);
  expect(files.length).toBe(3);
  expect(readdirSync(join(CHART, 'files', 'crds'))).toEqual(files);
  for (const file of files) {
    const copy = readFileSync(join(CHART, 'files', 'crds', file), 'utf8');
    expect(copy).toBe(readFileSync(join(CRDS, file), 'utf8'));
  }
});

describeWithHelm('as installed without any values', () => {
  test('lint has nothing to say', async () => {
    const said = await helm(['lint', '--strict', CHART]);
    expect(said).toContain('1 chart(s) linted, 0 chart(s) failed');
    expect(said).not.toMatch(/\[(WARNING|ERROR)\]/);
  });

  test('it has what an operator needs, and nothing that needs other operators', async () => {
    expect(kinds(await rendered())).toEqual([
      'ClusterRole',
      'ClusterRoleBinding',
      'ConsumerGroup',
      'CustomResourceDefinition',
      'Deployment',
      'MessageQueueInstance',
      'NetworkPolicy',
      'Pod',
      'PodDisruptionBudget',
      'Role',
      'RoleBinding',
      'Service',
      'ServiceAccount',
      'Topic',
      'ValidatingWebhookConfiguration',
    ]);
  });

  test('every object says what it belongs to', async () => {
    for (const { kind, metadata } of await rendered()) {
      expect({ kind, ...metadata.labels }).toMatchObject({
        'app.kubernetes.io/name': expect.any(String),
        'app.kubernetes.io/instance': 'sluice',
        'app.kubernetes.io/part-of': 'sluice',
        'app.kubernetes.io/managed-by': 'Helm',
      });
    }
  });

  test('only what serves the operator is selected as the operator', async () => {
    const objects = await rendered();
    const client = only(objects, 'Pod');
    const selector = only(objects, 'Service', 'sluice-operator')['spec'] as { selector: object };
    expect(operatorPod(objects)).toMatchObject({ metadata: { labels: selector.selector } });
    expect(client.metadata.labels).not.toMatchObject(selector.selector);
  });

  test('pods may do nothing that they need not', async () => {
    const objects = await rendered();
    for (const pod of [operatorPod(objects), only(objects, 'Pod') as unknown as Pod]) {
      expect(pod.spec.securityContext).toMatchObject({
        runAsNonRoot: true,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      expect(pod.spec.containers.map(({ securityContext }) => securityContext)).toEqual([
        {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
      ]);
    }
  });

  test('two replicas, of which one at a time may be taken away', async () => {
    const objects = await rendered();
    expect(only(objects, 'Deployment')).toMatchObject({ spec: { replicas: 2 } });
    expect(only(objects, 'PodDisruptionBudget')).toMatchObject({ spec: { maxUnavailable: 1 } });
  });

  test('the webhook configuration leads to the port of the operator', async () => {
    const objects = await rendered();
    const configuration = only(objects, 'ValidatingWebhookConfiguration');
    const [webhook] = configuration['webhooks'] as [{ clientConfig: object }];
    const service = only(objects, 'Service', 'sluice-webhook');
    const { args, ports } = operatorPod(objects).spec.containers[0]!;
    expect(webhook).toMatchObject({
      failurePolicy: 'Ignore',
      clientConfig: {
        service: { name: 'sluice-webhook', namespace: NAMESPACE, path: '/validate' },
      },
    });
    // The operator puts it there; a value here would take it away with every upgrade.
    expect(webhook.clientConfig).not.toHaveProperty('caBundle');
    expect(service).toMatchObject({ spec: { ports: [{ port: 443, targetPort: 'webhook' }] } });
    expect(ports).toContainEqual({ name: 'webhook', containerPort: 9443 });
    expect(args).toEqual(
      expect.arrayContaining([
        '--webhook-port=9443',
        '--webhook-service=sluice-webhook',
        `--webhook-configuration=${configuration.metadata.name}`,
      ]),
    );
  });

  test('definitions stay when the release goes', async () => {
    const definitions = (await rendered()).filter(
      ({ kind }) => kind === 'CustomResourceDefinition',
    );
    expect(definitions.map(({ metadata }) => metadata.name).sort()).toEqual([
      'consumergroups.mq.sluice.dev',
      'messagequeueinstances.mq.sluice.dev',
      'topics.mq.sluice.dev',
    ]);
    for (const { metadata } of definitions) {
      expect(metadata.annotations).toMatchObject({ 'helm.sh/resource-policy': 'keep' });
    }
  });

  test('definitions are what the files say, but for labels and annotations', async () => {
    const definitions = new Map(
      (await rendered()).map((object) => [`${object.kind} ${object.metadata.name}`, object]),
    );
    for (const file of readdirSync(CRDS)) {
      const committed = parse(readFileSync(join(CRDS, file), 'utf8')) as Rendered;
      const object = definitions.get(`CustomResourceDefinition ${committed.metadata.name}`);
      expect(object?.['spec']).toEqual(committed['spec']);
    }
  });

  test('the test has an instance of its own, which goes with its data', async () => {
    const objects = await rendered();
    const hooks = objects.filter(
      ({ metadata }) => metadata.annotations?.['helm.sh/hook'] !== undefined,
    );
    expect(kinds(hooks)).toEqual(['ConsumerGroup', 'MessageQueueInstance', 'Pod', 'Topic']);
    expect(only(hooks, 'MessageQueueInstance')).toMatchObject({
      spec: { deletionPolicy: 'Delete' },
    });
    const { args } = (only(hooks, 'Pod') as unknown as Pod).spec.containers[0]!;
    expect(args.slice(0, 2)).toEqual(['check', 'sluice-test-mq:8081']);
  });
});
