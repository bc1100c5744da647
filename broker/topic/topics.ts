/** The topics of this broker: definitions that live in the log, and their queues. */
import { SluiceError } from '#lib/errors';
import { TOPIC } from '#lib/limits';
import { assertTopicName, splitName } from '#proto/names';
import type { TopicKind, TopicPermission } from '#proto/route';

import { ConsumeQueue } from '#broker/store/consume-queue';
import type { IndexChange, IndexDatabase } from '#broker/store/index-database';
import { put } from '#broker/store/index-database';
import { readQueueEndKey, tableRange, topicKey } from '#broker/store/index-keys';
import { decodeEnd } from '#broker/store/queue-index';
import { RECORD_TYPE, bytesPayload } from '#broker/store/record';
import type { LogRecord, Payload, RecordType } from '#broker/store/record';
import type { Store } from '#broker/store/store';

export interface TopicDefinition {
  /** The log position of its first definition: never another topic's, not even of the same name. */
  id: number;
  /** With its namespace: `{namespace}%{name}`. */
  name: string;
  kind: TopicKind;
  queues: number;
  /** Of clients; dead letters are moved to a topic whatever it says. */
  permission: TopicPermission;
  createdMs: number;
}

/** What an operator says of a topic. */
type TopicFields = Pick<TopicDefinition, 'name' | 'kind' | 'queues' | 'permission'>;

/** A definition as a record: a carried one also has the offset that each queue had come to. */
interface TopicRecord extends Omit<TopicDefinition, 'permission'> {
  /** Absent in records from before there were permissions. */
  permission?: TopicPermission;
  nextOffsets?: number[];
}

export class Topic {
  definition: TopicDefinition;
  readonly queues: ConsumeQueue[] = [];

  constructor(definition: TopicDefinition) {
    this.definition = definition;
  }

  get id(): number {
    return this.definition.id;
  }

  get name(): string {
    return this.definition.name;
  }

  get kind(): TopicKind {
    return this.definition.kind;
  }

  get permission(): TopicPermission {
    return this.definition.permission;
  }

  /** Consumers may receive from it. @throws SluiceError FORBIDDEN */
  assertReadable(): void {
    if (this.permission !== 'write-only') return;
    throw new SluiceError('FORBIDDEN', `the topic ${this.name} is write only: nobody reads it`);
  }

  /** Producers may send to it. @throws SluiceError FORBIDDEN */
  assertWritable(): void {
    if (this.permission !== 'read-only') return;
    throw new SluiceError('FORBIDDEN', `the topic ${this.name} is read only: it takes no messages`);
  }
}

export class Topics {
  readonly #store: Store;
  readonly #byName = new Map<string, Topic>();
  readonly #byId = new Map<number, Topic>();
  /** Definitions that the index lacks; null for a topic that is gone. */
  #changed = new Map<number, Topic | null>();
  /** A topic was created, changed or deleted. */
  onChange: () => void = () => undefined;
  onDelete: (topic: Topic) => void = () => undefined;

  constructor(store: Store) {
    this.#store = store;
  }

  get all(): Iterable<Topic> {
    return this.#byName.values();
  }

  get count(): number {
    return this.#byName.size;
  }

  find(name: string): Topic | undefined {
    return this.#byName.get(name);
  }

  byId(id: number): Topic | undefined {
    return this.#byId.get(id);
  }

  /** @throws SluiceError TOPIC_NOT_FOUND */
  get(name: string): Topic {
    const topic = this.#byName.get(name);
    if (!topic) throw new SluiceError('TOPIC_NOT_FOUND', `there is no topic ${name}`);
    return topic;
  }

  /**
   * Resolves when the topic is stored.
   * @throws SluiceError ILLEGAL_TOPIC, ALREADY_EXISTS, BAD_REQUEST
   */
  async create(
    name: string,
    kind: TopicKind,
    queues: number,
    permission: TopicPermission = 'read-write',
  ): Promise<Topic> {
    assertTopicName(splitName(name));
    assertQueues(kind, queues);
    if (this.#byName.has(name)) {
      throw new SluiceError('ALREADY_EXISTS', `the topic ${name} exists already`);
    }
    return this.#define({ name, kind, queues, permission });
  }

  /** The dead-letter topic of a group; made at the first message that needs it. */
  createDeadLetter(name: string): Topic {
    const { topic } = this.#append({ name, kind: 'normal', queues: 1, permission: 'read-write' });
    return topic;
  }

