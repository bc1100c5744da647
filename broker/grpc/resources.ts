/** From the names in a request to the topics and groups of this broker. */
import { SluiceError } from '#lib/errors';
import { TOPIC } from '#lib/limits';
import {
  assertGroupName,
  assertReadableTopicName,
  assertTopicName,
  fullName,
  isDeadLetterTopic,
  isSystemTopic,
} from '#proto/names';
import type { ResourceName } from '#proto/names';

import { assertPullAllowed } from '#broker/topic/groups';
import type { Group } from '#broker/topic/groups';
import type { Topic } from '#broker/topic/topics';
import type { Services } from '#broker/grpc/services';

/** What proto-loader makes of a Resource. */
interface DecodedResource {
  resourceNamespace: string;
  name: string;
}

export function resourceName(resource: DecodedResource | null | undefined): ResourceName {
  return { namespace: resource?.resourceNamespace ?? '', name: resource?.name ?? '' };
}

/** A topic to send to. @throws SluiceError ILLEGAL_TOPIC, TOPIC_NOT_FOUND */
export function writableTopic(resource: ResourceName, { topics }: Services): Topic {
  const topic = topics.find(fullName(resource));
  if (topic && !isDeadLetterTopic(resource.name)) return topic;
  assertTopicName(resource);
  return topics.get(fullName(resource));
}

/** A topic to read from: dead letters too. @throws SluiceError ILLEGAL_TOPIC, TOPIC_NOT_FOUND */
export function readableTopic(resource: ResourceName, { topics }: Services): Topic {
  const topic = topics.find(fullName(resource));
  if (topic) return topic;
  assertReadableTopicName(resource);
  return topics.get(fullName(resource));
}

/** As `readableTopic`, but makes a topic that is not there where that is wanted. */
export async function routedTopic(resource: ResourceName, services: Services): Promise<Topic> {
  const name = fullName(resource);
  assertReadableTopicName(resource);
  const isMade = isSystemTopic(name) || (services.autoCreate && !isDeadLetterTopic(resource.name));
  if (services.topics.find(name) || !isMade) return services.topics.get(name);
  try {
    const topic = await services.topics.create(name, 'normal', TOPIC.queuesDefault);
    services.log.info({ topic: name }, 'topic created at its first use');
    return topic;
  } catch (error) {
    if (SluiceError.from(error).code !== 'ALREADY_EXISTS') throw error;
    return services.topics.get(name); // another client asked at the same time
  }
}

/** @throws SluiceError ILLEGAL_CONSUMER_GROUP, CONSUMER_GROUP_NOT_FOUND */
export function existingGroup(resource: ResourceName, { groups }: Services): Group {
  const group = groups.find(fullName(resource));
  if (group) return group;
  assertGroupName(resource);
  return groups.get(fullName(resource));
}

/** As `existingGroup`, but makes a group that is not there where that is wanted. */
export async function consumerGroup(resource: ResourceName, services: Services): Promise<Group> {
  const name = fullName(resource);
  const group = services.groups.find(name);
  if (group) return group;
  assertGroupName(resource);
  if (!services.autoCreate) return services.groups.get(name);
  const created = await services.groups.create(name);
  services.log.info({ group: name }, 'group created at its first use');
  return created;
}

/**
 * The group of a call that only pull consumers make: they need the edition's and the group's leave,
 * but are the only members that a broadcast group can have.
 * @throws SluiceError FORBIDDEN, ILLEGAL_CONSUMER_GROUP, CONSUMER_GROUP_NOT_FOUND
 */
export async function pullGroup(resource: ResourceName, services: Services): Promise<Group> {
  const known = services.groups.find(fullName(resource));
  if (known?.broadcast) return known;
  services.mode.admitPull();
  const group = await consumerGroup(resource, services);
  assertPullAllowed(group);
  return group;
}
