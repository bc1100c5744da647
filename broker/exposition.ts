/**
 * The broker's metrics for Prometheus, by the names that RocketMQ's dashboards know (wire.md E.1).
 */
import { counter, gauge } from '#lib/metrics';
import type { Registry, Sample } from '#lib/metrics';
import { isDeadLetterTopic } from '#proto/names';

import type { Quota, QuotaCounts } from '#broker/admit/quota';
import { lagOf } from '#broker/core-admin/groups';
import { deadLettersOf } from '#broker/core-admin/unread';
import type { Core } from '#broker/core';
import type { Durability } from '#broker/store/commit-log';
import type { Flow } from '#broker/metrics/traffic';

export interface ExpositionOptions {
  registry: Registry;
  durability: Durability;
  /** Undefined until the broker has opened its data. */
  core: () => Core | undefined;
  rejectedConnections: () => number;
  openConnections: () => number;
}

const TOPIC_LABELS = ['topic', 'message_type', 'is_system'] as const;
const GROUP_LABELS = ['consumer_group', 'topic', 'is_system'] as const;

type Labels = Record<string, string>;

/** Registers everything; values are read when somebody scrapes. */
export function exposeMetrics(options: ExpositionOptions): void {
  const samples = (read: (core: Core) => Iterable<Sample>) => (): Iterable<Sample> => {
    const core = options.core();
    return core ? read(core) : [];
  };
  counter(
    options.registry,
    'rocketmq_messages_in_total',
    'Messages stored.',
    TOPIC_LABELS,
    samples((core) => incoming(core, ({ messages }) => messages)),
  );
  counter(
    options.registry,
    'rocketmq_throughput_in_total',
    'Bytes of bodies stored.',
    TOPIC_LABELS,
    samples((core) => incoming(core, ({ bytes }) => bytes)),
  );
  counter(
    options.registry,
    'rocketmq_messages_out_total',
    'Messages delivered.',
    GROUP_LABELS,
    samples(({ traffic }) => outgoing(traffic.out, ({ messages }) => messages)),
  );
  counter(
    options.registry,
    'rocketmq_throughput_out_total',
    'Bytes of bodies delivered.',
    GROUP_LABELS,
    samples(({ traffic }) => outgoing(traffic.out, ({ bytes }) => bytes)),
  );
  counter(
    options.registry,
    'rocketmq_send_to_dlq_messages_total',
    'Messages dead-lettered.',
    GROUP_LABELS,
    samples(({ traffic }) => outgoing(traffic.deadLetters, ({ messages }) => messages)),
  );
  counter(
    options.registry,
    'sluice_messages_acknowledged_total',
    'Messages acknowledged.',
    [],
    samples(({ traffic }) => [[{}, traffic.acknowledged.messages]]),
  );
  counter(
    options.registry,
    'sluice_damaged_records_total',
    'Records that could not be read back.',
    [],
    samples(({ traffic }) => [[{}, traffic.damaged]]),
  );
  exposeCounts(options, samples);
  exposeFleet(options, samples);
  exposeTransactions(options, samples);
  exposeResent(options, samples);
  exposeStore(options, samples);
}

/** Transactions. wire.md E.1 has the first. */
function exposeTransactions({ registry }: ExpositionOptions, samples: Reader): void {
  gauge(
    registry,
    'rocketmq_half_messages',
    'Transactions that have not ended.',
    ['topic'],
    samples((core) => halfMessages(core)),
  );
  counter(
    registry,
    'sluice_transaction_checks_total',
    'Questions to producers how a transaction ended.',
    [],
    samples(({ transactions }) => [[{}, transactions.counts.checks]]),
  );
  counter(
    registry,
    'sluice_transactions_ended_total',
    'Transactions that ended; given_up: rolled back, since no producer said how they ended.',
    ['outcome'],
    samples(({ transactions: { counts } }) => [
      [{ outcome: 'committed' }, counts.committed],
      [{ outcome: 'rolled_back' }, counts.rolledBack],
      [{ outcome: 'given_up' }, counts.givenUp],
    ]),
  );
}

