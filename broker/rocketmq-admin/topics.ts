/** What topics are, and where. */
import { SluiceError } from '#lib/errors';
import { formatHostPort, isWildcard, parseHostPort } from '#lib/host-port';
import type { HostPort } from '#lib/host-port';
import type { Call } from '#proto/grpc-transport/call';
import { INTERNAL_LISTENER } from '#proto/fleet';
import { MESSAGE_TYPES } from '#proto/route';
import type { TopicPermission } from '#proto/route';
import { GetTopicRouteRequestNetworkType as NetworkType } from '#proto/types';

import type { Board, Handlers } from '#broker/rocketmq-admin/board';
import { topicOf } from '#broker/rocketmq-admin/names';
import { timestampOf } from '#broker/rocketmq-admin/times';

/** The listeners of a fleet that are for these networks, by name. */
const LISTENERS: Readonly<Record<number, string>> = {
  [NetworkType.INTERNAL]: INTERNAL_LISTENER,
  [NetworkType.INTERNET]: 'internet',
  [NetworkType.INTRANET]: 'intranet',
};

/** Bits of the older protocol: 4 read, 2 write. wire.md B.6 */
const PERMISSION_BITS: Readonly<Record<TopicPermission, number>> = {
  'read-write': 6,
  'read-only': 4,
  'write-only': 2,
};

/** Where a broker listens on all addresses, it is reached by the one that the caller dialled. */
function reachable(address: HostPort | undefined, { authority }: Call): HostPort | undefined {
  if (!address || !isWildcard(address.host)) return address;
  const dialled = parseHostPort(authority);
  return dialled && { host: dialled.host, port: address.port };
}

export function topicHandlers({
  core,
  brokerName,
  endpoint,
}: Board): Handlers<'DescribeTopicStatus' | 'GetTopicRoute'> {
  return {
    DescribeTopicStatus({ topic }) {
      const { kind, permission, queues, createdMs } = topicOf(core, topic).definition;
      return {
        topicMessageType: MESSAGE_TYPES[kind],
        createTimestamp: timestampOf(createdMs),
        tags: { kind, permission, queues: String(queues) },
      };
    },
    GetTopicRoute({ topic, networkType }, call) {
      const { permission, queues } = topicOf(core, topic).definition;
      const listener = LISTENERS[networkType] ?? String(networkType);
      const address = reachable(endpoint(listener), call);
      if (!address) {
        throw new SluiceError('UNSUPPORTED', `this broker has no listener for ${listener} clients`);
      }
      const queueData = {
        brokerName,
        readQueueNums: queues,
        writeQueueNums: queues,
        perm: PERMISSION_BITS[permission],
        topicSysFlag: 0,
      };
      const brokerAddrs = { 0: formatHostPort(address) };
      const brokerData = { cluster: brokerName, brokerName, brokerAddrs };
      const route = { queueDatas: [queueData], brokerDatas: [brokerData], filterServerTable: {} };
      return { topicRouteData: JSON.stringify(route) };
    },
  };
}
