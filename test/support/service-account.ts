/** Somebody with a name of their own at the API server, and with no rights but those given. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { V1Secret } from '@kubernetes/client-node';
import type { KubeCall } from '#kube/client';
import { connect, type HttpKubeClient } from '#kube/http-client';
import { SECRETS, SERVICE_ACCOUNTS } from '#kube/resources';
import type { KubeObject, ResourceType } from '#kube/types';
import type { PolicyRule } from '#operator/rbac';
import { unrestricted, type TestCluster } from '#support/cluster';
import { until } from '#support/until';
import { parse, stringify } from 'yaml';

const TOKEN_MS = 30_000;
const NAME = 'operator';
const GROUP = 'rbac.authorization.k8s.io';

interface Granted extends KubeObject {
  rules?: unknown;
  roleRef?: unknown;
  subjects?: unknown;
}

interface Kubeconfig {
  readonly users: readonly { user: unknown }[];
}

/** A ServiceAccount in a namespace, as a chart makes one for a program. */
export class ServiceAccount {
  readonly #cluster: TestCluster;
  readonly #namespace: string;
  /** Of what is in no namespace: they do not go with one. */
  readonly #toRemove: (() => Promise<unknown>)[] = [];

  static async create(cluster: TestCluster, namespace: string): Promise<ServiceAccount> {
    const metadata = { namespace, name: NAME };
    await cluster.client.create(unrestricted(SERVICE_ACCOUNTS), { metadata });
    await cluster.client.create(SECRETS, {
      metadata: { ...metadata, annotations: { 'kubernetes.io/service-account.name': NAME } },
      type: 'kubernetes.io/service-account-token',
    });
    return new ServiceAccount(cluster, namespace);
  }

  private constructor(cluster: TestCluster, namespace: string) {
    this.#cluster = cluster;
    this.#namespace = namespace;
  }

  /** In one namespace; in all, and of what is in none, without it. */
  async grant(rules: readonly PolicyRule[], namespace?: string): Promise<void> {
    const { client } = this.#cluster;
    const prefix = namespace === undefined ? 'Cluster' : '';
    const name = `${this.#namespace}-${this.#toRemove.length}`;
    const metadata = { name, ...(namespace !== undefined && { namespace }) };
    const role = rbac(`${prefix.toLowerCase()}roles`, `${prefix}Role`, namespace);
    const binding = rbac(`${prefix.toLowerCase()}rolebindings`, `${prefix}RoleBinding`, namespace);
    await client.create(role, { metadata, rules });
    await client.create(binding, {
      metadata,
      roleRef: { apiGroup: GROUP, kind: role.kind, name: metadata.name },
      subjects: [{ kind: SERVICE_ACCOUNTS.kind, name: NAME, namespace: this.#namespace }],
    });
    for (const type of [binding, role]) {
      this.#toRemove.push(() => client.delete(type, metadata));
    }
  }

  /** By its own token. */
  async connect(onCall: (call: KubeCall) => void): Promise<HttpKubeClient> {
    const token = await until(
      TOKEN_MS,
      () => this.#token(),
      () => 'it gets no token',
    );
    const config = parse(await readFile(this.#cluster.kubeconfig, 'utf8')) as Kubeconfig;
    for (const each of config.users) each.user = { token };
    const directory = await mkdtemp(join(tmpdir(), 'sluice-account-'));
    try {
      const kubeconfig = join(directory, 'kubeconfig');
      await writeFile(kubeconfig, stringify(config));
      return connect({ kubeconfig, onCall });
    } finally {
      await rm(directory, { recursive: true });
    }
  }

  async dispose(): Promise<void> {
    for (const remove of this.#toRemove) await remove();
  }

  async #token(): Promise<string | undefined> {
    const reference = { namespace: this.#namespace, name: NAME };
    const secret: V1Secret | undefined = await this.#cluster.client.get(SECRETS, reference);
    const encoded = secret?.data?.['token'];
    return encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString();
  }
}

function rbac(plural: string, kind: string, namespace?: string): ResourceType<Granted> {
  const namespaced = namespace !== undefined;
  return unrestricted({ group: GROUP, version: 'v1', plural, kind, namespaced, verbs: [] });
}
