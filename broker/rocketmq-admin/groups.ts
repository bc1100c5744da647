/** How far groups are behind. */
import { setImmediate as nextTurn } from 'node:timers/promises';

import { SluiceError } from '#lib/errors';
import { WHOLE_ANSWER } from '#lib/query-limits';
import type { GroupAccumulationInput, QueueTimeSpanInput, Resource } from '#proto/types';

import type { Progress } from '#broker/consume/progress';
import type { Core } from '#broker/core';
import { resetOffsets } from '#broker/core-admin/reset';
import { unreadOf } from '#broker/core-admin/unread';
import type { Board, Handlers } from '#broker/rocketmq-admin/board';
import {
  groupOf,
  refuseLite,
  refuseTooMany,
  resourceOf,
  topicOf,
} from '#broker/rocketmq-admin/names';
import { durationOf, msOf } from '#broker/rocketmq-admin/times';
import type { ConsumeQueue } from '#broker/store/consume-queue';
import type { Group } from '#broker/topic/groups';
import type { Topic } from '#broker/topic/topics';

export function groupHandlers(
  board: Board,
): Handlers<'DescribeGroupAccumulation' | 'QueryTimeSpan' | 'ResetGroupOffset'> {
  const { core } = board;
  return {
    async DescribeGroupAccumulation({ group: resource, topics, liteTopic }) {
      refuseLite(liteTopic);
      const group = groupOf(core, resource);
      const sums = new Map<string, Sum>();
      const turns = new Turns();
      for (const topic of topicsOf(core, group, topics)) {
        refuseTooMany(sums.size);
        sums.set(topic.name, await accumulation(core, group, topic, turns));
      }
      const nowMs = board.clock.nowMs();
      const topicAccumulation = Object.fromEntries(
        Array.from(sums, ([name, sum]) => [name, sumToWire(sum, nowMs)]),
      );
      const total = [...sums.values()].reduce(added, NOTHING);
      return { accumulation: sumToWire(total, nowMs), topicAccumulation };
    },
    async QueryTimeSpan({ group: resource, topics }) {
      const group = groupOf(core, resource);
      const queueTimeSpanList: QueueTimeSpanInput[] = [];
      const turns = new Turns();
      for (const topic of topicsOf(core, group, topics)) {
        refuseTooMany(queueTimeSpanList.length + topic.queues.length);
        for (const id of topic.queues.keys()) {
          await turns.next();
          queueTimeSpanList.push(await timeSpan(board, group, topic, id));
        }
      }
      return { queueTimeSpanList };
    },
    async ResetGroupOffset({ group, topic, resetTimestamp }) {
      const timeMs = msOf(resetTimestamp);
      if (timeMs === undefined) {
        throw new SluiceError('BAD_REQUEST', 'the request does not say from which time on');
      }
      await resetOffsets(core, {
        group: groupOf(core, group).name,
        topic: topicOf(core, topic).name,
        queues: [],
        to: { at: 'time', timeMs },
        dryRun: false,
      });
      return {};
    },
  };
}

/** Those that are named, or else all that the group has been in. @throws TOPIC_NOT_FOUND */
function topicsOf(core: Core, { id }: Group, named: readonly Resource[]): Topic[] {
  if (named.length > 0) return [...new Set(named.map((resource) => topicOf(core, resource)))];
  const ids = [...core.consumption.progress.of(id).keys()];
  const topics = ids.flatMap((topicId) => core.topics.byId(topicId) ?? []);
  return topics.sort((one, other) => (one.name < other.name ? -1 : 1));
}

/** Lets other work have its turn while very many queues are looked at. */
class Turns {
  #queues = 0;

  async next(): Promise<void> {
    if (++this.#queues % WHOLE_ANSWER.queuesPerTurn === 0) await nextTurn();
  }
}

interface Sum {
  readonly inFlight: number;
  readonly ready: number;
  /** When the oldest message that is ready was stored. */
  readonly readySinceMs: number;
  /** When the last message that is done with was stored. */
  readonly consumedMs: number;
}

const NOTHING: Sum = { inFlight: 0, ready: 0, readySinceMs: Infinity, consumedMs: 0 };

function added(one: Sum, other: Sum): Sum {
  return {
    inFlight: one.inFlight + other.inFlight,
    ready: one.ready + other.ready,
    readySinceMs: Math.min(one.readySinceMs, other.readySinceMs),
    consumedMs: Math.max(one.consumedMs, other.consumedMs),
  };
}

function sumToWire({ inFlight, ready, ...sum }: Sum, nowMs: number): GroupAccumulationInput {
  return {
    inflightMessages: inFlight,
    readyMessages: ready,
    accumulation: inFlight + ready,
    deliverDelayTime: durationOf(ready === 0 ? 0 : nowMs - sum.readySinceMs),
    lastConsumeTimestamp: sum.consumedMs,
  };
}

/** A group that has not been in the topic has nothing to do there. */
async function accumulation(core: Core, group: Group, topic: Topic, turns: Turns): Promise<Sum> {
  let sum = NOTHING;
  const progressOf = core.consumption.progress.of(group.id).get(topic.id);
  if (!progressOf) return sum;
  for (const [queueId, queue] of topic.queues.entries()) {
    await turns.next();
    const progress = progressOf[queueId];
    const { fresh, inFlight, waitingRetry } = unreadOf(queue, progress);
    const ready = fresh + waitingRetry;
    const readySinceMs =
      ready === 0 ? undefined : await storedMs(core, queue, firstReady(queue, progress));
    const consumedMs = await storedMs(core, queue, (progress?.committed ?? 0) - 1);
    sum = added(sum, {
      inFlight,
      ready,
      readySinceMs: readySinceMs ?? Infinity,
      consumedMs: consumedMs ?? 0,
    });
  }
  return sum;
}

function firstReady({ minOffset }: ConsumeQueue, progress: Progress | undefined): number {
  if (!progress) return minOffset;
  let first = progress.next;
  for (const { offset, expired } of progress.leases) {
    if (expired && offset < first) first = offset;
  }
  return Math.max(first, minOffset);
}

/** When the message at an offset was stored; undefined when there is none. */
async function storedMs(
  { consumption, store }: Core,
  queue: ConsumeQueue,
  offset: number,
): Promise<number | undefined> {
  if (offset < queue.minOffset || offset >= queue.readable(store.committed)) return undefined;
  return (await consumption.reader.place(queue, offset)).storeTimeMs;
}

async function timeSpan(
  { core, clock, brokerName }: Board,
  group: Group,
  topic: Topic,
  id: number,
): Promise<QueueTimeSpanInput> {
  const queue = core.consumption.pull.queue(topic, id);
  const end = queue.readable(core.store.committed);
  const committed =
    core.consumption.progress.find(group.id, topic.id, id)?.committed ?? queue.minOffset;
  const nextMs = await storedMs(core, queue, committed);
  return {
    messageQueue: { topic: resourceOf(topic.name), id, broker: { name: brokerName } },
    minTimestamp: (await storedMs(core, queue, queue.minOffset)) ?? 0,
    maxTimestamp: (await storedMs(core, queue, end - 1)) ?? 0,
    consumeTimestamp: (await storedMs(core, queue, committed - 1)) ?? 0,
    delayTimeMs: nextMs === undefined ? 0 : Math.max(0, clock.nowMs() - nextMs),
  };
}
