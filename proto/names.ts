/** Names of topics and groups: what is legal, and how namespace and dead letters go into them. */
import { SluiceError } from '#lib/errors';
import { NAME } from '#lib/limits';
import type { ResourceName } from '#proto/wire/resource';

export type { ResourceName };

/** Where clients write what they know of the lives of messages. wire.md B.13 */
export const TRACE_TOPIC = 'RMQ_SYS_TRACE_TOPIC';
const LEGAL = /^[A-Za-z0-9_-]+$/;
/** A broker's name in routes; its length is bounded by REGISTRY.brokerNameCharsMax. */
export const BROKER_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
/** A way in for clients; its length is bounded by REGISTRY.listenerNameCharsMax. */
export const LISTENER_NAME = /^[a-z]([a-z0-9-]*[a-z0-9])?$/;
const SEPARATOR = '%';
const DEAD_LETTER_PREFIX = '%DLQ%';
/** Names that the original keeps for itself; a user's topic must not look like them. */
export const RESERVED_NAME =
  /^(rmq_sys_|SCHEDULE_TOPIC_|RMQ_SYS_|TBW102$|SELF_TEST_TOPIC$|OFFSET_MOVED_EVENT$)/;

/**
 * `{namespace}%{name}`, or the name alone where there is no namespace. A dead-letter topic keeps
 * its prefix in front: `%DLQ%{namespace}%{group}`.
 */
export function fullName({ namespace, name }: ResourceName): string {
  if (namespace === '') return name;
  if (!name.startsWith(DEAD_LETTER_PREFIX)) return `${namespace}${SEPARATOR}${name}`;
  return `${DEAD_LETTER_PREFIX}${namespace}${SEPARATOR}${name.slice(DEAD_LETTER_PREFIX.length)}`;
}

/** The opposite of `fullName`. */
export function splitName(full: string): ResourceName {
  const prefix = full.startsWith(DEAD_LETTER_PREFIX) ? DEAD_LETTER_PREFIX : '';
  const rest = full.slice(prefix.length);
  const at = rest.indexOf(SEPARATOR);
  if (at < 0) return { namespace: '', name: full };
  return { namespace: rest.slice(0, at), name: prefix + rest.slice(at + 1) };
}

export function deadLetterTopic(group: string): string {
  return DEAD_LETTER_PREFIX + group;
}

export function isDeadLetterTopic(topic: string): boolean {
  return topic.startsWith(DEAD_LETTER_PREFIX);
}

function complaint(what: string, { namespace, name }: ResourceName, charsMax: number) {
  if (name === '') return `a ${what} name must not be empty`;
  if (name.length > charsMax) {
    return `a ${what} name has at most ${charsMax} characters, this one has ${name.length}`;
  }
  if (!LEGAL.test(name)) {
    return `a ${what} name has letters, digits, _ and - only, not ${JSON.stringify(name)}`;
  }
  if (RESERVED_NAME.test(name)) return `the ${what} name ${name} is reserved`;
  if (namespace.length > charsMax || (namespace !== '' && !LEGAL.test(namespace))) {
    return `a namespace has at most ${charsMax} letters, digits, _ and -`;
  }
  return undefined;
}

/** A topic that clients know by name, and users need not make or see. */
export function isSystemTopic(topic: string): boolean {
  return topic === TRACE_TOPIC;
}

/** @throws SluiceError ILLEGAL_TOPIC unless there may be a topic of this name */
export function assertTopicName(resource: ResourceName): void {
  if (isSystemTopic(fullName(resource))) return;
  const wrong = complaint('topic', resource, NAME.topicCharsMax);
  if (wrong !== undefined) throw new SluiceError('ILLEGAL_TOPIC', wrong);
}

/** As `assertTopicName`, but a dead-letter topic of a legal group is legal too: it can be read. */
export function assertReadableTopicName(resource: ResourceName): void {
  if (!resource.name.startsWith(DEAD_LETTER_PREFIX)) return assertTopicName(resource);
  const name = resource.name.slice(DEAD_LETTER_PREFIX.length);
  const { namespace, name: group } = splitName(name);
  const named = { namespace: namespace || resource.namespace, name: group };
  const wrong = complaint('topic', named, NAME.groupCharsMax);
  if (wrong !== undefined) throw new SluiceError('ILLEGAL_TOPIC', wrong);
}

/** @throws SluiceError ILLEGAL_CONSUMER_GROUP */
export function assertGroupName(resource: ResourceName): void {
  const wrong = complaint('group', resource, NAME.groupCharsMax);
  if (wrong !== undefined) throw new SluiceError('ILLEGAL_CONSUMER_GROUP', wrong);
}
