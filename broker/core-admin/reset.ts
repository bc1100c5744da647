/** Sets a group to another place in a topic: back to read again, or ahead to skip. */
import { SluiceError } from '#lib/errors';

import type { QueueReset, ResetPlace, ResetRequest } from '#broker/admin/backend';
import type { Core } from '#broker/core';
import type { ConsumeQueue } from '#broker/store/consume-queue';
import type { Group } from '#broker/topic/groups';
import type { Topic } from '#broker/topic/topics';

/**
 * What was changed, or with `dryRun` what would be; resolves when it is stored. No queue is set
 * unless all can be.
 * @throws SluiceError CONSUMER_GROUP_NOT_FOUND, TOPIC_NOT_FOUND, BAD_REQUEST for a queue that is
 * not there and for a broadcast group, ILLEGAL_OFFSET for a time or an offset that is not kept, any
 * refusal of the log
 */
export async function resetOffsets(core: Core, request: ResetRequest): Promise<QueueReset[]> {
  const group = core.groups.get(request.group);
  const topic = core.topics.get(request.topic);
  assertNotBroadcast(group);
  const { pull } = core.consumption;
  const chosen = [...new Set(request.queues)].map((queueId) => pull.queue(topic, queueId));
  const queues = chosen.length > 0 ? chosen : topic.queues;
  const offsets: number[] = [];
  for (const queue of queues) offsets.push(await offsetOf(core, topic, queue, request.to));
  if (core.topics.byId(topic.id) !== topic || core.groups.byId(group.id) === undefined) {
    throw new SluiceError('TOPIC_NOT_FOUND', 'the topic or the group was deleted meanwhile');
  }
  // From here on nothing is waited for: what is counted is what is changed.
  const places = queues.map((queue, i) => {
    const offset = Math.max(offsets[i] as number, queue.minOffset);
    return { queue, offset, reset: describe(core, group, topic, queue, offset) };
  });
  if (request.dryRun) return places.map(({ reset }) => reset);
  const { progress, polls } = core.consumption;
  let end = 0;
  for (const { queue, offset } of places) {
    end = progress.recordReset(progress.get(group, topic, queue.queueId), offset);
    polls.wake(topic.id, queue.queueId, group.id);
  }
  await core.producer.whenStored(end);
  return places.map(({ reset }) => reset);
}

function assertNotBroadcast({ name, broadcast }: Group): void {
  if (!broadcast) return;
  throw new SluiceError(
    'BAD_REQUEST',
    `${name} is a broadcast group: each member has a place of its own, and goes where it likes`,
  );
}

async function offsetOf(
  core: Core,
  topic: Topic,
  queue: ConsumeQueue,
  to: ResetPlace,
): Promise<number> {
  const { pull } = core.consumption;
  const { queueId, minOffset } = queue;
  if (to.at === 'beginning' || to.at === 'end') return pull.queryOffset(topic, queueId, to);
  if (to.at === 'time') {
    assertKept(core, queue, to.timeMs);
    return pull.queryOffset(topic, queueId, to);
  }
  const end = queue.readable(core.store.committed);
  if (to.offset >= minOffset && to.offset <= end) return to.offset;
  throw new SluiceError(
    'ILLEGAL_OFFSET',
    `queue ${queueId} of ${topic.name} allows the offsets ${minOffset} to ${end}, ` +
      `not ${to.offset}`,
  );
}

/** Since `timeMs` no message of the queue is gone. */
function assertKept(core: Core, { minOffset }: ConsumeQueue, timeMs: number): void {
  const nowMs = core.store.nowMs();
  const keptFromMs = (core.store.status.startMs ?? 0) + 1;
  if (timeMs >= (minOffset === 0 ? 0 : keptFromMs) && timeMs <= nowMs) return;
  const range = `${timeText(keptFromMs)} to ${timeText(nowMs)}, now`;
  throw new SluiceError(
    'ILLEGAL_OFFSET',
    `${timeText(timeMs)} is outside of what is kept: a time from ${range}, is allowed`,
  );
}

/** Of hostile input too: a Date ends in the year 275760. */
function timeText(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? `${ms} ms` : date.toISOString();
}

function describe(
  { consumption }: Core,
  group: Group,
  topic: Topic,
  { queueId, minOffset }: ConsumeQueue,
  after: number,
): QueueReset {
  const progress = consumption.progress.find(group.id, topic.id, queueId);
  return {
    queue: queueId,
    before: Math.max(progress?.committed ?? 0, minOffset),
    after,
    readAgain: progress?.doneFrom(after) ?? 0,
    skipped: progress?.openBetween(minOffset, after) ?? after - minOffset,
    leasesDropped: progress?.outstandingCount ?? 0,
  };
}
