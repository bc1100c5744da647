/**
 * Pull: the consumer owns its offset, reads from it, and commits it when it likes (wire.md A.1).
 */
import { setImmediate as nextTurn } from 'node:timers/promises';

import type { Clock } from '#lib/clock';
import { SluiceError } from '#lib/errors';
import { CONSUME } from '#lib/limits';
import type { StoredMessage } from '#proto/message';
import { parseProperties } from '#proto/properties';
import type { StoredProperties } from '#proto/properties';

import type { Caller } from '#broker/store/members';
import type { ConsumeQueue } from '#broker/store/consume-queue';
import { DamageError } from '#broker/store/damage';
import type { Group } from '#broker/topic/groups';
import type { Topic } from '#broker/topic/topics';
import type { MessageFilter } from '#broker/consume/message-filter';
import type { Meter } from '#broker/consume/meter';
import type { MessagePlace, MessageReader } from '#broker/consume/message-reader';
import type { Receiver } from '#broker/consume/pop';
import type { Polls } from '#broker/consume/polls';
import type { Progress } from '#broker/consume/progress';
import { isFor } from '#broker/consume/resent';
import type { ProgressTable } from '#broker/consume/progress-table';

export interface PullRequest {
  group: Group;
  topic: Topic;
  queueId: number;
  offset: number;
  batchSize: number;
  filter: MessageFilter;
  meter: Meter;
}

export interface Pulled {
  messages: { message: StoredMessage; properties: StoredProperties }[];
  /** Where to read on. */
  nextOffset: number;
}

/** Where in a queue a reader wants to begin. */
export type OffsetPolicy = { at: 'beginning' } | { at: 'end' } | { at: 'time'; timeMs: number };

export interface PullOptions {
  clock: Clock;
  progress: ProgressTable;
  reader: MessageReader;
  polls: Polls;
  committed: () => number;
  /** A record that can't be read as it was written. */
  onDamage: (error: unknown) => void;
}

export class Pull {
  readonly #options: PullOptions;

  constructor(options: PullOptions) {
    this.#options = options;
  }

  /**
   * Messages from an offset on, waiting up to `waitMs` for a first one.
   * @throws SluiceError ILLEGAL_OFFSET when the offset is not within the queue, BAD_REQUEST,
   * FORBIDDEN, TOO_MANY_REQUESTS when there is something, but no quota for it
   */
  async pull(request: PullRequest, waitMs: number, receiver: Receiver): Promise<Pulled> {
    this.#tellReset(request);
    const pulled = await this.#take(request);
    const nothing = pulled.messages.length === 0;
    if (!nothing || waitMs <= 0 || receiver.cancelled) return pulled;
    await this.#wait({ ...request, offset: pulled.nextOffset }, waitMs, receiver);
    this.#tellReset({ ...request, offset: pulled.nextOffset });
    return this.#take({ ...request, offset: pulled.nextOffset });
  }

