/**
 * Messages by key, by time, and as they stand in their queues. Log positions are the one order of
 * them all, so a page goes on at a position, whatever was sent or deleted meanwhile.
 */
import type { Clock } from '#lib/clock';
import { SluiceError } from '#lib/errors';
import type { StoredMessage as Stored } from '#proto/message';
import { parseProperties, storedKeys } from '#proto/properties';

import type { KeyQuery, MessagePage, PlaceQuery } from '#broker/admin/backend';
import type { MessagePlace } from '#broker/consume/message-reader';
import type { Core } from '#broker/core';
import { QueryPage, pageToken, readPageToken } from '#broker/core-admin/query-page';
import { QueueWalk } from '#broker/core-admin/queue-walk';
import { messagesWithId } from '#broker/core-admin/stored-message';
import type { ConsumeQueue } from '#broker/store/consume-queue';
import type { Topic } from '#broker/topic/topics';

/** What else is asked of a message. */
type IsWanted = (message: Stored) => boolean;
const all: IsWanted = () => true;

export async function findMessages(
  core: Core,
  clock: Clock,
  query: KeyQuery,
  isWanted: IsWanted = all,
): Promise<MessagePage<Stored>> {
  const topic = core.topics.get(query.topic);
  const { key, sinceMs = 0, untilMs = Infinity } = query;
  let before = readPageToken('key', query.pageToken) ?? Infinity;
  const page = new QueryPage(clock, query.pageSize);
  for (;;) {
    if (page.isFull) return page.until(pageToken('key', before));
    const found = await core.store.keys.findBefore(topic.id, key, before);
    if (!found) return page.last(await oldestMs(core, topic));
    page.countSegment();
    for (const position of found.positions) {
      if (position >= core.store.committed) continue; // not stored yet
      if (page.isFull) return page.until(pageToken('key', position + 1));
      const message = await page.read(
        () => core.consumption.reader.readAt(position),
        () => position < core.store.status.start,
      );
      if (!message || !hasKey(message, topic, key)) continue;
      const { storeTimeMs } = message;
      const isInTime = storeTimeMs >= sinceMs && storeTimeMs < untilMs;
      if (isInTime && isWanted(message)) page.add(message);
    }
    before = found.base;
  }
}

/** @throws SluiceError MESSAGE_NOT_FOUND */
export async function messageById(core: Core, topic: Topic, messageId: string): Promise<Stored> {
  for await (const message of messagesWithId(core, topic, messageId)) return message;
  const oldest = await oldestMs(core, topic);
  const kept = oldest === undefined ? 'it is empty' : `it has those from ${isoTime(oldest)} on`;
  throw new SluiceError('MESSAGE_NOT_FOUND', `${topic.name} has no message ${messageId}; ${kept}`);
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** The index knows hashes only. */
function hasKey(message: Stored, topic: Topic, key: string): boolean {
  if (message.topic !== topic.name) return false;
  return storedKeys(parseProperties(message.properties)).some((text) => text.toString() === key);
}

export async function listMessages(
  core: Core,
  clock: Clock,
  query: PlaceQuery,
  isWanted: IsWanted = all,
): Promise<MessagePage<Stored>> {
  const topic = core.topics.get(query.topic);
  const position = readPageToken('place', query.pageToken);
  const queues = query.queue === undefined ? topic.queues : [queueOf(core, topic, query)];
  const walks: QueueWalk[] = [];
  for (const queue of queues) {
    const walk = new QueueWalk(core.consumption.reader, queue, query.newestFirst);
    await walk.begin(await rangeOf(core, queue, query, position));
    walks.push(walk);
  }
  const page = new QueryPage(clock, query.pageSize);
  for (;;) {
    const walk = nextOf(walks, query.newestFirst);
    if (!walk) return page.last(await oldestMs(core, topic));
    if (page.isFull) return page.until(pageToken('place', walk.position));
    const message = await page.read(
      () => walk.read(),
      () => walk.isGone,
    );
    if (message && isWanted(message)) page.add(message);
    await walk.advance();
  }
}

function queueOf(core: Core, topic: Topic, { queue: queueId, offset, ...query }: PlaceQuery) {
  const queue = core.consumption.pull.queue(topic, queueId ?? 0);
  const end = queue.readable(core.store.committed);
  const isFirstPage = query.pageToken === '';
  if (offset !== undefined && isFirstPage && (offset < queue.minOffset || offset > end)) {
    throw new SluiceError(
      'ILLEGAL_OFFSET',
      `queue ${queueId} of ${topic.name} has the offsets ${queue.minOffset} to ${end - 1}; ` +
        'older messages have been deleted, newer ones are not there yet',
    );
  }
  return queue;
}

/** The offsets of a queue that are asked for, from one to before the other. */
async function rangeOf(
  core: Core,
  queue: ConsumeQueue,
  { sinceMs, untilMs, offset, newestFirst }: PlaceQuery,
  position: number | undefined,
): Promise<{ from: number; to: number }> {
  const { reader } = core.consumption;
  let from = queue.minOffset;
  let to = queue.readable(core.store.committed);
  const search = (isIt: (place: MessagePlace) => boolean): Promise<number> =>
    reader.firstOffset(queue, from, to, isIt);
  if (untilMs !== undefined) to = await search((place) => place.storeTimeMs >= untilMs);
  if (sinceMs !== undefined) from = await search((place) => place.storeTimeMs >= sinceMs);
  if (position !== undefined) {
    const reached = await search((place) => place.position >= position);
    if (!newestFirst) from = reached;
    // The message at the position itself is the next one, if it is of this queue.
    else to = await search((place) => place.position > position);
  }
  if (offset !== undefined && newestFirst) to = Math.min(to, offset + 1);
  else if (offset !== undefined) from = Math.max(from, offset);
  return { from, to };
}

/** The queue whose message comes next. */
function nextOf(walks: readonly QueueWalk[], newestFirst: boolean): QueueWalk | undefined {
  let next: QueueWalk | undefined;
  for (const walk of walks) {
    if (walk.isOver) continue;
    const isNearer = !next || walk.position > next.position === newestFirst;
    if (isNearer) next = walk;
  }
  return next;
}

/** When the oldest message was stored that the topic still has. */
async function oldestMs(core: Core, topic: Topic): Promise<number | undefined> {
  let oldest: number | undefined;
  for (const queue of topic.queues) {
    const walk = new QueueWalk(core.consumption.reader, queue, false);
    await walk.begin({ from: queue.minOffset, to: queue.readable(core.store.committed) });
    if (!walk.isOver) oldest = Math.min(oldest ?? Infinity, walk.storeTimeMs);
  }
  return oldest;
}
