/** What the informers know, as the reconcilers ask for it. */
import type { ConsumerGroup } from '#kube/api/group';
import type { Topic } from '#kube/api/topic';
import type { KubeClient } from '#kube/client';
import { LABEL, MANAGER } from '#kube/names';
import {
  CONFIG_MAPS,
  GROUPS,
  INSTANCES,
  NETWORK_POLICIES,
  NODES,
  PERSISTENT_VOLUME_CLAIMS,
  POD_DISRUPTION_BUDGETS,
  PODS,
  SERVICE_ACCOUNTS,
  SERVICES,
  STATEFUL_SETS,
  TOPICS,
} from '#kube/resources';
import { keyOf, type KubeObject, type Reference, type ResourceType } from '#kube/types';
import { Informer, type ChangeListener } from '#kube/watch';
import type { InstanceName } from '#operator/brokers/tokens';
import type { Clock } from '#lib/clock';
import type { Log } from '#lib/log';

/** Ours are found by their label, so that nothing else of the cluster is kept here. */
const OURS = `${LABEL.managedBy}=${MANAGER}`;

const DECLARED: readonly ResourceType<KubeObject>[] = [INSTANCES, TOPICS, GROUPS];

/** What an instance consists of. */
export const CHILDREN: readonly ResourceType<KubeObject>[] = [
  STATEFUL_SETS,
  SERVICES,
  CONFIG_MAPS,
  SERVICE_ACCOUNTS,
  POD_DISRUPTION_BUDGETS,
  NETWORK_POLICIES,
  PODS,
  PERSISTENT_VOLUME_CLAIMS,
];

export interface CachesOptions {
  readonly client: KubeClient;
  /** Undefined: all namespaces. */
  readonly namespaces: readonly string[] | undefined;
  readonly log: Log;
  readonly clock: Clock;
}

/** Objects of one resource by the instance that they belong to. */
type Index = Map<string, Map<string, KubeObject>>;

export class Caches {
  readonly #informers = new Map<string, Informer<KubeObject>>();
  readonly #indexes = new Map<string, Index>();

  constructor({ client, namespaces, log, clock }: CachesOptions) {
    const common = { client, log, clock };
    for (const type of DECLARED) {
      this.#add(new Informer({ ...common, type, namespaces }), declaredInstance);
    }
    for (const type of CHILDREN) {
      const options = { ...common, type, namespaces, labelSelector: OURS };
      this.#add(new Informer(options), labelledInstance);
    }
    this.#add(new Informer({ ...common, type: NODES }), () => undefined);
  }

  start(): void {
    for (const informer of this.#informers.values()) informer.start();
  }

  /** Everything has been listed once. */
  async synced(): Promise<void> {
    await Promise.all([...this.#informers.values()].map(({ synced }) => synced));
  }

  get isSynced(): boolean {
    return [...this.#informers.values()].every(({ isSynced }) => isSynced);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#informers.values()].map((informer) => informer.stop()));
  }

  get informers(): Iterable<Informer<KubeObject>> {
    return this.#informers.values();
  }

  onChange<T extends KubeObject>(type: ResourceType<T>, listener: ChangeListener<T>): void {
    this.#informers.get(type.plural)?.onChange(listener as ChangeListener<KubeObject>);
  }

  follows({ plural }: ResourceType<KubeObject>): boolean {
    return this.#informers.has(plural);
  }

  get<T extends KubeObject>(type: ResourceType<T>, reference: Reference): T | undefined {
    return this.#informers.get(type.plural)?.get(reference) as T | undefined;
  }

  all<T extends KubeObject>(type: ResourceType<T>): Iterable<T> {
    return (this.#informers.get(type.plural)?.values() ?? []) as Iterable<T>;
  }

  ofInstance<T extends KubeObject>(
    type: ResourceType<T>,
    { namespace, name }: InstanceName,
  ): readonly T[] {
    const objects = this.#indexes.get(type.plural)?.get(`${namespace}/${name}`);
    return objects === undefined ? [] : ([...objects.values()] as T[]);
  }

  topicsOf(instance: InstanceName): readonly Topic[] {
    return this.ofInstance(TOPICS, instance);
  }

  groupsOf(instance: InstanceName): readonly ConsumerGroup[] {
    return this.ofInstance(GROUPS, instance);
  }

  #add(
    informer: Informer<KubeObject>,
    instanceOf: (object: KubeObject) => string | undefined,
  ): void {
    const index: Index = new Map();
    this.#informers.set(informer.type.plural, informer);
    this.#indexes.set(informer.type.plural, index);
    informer.onChange((object, before) => {
      const oldInstance = before && instanceOf(before);
      const instance = object && instanceOf(object);
      if (before && oldInstance !== undefined && oldInstance !== instance) {
        unlist(index, oldInstance, keyOf(before));
      }
      if (object && instance !== undefined) list(index, instance, keyOf(object), object);
    });
  }
}

/** `namespace/name` of the instance that an object is part of. */
export function labelledInstance({ metadata }: KubeObject): string | undefined {
  const name = metadata?.labels?.[LABEL.instance];
  return name === undefined ? undefined : `${metadata?.namespace}/${name}`;
}

/** Of a topic or a group; an instance is not part of one. */
function declaredInstance(
  object: KubeObject & { spec?: { instanceRef?: Reference } },
): string | undefined {
  const name = object.spec?.instanceRef?.name;
  return name === undefined ? undefined : `${object.metadata?.namespace}/${name}`;
}

function list(index: Index, instance: string, key: string, object: KubeObject): void {
  const objects = index.get(instance) ?? new Map<string, KubeObject>();
  objects.set(key, object);
  index.set(instance, objects);
}

function unlist(index: Index, instance: string, key: string): void {
  const objects = index.get(instance);
  objects?.delete(key);
  if (objects?.size === 0) index.delete(instance);
}
