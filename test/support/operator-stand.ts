/** An operator in this process, on a real control plane whose nodes are hollow. */
import type { KubeClient } from '#kube/client';
import type { ConsumerGroup } from '#kube/api/group';
import type { Instance } from '#kube/api/instance';
import type { Topic } from '#kube/api/topic';
import { API_VERSION } from '#kube/names';
import { GROUPS, INSTANCES, TOPICS } from '#kube/resources';
import type { KubeObject, ResourceType } from '#kube/types';
import { systemClock, type Clock } from '#lib/clock';
import { createRegistry, type Registry } from '#lib/metrics';
import type { AdminAddress } from '#operator/brokers/broker-admins';
import { Operator } from '#operator/main';
import type { WebhookConfig } from '#operator/webhook/main';
import { silentLog } from '#support/core';
import { unrestricted } from '#support/kube';
import { until } from '#support/until';

const TEST_IMAGE = 'example.org/sluice:1.0.0';
/** The machine may be busy. */
const PATIENCE_MS = 60_000;

export interface StandOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly adminAddress: AdminAddress;
  readonly image?: string;
  readonly identity?: string;
  /** Of its Lease; the same one without it. */
  readonly operatorNamespace?: string;
  readonly clock?: Clock;
  readonly registry?: Registry;
  /** None without it. */
  readonly webhook?: WebhookConfig;
}

/** Started; stop it before another one is to lead. */
export async function startOperator(options: StandOptions): Promise<Operator> {
  const { client, namespace, adminAddress, image = TEST_IMAGE, identity = 'one' } = options;
  const operator = new Operator({
    config: {
      namespaces: [namespace],
      image,
      clusterDomain: 'cluster.local',
      operatorNamespace: options.operatorNamespace ?? namespace,
      isInCluster: false,
      identity,
      leaderLease: 'sluice-operator',
      webhook: options.webhook,
    },
    client,
    adminAddress,
    registry: options.registry ?? createRegistry(),
    log: silentLog,
    clock: options.clock ?? systemClock,
  });
  await operator.start();
  return operator;
}

/** What people do to objects, and what they see. */
export class Desk {
  readonly #client: KubeClient;
  readonly #namespace: string;

  constructor({ client, namespace }: Pick<StandOptions, 'client' | 'namespace'>) {
    this.#client = client;
    this.#namespace = namespace;
  }

  instance(name: string, spec: Instance['spec'], annotations = {}): Promise<Instance> {
    return this.#declare(INSTANCES, name, spec, annotations);
  }

  topic(name: string, spec: Topic['spec']): Promise<Topic> {
    return this.#declare(TOPICS, name, spec, {});
  }

  group(name: string, spec: ConsumerGroup['spec']): Promise<ConsumerGroup> {
    return this.#declare(GROUPS, name, spec, {});
  }

  get<T extends KubeObject>(type: ResourceType<T>, name: string): Promise<T | undefined> {
    return this.#client.get(unrestricted(type), { namespace: this.#namespace, name });
  }

  patch<T extends KubeObject>(type: ResourceType<T>, name: string, patch: object): Promise<T> {
    const reference = { namespace: this.#namespace, name };
    return this.#client.mergePatch(unrestricted(type), reference, patch);
  }

  remove<T extends KubeObject>(type: ResourceType<T>, name: string): Promise<boolean> {
    return this.#client.delete(unrestricted(type), { namespace: this.#namespace, name });
  }

  async list<T extends KubeObject>(type: ResourceType<T>): Promise<T[]> {
    const { items } = await this.#client.list(unrestricted(type), { namespace: this.#namespace });
    return items;
  }

  /** Waits until the object is as `isGood` wants it, and gives it. */
  async until<T extends KubeObject>(
    type: ResourceType<T>,
    name: string,
    isGood: (object: T) => boolean,
  ): Promise<T> {
    let last: T | undefined;
    await until(
      PATIENCE_MS,
      async () => {
        last = await this.get(type, name);
        return last !== undefined && isGood(last);
      },
      () => `${type.kind} ${name} is ${JSON.stringify(last, undefined, 1)}`,
    );
    return last as T;
  }

  async untilGone<T extends KubeObject>(type: ResourceType<T>, name: string): Promise<void> {
    const gone = async (): Promise<boolean> => (await this.get(type, name)) === undefined;
    await until(PATIENCE_MS, gone, () => `${type.kind} ${name} is still there`);
  }

  /** The condition has the status, and, where it is given, the reason; for the latest spec. */
  untilCondition<T extends Conditioned>(
    type: ResourceType<T>,
    name: string,
    condition: string,
    status: string,
    reason?: string,
  ): Promise<T> {
    return this.until(type, name, (object) => {
      const found = object.status?.conditions?.find((each) => each.type === condition);
      const isLatest = object.status?.observedGeneration === object.metadata?.generation;
      return isLatest && found?.status === status && (reason ?? found.reason) === found.reason;
    });
  }

  #declare<T extends KubeObject>(
    type: ResourceType<T>,
    name: string,
    spec: object,
    annotations: Record<string, string>,
  ): Promise<T> {
    const metadata = { name, namespace: this.#namespace, annotations };
    const object = { apiVersion: API_VERSION, kind: type.kind, metadata, spec };
    return this.#client.create(unrestricted(type), object as unknown as T);
  }
}

interface Conditioned extends KubeObject {
  status?: Instance['status'] | Topic['status'] | ConsumerGroup['status'];
}
