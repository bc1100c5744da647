/**
 * The end of a message that nobody could consume: a copy goes to the group's dead-letter topic, and
 * only behind it in the log is the original marked as done (P3). The copy names its original: where
 * a crash lost the mark and left the copy, that counts as the mark, so that there is no second one.
 */
import type { Clock } from '#lib/clock';
import { CONSUME } from '#lib/limits';
import type { StoredMessage } from '#proto/message';
import { deadLetterTopic } from '#proto/names';
import { PROPERTY, addProperty, parseProperties } from '#proto/properties';
import { NO_TEXT, Text } from '#proto/text';

import type { OutgoingMessage, Producer } from '#broker/produce/produce';
import { storedAgain } from '#broker/produce/stored-again';
import type { Group, Groups } from '#broker/topic/groups';
import type { Topic, Topics } from '#broker/topic/topics';
import type { LeaseWatch } from '#broker/consume/lease-watch';
import type { Caller } from '#broker/store/members';
import type { MessageReader } from '#broker/consume/message-reader';
import { CAUSE, placeText } from '#broker/consume/progress-records';
import type { ProgressTable } from '#broker/consume/progress-table';
import type { Lease, Progress } from '#broker/consume/progress';

/** Its attempts are used up, or the consumer gave it up. */
export type DeadLetterReason = 'attempts' | 'forwarded';

interface Death {
  /** The place of the message that failed, as its copy names it. */
  of: string;
  reason: DeadLetterReason;
  attempts: number;
}

/** What is said of the message that failed, not of its copy; or is said anew. */
const OF_THE_DELIVERED = [
  PROPERTY.deadLetterAttempts,
  PROPERTY.deadLetterReason,
  PROPERTY.deadLetterFailedIn,
  PROPERTY.deadLetterOf,
  PROPERTY.resentFor,
  PROPERTY.resentFrom,
];

export interface DeadLettersOptions {
  clock: Clock;
  topics: Topics;
  groups: Groups;
  progress: ProgressTable;
  producer: Producer;
  reader: MessageReader;
  watch: LeaseWatch;
  onMoved: (group: Group, topic: Topic) => void;
  onError: (error: unknown) => void;
}

export class DeadLetters {
  readonly #options: DeadLettersOptions;
  /** The last move of each progress: what is in order stays so among the dead letters. */
  readonly #moves = new WeakMap<Progress, Promise<unknown>>();

  constructor(options: DeadLettersOptions) {
    this.#options = options;
  }

  /** Moves a message whose attempts are used up; if that fails, it is tried again later. */
  moveInBackground(lease: Lease): void {
    this.move(lease).catch((error: unknown) => {
      this.#options.onError(error);
      if (lease.live) this.#postpone(lease);
    });
  }

  #postpone({ progress, offset, attempt, sequence }: Lease): void {
    const { clock, watch } = this.#options;
    const deadlineMs = clock.nowMs() + CONSUME.deadLetterRetryMs;
    watch.watch(progress.grant({ offset, deadlineMs, attempt, sequence: sequence + 1 }));
  }

  /** Resolves when copy and mark are stored. */
  async move(lease: Lease, reason: DeadLetterReason = 'attempts', caller?: Caller): Promise<void> {
    const { progress } = lease;
    const before = this.#moves.get(progress) ?? Promise.resolve();
    const move = before.then(() => this.#move(lease, reason, caller));
    this.#moves.set(
      progress,
      move.catch(() => undefined), // whoever asked for it is told
    );
    const end = await move;
    if (end !== undefined) await this.#options.producer.whenStored(end);
  }

  /** The log position behind which copy and mark are; undefined when nothing had to be moved. */
  async #move(
    lease: Lease,
    reason: DeadLetterReason,
    caller: Caller | undefined,
  ): Promise<number | undefined> {
    const { topics, groups, progress: table, producer, reader } = this.#options;
    const { progress, offset } = lease;
    const topic = topics.byId(progress.topicId);
    const group = groups.byId(progress.groupId);
    const queue = topic?.queues[progress.queueId];
    if (!topic || !group || !queue) return undefined; // deleted meanwhile, with its progress
    if (offset < queue.minOffset) {
      table.drop(progress, offset); // retention has taken it
      return undefined;
    }
    const message = await reader.read(await reader.place(queue, offset), queue, offset);
    if (!lease.live) return undefined; // acknowledged meanwhile
    const death = { of: placeText(progress, offset), reason, attempts: lease.attempt };
    producer.append(this.#copy(message, topic, group, death));
    const end = table.recordAcks(progress, [offset], CAUSE.deadLettered, caller);
    this.#options.onMoved(group, topic);
    return end;
  }

  #copy(message: StoredMessage, topic: Topic, group: Group, death: Death): OutgoingMessage {
    const name = deadLetterTopic(group.name);
    const stored = parseProperties(message.properties);
    const properties = stored.allBut(OF_THE_DELIVERED);
    addProperty(properties, PROPERTY.deadLetterAttempts, Text.ofName(String(death.attempts)));
    addProperty(properties, PROPERTY.deadLetterReason, Text.ofName(death.reason));
    addProperty(properties, PROPERTY.deadLetterOf, Text.ofName(death.of));
    if (stored.has(PROPERTY.deadLetterTopic)) {
      addProperty(properties, PROPERTY.deadLetterFailedIn, Text.ofName(topic.name));
    } else {
      const messageId = stored.text(PROPERTY.messageId) ?? NO_TEXT;
      addProperty(properties, PROPERTY.deadLetterTopic, Text.ofName(topic.name));
      addProperty(properties, PROPERTY.deadLetterMessageId, messageId);
    }
    const { topics } = this.#options;
    const target = topics.find(name) ?? topics.createDeadLetter(name);
    return storedAgain(message, { topic: target, queueId: 0, stored, properties });
  }
}
