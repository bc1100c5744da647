/**
 * Dead letters that were sent again. Each is a new message in the topic that it came from, which
 * names the one group that is to get it, and the dead letter that it was: that one record sends it
 * and says for good that it was sent.
 */
import { PROPERTY, addProperty } from '#proto/properties';
import type { StoredProperties } from '#proto/properties';
import { Text } from '#proto/text';

import type { Group } from '#broker/topic/groups';
import type { Topic } from '#broker/topic/topics';

/** What is said of the dead letter, not of what it was before. */
const OF_THE_DEAD = [
  PROPERTY.deadLetterAttempts,
  PROPERTY.deadLetterReason,
  PROPERTY.deadLetterFailedIn,
  PROPERTY.deadLetterOf,
  PROPERTY.resentFor,
  PROPERTY.resentFrom,
  PROPERTY.scheduledPosition,
];
const ORIGIN = [PROPERTY.deadLetterTopic, PROPERTY.deadLetterMessageId];

/** Whether a group is to get a message. */
export function isFor({ name }: Group, properties: StoredProperties): boolean {
  const only = properties.text(PROPERTY.resentFor);
  return only === undefined || only.toString() === name;
}

/** Names a dead letter: by this a message that it was sent as can be found. */
export function resentKey(deadLetters: Topic, offset: number): string {
  return `${deadLetters.name}:${deadLetters.id}:${offset}`;
}

/** Where the group failed with it, and is to get it again: others' dead letters, for one. */
export function failedIn(stored: StoredProperties): string {
  return stored.get(PROPERTY.deadLetterFailedIn) ?? stored.get(PROPERTY.deadLetterTopic) ?? '';
}

/** The properties that a dead letter of `group` is sent again with. */
export function resentProperties(stored: StoredProperties, group: Group, key: string): Text[] {
  const wasDead = stored.has(PROPERTY.deadLetterFailedIn);
  const properties = stored.allBut(wasDead ? OF_THE_DEAD : [...OF_THE_DEAD, ...ORIGIN]);
  addProperty(properties, PROPERTY.resentFor, Text.ofName(group.name));
  addProperty(properties, PROPERTY.resentFrom, Text.of(key));
  return properties;
}
