/**
 * Rules that need other objects, and so can't be CEL. The webhook asks when something is to be
 * stored, the reconcile asks again: the webhook may have been away, or two may have come at once.
 * Where several can't all stay, the oldest do.
 */
import { completeTopic, regionOf } from '#kube/api/defaults';
import type { ConsumerGroup } from '#kube/api/group';
import type { Instance } from '#kube/api/instance';
import type { Topic } from '#kube/api/topic';
import { keyOf } from '#kube/types';
import type { KubeObject } from '#kube/types';
import { EDITION } from '#lib/limits';

export interface Problem {
  /** One CamelCase word, for programs. */
  readonly reason: string;
  /** What is wrong, and what a person can do. */
  readonly message: string;
}

/** `all` may hold the instance itself. */
export function instanceProblems(instance: Instance, all: Iterable<Instance>): Problem[] {
  if (instance.spec.edition !== 'Standard') return [];
  const region = regionOf(instance);
  const older = stayers(instance, all).filter(
    (other) => other.spec.edition === 'Standard' && regionOf(other) === region,
  );
  const max = EDITION.standardInstancesPerRegion;
  if (older.length < max) return [];
  const message =
    `the region ${region} has ${older.length} Standard instances already, and ${max} is the ` +
    'limit: delete one (`kubectl get mqi --all-namespaces` lists them), give spec.region ' +
    'another region, or make this one Platinum';
  return [{ reason: 'InstanceLimit', message }];
}

/**
 * `before` is what is stored, where the topic is to be changed; without it what the status says
 * counts. `others` may hold the topic itself.
 */
export function topicProblems(
  topic: Topic,
  before: Topic | undefined,
  instance: Instance | undefined,
  others: Iterable<Topic> = [],
): Problem[] {
  const problems = nameProblems('Topic', topic, others);
  if (instance?.spec.edition !== 'Standard') return problems;
  const name = instance.metadata.name;
  const { queues, spread } = completeTopic(topic);
  // What was asked too much and never made may be taken back: what is there counts first.
  const has = topic.status?.queues ?? (before && completeTopic(before).queues);
  if (has !== undefined && queues > has) {
    const message =
      `the instance ${name} is Standard, where the queues of a topic cannot change: it has ` +
      `${has}; set spec.queues to ${has}, or make the instance Platinum`;
    problems.push({ reason: 'QueuesFixed', message });
  }
  if (spread === 'AllShards') {
    const message =
      `the instance ${name} is Standard, where a topic stays on the shards that it was made on: ` +
      'leave out spec.spread, or make the instance Platinum';
    problems.push({ reason: 'SpreadFixed', message });
  }
  return problems;
}

/** `others` may hold the group itself. */
export function groupProblems(
  group: ConsumerGroup,
  instance: Instance | undefined,
  others: Iterable<ConsumerGroup> = [],
): Problem[] {
  const problems = nameProblems('ConsumerGroup', group, others);
  if (instance?.spec.edition !== 'Standard' || group.spec.pullAllowed !== true) return problems;
  const message =
    `the instance ${instance.metadata.name} is Standard, which has no pull consumers: leave out ` +
    'spec.pullAllowed, or make the instance Platinum';
  return [...problems, { reason: 'PullNotAllowed', message }];
}

/** What a topic and a group have in common. */
interface Named extends KubeObject {
  metadata: NonNullable<KubeObject['metadata']> & { name: string; namespace: string };
  spec: { instanceRef: { name: string }; name?: string | undefined };
}

function nameProblems<T extends Named>(kind: string, object: T, others: Iterable<T>): Problem[] {
  const instance = object.spec.instanceRef.name;
  const name = nameOf(object);
  // They may be thousands, nearly all of other names: those are not worth a look at their age.
  const rivals = [...others].filter(
    (other) =>
      nameOf(other) === name &&
      other.metadata.namespace === object.metadata.namespace &&
      other.spec.instanceRef.name === instance,
  );
  const [holder] = stayers(object, rivals);
  if (holder === undefined) return [];
  const message =
    `the ${kind} ${holder.metadata.name} is older and declares ${name} of the ` +
    `instance ${instance} already: change that one, or give this one another spec.name`;
  return [{ reason: 'NameTaken', message }];
}

function nameOf({ metadata, spec }: Named): string {
  return spec.name ?? metadata.name;
}

/** Those that were there before the object, by age, then by name; not those on their way out. */
function stayers<T extends KubeObject>(object: T, all: Iterable<T>): T[] {
  return [...all].filter(
    (other) =>
      keyOf(other) !== keyOf(object) &&
      other.metadata?.deletionTimestamp === undefined &&
      isOlder(other, object),
  );
}

function isOlder(one: KubeObject, other: KubeObject): boolean {
  const [createdMs, otherMs] = [createdMsOf(one), createdMsOf(other)];
  return createdMs === otherMs ? keyOf(one) < keyOf(other) : createdMs < otherMs;
}

/** Text as it comes from the API, whatever its type says; what is not stored yet is the newest. */
function createdMsOf({ metadata }: KubeObject): number {
  const created = metadata?.creationTimestamp;
  return created === undefined ? Infinity : new Date(created).getTime();
}
