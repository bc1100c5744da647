/** Topics and groups as requests and answers of the admin service of RocketMQ name them. */
import { SluiceError } from '#lib/errors';
import { WHOLE_ANSWER } from '#lib/query-limits';
import { fullName, splitName } from '#proto/names';
import { MessageModel } from '#proto/types';
import type { Resource, ResourceInput } from '#proto/types';

import type { Core } from '#broker/core';
import { resourceName } from '#broker/grpc/resources';
import type { Group } from '#broker/topic/groups';
import type { Topic } from '#broker/topic/topics';

/** Undefined where the request names none. */
export function nameOf(resource: Resource | null | undefined): string | undefined {
  const named = resourceName(resource);
  return named.name === '' ? undefined : fullName(named);
}

/** @throws SluiceError BAD_REQUEST, TOPIC_NOT_FOUND */
export function topicOf({ topics }: Core, resource: Resource | null | undefined): Topic {
  const name = nameOf(resource);
  if (name === undefined) throw new SluiceError('BAD_REQUEST', 'the request names no topic');
  return topics.get(name);
}

/** @throws SluiceError BAD_REQUEST, CONSUMER_GROUP_NOT_FOUND */
export function groupOf({ groups }: Core, resource: Resource | null | undefined): Group {
  const name = nameOf(resource);
  if (name === undefined) throw new SluiceError('BAD_REQUEST', 'the request names no group');
  return groups.get(name);
}

export function resourceOf(full: string): ResourceInput {
  const { namespace, name } = splitName(full);
  return { resourceNamespace: namespace, name };
}

/** How the messages of a group are shared out among its members; unspecified for no group. */
export function messageModelOf({ groups }: Core, group: string | undefined): number {
  if (group === undefined) return MessageModel.MESSAGE_MODEL_UNSPECIFIED;
  const isBroadcast = groups.find(group)?.broadcast ?? false;
  return isBroadcast ? MessageModel.BROADCASTING : MessageModel.CLUSTERING;
}

/** Lite topics are a kind that this server does not have. @throws SluiceError UNSUPPORTED */
export function refuseLite(liteTopic: string | undefined): void {
  if (!liteTopic) return;
  throw new SluiceError('UNSUPPORTED', 'there are no lite topics here');
}

/** For answers without pages. @throws SluiceError BAD_REQUEST */
export function refuseTooMany(entries: number): void {
  const { entriesMax } = WHOLE_ANSWER;
  if (entries <= entriesMax) return;
  const what = `the answer would have more than ${entriesMax} entries`;
  throw new SluiceError('BAD_REQUEST', `${what}: name a topic and a group`);
}
