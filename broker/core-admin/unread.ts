/** What groups are not done with: what a broker that is drained still waits for. */
import { isDeadLetterTopic } from '#proto/names';

import type { UnreadMessages, UnreadTopic } from '#broker/admin/backend';
import type { Progress } from '#broker/consume/progress';
import type { Core } from '#broker/core';
import { pageOf } from '#broker/core-admin/topics';
import type { ConsumeQueue } from '#broker/store/consume-queue';
import type { Group } from '#broker/topic/groups';
import type { Topic } from '#broker/topic/topics';

/** Not legal in a name, and before all that is: the order is that of group, then topic. */
const SEPARATOR = ' ';

export function unreadMessages(core: Core, after: string, limit: number): UnreadMessages {
  const unread = [...unreadTopics(core)];
  return {
    entries: pageOf(unread, after, limit),
    total: unread.reduce((sum, { messages }) => sum + messages, 0),
    deadLetters: deadLettersOf(core),
    scheduled: core.scheduler.hasPending,
  };
}

/** Messages in dead-letter topics. */
export function deadLettersOf({ topics }: Core): number {
  let messages = 0;
  for (const { name, queues } of topics.all) {
    if (!isDeadLetterTopic(name)) continue;
    for (const { nextOffset, minOffset } of queues) messages += nextOffset - minOffset;
  }
  return messages;
}

function* unreadTopics(core: Core): Iterable<UnreadTopic> {
  const { groups, topics, consumption } = core;
  for (const group of groups.all) {
    if (group.broadcast) yield* unreadByMembers(core, group);
    for (const [topicId, progress] of consumption.progress.of(group.id)) {
      const topic = topics.byId(topicId);
      if (!topic || isDeadLetterTopic(topic.name)) continue;
      const unread = unreadTopic(group, topic, progress);
      if (unread.messages > 0) yield unread;
    }
  }
}

/**
 * What the member furthest behind has not read. Only those that are connected count: nobody can
 * tell of the others if they will come back.
 */
function* unreadByMembers(core: Core, group: Group): Iterable<UnreadTopic> {
  const furthest = new Map<Topic, number>();
  for (const { id, topics } of core.consumption.broadcast.members.of(group.id)) {
    if (!core.sessions.isConnected(id)) continue;
    for (const [topicId, offsets] of topics) {
      const topic = core.topics.byId(topicId);
      if (!topic || isDeadLetterTopic(topic.name)) continue;
      const messages = topic.queues.reduce((sum, { minOffset, nextOffset }, queueId) => {
        return sum + nextOffset - Math.max(offsets[queueId] ?? 0, minOffset);
      }, 0);
      furthest.set(topic, Math.max(furthest.get(topic) ?? 0, messages));
    }
  }
  for (const [topic, messages] of furthest) {
    if (messages === 0) continue;
    const name = `${group.name}${SEPARATOR}${topic.name}`;
    const whose = { name, group: group.name, topic: topic.name };
    yield { ...whose, messages, inFlight: 0, waitingRetry: 0 };
  }
}

function unreadTopic(
  group: Group,
  topic: Topic,
  progress: readonly (Progress | undefined)[],
): UnreadTopic {
  const sum = { messages: 0, inFlight: 0, waitingRetry: 0 };
  for (const [queueId, queue] of topic.queues.entries()) {
    const { fresh, inFlight, waitingRetry } = unreadOf(queue, progress[queueId]);
    sum.messages += fresh + inFlight + waitingRetry;
    sum.inFlight += inFlight;
    sum.waitingRetry += waitingRetry;
  }
  const name = `${group.name}${SEPARATOR}${topic.name}`;
  return { name, group: group.name, topic: topic.name, ...sum };
}

/**
 * To the end of what is appended, committed or not, so that nothing slips through that is under way
 * to the disk. A queue in which the group has not been yet it would read from its beginning.
 */
export function unreadOf(
  { minOffset, nextOffset }: ConsumeQueue,
  progress: Progress | undefined,
): { fresh: number; inFlight: number; waitingRetry: number } {
  if (!progress) return { fresh: nextOffset - minOffset, inFlight: 0, waitingRetry: 0 };
  let inFlight = 0;
  let waitingRetry = 0;
  for (const { offset, expired } of progress.leases) {
    if (offset < minOffset) continue; // retention has taken it
    if (expired) waitingRetry++;
    else inFlight++;
  }
  const from = Math.max(progress.next, minOffset);
  const fresh = Math.max(0, nextOffset - from - progress.takenFrom(from));
  return { fresh, inFlight, waitingRetry };
}