/** Messages that were sent again. */
function exposeResent({ registry }: ExpositionOptions, samples: Reader): void {
  counter(
    registry,
    'sluice_messages_resent_total',
    'Sends that were answered as the first with the same id was, and not stored again.',
    [],
    samples(({ resent }) => [[{}, resent.answered]]),
  );
  gauge(
    registry,
    'sluice_message_ids_bytes',
    'Memory for the ids by which messages are known that are sent again.',
    [],
    samples(({ resent }) => [[{}, resent.memory.bytes]]),
  );
  counter(
    registry,
    'sluice_message_ids_forgotten_total',
    'Times that ids of less than 10 minutes ago were forgotten, for want of memory.',
    [],
    samples(({ resent }) => [[{}, resent.memory.forgotten]]),
  );
}

function* halfMessages({ topics, transactions }: Core): Iterable<Sample> {
  for (const { id, name, kind } of topics.all) {
    const count = transactions.table.openOf(id);
    if (count > 0 || kind === 'transaction') yield [{ topic: name }, count];
  }
}

type Reader = (read: (core: Core) => Iterable<Sample>) => () => Iterable<Sample>;

function exposeCounts(options: ExpositionOptions, samples: Reader): void {
  gauge(
    options.registry,
    'rocketmq_topic_number',
    'Topics.',
    [],
    samples(({ topics }) => [[{}, topics.count]]),
  );
  gauge(
    options.registry,
    'rocketmq_consumer_group_number',
    'Consumer groups.',
    [],
    samples(({ groups }) => [[{}, groups.count]]),
  );
  gauge(
    options.registry,
    'rocketmq_producer_connections',
    'Producers.',
    ['language', 'version'],
    samples((core) => clients(core, false)),
  );
  gauge(
    options.registry,
    'rocketmq_consumer_connections',
    'Consumers.',
    ['consumer_group', 'language', 'version', 'consume_mode'],
    samples((core) => clients(core, true)),
  );
  gauge(
    options.registry,
    'rocketmq_consumer_lag_messages',
    'Messages not done with.',
    ['consumer_group'],
    samples((core) => lags(core)),
  );
  gauge(
    options.registry,
    'rocketmq_consumer_inflight_messages',
    'Messages handed out, not acknowledged.',
    ['consumer_group', 'topic'],
    samples((core) => inFlight(core)),
  );
  gauge(
    options.registry,
    'sluice_long_polls',
    'Receivers that wait for a message.',
    [],
    samples(({ consumption }) => [[{}, consumption.polls.count]]),
  );
  gauge(options.registry, 'sluice_connections', 'Open client connections.', [], () => [
    [{}, options.openConnections()],
  ]);
  counter(
    options.registry,
    'sluice_connections_rejected_total',
    'Connections turned away.',
    [],
    () => [[{}, options.rejectedConnections()]],
  );
}

function exposeFleet({ registry }: ExpositionOptions, samples: Reader): void {
  gauge(
    registry,
    'sluice_edition',
    '1 for the edition whose rules hold.',
    ['edition'],
    samples(({ mode }) => [[{ edition: mode.edition }, 1]]),
  );
  gauge(
    registry,
    'sluice_broker_read_only',
    '1 while the broker is drained: clients send to others.',
    [],
    samples(({ mode }) => [[{}, mode.readOnly ? 1 : 0]]),
  );
  gauge(
    registry,
    'sluice_quota_messages_per_second',
    'What this broker lets through, sent and received; +Inf when that is unlimited.',
    [],
    samples(({ quota }) => [[{}, quota.perSecond ?? Infinity]]),
  );
  counter(
    registry,
    'sluice_quota_messages_total',
    'Messages that the quota let through.',
    ['direction'],
    samples(({ quota }) => byDirection(quota, 'passed')),
  );
  counter(
    registry,
    'sluice_throttled_messages_total',
    'Messages sent, and receives, that were refused: above the quota.',
    ['direction'],
    samples(({ quota }) => byDirection(quota, 'throttled')),
  );
  gauge(
    registry,
    'sluice_dead_letters',
    'Messages in dead-letter topics.',
    [],
    samples((core) => [[{}, deadLettersOf(core)]]),
  );
}