  async #define(fields: TopicFields): Promise<Topic> {
    if (this.#byName.size >= TOPIC.topicsMax) {
      throw new SluiceError('BAD_REQUEST', `a broker has at most ${TOPIC.topicsMax} topics`);
    }
    const { topic, end } = this.#append(fields);
    await this.#store.whenCommitted(end);
    return topic;
  }

  #append(fields: TopicFields) {
    const id = this.#byName.get(fields.name)?.id ?? this.#store.end;
    const createdMs = this.#byId.get(id)?.definition.createdMs ?? this.#store.nowMs();
    const definition: TopicDefinition = { id, ...fields, createdMs };
    const { end } = this.#store.append(RECORD_TYPE.topic, jsonPayload(definition));
    return { topic: this.#put(definition), end };
  }

  /**
   * Changes kind, permission or number of queues; queues are never taken away, since they may hold
   * messages.
   * @throws SluiceError TOPIC_NOT_FOUND, BAD_REQUEST
   */
  async update(name: string, change: Partial<Omit<TopicFields, 'name'>>): Promise<Topic> {
    const topic = this.get(name);
    const { kind, queues, permission } = { ...topic.definition, ...change };
    assertQueues(kind, queues);
    if (queues < topic.queues.length) {
      const has = topic.queues.length;
      throw new SluiceError('BAD_REQUEST', `${name} has ${has} queues, they can only become more`);
    }
    const { end } = this.#append({ name, kind, queues, permission });
    await this.#store.whenCommitted(end);
    return topic;
  }

  /** Deletes a topic with its messages. @throws SluiceError TOPIC_NOT_FOUND */
  async delete(name: string): Promise<void> {
    const topic = this.get(name);
    const { end } = this.#store.append(RECORD_TYPE.topicDeleted, jsonPayload({ id: topic.id }));
    this.#remove(topic.id);
    await this.#store.whenCommitted(end);
    await this.#store.materialize(); // so that no batch brings back what is cleared now
    for (const queue of topic.queues) await this.#store.queues.remove(queue);
  }

  #put(record: TopicRecord): Topic {
    const { nextOffsets, ...fields } = record;
    const definition: TopicDefinition = { permission: 'read-write', ...fields };
    let topic = this.#byId.get(definition.id);
    if (!topic) {
      topic = new Topic(definition);
      this.#byId.set(definition.id, topic);
      this.#byName.set(definition.name, topic);
    }
    topic.definition = definition;
    while (topic.queues.length < definition.queues) {
      const next = nextOffsets?.[topic.queues.length] ?? 0;
      const queue = new ConsumeQueue(definition.id, topic.queues.length, next, next);
      topic.queues.push(queue);
      if (next > 0) this.#store.queues.markDirty(queue);
    }
    this.#changed.set(definition.id, topic);
    this.onChange();
    return topic;
  }

  #remove(id: number): void {
    const topic = this.#byId.get(id);
    if (!topic) return;
    this.#byId.delete(id);
    this.#byName.delete(topic.name);
    this.#changed.set(id, null);
    this.onDelete(topic);
    this.onChange();
  }

  async load(database: IndexDatabase): Promise<void> {
    this.#byId.clear();
    this.#byName.clear();
    for (const [, value] of await database.entries(tableRange('topic'))) {
      this.#put(JSON.parse(value.toString()) as TopicRecord);
    }
    for (const [key, value] of await database.entries(tableRange('queueEnd'))) {
      const { topicId, queueId } = readQueueEndKey(key);
      const queues = this.#byId.get(topicId)?.queues;
      if (queues?.[queueId])
        queues[queueId] = new ConsumeQueue(topicId, queueId, 0, decodeEnd(value));
    }
    this.#changed.clear();
  }

  apply({ type, payload }: LogRecord): void {
    const record = JSON.parse(payload.toString()) as TopicRecord;
    if (type === RECORD_TYPE.topic) this.#put(record);
    else this.#remove(record.id);
  }

  collect(changes: IndexChange[]): void {
    for (const [id, topic] of this.#changed) {
      if (topic) changes.push(put(topicKey(id), jsonBytes(topic.definition)));
      else changes.push({ type: 'del', key: topicKey(id) });
    }
    this.#changed = new Map();
  }

  carry(append: (type: RecordType, payload: Payload) => void): void {
    for (const { definition, queues } of this.#byName.values()) {
      const nextOffsets = queues.map((queue) => queue.nextOffset);
      append(RECORD_TYPE.topic, jsonPayload({ ...definition, nextOffsets }));
    }
  }

  /** The log now begins where the queues had come to what is carried here. */
  beginAt(carried: LogRecord[]): ConsumeQueue[] {
    const changed: ConsumeQueue[] = [];
    for (const { type, payload } of carried) {
      if (type !== RECORD_TYPE.topic) continue;
      const record = JSON.parse(payload.toString()) as TopicRecord;
      const queues = this.#byId.get(record.id)?.queues ?? [];
      for (const [queueId, offset] of (record.nextOffsets ?? []).entries()) {
        const queue = queues[queueId];
        if (!queue || offset <= queue.minOffset) continue;
        queue.raiseMin(offset);
        changed.push(queue);
      }
    }
    return changed;
  }
}

function assertQueues(kind: TopicKind, queues: number): void {
  if (!Number.isInteger(queues) || queues < 1 || queues > TOPIC.queuesMax) {
    throw new SluiceError(
      'BAD_REQUEST',
      `a topic has 1 to ${TOPIC.queuesMax} queues, not ${queues}`,
    );
  }
  if (kind === 'global-fifo' && queues !== 1) {
    throw new SluiceError('BAD_REQUEST', 'a global-fifo topic has exactly 1 queue');
  }
}

function jsonBytes(value: object): Buffer {
  return Buffer.from(JSON.stringify(value));
}

function jsonPayload(value: object): Payload {
  return bytesPayload(jsonBytes(value));
}
