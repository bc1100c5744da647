/** Goes through the dead letters of a group, page by page. */
import { setImmediate as nextTurn } from 'node:timers/promises';

import { ADMIN, CONSUME } from '#lib/limits';
import type { StoredMessage } from '#proto/message';
import { deadLetterTopic } from '#proto/names';
import { PROPERTY, parseProperties, storedKeys } from '#proto/properties';
import type { StoredProperties } from '#proto/properties';

import type { DeadLetterCursor, DeadLetterSelection } from '#broker/admin/dead-letter-backend';
import { failedIn } from '#broker/consume/resent';
import type { Core } from '#broker/core';
import type { ConsumeQueue } from '#broker/store/consume-queue';
import { DamageError } from '#broker/store/damage';
import type { Group } from '#broker/topic/groups';
import type { Topic } from '#broker/topic/topics';

/** All dead letters of a group are in this one. */
const QUEUE_ID = 0;

/** One of them, as it lies there. */
export interface Letter {
  offset: number;
  /** Undefined when it can't be read. */
  found: { message: StoredMessage; properties: StoredProperties } | undefined;
}

export interface ScanRequest {
  selection: DeadLetterSelection;
  cursor: DeadLetterCursor | undefined;
  oldestFirst: boolean;
  /** Whether the page has room for more after this one. */
  take: (letter: Letter) => Promise<boolean> | boolean;
}

export interface Scanned {
  next: DeadLetterCursor | undefined;
  left: number;
}

const NOTHING: Scanned = { next: undefined, left: 0 };

export function deadLettersOfGroup({ topics }: Core, group: Group): Topic | undefined {
  return topics.find(deadLetterTopic(group.name));
}

/** Offers the letters of a selection one by one, and those that can't be read. */
export async function scan(core: Core, topic: Topic, request: ScanRequest): Promise<Scanned> {
  const { selection, cursor, oldestFirst, take } = request;
  const queue = topic.queues[QUEUE_ID];
  if (!queue) return NOTHING;
  const { low, high } = await bounds(core, topic, queue, selection);
  const end = Math.min(cursor?.end ?? high, high);
  let at = oldestFirst ? Math.max(low, cursor?.at ?? low) : Math.min(end, cursor?.at ?? end);
  let looks = 0;
  for (let hasRoom = true; hasRoom && looks < ADMIN.deadLettersLookedAt; looks++) {
    const offset = oldestFirst ? at : at - 1;
    if (offset < Math.max(low, queue.minOffset) || offset >= end) return NOTHING;
    if (looks % CONSUME.scanMessagesPerTurn === 0) await nextTurn();
    const letter = await readLetter(core, queue, offset);
    at = oldestFirst ? offset + 1 : offset;
    if (isSelected(letter, selection)) hasRoom = await take(letter);
  }
  const left = oldestFirst ? end - at : at - low;
  return left > 0 ? { next: { at, end }, left } : NOTHING;
}

async function bounds(
  core: Core,
  topic: Topic,
  queue: ConsumeQueue,
  { sinceMs, untilMs }: DeadLetterSelection,
): Promise<{ low: number; high: number }> {
  const { pull } = core.consumption;
  const offsetAt = (timeMs: number): Promise<number> =>
    pull.queryOffset(topic, QUEUE_ID, { at: 'time', timeMs });
  const high = untilMs === undefined ? undefined : await offsetAt(untilMs);
  const low = sinceMs === undefined ? undefined : await offsetAt(sinceMs);
  return {
    low: low ?? queue.minOffset,
    high: high ?? queue.readable(core.store.committed),
  };
}

async function readLetter(
  { consumption, traffic }: Core,
  queue: ConsumeQueue,
  offset: number,
): Promise<Letter> {
  const { reader } = consumption;
  try {
    const message = await reader.read(await reader.place(queue, offset), queue, offset);
    return { offset, found: { message, properties: parseProperties(message.properties) } };
  } catch (error) {
    if (!(error instanceof DamageError)) throw error;
    traffic.damaged++;
    return { offset, found: undefined };
  }
}

/** What was sent again to a group that reads these dead letters is none of them. */
function isSelected({ found }: Letter, { key, tag, topic }: DeadLetterSelection): boolean {
  if (!found) return true;
  const { properties } = found;
  if (properties.has(PROPERTY.resentFor)) return false;
  if (tag !== undefined && properties.get(PROPERTY.tag) !== tag) return false;
  if (topic !== undefined && failedIn(properties) !== topic) return false;
  return key === undefined || storedKeys(properties).some((each) => String(each) === key);
}
