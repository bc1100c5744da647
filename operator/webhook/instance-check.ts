/** Instances that are made or changed. */
import {
  groupProblems,
  instanceProblems,
  topicProblems,
  type Problem,
} from '#kube/api/cross-checks';
import { regionOf } from '#kube/api/defaults';
import type { ConsumerGroup } from '#kube/api/group';
import { instanceSpec, type Instance } from '#kube/api/instance';
import type { Topic } from '#kube/api/topic';
import { checkOf } from '#operator/webhook/check';
import type { Known } from '#operator/webhook/known';

/** Topics and groups that a warning names. */
const NAMES_TOLD = 3;

export const checkInstance = checkOf<Instance>(instanceSpec, (instance, before, known) => {
  // Where it counted already it may stay, whatever else is changed of it.
  if (before && countsAs(before) === countsAs(instance)) return { problems: [], warnings: [] };
  return {
    problems: instanceProblems(asNewest(instance), known.instances()),
    warnings: [...standardWarnings(instance, known)],
  };
});

function countsAs(instance: Instance): string {
  return `${instance.spec.edition} ${regionOf(instance)}`;
}

/** It comes after those that count now, however old it is itself. */
function asNewest(instance: Instance): Instance {
  const { creationTimestamp: _ignored, ...metadata } = instance.metadata;
  return { ...instance, metadata };
}

/** What of its topics and groups will not work any more. */
function* standardWarnings(instance: Instance, known: Known): Generator<string> {
  const topics = [...known.topics()].filter(
    (topic) => isOn(instance, topic) && doesNotFit(topicProblems(topic, topic, instance)),
  );
  const groups = [...known.groups()].filter(
    (group) => isOn(instance, group) && doesNotFit(groupProblems(group, instance)),
  );
  const why = 'has what needs a Platinum instance, and will be Stalled';
  if (topics.length > 0) yield `Topic ${namesOf(topics)} ${why}`;
  if (groups.length > 0) yield `ConsumerGroup ${namesOf(groups)} ${why}`;
}

function isOn(
  { metadata: instance }: Instance,
  { metadata, spec }: Topic | ConsumerGroup,
): boolean {
  return metadata.namespace === instance.namespace && spec.instanceRef.name === instance.name;
}

/** Queues that are there stay, even if fewer were asked for. */
function doesNotFit(problems: readonly Problem[]): boolean {
  return problems.some(({ reason }) => reason !== 'QueuesFixed');
}

function namesOf(objects: readonly { metadata: { name: string } }[]): string {
  const names = objects.slice(0, NAMES_TOLD).map(({ metadata }) => metadata.name);
  const rest = objects.length - names.length;
  return names.join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}
