/** Topics as the command line names and prints them. */
import { TopicKind, TopicPermission, type Topic } from '#proto/admin-types';
import type { AdminClient } from '#proto/admin-client';

/** As typed and printed, to what is sent. */
export const KINDS = {
  normal: TopicKind.NORMAL,
  fifo: TopicKind.FIFO,
  'global-fifo': TopicKind.GLOBAL_FIFO,
  delay: TopicKind.DELAY,
  transaction: TopicKind.TRANSACTION,
} as const;

export type KindName = keyof typeof KINDS;

export function kindText(kind: number): string {
  return Object.entries(KINDS).find(([, value]) => value === kind)?.[0] ?? `kind ${kind}`;
}

/** As typed and printed, to what is sent. */
export const PERMISSIONS = {
  'read-write': TopicPermission.READ_WRITE,
  'read-only': TopicPermission.READ_ONLY,
  'write-only': TopicPermission.WRITE_ONLY,
} as const;

export type PermissionName = keyof typeof PERMISSIONS;

export function permissionText(permission: number): string {
  const known = Object.entries(PERMISSIONS).find(([, value]) => value === permission);
  return known?.[0] ?? `permission ${permission}`;
}

export function topicData({ name, kind, queues, permission, createdMs }: Topic): object {
  return { name, kind: kindText(kind), queues, permission: permissionText(permission), createdMs };
}

export async function allTopics(client: AdminClient): Promise<readonly Topic[]> {
  const topics: Topic[] = [];
  let pageToken = '';
  do {
    const page = await client.call('ListTopics', { pageToken });
    topics.push(...page.topics);
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  return topics;
}