function byDirection({ sent, received }: Quota, count: keyof QuotaCounts): Iterable<Sample> {
  return [
    [{ direction: 'in' }, sent[count]],
    [{ direction: 'out' }, received[count]],
  ];
}

function exposeStore(options: ExpositionOptions, samples: Reader): void {
  const disk = { storage_type: 'local', storage_medium: 'disk' };
  const labels = ['storage_type', 'storage_medium'] as const;
  gauge(
    options.registry,
    'rocketmq_storage_size',
    'Bytes of the log.',
    labels,
    samples(({ store: { status } }) => [[disk, status.end - status.start]]),
  );
  gauge(
    options.registry,
    'rocketmq_storage_flush_behind_bytes',
    'Bytes not yet on disk.',
    labels,
    samples(({ store: { status } }) => [[disk, status.end - status.durable]]),
  );
  gauge(
    options.registry,
    'rocketmq_storage_dispatch_behind_bytes',
    'Bytes not yet indexed.',
    labels,
    samples(({ store: { status } }) => [[disk, status.end - status.applied]]),
  );
  counter(
    options.registry,
    'sluice_group_commits_total',
    'Group commits of the log.',
    [],
    samples(({ store: { status } }) => [[{}, status.batches]]),
  );
  gauge(
    options.registry,
    'sluice_writable',
    '1 while messages are taken, 0 while they are turned away.',
    [],
    samples(({ store }) => [[{}, store.readOnlyReason ? 0 : 1]]),
  );
  gauge(options.registry, 'sluice_durability', '1 for what an answer waits for.', ['mode'], () => [
    [{ mode: options.durability }, 1],
  ]);
}

function isSystem(topic: string): string {
  return String(isDeadLetterTopic(topic));
}

function* incoming({ traffic, topics }: Core, value: (flow: Flow) => number): Iterable<Sample> {
  for (const [topic, flow] of traffic.in) {
    const kind = topics.find(topic)?.kind ?? 'normal';
    yield [{ topic, message_type: kind, is_system: isSystem(topic) }, value(flow)];
  }
}

function* outgoing(
  flows: ReadonlyMap<string, ReadonlyMap<string, Flow>>,
  value: (flow: Flow) => number,
): Iterable<Sample> {
  for (const [group, topics] of flows) {
    for (const [topic, flow] of topics) {
      yield [{ consumer_group: group, topic, is_system: isSystem(topic) }, value(flow)];
    }
  }
}

function* clients({ sessions }: Core, consumers: boolean): Iterable<Sample> {
  const counts = new Map<string, { labels: Labels; count: number }>();
  for (const { facts } of sessions.all) {
    const { group, language, version, kind } = facts;
    if ((group !== undefined) !== consumers) continue;
    const labels: Labels = { language, version };
    if (group !== undefined) Object.assign(labels, { consumer_group: group, consume_mode: kind });
    const key = JSON.stringify(labels);
    const known = counts.get(key);
    counts.set(key, { labels, count: (known?.count ?? 0) + 1 });
  }
  for (const { labels, count } of counts.values()) yield [labels, count];
}

function* lags(core: Core): Iterable<Sample> {
  for (const group of core.groups.all) yield [{ consumer_group: group.name }, lagOf(core, group)];
}

function* inFlight({ groups, topics, consumption }: Core): Iterable<Sample> {
  for (const { id, name } of groups.all) {
    for (const [topicId, queues] of consumption.progress.of(id)) {
      const topic = topics.byId(topicId);
      if (!topic) continue;
      const count = queues.reduce((sum, progress) => sum + (progress?.outstandingCount ?? 0), 0);
      yield [{ consumer_group: name, topic: topic.name }, count];
    }
  }
}
