/** Complete specs: defaults live here, not in the CRD, where they would be stored for ever. */
import type { ConsumerGroup } from '#kube/api/group';
import type { Edition, Instance, InstanceSpec } from '#kube/api/instance';
import type { CompleteResources, ResourcesSpec } from '#kube/api/pod-resources';
import type { Topic, TopicSpec } from '#kube/api/topic';
import { ANNOTATION } from '#kube/names';
import { KUBERNETES } from '#lib/kubernetes-limits';
import { CONSUME, EDITION, TOPIC } from '#lib/limits';

export interface CompleteInstance {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly edition: Edition;
  readonly region: string;
  /** Undefined: unlimited. */
  readonly tps: number | undefined;
  readonly storage: string;
  readonly storageClassName: string | undefined;
  readonly shards: number;
  readonly nameServers: number;
  readonly zones: readonly string[];
  readonly listeners: NonNullable<InstanceSpec['listeners']>;
  readonly durability: NonNullable<InstanceSpec['durability']>;
  readonly retentionHours: number;
  readonly autoCreate: boolean;
  readonly image: string;
  readonly imagePullSecrets: readonly string[];
  readonly brokerResources: CompleteResources;
  readonly nameServerResources: CompleteResources;
  readonly deletionPolicy: NonNullable<InstanceSpec['deletionPolicy']>;
  /** Value of the restart annotation. */
  readonly restart: string | undefined;
}

/** The spec with everything in it; `image` is used where the spec and the status say none. */
export function completeInstance(instance: Instance, image: string): CompleteInstance {
  const { metadata, spec } = instance;
  const { edition, capacity } = spec;
  return {
    name: metadata.name,
    namespace: metadata.namespace,
    uid: metadata.uid ?? '',
    edition,
    region: regionOf(instance),
    tps: edition === 'Standard' ? EDITION.standardTps : capacity?.tps,
    storage: capacity?.storage ?? KUBERNETES.storage,
    storageClassName: capacity?.storageClassName,
    shards: spec.shards ?? KUBERNETES.shards,
    nameServers: spec.nameServers ?? KUBERNETES.nameServers,
    zones: spec.zones ?? [],
    listeners: spec.listeners ?? [],
    durability: spec.durability ?? 'Sync',
    retentionHours: spec.retentionHours ?? KUBERNETES.retentionHoursMax,
    autoCreate: spec.autoCreate ?? false,
    image: imageOf(instance, image),
    imagePullSecrets: spec.imagePullSecrets ?? [],
    brokerResources: filled(spec.brokerResources, KUBERNETES.brokerResources),
    nameServerResources: filled(spec.nameServerResources, KUBERNETES.nameServerResources),
    deletionPolicy: spec.deletionPolicy ?? 'Retain',
    restart: metadata.annotations?.[ANNOTATION.restart],
  };
}

function filled(given: ResourcesSpec | undefined, unset: CompleteResources): CompleteResources {
  const { cpuRequest, memoryRequest, cpuLimit, memoryLimit } = given ?? {};
  return {
    cpuRequest: cpuRequest ?? unset.cpuRequest,
    memoryRequest: memoryRequest ?? unset.memoryRequest,
    cpuLimit: cpuLimit ?? unset.cpuLimit,
    memoryLimit: memoryLimit ?? unset.memoryLimit,
  };
}

export function regionOf({ spec }: Instance): string {
  return spec.region ?? KUBERNETES.region;
}

/**
 * The image of its pods. Without a version in the spec it stays what it was: a new operator, with
 * another default, restarts nothing.
 */
function imageOf({ spec, status }: Instance, image: string): string {
  if (spec.image !== undefined) return spec.image;
  const known = status?.image ?? image;
  return spec.version === undefined ? known : `${repositoryOf(known)}:${spec.version}`;
}

/** `host:5000/a/b:tag@digest` without tag and digest. */
function repositoryOf(image: string): string {
  return image.replace(/@.*$/, '').replace(/:[^:/]*$/, '');
}

type Complete<Spec, Key extends keyof Spec> = { readonly [Each in Key]-?: NonNullable<Spec[Each]> };

export type CompleteTopic = Complete<
  TopicSpec,
  'name' | 'kind' | 'queues' | 'permission' | 'spread' | 'remark' | 'deletionPolicy'
>;

/** The spec with everything in it; `name` is the one for clients. */
export function completeTopic({ metadata, spec }: Topic): CompleteTopic {
  const kind = spec.kind ?? 'Normal';
  return {
    name: spec.name ?? metadata.name,
    kind,
    queues: spec.queues ?? (kind === 'GlobalFifo' ? 1 : TOPIC.queuesDefault),
    permission: spec.permission ?? 'ReadWrite',
    spread: spec.spread ?? 'AtCreation',
    remark: spec.remark ?? '',
    deletionPolicy: spec.deletionPolicy ?? 'Retain',
  };
}

export interface CompleteGroup {
  /** For clients. */
  readonly name: string;
  readonly ordered: boolean;
  readonly broadcast: boolean;
  readonly maxAttempts: number;
  readonly backoffMs: readonly number[];
  readonly pullAllowed: boolean;
  readonly deletionPolicy: 'Retain' | 'Delete';
}

const SECOND_MS = 1000;

/** The spec with everything in it, in an instance of that edition. */
export function completeGroup({ metadata, spec }: ConsumerGroup, edition: Edition): CompleteGroup {
  return {
    name: spec.name ?? metadata.name,
    ordered: spec.ordered ?? false,
    broadcast: spec.broadcast ?? false,
    maxAttempts: spec.retry?.maxAttempts ?? CONSUME.retriesDefault,
    backoffMs:
      spec.retry?.backoffSeconds?.map((seconds) => seconds * SECOND_MS) ?? CONSUME.backoffMs,
    pullAllowed: edition === 'Platinum' && (spec.pullAllowed ?? true),
    deletionPolicy: spec.deletionPolicy ?? 'Retain',
  };
}
