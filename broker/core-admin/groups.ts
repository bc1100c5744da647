/** Consumer groups as the admin service sees them: definition, progress, lag, members. */
import { CONSUME } from '#lib/limits';

import type { GroupAdmin, GroupInfo, GroupMember, GroupTopicState } from '#broker/admin/backend';
import { resetOffsets } from '#broker/core-admin/reset';
import { unreadMessages } from '#broker/core-admin/unread';
import type { Core } from '#broker/core';
import type { Group } from '#broker/topic/groups';
import { given, pageOf } from '#broker/core-admin/topics';

function infoOf(group: Group): GroupInfo {
  const { name, ordered, retryMaxTimes, backoffMs, pullAllowed, createdMs } = group;
  return { name, ordered, maxAttempts: retryMaxTimes, backoffMs, pullAllowed, createdMs };
}

export function groupAdmin(core: Core): GroupAdmin {
  const { groups } = core;
  return {
    async create({ name, ordered, maxAttempts: retryMaxTimes, backoffMs, pullAllowed }) {
      const options = given({ ordered, retryMaxTimes, backoffMs, pullAllowed });
      return infoOf(await groups.create(name, options));
    },
    async update({ name, ordered, maxAttempts: retryMaxTimes, backoffMs: waitsMs, pullAllowed }) {
      const backoffMs = waitsMs?.length === 0 ? CONSUME.backoffMs : waitsMs;
      const change = given({ ordered, retryMaxTimes, backoffMs, pullAllowed });
      return infoOf(await groups.update(name, change));
    },
    delete: (name) => groups.delete(name),
    describe(name) {
      const group = groups.get(name);
      const topics = topicStates(core, group);
      return { ...infoOf(group), topics, members: membersOf(core, group) };
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

/** Messages that the group has not done with, over all its topics. */
export function lagOf(core: Core, group: Group): number {
  const queues = topicStates(core, group).flatMap(({ queues: states }) => states);
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
