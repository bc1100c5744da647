/** What topics and groups have in common: an instance, its brokers, a finalizer, a status. */
import { conditionsOf, type Condition } from '#kube/api/conditions';
import { completeInstance, type CompleteInstance } from '#kube/api/defaults';
import type { Instance } from '#kube/api/instance';
import { ANNOTATION, API_VERSION, childName } from '#kube/names';
import { INSTANCES, NAMESPACES } from '#kube/resources';
import type { KubeObject, ObjectMeta, ResourceType } from '#kube/types';
import { SluiceError } from '#lib/errors';
import { OPERATOR } from '#lib/kubernetes-limits';
import { BrokerUnreachable, OUTDATED } from '#operator/brokers/broker-admin';
import { Blocked, stalled, waiting } from '#operator/reconcile/blocked';
import { factsOf, type ShardFacts } from '#operator/reconcile/facts';
import type { Tools } from '#operator/reconcile/pass';
import { sameStatus } from '#operator/reconcile/same-status';

export interface Declared extends KubeObject {
  metadata: ObjectMeta & { name: string; namespace: string };
  spec: {
    instanceRef: { name: string };
    name?: string | undefined;
    deletionPolicy?: 'Retain' | 'Delete' | undefined;
  };
  status?: {
    conditions?: readonly Condition[] | undefined;
    observedGeneration?: number | undefined;
  };
}

/** The name that clients know. */
export function nameOf({ metadata, spec }: Declared): string {
  return spec.name ?? metadata.name;
}

export function isPaused({ metadata }: Declared): boolean {
  return metadata.annotations?.[ANNOTATION.paused] === 'true';
}

export interface Home {
  readonly object: Instance;
  readonly instance: CompleteInstance;
  /** Those that exist: shards on their way out take nothing new. */
  readonly shards: readonly ShardFacts[];
}

/** Throws Blocked while the instance is not there. */
export function homeOf(declared: Declared, tools: Tools): Home {
  const { name } = declared.spec.instanceRef;
  const { namespace } = declared.metadata;
  const object = tools.caches.get(INSTANCES, { namespace, name });
  if (!object) {
    throw waiting(
      'InstanceNotFound',
      `there is no MessageQueueInstance ${name} in the namespace ${namespace}: create it, ` +
        'or correct spec.instanceRef.name',
    );
  }
  const blocked = object.status?.conditions?.find(
    ({ type, status }) => type === 'Stalled' && status === 'True',
  );
  const instance = completeInstance(object, tools.image);
  const { shards } = factsOf(instance, tools.caches);
  // Its brokers may be well all the same: a volume that can't grow is nothing to a topic.
  if (blocked && shards.some(({ isWanted, isReady }) => isWanted && !isReady))
    throw waiting('InstanceStalled', `the instance ${name} is stalled: ${blocked.message}`);
  return { object, instance, shards };
}

/** Throws Blocked unless every one of the shards can be asked. */
export function assertReachable(shards: readonly ShardFacts[], { instance }: Home): void {
  const down = shards.filter(({ isReady }) => !isReady).map(({ broker }) => broker);
  if (down.length === 0) return;
  throw waiting(
    'BrokersNotReady',
    `${down.join(', ')} of the instance ${instance.name} are not ready; waiting for them`,
  );
}

/** The instance or the namespace is on its way out: nobody is left to clean up for. */
export async function isLeaving(declared: Declared, { caches, client }: Tools): Promise<boolean> {
  const { namespace } = declared.metadata;
  const instance = caches.get(INSTANCES, { namespace, name: declared.spec.instanceRef.name });
  if (!instance || instance.metadata.deletionTimestamp !== undefined) return true;
  const home = await client.get(NAMESPACES, { name: namespace });
  return home === undefined || home.metadata?.deletionTimestamp !== undefined;
}

/** Adds or removes the finalizer, as the deletion policy asks; writes only what changes. */
export async function keepFinalizer<T extends Declared>(
  type: ResourceType<T>,
  object: T,
  finalizer: string,
  isWanted: boolean,
  { client }: Tools,
): Promise<void> {
  const { finalizers = [], namespace, name, resourceVersion } = object.metadata;
  if (finalizers.includes(finalizer) === isWanted) return;
  const others = finalizers.filter((each) => each !== finalizer);
  const wanted = isWanted ? [...others, finalizer] : others;
  const patch = { metadata: { finalizers: wanted, resourceVersion } };
  await client.mergePatch(type, { namespace, name }, patch);
}

/** What failed, as a reason to wait or to stall; anything unexpected is thrown on. */
export function blockedBy(error: unknown): Blocked {
  if (error instanceof Blocked) return error;
  if (error instanceof BrokerUnreachable) return waiting('BrokerUnreachable', error.message);
  if (!(error instanceof SluiceError)) throw error;
  const isPassing = error.code === 'UNAUTHORIZED' || OUTDATED.includes(error.code);
  if (error.retryable || isPassing) return waiting('BrokerBusy', error.message);
  return stalled('Refused', `the broker refused it: ${error.message}`);
}

/** Their end is heard of (operator/triggers.ts): asking again and again would only keep others. */
const HEARD_OF: readonly string[] = ['InstanceNotFound', 'InstanceStalled', 'BrokersNotReady'];

/** When to look again, if nothing changes; `goodMs` when nothing is waited for. */
export function againMs(blocked: Blocked | undefined, goodMs: number): number {
  if (!blocked || blocked.isStalled) return goodMs;
  return HEARD_OF.includes(blocked.reason) ? OPERATOR.quietMs : OPERATOR.busyMs;
}

/** Ready, Reconciling and Stalled of a topic or a group. */
export function declaredConditions(
  declared: Declared,
  blocked: Blocked | undefined,
  good: string,
  { clock }: Tools,
): Condition[] {
  const { generation = 0 } = declared.metadata;
  const is = (yes: boolean): 'True' | 'False' => (yes ? 'True' : 'False');
  const paused = isPaused(declared);
  const { reason, message } = blocked ?? {
    reason: paused ? 'Paused' : 'Applied',
    message: paused ? 'the annotation mq.sluice.dev/paused keeps it as it is' : good,
  };
  const isStalled = blocked?.isStalled === true;
  const isWaiting = blocked !== undefined && !isStalled;
  const found = [
    { type: 'Ready', status: is(!blocked), reason, message },
    { type: 'Reconciling', status: is(isWaiting), reason, message },
    { type: 'Stalled', status: is(isStalled), reason, message },
  ];
  const at = { generation, nowMs: clock.nowMs() };
  return conditionsOf(found, declared.status?.conditions ?? [], at);
}

export async function writeDeclaredStatus<T extends Declared>(
  type: ResourceType<T>,
  object: T,
  status: NonNullable<T['status']>,
  { client }: Tools,
): Promise<void> {
  if (sameStatus(object.status, status)) return;
  const { namespace, name } = object.metadata;
  const written = {
    apiVersion: API_VERSION,
    kind: type.kind,
    metadata: { namespace, name },
    status,
  };
  await client.applyStatus(type, written as unknown as T);
}

/** Shards by the names that a status tells. */
export function shardNamed(instance: string, name: string): number | undefined {
  const number = Number(name.slice(childName.shard(instance, 0).length - 1));
  return Number.isInteger(number) && childName.shard(instance, number) === name
    ? number
    : undefined;
}
