/** The messages of sluice.fleet.v1: what brokers and name servers say to one another. */
import { TopicKind, TopicPermission } from '#proto/fleet-types';
import type { Messages } from '#proto/fleet-types';
import { loadProtocol } from '#proto/load';
import type { RoutedTopic } from '#proto/route';

const PACKAGE = 'sluice.fleet.v1';

export const REGISTRY_SERVICE = `${PACKAGE}.Registry`;
export const REGISTER_PATH = `/${REGISTRY_SERVICE}/Register`;

/** The listener for clients that every name server and broker has; both have to name it alike. */
export const INTERNAL_LISTENER = 'internal';

const protocol = loadProtocol<Messages>(new URL('fleet.proto', import.meta.url), PACKAGE);

export const brokerReport = protocol.codec('BrokerReport');
export const registryAnswer = protocol.codec('RegistryAnswer');

const KINDS: Readonly<Record<RoutedTopic['kind'], number>> = {
  normal: TopicKind.NORMAL,
  fifo: TopicKind.FIFO,
  'global-fifo': TopicKind.GLOBAL_FIFO,
  delay: TopicKind.DELAY,
  transaction: TopicKind.TRANSACTION,
};

const PERMISSIONS: Readonly<Record<RoutedTopic['permission'], number>> = {
  'read-write': TopicPermission.READ_WRITE,
  'read-only': TopicPermission.READ_ONLY,
  'write-only': TopicPermission.WRITE_ONLY,
};

const KIND_NAMES = new Map(
  Object.entries(KINDS).map(([name, number]) => [number, name as RoutedTopic['kind']]),
);

export function kindNumber(kind: RoutedTopic['kind']): number {
  return KINDS[kind];
}

/** Undefined for a number that is none of ours. */
export function kindName(number: number): RoutedTopic['kind'] | undefined {
  return KIND_NAMES.get(number);
}

export function permissionNumber(permission: RoutedTopic['permission']): number {
  return PERMISSIONS[permission];
}

/** Whoever says none, or one that we don't know, turns away by itself what it does not allow. */
export function permissionName(number: number): RoutedTopic['permission'] {
  if (number === TopicPermission.READ_ONLY) return 'read-only';
  return number === TopicPermission.WRITE_ONLY ? 'write-only' : 'read-write';
}
