/** `sluice kube tree`: what it makes of objects, and the same objects in a real API server. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { V1Node, V1PersistentVolumeClaim, V1Pod } from '@kubernetes/client-node';
import { parse } from 'yaml';
import { kubeFailureText } from '#cli/kube/failure';
import { instanceTree, type ClusterObjects } from '#cli/kube/instance-tree';
import { instanceText, listText } from '#cli/kube/tree-report';
import type { ConsumerGroup } from '#kube/api/group';
import type { Instance } from '#kube/api/instance';
import type { Topic } from '#kube/api/topic';
import { KubeError } from '#kube/client';
import type { KubeObject } from '#kube/types';
import { describeWithCluster } from '#support/kube';
import { runCli } from '#support/run-cli';
import { until } from '#support/until';

/** Of the objects in the fixtures; in a cluster they have another. */
const NAMESPACE = 'shop';
const VOLUME = 'sluice-tree-0';
const fixture = (name: string): string =>
  fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));

const objects = parse(await readFile(fixture('kube-tree.yaml'), 'utf8'), {
  merge: true,
}) as KubeObject[];
const golden = await readFile(fixture('kube-tree.txt'), 'utf8');

const directories: string[] = [];
afterAll(async () => {
  for (const directory of directories) await rm(directory, { recursive: true, force: true });
});

function ofKind<T extends KubeObject>(kind: string): T[] {
  return objects.filter((object): object is T => object.kind === kind);
}

const [orders] = ofKind<Instance>('MessageQueueInstance') as [Instance];
const cluster: ClusterObjects = {
  instances: [orders],
  topics: ofKind<Topic>('Topic'),
  groups: ofKind<ConsumerGroup>('ConsumerGroup'),
  pods: ofKind<V1Pod>('Pod'),
  claims: ofKind<V1PersistentVolumeClaim>('PersistentVolumeClaim'),
  nodes: ofKind<V1Node>('Node'),
};

