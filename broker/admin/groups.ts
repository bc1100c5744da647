/** Consumer group calls of the admin service. */
import type {
  GroupAdmin,
  GroupInfo,
  GroupQueueState,
  GroupTopicState,
  ResetPlace,
} from '#broker/admin/backend';
import type { AdminHandlers } from '#broker/admin/handlers';
import { pageOf } from '#broker/admin/page';
import { SluiceError } from '#lib/errors';
import { ResetPlace as WirePlace } from '#proto/admin-types';
import type {
  GroupInput,
  GroupQueueInput,
  GroupTopicInput,
  ResetOffsetsRequest,
} from '#proto/admin-types';

type GroupMethod =
  | 'CreateGroup'
  | 'UpdateGroup'
  | 'DeleteGroup'
  | 'DescribeGroup'
  | 'ListGroups'
  | 'ResetOffsets'
  | 'UnreadMessages';

export function groupHandlers(groups: GroupAdmin): AdminHandlers<GroupMethod> {
  return {
    async CreateGroup({ backoff, ...options }) {
      const waitsMs = backoff?.waitsMs ?? [];
      const backoffMs = waitsMs.length === 0 ? undefined : waitsMs;
      return toWire(await groups.create({ ...options, backoffMs }));
    },
    async UpdateGroup({ name, ordered, maxAttempts, backoff, pullAllowed, broadcast }) {
      const backoffMs = backoff?.waitsMs;
      const change = { ordered, maxAttempts, backoffMs, pullAllowed, broadcast };
      if (Object.values(change).every((value) => value === undefined)) {
        throw new SluiceError(
          'BAD_REQUEST',
          'nothing to change: give the order, the attempts, the backoff, or if pull is allowed',
        );
      }
      return toWire(await groups.update({ name, ...change }));
    },
    async DeleteGroup({ name }) {
      await groups.delete(name);
      return {};
    },
    async DescribeGroup({ name }) {
      const group = await groups.describe(name);
      const topics = group.topics.map(topicToWire);
      const readers = group.readers.map((reader) => ({
        ...reader,
        topics: reader.topics.map(topicToWire),
      }));
      return { group: toWire(group), topics, members: group.members, readers };
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
    async ResetOffsets({ group, topic, queues, dryRun, ...place }) {
      const to = placeOf(place);
      return { queues: await groups.reset({ group, topic, queues, to, dryRun }) };
    },
    UnreadMessages(request) {
      let totalMessages = 0;
      let deadLetters = 0;
      let scheduled = false;
      const page = pageOf(request, (after, limit) => {
        const unread = groups.unread(after, limit);
        ({ total: totalMessages, deadLetters, scheduled } = unread);
        return unread.entries;
      });
      const unread = page.entries.map(({ name: _, ...entry }) => entry);
      const { nextPageToken } = page;
      return { unread, nextPageToken, totalMessages, deadLetters, scheduled };
    },
  };
}

function toWire(group: GroupInfo): GroupInput {
  const { name, ordered, maxAttempts, backoffMs, pullAllowed, broadcast, createdMs } = group;
  return { name, ordered, maxAttempts, backoffMs, pullAllowed, broadcast, createdMs };
}

function topicToWire({ topic, queues }: GroupTopicState): GroupTopicInput {
  return { topic, queues: queues.map(queueToWire) };
}

function queueToWire(state: GroupQueueState): GroupQueueInput {
  return { ...state, lag: Math.max(0, state.maxOffset - state.progress) };
}

type WirePlaceFields = Pick<ResetOffsetsRequest, 'place' | 'timeMs' | 'offset'>;

function placeOf({ place, timeMs, offset }: WirePlaceFields): ResetPlace {
  if (place === WirePlace.EARLIEST) return { at: 'beginning' };
  if (place === WirePlace.LATEST) return { at: 'end' };
  if (place === WirePlace.TIME && timeMs !== undefined) return { at: 'time', timeMs };
  if (place === WirePlace.OFFSET && offset !== undefined) return { at: 'offset', offset };
  throw new SluiceError(
    'BAD_REQUEST',
    'say where the group is to go on: EARLIEST, LATEST, TIME with time_ms or OFFSET with offset',
  );
}
