/** The words of a Topic object in those of the admin port. */
import type { PERMISSIONS, TOPIC_KINDS } from '#kube/api/topic';
import { TopicKind, TopicPermission } from '#proto/admin-types';

const KINDS: Readonly<Record<(typeof TOPIC_KINDS)[number], number>> = {
  Normal: TopicKind.NORMAL,
  Fifo: TopicKind.FIFO,
  GlobalFifo: TopicKind.GLOBAL_FIFO,
  Delay: TopicKind.DELAY,
  Transaction: TopicKind.TRANSACTION,
};

const PERMISSION_NUMBERS: Readonly<Record<(typeof PERMISSIONS)[number], number>> = {
  ReadWrite: TopicPermission.READ_WRITE,
  ReadOnly: TopicPermission.READ_ONLY,
  WriteOnly: TopicPermission.WRITE_ONLY,
};

export function kindNumber(kind: (typeof TOPIC_KINDS)[number]): number {
  return KINDS[kind];
}

export function permissionNumber(permission: (typeof PERMISSIONS)[number]): number {
  return PERMISSION_NUMBERS[permission];
}
