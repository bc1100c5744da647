/** Topic calls of the admin service. */
import { type TopicAdmin, type TopicInfo } from '#broker/admin/backend';
import type { AdminHandlers } from '#broker/admin/handlers';
import { pageOf } from '#broker/admin/page';
import { SluiceError } from '#lib/errors';
import { TOPIC_KINDS, type TopicKind } from '#proto/route';
import { TopicKind as WireKind, type TopicInput } from '#proto/admin-types';

type TopicMethod = 'CreateTopic' | 'UpdateTopic' | 'DeleteTopic' | 'DescribeTopic' | 'ListTopics';

const WIRE_KINDS: Readonly<Record<TopicKind, number>> = {
  normal: WireKind.NORMAL,
  fifo: WireKind.FIFO,
  'global-fifo': WireKind.GLOBAL_FIFO,
  delay: WireKind.DELAY,
  transaction: WireKind.TRANSACTION,
};

export function topicHandlers(topics: TopicAdmin): AdminHandlers<TopicMethod> {
  return {
    async CreateTopic({ name, kind, queues }) {
      return toWire(await topics.create({ name, kind: fromWire(kind) ?? 'normal', queues }));
    },
    async UpdateTopic({ name, kind, queues }) {
      const change = { name, kind: fromWire(kind), queues };
      if (change.kind === undefined && queues === undefined) {
        throw new SluiceError('BAD_REQUEST', 'nothing to change: give a kind or a queue count');
      }
      return toWire(await topics.update(change));
    },
    async DeleteTopic({ name }) {
      await topics.delete(name);
      return {};
    },
    async DescribeTopic({ name }) {
      const topic = await topics.describe(name);
      return { topic: toWire(topic), queues: topic.queueStates, groups: topic.groups };
    },
    ListTopics(request) {
      const page = pageOf(request, (after, limit) => topics.list(after, limit));
      return { topics: page.entries.map(toWire), nextPageToken: page.nextPageToken };
    },
  };
}

function toWire({ name, kind, queues, createdMs }: TopicInfo): TopicInput {
  return { name, kind: WIRE_KINDS[kind], queues, createdMs };
}

function fromWire(kind: number): TopicKind | undefined {
  if (kind === WireKind.TOPIC_KIND_UNSPECIFIED) return undefined;
  const known = TOPIC_KINDS.find((candidate) => WIRE_KINDS[candidate] === kind);
  if (known !== undefined) return known;
  throw new SluiceError(
    'BAD_REQUEST',
    `there is no topic kind ${kind}; allowed: ${TOPIC_KINDS.join(', ')}`,
  );
}