  /** Resolves when there is something at the offset, or it was waited for long enough. */
  #wait(request: PullRequest, waitMs: number, receiver: Receiver): Promise<void> {
    const { polls, clock, committed } = this.#options;
    const queue = this.queue(request.topic, request.queueId);
    return new Promise((resolve) => {
      const end = (): void => {
        stop();
        timer.cancel();
        resolve();
      };
      const attempt = (): Promise<boolean> => {
        const isReset = this.#find(request)?.resetUntold ?? false;
        const found = isReset || queue.readable(committed()) > request.offset;
        if (found) end();
        return Promise.resolve(found);
      };
      const stop = polls.add(request.group.id, request.topic.id, request.queueId, {
        attempt,
        takes: false,
        end,
      });
      const timer = clock.setTimeout(end, waitMs);
      receiver.onCancel(end);
      void attempt();
    });
  }

  #find({ group, topic, queueId }: PullRequest): Progress | undefined {
    return this.#options.progress.find(group.id, topic.id, queueId);
  }

  /**
   * The offset is the consumer's own, so that it has to be told of a reset: by a refusal, until one
   * of the group has asked for the offset, or goes on from there anyway.
   */
  #tellReset(request: PullRequest): void {
    const progress = this.#find(request);
    if (progress) assertTold(progress, request.group, request.offset);
  }

  async #take(request: PullRequest): Promise<Pulled> {
    const { topic, queueId, offset, batchSize, filter, meter } = request;
    topic.assertReadable();
    const queue = this.queue(topic, queueId);
    const readable = queue.readable(this.#options.committed());
    if (offset < queue.minOffset || offset > readable) {
      throw new SluiceError(
        'ILLEGAL_OFFSET',
        `queue ${queueId} of ${topic.name} has the offsets ${queue.minOffset} to ${readable}`,
      );
    }
    const messages: Pulled['messages'] = [];
    const last = Math.min(readable, offset + CONSUME.scanEntriesPerTurn);
    let nextOffset = offset;
    if (offset < last) meter.admitReceive(); // before the disk is read
    for (; nextOffset < last && messages.length < batchSize; nextOffset++) {
      if ((nextOffset - offset + 1) % CONSUME.scanMessagesPerTurn === 0) await nextTurn();
      const message = await this.#read(queue, nextOffset);
      if (!message) continue;
      const properties = parseProperties(message.properties);
      if (!filter.accepts(properties) || !isFor(request.group, properties)) continue;
      if (!meter.chargeReceive()) {
        if (messages.length === 0) meter.admitReceive(); // others used it up: that says so
        break;
      }
      messages.push({ message, properties });
    }
    return { messages, nextOffset };
  }

  /** The message, unless it is damaged: then it is passed over, so that those behind it come. */
  async #read(queue: ConsumeQueue, offset: number): Promise<StoredMessage | undefined> {
    const { reader, onDamage } = this.#options;
    const place = await reader.place(queue, offset);
    try {
      return reader.readNow(place, queue, offset) ?? (await reader.read(place, queue, offset));
    } catch (error) {
      if (!(error instanceof DamageError)) throw error;
      onDamage(error);
      return undefined;
    }
  }

  /** @throws SluiceError BAD_REQUEST when the topic has no such queue */
  queue(topic: Topic, queueId: number): ConsumeQueue {
    const queue = topic.queues[queueId];
    if (queue) return queue;
    const last = topic.queues.length - 1;
    throw new SluiceError(
      'BAD_REQUEST',
      `${topic.name} has the queues 0 to ${last}, not ${queueId}`,
    );
  }

  /** What the group has committed. @throws SluiceError OFFSET_NOT_FOUND, BAD_REQUEST */
  committedOffset(group: Group, topic: Topic, queueId: number): number {
    this.queue(topic, queueId);
    const progress = this.#options.progress.find(group.id, topic.id, queueId);
    if (progress) {
      progress.resetUntold = false;
      return progress.committed;
    }
    throw new SluiceError(
      'OFFSET_NOT_FOUND',
      `${group.name} has no offset in queue ${queueId} of ${topic.name}`,
    );
  }

  /**
   * Commits an offset; stored once the log is committed up to the returned position.
   * @throws SluiceError ILLEGAL_OFFSET when it would go back (P3), is beyond the queue's end, or is
   * of before a reset
   */
  commitOffset(
    group: Group,
    topic: Topic,
    queueId: number,
    offset: number,
    caller?: Caller,
  ): number {
    const queue = this.queue(topic, queueId);
    const progress = this.#options.progress.get(group, topic, queueId);
    const readable = queue.readable(this.#options.committed());
    assertTold(progress, group, offset);
    const { committed } = progress;
    if (offset < committed || offset > readable) {
      throw new SluiceError(
        'ILLEGAL_OFFSET',
        `an offset from ${committed}, the committed one, to ${readable} is allowed, not ${offset}`,
      );
    }
    return this.#options.progress.recordOffset(progress, offset, caller);
  }

  /** The offset that a policy means; by time, that of the first message stored then or later. */
  async queryOffset(topic: Topic, queueId: number, policy: OffsetPolicy): Promise<number> {
    const queue = this.queue(topic, queueId);
    const readable = queue.readable(this.#options.committed());
    if (policy.at === 'beginning') return queue.minOffset;
    if (policy.at === 'end') return readable;
    const isThenOrLater = ({ storeTimeMs }: MessagePlace): boolean => storeTimeMs >= policy.timeMs;
    return this.#options.reader.firstOffset(queue, queue.minOffset, readable, isThenOrLater);
  }
}

/** @throws SluiceError ILLEGAL_OFFSET from a consumer that does not know of a reset yet */
function assertTold(progress: Progress, group: Group, offset: number): void {
  const { next, queueId } = progress;
  if (progress.resetUntold && offset !== next) {
    throw new SluiceError(
      'ILLEGAL_OFFSET',
      `${group.name} was set to the offset ${next} of queue ${queueId}: ` +
        'ask for it with GetOffset and go on from there',
    );
  }
  progress.resetUntold = false;
}