describe('a tree', () => {
  test('of an instance in trouble', () => {
    expect(instanceText(instanceTree(orders, cluster), false)).toBe(golden);
  });

  test('in colour is the same text', () => {
    const text = instanceText(instanceTree(orders, cluster), true);
    expect(text).toContain('├─ \u001b[31m! Ready is False (BrokersNotReady)');
    expect(text).toContain('├─ \u001b[2m! Quiesced is False (Draining)');
    // oxlint-disable-next-line no-control-regex
    expect(text.replaceAll(/\u001b\[\d+m/g, '')).toBe(golden);
  });

  test('of what nobody has reconciled says so', () => {
    const { status: _status, ...fresh } = orders;
    const text = instanceText(
      instanceTree({ ...fresh, spec: { edition: 'Platinum' } }, none()),
      false,
    );
    expect(text).toBe(
      'orders  not ready (NotReconciled)  Platinum, namespace shop\n' +
        '├─ ! the operator has not looked at it yet: does the operator run, and does it watch ' +
        'this namespace?\n' +
        '├─ endpoints: none\n' +
        '├─ name servers: 0 of 2 ready\n' +
        '│  ├─ orders-nameserver-0  Missing  no node\n' +
        '│  │  └─ ! pod orders-nameserver-0 is Missing\n' +
        '│  └─ orders-nameserver-1  Missing  no node\n' +
        '│     └─ ! pod orders-nameserver-1 is Missing\n' +
        '├─ shards: 0 of 1 ready\n' +
        '│  └─ orders-shard-0  Unknown  orders-shard-0-0  Missing  no node\n' +
        '│     └─ ! pod orders-shard-0-0 is Missing\n' +
        '├─ topics: none; apply a Topic to make one\n' +
        '└─ groups: none; apply a ConsumerGroup to make one\n',
    );
  });

  test('without the right to see pods claims nothing about them', () => {
    const hidden = { ...cluster, pods: undefined, topics: undefined, claims: [], nodes: [] };
    const tree = instanceTree(orders, hidden);
    expect(tree.shards[0]).toMatchObject({
      name: 'orders-shard-0',
      state: 'Serving',
      status: 'Unknown',
      zone: 'tree-zone-a',
      problems: [],
    });
    const text = instanceText(tree, false);
    expect(text).toContain('├─ shards: 3\n');
    expect(text).toContain('├─ topics: unknown\n');
    expect(text).not.toContain('Missing');
  });

  test.each([
    [
      { annotations: { 'mq.sluice.dev/paused': 'true' } },
      'it is paused: the annotation mq.sluice.d',
    ],
    [{ deletionTimestamp: new Date(0), finalizers: ['a/b'] }, 'it is being deleted: waits for a/b'],
    [{ generation: 2 }, 'the operator has not looked at the latest change yet: generation 2, it k'],
  ])('tells of %j', (metadata, message) => {
    const instance = structuredClone(orders);
    Object.assign(instance.metadata, metadata);
    expect(instanceText(instanceTree(instance, none()), false)).toContain(`─ ! ${message}`);
  });

  test.each([
    ['registry:5000/sluice:1.2.3', '1.2.3'],
    ['registry:5000/sluice:1.2.3@sha256:0123456789abcdef', '1.2.3'],
    ['registry:5000/sluice@sha256:0123456789abcdef', '0123456789ab'],
    ['registry:5000/sluice', 'registry:5000/sluice'],
  ])('the version of the image %s is %s', (image, version) => {
    const pods = structuredClone(cluster.pods);
    for (const { spec } of pods ?? []) Object.assign(spec?.containers[0] ?? {}, { image });
    expect(instanceTree(orders, { ...cluster, pods }).shards[0]?.version).toBe(version);
  });

  test('many shards are in the order of their numbers', () => {
    const instance = { ...orders, spec: { ...orders.spec, shards: 11 } };
    const names = instanceTree(instance, none()).shards.map(({ name }) => name);
    expect(names.slice(-2)).toEqual(['orders-shard-9', 'orders-shard-10']);
  });
});

test('a list is a table', () => {
  expect(listText([orders], true)).toBe(
    'NAMESPACE  NAME    EDITION   READY                   SHARDS  BROKERS  VERSION  ENDPOINT\n' +
      'shop       orders  Standard  False: BrokersNotReady       2  1/2      1.2.3    ' +
      'orders-mq.shop.svc.cluster.local:8081\n',
  );
});

function none(): ClusterObjects {
  return { instances: [], topics: [], groups: [], pods: [], claims: [], nodes: [] };
}

describe('what goes wrong is said, and what to do', () => {
  test.each([
    [401, /^error: the API server does not know who you are.*\nnext:  .*log in again/],
    [403, /^error: you may not read that: no\nnext:  ask for the right to list .*mq\.sluice\.dev/],
    [404, /^error: the cluster has no Sluice.*\nnext:  install the chart .*or apply .*crds\//],
    [500, /^error: no \(500\)\n$/],
  ])('%i', (status, text) => {
    expect(kubeFailureText(new KubeError(status, '', 'no'))).toMatch(text);
  });

  test('an API server that is not there', async () => {
    const file = await configFile(configOf('https://127.0.0.1:1'));
    const { code, stdout, stderr } = await runCli(['kube', 'tree', '--kubeconfig', file]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(
      /^error: .*https:\/\/127\.0\.0\.1:1.*\nnext:  is it the right cluster\?/,
    );
    const other = await runCli(['kube', 'tree', '--kubeconfig', file, '--context', 'other']);
    expect(other).toMatchObject({ code: 1, stderr: expect.stringContaining('"other"') });
  });
});

async function configFile(config: object): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-kube-'));
  directories.push(directory);
  const file = join(directory, 'config');
  await writeFile(file, JSON.stringify(config));
  return file;
}

/** Of a cluster with one user. */
function configOf(
  server: string,
  {
    certificate,
    token,
    namespace,
  }: { certificate?: string; token?: string; namespace?: string } = {},
): object {
  const reached = { server, ...(certificate && { 'certificate-authority-data': certificate }) };
  return {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'one',
    contexts: [{ name: 'one', context: { cluster: 'one', user: 'one', namespace } }],
    clusters: [{ name: 'one', cluster: reached }],
    users: [{ name: 'one', user: { token } }],
  };
}

describeWithCluster('in a cluster', (testCluster) => {
  let namespace = '';
  beforeAll(async () => {
    namespace = testCluster().namespace;
    const moved = movedTo(namespace);
    await kubectl(['apply', '--server-side', '-f', '-'], list(moved));
    await until(60_000, async () => (await phaseOf(`pv/${namespace}-0`, namespace)) === 'Bound');
    // The claim's may come much later from the controller, which says nothing of it until then.
    const status = ['apply', '--server-side', '--force-conflicts', '--subresource=status'];
    await kubectl([...status, '-f', '-'], list(moved.filter(hasStatus)));
    const claim = 'pvc/data-orders-shard-0-0';
    await until(60_000, async () => (await phaseOf(claim, namespace)) === 'Bound');
  }, 150_000);
  afterAll(() => removeNodesAndVolume(namespace), 60_000);

  test('the tree', async () => {
    const { code, stdout, stderr } = await runCli(['kube', 'tree', 'orders', '-n', namespace]);
    expect({ code, stderr, stdout: stdout.replaceAll(namespace, NAMESPACE) }).toEqual({
      code: 0,
      stderr: '',
      stdout: golden,
    });
  });

  test('as JSON, found in any namespace', async () => {
    const { stdout } = await runCli(['kube', 'tree', 'orders', '-A', '-o', 'json']);
    const trees = JSON.parse(stdout) as { namespace: string }[];
    expect(trees.filter((tree) => tree.namespace === namespace)).toMatchObject([
      {
        name: 'orders',
        ready: { status: 'False', reason: 'BrokersNotReady' },
        shards: [{ volume: { size: '20Gi', phase: 'Bound' }, zone: 'tree-zone-a' }, {}, {}],
      },
    ]);
  });

  test('the list, and an instance that is not there', async () => {
    const { stdout } = await runCli(['kube', 'tree', '-n', namespace]);
    expect(stdout).toMatch(/^NAME +EDITION.*\norders +Standard +False: BrokersNotReady/);
    const missing = await runCli(['kube', 'tree', 'missing', '-n', namespace]);
    expect(missing).toMatchObject({
      code: 1,
      stderr:
        `error: no instance missing in the namespace ${namespace}: there is orders\n` +
        'next:  `sluice kube tree -A` lists those of all namespaces\n',
    });
    const empty = await runCli(['kube', 'tree', '-n', 'kube-system']);
    expect(empty).toMatchObject({ code: 0, stdout: '' });
    expect(empty.stderr).toBe('no instances in the namespace kube-system\n');
  });

  test('with the rights of a viewer of our resources alone, and with none', async () => {
    const file = await viewerConfig(namespace);
    const denied = await runCli(['kube', 'tree', '--kubeconfig', file]);
    expect(denied.code).toBe(1);
    expect(denied.stderr).toMatch(/^error: you may not read that: .*cannot list.*\nnext:  ask for/);
    const resources = '--resource=messagequeueinstances.mq.sluice.dev,topics.mq.sluice.dev';
    const role = ['create', 'role', 'viewer', '-n', namespace, '--verb=list', resources];
    await kubectl(role);
    const subject = `--serviceaccount=${namespace}:viewer`;
    await kubectl(['create', 'rolebinding', 'viewer', '-n', namespace, '--role=viewer', subject]);
    const seen = await until(10_000, async () => {
      const result = await runCli(['kube', 'tree', 'orders', '--kubeconfig', file]);
      return result.code === 0 && result;
    });
    expect(seen.stdout).toContain('├─ shards: 3\n');
    expect(seen.stdout).toContain('└─ groups: unknown\n');
    expect(seen.stderr.split('\n').slice(0, -1)).toEqual(
      ['consumergroups', 'nodes', 'persistentvolumeclaims', 'pods'].map(
        (plural) => `you may not list ${plural}; what they say is missing below`,
      ),
    );
  });
});

/** The volume, which is in no namespace, is named after it. */
function movedTo(namespace: string): KubeObject[] {
  const text = JSON.stringify(objects)
    .replaceAll(`"namespace":"${NAMESPACE}"`, `"namespace":"${namespace}"`)
    .replaceAll(VOLUME, `${namespace}-0`);
  return JSON.parse(text) as KubeObject[];
}

function hasStatus(object: KubeObject): boolean {
  return 'status' in object;
}

function list(items: readonly KubeObject[]): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
}

async function phaseOf(object: string, namespace: string): Promise<string> {
  return kubectl(['get', object, '-n', namespace, '-o', 'jsonpath={.status.phase}']);
}

/** A kubeconfig of a service account without any rights. */
async function viewerConfig(namespace: string): Promise<string> {
  await kubectl(['create', 'serviceaccount', 'viewer', '-n', namespace]);
  const token = await kubectl(['create', 'token', 'viewer', '-n', namespace]);
  const own = JSON.parse(await kubectl(['config', 'view', '--raw', '--minify', '-o', 'json'])) as {
    clusters: [{ cluster: { server: string; 'certificate-authority-data': string } }];
  };
  const { server, 'certificate-authority-data': certificate } = own.clusters[0].cluster;
  return configFile(configOf(server, { certificate, token: token.trim(), namespace }));
}

/** The cluster itself removes the volume once its claim is gone, with the namespace. */
async function removeNodesAndVolume(namespace: string): Promise<void> {
  const remove = ['delete', '--ignore-not-found', '--wait=false'];
  await kubectl([...remove, 'node', 'sluice-tree-a', 'sluice-tree-b']);
  await kubectl([...remove, 'pv', `${namespace}-0`]);
}

async function kubectl(args: readonly string[], input = ''): Promise<string> {
  const child = spawn('kubectl', args, { stdio: ['pipe', 'pipe', 'pipe'], timeout: 60_000 });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdin.end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: exit ${code}\n${stderr}`);
  return stdout;
}
