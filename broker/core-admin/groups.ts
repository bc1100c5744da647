/** Consumer groups as the admin service sees them: definition, progress, lag, members. */
import { CONSUME } from '#lib/limits';

import type {
  GroupAdmin,
  GroupInfo,
  GroupMember,
  GroupReader,
  GroupTopicState,
} from '#broker/admin/backend';
import { resetOffsets } from '#broker/core-admin/reset';
import { unreadMessages } from '#broker/core-admin/unread';
import type { Core } from '#broker/core';
import type { Group } from '#broker/topic/groups';
import { given, pageOf } from '#broker/core-admin/topics';

function infoOf(group: Group): GroupInfo {
  const { id: _, retryMaxTimes: maxAttempts, ...info } = group;
  return { ...info, maxAttempts };
}

export function groupAdmin(core: Core): GroupAdmin {
  const { groups } = core;
  return {
    async create({ name, maxAttempts: retryMaxTimes, ...options }) {
      return infoOf(await groups.create(name, given({ ...options, retryMaxTimes })));
    },
    async update({ name, maxAttempts: retryMaxTimes, backoffMs: waitsMs, ...options }) {
      const backoffMs = waitsMs?.length === 0 ? CONSUME.backoffMs : waitsMs;
      return infoOf(await groups.update(name, given({ ...options, retryMaxTimes, backoffMs })));
    },
    delete: (name) => groups.delete(name),
    describe(name) {
      const group = groups.get(name);
      const topics = topicStates(core, group);
      const readers = [...readersOf(core, group)];
      return { ...infoOf(group), topics, members: membersOf(core, group), readers };
    },
    list: (after, limit) =>
      pageOf(groups.all, after, limit).map((group) => ({
        ...infoOf(group),
        lag: lagOf(core, group),
        members: membersOf(core, group).length,
      })),
    reset: (request) => resetOffsets(core, request),
    unread: (after, limit) => unreadMessages(core, after, limit),
  };
}

function topicStates({ consumption, topics, store }: Core, group: Group): GroupTopicState[] {
  const states: GroupTopicState[] = [];
  for (const topicId of consumption.progress.of(group.id).keys()) {
    const topic = topics.byId(topicId);
    if (!topic) continue;
    const queues = topic.queues.map((queue, queueId) => {
      const progress = consumption.progress.find(group.id, topicId, queueId);
      const expired = progress?.expiredCount ?? 0;
      return {
        queue: queueId,
        progress: progress?.committed ?? queue.minOffset,
        maxOffset: queue.readable(store.committed),
        inFlight: (progress?.outstandingCount ?? 0) - expired,
        waitingRetry: expired,
      };
    });
    states.push({ topic: topic.name, queues });
  }
  return states;
}

/** Members of a broadcast group that keep their positions here. */
function* readersOf({ consumption, topics, store }: Core, group: Group): Iterable<GroupReader> {
  for (const { id: clientId, seenMs, topics: positions } of consumption.broadcast.members.of(
    group.id,
  )) {
    const states: GroupTopicState[] = [];
    for (const [topicId, offsets] of positions) {
      const topic = topics.byId(topicId);
      if (!topic) continue;
      const queues = topic.queues.map((queue, queueId) => ({
        queue: queueId,
        progress: Math.max(offsets[queueId] ?? 0, queue.minOffset),
        maxOffset: queue.readable(store.committed),
        inFlight: 0,
        waitingRetry: 0,
      }));
      states.push({ topic: topic.name, queues });
    }
    yield { clientId, seenMs, topics: states };
  }
}

/**
 * Messages that the group has not done with, over all its topics; in a broadcast group, that the
 * member furthest behind has not read.
 */
export function lagOf(core: Core, group: Group): number {
  if (!group.broadcast) return lagIn(topicStates(core, group));
  let furthest = 0;
  for (const { topics } of readersOf(core, group)) furthest = Math.max(furthest, lagIn(topics));
  return furthest;
}

function lagIn(topics: readonly GroupTopicState[]): number {
  const queues = topics.flatMap(({ queues: states }) => states);
  return queues.reduce((sum, { progress, maxOffset }) => sum + maxOffset - progress, 0);
}

function membersOf({ sessions }: Core, group: Group): GroupMember[] {
  const members: GroupMember[] = [];
  for (const { facts, connectedMs } of sessions.all) {
    if (facts.group !== group.name) continue;
    const { clientId, kind, peer, language, version } = facts;
    members.push({ clientId, kind, address: peer, language, version, connectedMs });
  }
  return members;
}
