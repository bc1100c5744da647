/** The cluster that KUBECONFIG names, as tests and benchmarks use it. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubeCall } from '#kube/client';
import { connect, type ConnectOptions, type HttpKubeClient } from '#kube/http-client';
import { LABEL } from '#kube/names';
import { NAMESPACES } from '#kube/resources';
import type { KubeObject, ResourceType, Verb } from '#kube/types';
import type { Target } from '#support/tcp-proxy';
import { until } from '#support/until';
import { parse, parseAllDocuments, stringify } from 'yaml';

const CRDS_DIRECTORY = new URL('../../crds/', import.meta.url);
const SETUP_MS = 60_000;

export interface TestCluster {
  readonly kubeconfig: string;
  readonly client: HttpKubeClient;
  /** Made for this test file; it is deleted with everything in it. */
  readonly namespace: string;
  /** Every call of `client` so far. */
  readonly calls: readonly KubeCall[];
  close(): Promise<void>;
}

interface Kubeconfig {
  readonly clusters: readonly { readonly cluster: Record<string, unknown> }[];
}

interface CustomResourceDefinition extends KubeObject {
  status?: { conditions?: { type: string; status: string }[] };
}

const ALL_VERBS: readonly Verb[] = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'];

const CUSTOM_RESOURCE_DEFINITIONS: ResourceType<CustomResourceDefinition> = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
  verbs: ALL_VERBS,
};

/** The resource for a test, which may do what the operator may not. */
export function unrestricted<T extends KubeObject>(type: ResourceType<T>): ResourceType<T> {
  return { ...type, verbs: ALL_VERBS, statusVerbs: ALL_VERBS };
}

/** Connects, with a namespace of its own, and our custom resources in place. */
export async function openCluster(): Promise<TestCluster> {
  const kubeconfig = process.env['KUBECONFIG'];
  if (kubeconfig === undefined) throw new Error('set KUBECONFIG');
  const calls: KubeCall[] = [];
  const client = connect({ kubeconfig, onCall: (call) => calls.push(call) });
  await installCustomResources(client);
  const name = `sluice-test-${randomBytes(4).toString('hex')}`;
  await client.create(unrestricted(NAMESPACES), { metadata: { name } });
  const close = async (): Promise<void> => {
    await client.delete(unrestricted(NAMESPACES), { name });
    await client.close();
  };
  return { kubeconfig, client, namespace: name, calls, close };
}

/** A client like the cluster's own, whose connections go through a proxy. */
export async function connectThrough(
  cluster: TestCluster,
  startProxy: (target: Target) => Promise<{ readonly port: number }>,
  options: Omit<ConnectOptions, 'kubeconfig'> = {},
): Promise<HttpKubeClient> {
  const { hostname, port, protocol } = new URL(cluster.client.server);
  const proxy = await startProxy({ host: hostname, port: Number(port || 443) });
  const config = parse(await readFile(cluster.kubeconfig, 'utf8')) as Kubeconfig;
  for (const each of config.clusters) {
    each.cluster.server = `${protocol}//127.0.0.1:${proxy.port}`;
    if (hostname === '127.0.0.1') continue;
    // The certificate is that of the API server's own name.
    each.cluster['tls-server-name'] = hostname;
  }
  const directory = await mkdtemp(join(tmpdir(), 'sluice-kubeconfig-'));
  try {
    const kubeconfig = join(directory, 'kubeconfig');
    await writeFile(kubeconfig, stringify(config));
    return connect({ ...options, kubeconfig });
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** Several test files may do this at once, and again and again. */
async function installCustomResources(client: HttpKubeClient): Promise<void> {
  const names: string[] = [];
  for (const file of await readdir(CRDS_DIRECTORY)) {
    const text = await readFile(new URL(file, CRDS_DIRECTORY), 'utf8');
    for (const document of parseAllDocuments(text)) {
      const definition = document.toJS() as CustomResourceDefinition;
      const name = definition.metadata?.name ?? '';
      names.push(name);
      // A test of the chart has them under way: to this version, in the end.
      if (await isHelms(client, name)) continue;
      await client.apply(CUSTOM_RESOURCE_DEFINITIONS, definition, { force: true });
    }
  }
  for (const name of names) {
    await until(
      SETUP_MS,
      () => isServed(client, name),
      () => `${name} is not served`,
    );
  }
}

async function isHelms(client: HttpKubeClient, name: string): Promise<boolean> {
  const definition = await client.get(CUSTOM_RESOURCE_DEFINITIONS, { name });
  return definition?.metadata?.labels?.[LABEL.managedBy] === 'Helm';
}

async function isServed(client: HttpKubeClient, name: string): Promise<boolean> {
  const definition = await client.get(CUSTOM_RESOURCE_DEFINITIONS, { name });
  const conditions = definition?.status?.conditions ?? [];
  return conditions.some(({ type, status }) => type === 'Established' && status === 'True');
}
