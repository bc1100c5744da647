/** Topic calls of the admin service. */
import { type TopicAdmin, type TopicInfo } from '#broker/admin/backend';
import type { AdminHandlers } from '#broker/admin/handlers';
import { pageOf } from '#broker/admin/page';
import { SluiceError } from '#lib/errors';
import { TOPIC_KINDS, TOPIC_PERMISSIONS, type TopicKind, type TopicPermission } from '#proto/route';
import {
  TopicKind as WireKind,
  TopicPermission as WirePermission,
  type TopicInput,
} from '#proto/admin-types';

type TopicMethod = 'CreateTopic' | 'UpdateTopic' | 'DeleteTopic' | 'DescribeTopic' | 'ListTopics';

const WIRE_KINDS: Readonly<Record<TopicKind, number>> = {
  normal: WireKind.NORMAL,
  fifo: WireKind.FIFO,
  'global-fifo': WireKind.GLOBAL_FIFO,
  delay: WireKind.DELAY,
  transaction: WireKind.TRANSACTION,
};

const WIRE_PERMISSIONS: Readonly<Record<TopicPermission, number>> = {
  'read-write': WirePermission.READ_WRITE,
  'read-only': WirePermission.READ_ONLY,
  'write-only': WirePermission.WRITE_ONLY,
};

export function topicHandlers(topics: TopicAdmin): AdminHandlers<TopicMethod> {
  return {
    async CreateTopic({ name, kind, queues, permission }) {
      const fields = { name, kind: kindOf(kind) ?? 'normal', queues };
      return toWire(await topics.create({ ...fields, permission: permissionOf(permission) }));
    },
    async UpdateTopic({ name, ...change }) {
      const { queues } = change;
      const kind = kindOf(change.kind);
      const permission = permissionOf(change.permission);
      if (kind === undefined && queues === undefined && permission === undefined) {
        throw new SluiceError(
          'BAD_REQUEST',
          'nothing to change: give a kind, a queue count or a permission',
        );
      }
      return toWire(await topics.update({ name, kind, queues, permission }));
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

function toWire({ name, kind, queues, permission, createdMs }: TopicInfo): TopicInput {
  const wire = { kind: WIRE_KINDS[kind], permission: WIRE_PERMISSIONS[permission] };
  return { name, queues, createdMs, ...wire };
}

function kindOf(kind: number): TopicKind | undefined {
  if (kind === WireKind.TOPIC_KIND_UNSPECIFIED) return undefined;
  const known = TOPIC_KINDS.find((candidate) => WIRE_KINDS[candidate] === kind);
  if (known !== undefined) return known;
  throw new SluiceError(
    'BAD_REQUEST',
    `there is no topic kind ${kind}; allowed: ${TOPIC_KINDS.join(', ')}`,
  );
}

function permissionOf(permission: number): TopicPermission | undefined {
  if (permission === WirePermission.TOPIC_PERMISSION_UNSPECIFIED) return undefined;
  const known = TOPIC_PERMISSIONS.find((candidate) => WIRE_PERMISSIONS[candidate] === permission);
  if (known !== undefined) return known;
  throw new SluiceError(
    'BAD_REQUEST',
    `there is no permission ${permission}; allowed: ${TOPIC_PERMISSIONS.join(', ')}`,
  );
}
