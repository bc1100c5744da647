/** What the handlers of the admin service of RocketMQ work with, and the shape that they have. */
import type { Clock } from '#lib/clock';
import type { HostPort } from '#lib/host-port';
import type { Log } from '#lib/log';
import type { Call } from '#proto/grpc-transport/call';
import type { Messages } from '#proto/types';

import type { BrokerStatus } from '#broker/admin/backend';
import type { Core } from '#broker/core';

export interface Board {
  readonly core: Core;
  readonly clock: Clock;
  /** The process's own: its level can be changed. */
  readonly log: Log;
  readonly brokerName: string;
  /** Where clients of a listener reach this broker; undefined for one that is not there. */
  readonly endpoint: (listener: string) => HostPort | undefined;
  readonly status: () => BrokerStatus;
}

/** The messages of each method. */
export const ROCKETMQ_ADMIN = {
  ChangeLogLevel: ['ChangeLogLevelRequest', 'ChangeLogLevelResponse'],
  DescribeTopicStatus: ['DescribeTopicStatusRequest', 'DescribeTopicStatusResponse'],
  ListSubscription: ['ListSubscriptionRequest', 'ListSubscriptionResponse'],
  DescribeSubscription: ['DescribeSubscriptionRequest', 'DescribeSubscriptionResponse'],
  DeleteSubscription: ['DeleteSubscriptionRequest', 'DeleteSubscriptionResponse'],
  DescribeGroupAccumulation: [
    'DescribeGroupAccumulationRequest',
    'DescribeGroupAccumulationResponse',
  ],
  ListConsumerConnection: ['ListConsumerConnectionRequest', 'ListConsumerConnectionResponse'],
  ResetGroupOffset: ['ResetGroupOffsetRequest', 'ResetGroupOffsetResponse'],
  QueryMessage: ['ListMessageRequest', 'ListMessageResponse'],
  PrintThreadStackTrace: ['PrintThreadStackTraceRequest', 'PrintThreadStackTraceResponse'],
  VerifyMessage: ['VerifyMessageRequest', 'VerifyMessageResponse'],
  AdminSendMessage: ['AdminSendMessageRequest', 'AdminSendMessageResponse'],
  GetConsumerRunningInfo: ['GetConsumerRunningInfoRequest', 'GetConsumerRunningInfoResponse'],
  GetTopicRoute: ['GetTopicRouteRequest', 'GetTopicRouteResponse'],
  QueryTimeSpan: ['QueryTimeSpanRequest', 'QueryTimeSpanResponse'],
  GetProxyRuntimeStats: ['GetProxyRuntimeStatsRequest', 'GetProxyRuntimeStatsResponse'],
} as const satisfies Readonly<Record<string, readonly [keyof Messages, keyof Messages]>>;

export type RocketmqAdminMethod = keyof typeof ROCKETMQ_ADMIN;

type RequestOf<M extends RocketmqAdminMethod> = Messages[(typeof ROCKETMQ_ADMIN)[M][0]]['decoded'];
/** Without a status it is OK. */
type AnswerOf<M extends RocketmqAdminMethod> = Messages[(typeof ROCKETMQ_ADMIN)[M][1]]['input'];

export type Handler<M extends RocketmqAdminMethod> = (
  request: RequestOf<M>,
  call: Call,
) => AnswerOf<M> | Promise<AnswerOf<M>>;

/** Handlers of some methods: a family. */
export type Handlers<M extends RocketmqAdminMethod = RocketmqAdminMethod> = {
  readonly [Name in M]: Handler<Name>;
};
