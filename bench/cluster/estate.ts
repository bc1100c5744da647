/** Many instances with many topics on a real control plane, and what their statuses say. */
import type { Instance } from '#kube/api/instance';
import type { Topic } from '#kube/api/topic';
import { childName, instanceLabels } from '#kube/names';
import { INSTANCES, NAMESPACES, SECRETS, TOPICS } from '#kube/resources';
import { keyOf, type Reference } from '#kube/types';
import { Informer } from '#kube/watch';
import { createLog } from '#lib/log';
import { unrestricted, type TestCluster } from '#support/cluster';
import { until } from '#support/until';

const NAMESPACE_COUNT = 8;
/** Objects that are being made at the same time. */
const SIDE_BY_SIDE = 16;
export const QUEUES = 4;
const EMPTY_MS = 600_000;

const log = createLog({ level: 'error', format: 'json' });

type Place = Required<Reference> & { readonly namespace: string };

export interface EstateOptions {
  readonly cluster: TestCluster;
  readonly instances: number;
  readonly topics: number;
  /** Of all admin ports. */
  readonly token: string;
}

export class Estate {
  /** By `namespace/name`. */
  readonly instances: readonly string[];
  readonly topics: readonly Place[];
  readonly #options: EstateOptions;
  readonly #namespaces: readonly string[];
  readonly #seen: { readonly instances: Informer<Instance>; readonly topics: Informer<Topic> };

  constructor(options: EstateOptions) {
    this.#options = options;
    const { cluster, instances, topics } = options;
    this.#namespaces = Array.from(
      { length: NAMESPACE_COUNT },
      (_, number) => `${cluster.namespace}-${number}`,
    );
    const namespaceOf = (number: number): string =>
      this.#namespaces[number % NAMESPACE_COUNT] ?? '';
    this.instances = Array.from(
      { length: instances },
      (_, number) => `${namespaceOf(number)}/bench-${number}`,
    );
    this.topics = Array.from({ length: topics }, (_, number) => ({
      namespace: namespaceOf(number % instances),
      name: `bench-${number % instances}-${Math.floor(number / instances)}`,
    }));
    const { client } = cluster;
    this.#seen = {
      instances: new Informer({ client, type: INSTANCES, log }),
      topics: new Informer({ client, type: TOPICS, log }),
    };
  }

  /** Namespaces, and the tokens, so that brokers can have them first. */
  async prepare(): Promise<void> {
    const { cluster, token } = this.#options;
    const { client } = cluster;
    // Those of an earlier run may be on their way out.
    await until(
      EMPTY_MS,
      async () => (await client.list(INSTANCES)).items.length === 0,
      () => 'the cluster has instances: use one of its own',
    );
    for (const name of this.#namespaces) {
      await client.create(unrestricted(NAMESPACES), { metadata: { name } });
    }
    await inParallel(this.instances, async (instance) => {
      const [namespace = '', name = ''] = instance.split('/');
      const data = { 'admin-token': token, 'fleet-token': token };
      await client.create(SECRETS, {
        // As left behind by an instance of that name: the operator takes it over.
        metadata: {
          namespace,
          name: childName.fleet(name),
          labels: instanceLabels(name),
        },
        stringData: data,
      });
    });
    for (const informer of Object.values(this.#seen)) informer.start();
    await Promise.all(Object.values(this.#seen).map(({ synced }) => synced));
  }

  async create(): Promise<void> {
    const { client } = this.#options.cluster;
    await inParallel(this.instances, async (instance) => {
      const [namespace = '', name = ''] = instance.split('/');
      await client.create(unrestricted(INSTANCES), {
        metadata: { namespace, name },
        spec: { edition: 'Platinum', shards: 1, nameServers: 0 },
      });
    });
    await inParallel(this.topics, async ({ namespace, name }) => {
      const instance = name.slice(0, name.lastIndexOf('-'));
      await client.create(unrestricted(TOPICS), {
        metadata: { namespace, name },
        spec: { instanceRef: { name: instance }, queues: QUEUES },
      });
    });
  }

  async untilReady(timeoutMs: number): Promise<void> {
    const counts = (): readonly [number, number] => [
      readyOf(this.#seen.instances.values()),
      readyOf(this.#seen.topics.values()),
    ];
    await until(
      timeoutMs,
      () => {
        const [instances, topics] = counts();
        return instances === this.instances.length && topics === this.topics.length;
      },
      () => `only ${counts().join(' instances and ')} topics are ready`,
    );
  }

  /** Milliseconds from the change of a topic's spec until its status says that it is so. */
  async change(topic: Place, queues: number): Promise<number> {
    const isThere = this.#told(topic, ({ status }) => status?.queues === queues);
    const startedAt = performance.now();
    const { client } = this.#options.cluster;
    await client.mergePatch(unrestricted(TOPICS), topic, { spec: { queues } });
    await isThere;
    return performance.now() - startedAt;
  }

  async dispose(): Promise<void> {
    await Promise.all(Object.values(this.#seen).map((informer) => informer.stop()));
    const { client } = this.#options.cluster;
    for (const name of this.#namespaces) await client.delete(unrestricted(NAMESPACES), { name });
  }

  /** Resolves as soon as the watch has the topic so. */
  #told(topic: Place, isSo: (topic: Topic) => boolean): Promise<void> {
    const key = `${topic.namespace}/${topic.name}`;
    return new Promise((resolve) => {
      this.#seen.topics.onChange((now) => {
        if (now && keyOf(now) === key && isSo(now)) resolve();
      });
    });
  }
}

function readyOf(objects: Iterable<Instance | Topic>): number {
  return [...objects].filter(({ status }) =>
    status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True'),
  ).length;
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = items[Symbol.iterator]();
  const worker = async (): Promise<void> => {
    for (const item of left) await work(item);
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, worker));
}
