/** The operator's webhook on this machine, and a configuration that leads the API server to it. */
import { randomBytes } from 'node:crypto';
import type {
  V1ValidatingWebhook,
  V1ValidatingWebhookConfiguration,
} from '@kubernetes/client-node';
import type { ConsumerGroup } from '#kube/api/group';
import type { Instance } from '#kube/api/instance';
import type { Topic } from '#kube/api/topic';
import { VALIDATING_WEBHOOKS } from '#kube/resources';
import type { Clock } from '#lib/clock';
import { createLog } from '#lib/log';
import { createRegistry, type Registry } from '#lib/metrics';
import type { Known } from '#operator/webhook/known';
import { Webhook } from '#operator/webhook/main';
import { unrestricted, type TestCluster } from '#support/kube';

const CONFIGURATIONS = unrestricted(VALIDATING_WEBHOOKS);
const SERVICE = 'hook';
export const SECRET = `${SERVICE}-tls`;

/** What the webhook knows; the test fills it. */
export class World implements Known {
  readonly allInstances: Instance[] = [];
  readonly allTopics: Topic[] = [];
  readonly allGroups: ConsumerGroup[] = [];

  instances(): Iterable<Instance> {
    return this.allInstances;
  }

  topics(): Iterable<Topic> {
    return this.allTopics;
  }

  groups(): Iterable<ConsumerGroup> {
    return this.allGroups;
  }
}

export interface Replica {
  readonly webhook: Webhook;
  readonly registry: Registry;
}

export interface ReplicaOptions {
  readonly cluster: TestCluster;
  readonly configuration: string;
  readonly known: Known;
  readonly clock: Clock;
  /** Of the Secret; that of the test without it. */
  readonly namespace?: string;
}

export function createReplica(options: ReplicaOptions): Replica {
  const { cluster, configuration, known, clock, namespace = cluster.namespace } = options;
  const registry = createRegistry();
  const webhook = new Webhook({
    config: {
      host: '127.0.0.1',
      port: 0,
      service: SERVICE,
      namespace,
      clusterDomain: 'cluster.local',
      configuration,
    },
    client: cluster.client,
    known,
    registry,
    clock,
    log: createLog({ level: 'silent', format: 'json' }),
  });
  return { webhook, registry };
}

export function freshName(): string {
  return `sluice-${randomBytes(4).toString('hex')}`;
}

/** A configuration of that name, as it is installed: without any certificate. */
export class Configuration {
  readonly #cluster: TestCluster;
  readonly name: string;

  constructor(cluster: TestCluster, name: string) {
    this.#cluster = cluster;
    this.name = name;
  }

  /** Leads to each of these URLs. Calls for other namespaces stay away. */
  async create(
    urls: readonly string[],
    failurePolicy: 'Fail' | 'Ignore' = 'Ignore',
  ): Promise<void> {
    await this.#cluster.client.create(CONFIGURATIONS, {
      metadata: { name: this.name },
      webhooks: urls.map((url, number) => webhookAt(url, number, failurePolicy, this.#cluster)),
    });
  }

  async read(): Promise<V1ValidatingWebhookConfiguration> {
    const found = await this.#cluster.client.get(CONFIGURATIONS, { name: this.name });
    if (!found) throw new Error(`there is no ${this.name}`);
    return found;
  }

  /** PEM that each webhook trusts. */
  async trusted(): Promise<string[]> {
    const { webhooks = [] } = await this.read();
    return webhooks.map(({ clientConfig }) =>
      Buffer.from(clientConfig.caBundle ?? '', 'base64').toString(),
    );
  }

  /** Changes each webhook by hand. */
  async change(edit: (webhook: V1ValidatingWebhook) => void): Promise<void> {
    const found = await this.read();
    for (const webhook of found.webhooks ?? []) edit(webhook);
    await this.#cluster.client.replace(CONFIGURATIONS, found);
  }

  async delete(): Promise<void> {
    await this.#cluster.client.delete(CONFIGURATIONS, { name: this.name });
  }
}

function webhookAt(
  url: string,
  number: number,
  failurePolicy: string,
  { namespace }: TestCluster,
): V1ValidatingWebhook {
  return {
    name: `validate-${number}.mq.sluice.dev`,
    admissionReviewVersions: ['v1'],
    sideEffects: 'None',
    failurePolicy,
    timeoutSeconds: 5,
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
    rules: [
      {
        apiGroups: ['mq.sluice.dev'],
        apiVersions: ['v1beta1'],
        operations: ['CREATE', 'UPDATE'],
        resources: ['messagequeueinstances', 'topics', 'consumergroups'],
      },
    ],
    clientConfig: { url },
  };
}
