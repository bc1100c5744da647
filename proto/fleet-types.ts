/**
 * Generated from proto/fleet.proto by scripts/generate-types.ts; don't edit.
 *
 * Of each message the first interface is what decode returns, complete; the one that ends in Input
 * is what encode takes, where everything may be left out. Enums are open: a peer may send a number
 * that is not listed, so their type is number.
 */

export const TopicKind = {
  TOPIC_KIND_UNSPECIFIED: 0,
  NORMAL: 1,
  FIFO: 2,
  GLOBAL_FIFO: 3,
  DELAY: 4,
  TRANSACTION: 5,
} as const;

export const TopicPermission = {
  TOPIC_PERMISSION_UNSPECIFIED: 0,
  READ_WRITE: 1,
  READ_ONLY: 2,
  WRITE_ONLY: 3,
} as const;

export interface BrokerReport {
  broker: string;
  identity: string;
  generation: number;
  version: number;
  holdings: BrokerHoldings | null;
  demand: number;
  leaving: boolean;
  periodMs: number;
}

export interface BrokerReportInput {
  broker?: string | null | undefined;
  identity?: string | null | undefined;
  generation?: number | null | undefined;
  version?: number | null | undefined;
  holdings?: BrokerHoldingsInput | null | undefined;
  demand?: number | null | undefined;
  leaving?: boolean | null | undefined;
  periodMs?: number | null | undefined;
}

export interface BrokerHoldings {
  listeners: BrokerListener[];
  topics: TopicQueues[];
  orderedGroups: string[];
}

export interface BrokerHoldingsInput {
  listeners?: readonly BrokerListenerInput[] | null | undefined;
  topics?: readonly TopicQueuesInput[] | null | undefined;
  orderedGroups?: readonly string[] | null | undefined;
}

export interface BrokerListener {
  name: string;
  host: string;
  port: number;
}

export interface BrokerListenerInput {
  name?: string | null | undefined;
  host?: string | null | undefined;
  port?: number | null | undefined;
}

export interface TopicQueues {
  name: string;
  /** TopicKind */
  kind: number;
  queues: number;
  /** TopicPermission */
  permission: number;
}

export interface TopicQueuesInput {
  name?: string | null | undefined;
  /** TopicKind */
  kind?: number | null | undefined;
  queues?: number | null | undefined;
  /** TopicPermission */
  permission?: number | null | undefined;
}

export interface RegistryAnswer {
  holdingsWanted: boolean;
  share?: number;
}

export interface RegistryAnswerInput {
  holdingsWanted?: boolean | null | undefined;
  share?: number | null | undefined;
}

/** Every message of the package by its name. */
export interface Messages {
  BrokerReport: { decoded: BrokerReport; input: BrokerReportInput };
  BrokerHoldings: { decoded: BrokerHoldings; input: BrokerHoldingsInput };
  BrokerListener: { decoded: BrokerListener; input: BrokerListenerInput };
  TopicQueues: { decoded: TopicQueues; input: TopicQueuesInput };
  RegistryAnswer: { decoded: RegistryAnswer; input: RegistryAnswerInput };
}
