/** Consumer group calls of the admin service. */
import type { GroupAdmin, GroupInfo, GroupQueueState } from '#broker/admin/backend';
import type { AdminHandlers } from '#broker/admin/handlers';
import { pageOf } from '#broker/admin/page';
import { SluiceError } from '#lib/errors';
import type { GroupInput, GroupQueueInput } from '#proto/admin-types';

type GroupMethod = 'CreateGroup' | 'UpdateGroup' | 'DeleteGroup' | 'DescribeGroup' | 'ListGroups';

export function groupHandlers(groups: GroupAdmin): AdminHandlers<GroupMethod> {
  return {
    async CreateGroup({ name, ordered, maxAttempts }) {
      return toWire(await groups.create({ name, ordered, maxAttempts }));
    },
    async UpdateGroup({ name, ordered, maxAttempts }) {
      if (ordered === undefined && maxAttempts === undefined) {
        throw new SluiceError('BAD_REQUEST', 'nothing to change: give the order or the attempts');
      }
      return toWire(await groups.update({ name, ordered, maxAttempts }));
    },
    async DeleteGroup({ name }) {
      await groups.delete(name);
      return {};
    },
    async DescribeGroup({ name }) {
      const group = await groups.describe(name);
      const topics = group.topics.map(({ topic, queues }) => ({
        topic,
        queues: queues.map(queueToWire),
      }));
      return { group: toWire(group), topics, members: group.members };
    },
    ListGroups(request) {
      const page = pageOf(request, (after, limit) => groups.list(after, limit));
      const summaries = page.entries.map((group) => ({
        group: toWire(group),
        lag: group.lag,
        members: group.members,
      }));
      return { groups: summaries, nextPageToken: page.nextPageToken };
    },
  };
}

function toWire({ name, ordered, maxAttempts, createdMs }: GroupInfo): GroupInput {
  return { name, ordered, maxAttempts, createdMs };
}

function queueToWire(state: GroupQueueState): GroupQueueInput {
  return { ...state, lag: Math.max(0, state.maxOffset - state.progress) };
}
