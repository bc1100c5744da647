/** The state that the records of the log add up to: which part knows which record. */
import { StoredMessage } from '#proto/message';
import { isDeadLetterTopic } from '#proto/names';
import { PROPERTY, lookupKeys, parseProperties, tagHash } from '#proto/properties';
import type { StoredProperties } from '#proto/properties';

import type { MemberTable } from '#broker/consume/member-table';
import type { ProgressTable } from '#broker/consume/progress-table';
import { heldMessage, heldTopicId } from '#broker/produce/held-messages';
import type { Scheduler } from '#broker/produce/scheduled';
import type { Transactions } from '#broker/produce/transaction';
import type { ConsumeQueue } from '#broker/store/consume-queue';
import { IndexDamageError } from '#broker/store/damage';
import type { IndexChange, IndexDatabase } from '#broker/store/index-database';
import { RECORD_TYPE } from '#broker/store/record';
import type { LogRecord, Payload, RecordType } from '#broker/store/record';
import type { StateMachine } from '#broker/store/state-machine';
import type { Store } from '#broker/store/store';
import type { Groups } from '#broker/topic/groups';
import type { Topics } from '#broker/topic/topics';

export interface StateParts {
  store: Store;
  topics: Topics;
  groups: Groups;
  progress: ProgressTable;
  scheduler: Scheduler;
  transactions: Transactions;
  members: MemberTable;
}

export class BrokerState implements StateMachine {
  readonly #parts: StateParts;

  constructor(parts: StateParts) {
    this.#parts = parts;
  }

  async load(database: IndexDatabase): Promise<void> {
    await this.#parts.topics.load(database);
    await this.#parts.groups.load(database);
    await this.#parts.progress.load(database);
    await this.#parts.members.load(database);
    await this.#parts.scheduler.load(database);
    await this.#parts.transactions.table.load(database);
  }

  apply(record: LogRecord, segmentBase: number): void {
    const { topics, groups, progress, members, scheduler, transactions } = this.#parts;
    switch (record.type) {
      case RECORD_TYPE.message:
        return this.#indexMessage(record, segmentBase);
      case RECORD_TYPE.topic:
      case RECORD_TYPE.topicDeleted:
        return topics.apply(record);
      case RECORD_TYPE.group:
      case RECORD_TYPE.groupDeleted:
        return groups.apply(record);
      case RECORD_TYPE.progress:
      case RECORD_TYPE.lease:
      case RECORD_TYPE.ack:
      case RECORD_TYPE.doneAhead:
      case RECORD_TYPE.reset:
      case RECORD_TYPE.progressForgotten:
        return progress.apply(record);
      case RECORD_TYPE.scheduled:
      case RECORD_TYPE.scheduledCancelled:
        this.#indexHeld(record, segmentBase);
        return scheduler.apply(record);
      case RECORD_TYPE.half:
      case RECORD_TYPE.halfOutcome:
      case RECORD_TYPE.halfChecked:
        this.#indexHeld(record, segmentBase);
        return transactions.table.apply(record);
      case RECORD_TYPE.memberPosition:
        return members.apply(record);
      case RECORD_TYPE.carryBegin:
      case RECORD_TYPE.carryEnd:
      case RECORD_TYPE.member:
        return undefined;
    }
  }

  #indexMessage({ position, payload, timestampMs }: LogRecord, segmentBase: number): void {
    const message = new StoredMessage(payload);
    const properties = parseProperties(message.properties);
    this.#settleOrigin(message, properties);
    this.#parts.transactions.table.applyMessage(message, position);
    const queue = this.#parts.topics.find(message.topic)?.queues[message.queueId];
    if (!queue) return; // its topic was deleted while the message was under way
    if (message.queueOffset !== queue.nextOffset) {
      throw new IndexDamageError(
        `${message.topic} queue ${message.queueId} has come to offset ${queue.nextOffset}, ` +
          `the next message in the log has ${message.queueOffset}`,
      );
    }
    const hash = tagHash(properties.get(PROPERTY.tag));
    const size = payload.length;
    this.#parts.store.indexMessage(queue, {
      position,
      size,
      tagHash: hash,
      timestampMs,
      segmentBase,
      keys: lookupKeys(properties),
    });
  }

  #indexHeld(record: LogRecord, segmentBase: number): void {
    const held = heldMessage(record);
    const id = held && parseProperties(held.message.properties).text(PROPERTY.messageId);
    if (!id) return;
    const topicId = heldTopicId(held.topicId);
    this.#parts.store.keys.add(topicId, id, segmentBase, record.position);
  }

  /** A message that was scheduled waits no more; one that has its dead letter is done. */
  #settleOrigin({ topic }: StoredMessage, properties: StoredProperties): void {
    const deadLetterOf = properties.get(PROPERTY.deadLetterOf);
    if (deadLetterOf !== undefined && isDeadLetterTopic(topic)) {
      this.#parts.progress.applyDeadLetter(deadLetterOf);
    }
    const id = properties.get(PROPERTY.scheduledPosition);
    if (id === undefined) return;
    const dueMs = Number(properties.get(PROPERTY.deliverAt));
    this.#parts.scheduler.applyDelivered({ id: Number(id), dueMs });
  }

  collect(changes: IndexChange[]): void {
    this.#parts.topics.collect(changes);
    this.#parts.groups.collect(changes);
    this.#parts.progress.collect(changes);
    this.#parts.transactions.table.collect(changes);
    this.#parts.members.collect(changes);
  }

  carry(append: (type: RecordType, payload: Payload) => void): void {
    this.#parts.topics.carry(append);
    this.#parts.groups.carry(append);
    this.#parts.progress.carry(append);
    this.#parts.members.carry(append);
  }

  async carryForward(before: number): Promise<number> {
    await this.#parts.scheduler.carryForward(before);
    return this.#parts.transactions.carryForward(before);
  }

  forgetBefore(position: number, database: IndexDatabase): Promise<void> {
    return this.#parts.transactions.table.forgetBefore(position, database);
  }

  beginAt(carried: LogRecord[]): ConsumeQueue[] {
    return this.#parts.topics.beginAt(carried);
  }
}
