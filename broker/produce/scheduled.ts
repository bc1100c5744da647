/**
 * Messages that wait for their time. Each is a record of its own in the log; when it is due, the
 * message is appended to its queue as any other, with a property that says where it was scheduled:
 * that one record is the message and the end of its wait, so that no crash can come in between.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';

import type { Clock, Timer } from '#lib/clock';
import { SluiceError } from '#lib/errors';
import { PRODUCT } from '#lib/limits';
import type { Log } from '#lib/log';
import { SCHEDULE } from '#lib/schedule-limits';
import { DAY } from '#lib/units';
import { StoredMessage } from '#proto/message';
import { PROPERTY, addProperty, parseProperties } from '#proto/properties';
import { Text } from '#proto/text';

import { DamageError } from '#broker/store/damage';
import type { IndexDatabase } from '#broker/store/index-database';
import type { TimerKey } from '#broker/store/index-keys';
import { HEAD_BYTES, RECORD_TYPE, bytesPayload } from '#broker/store/record';
import type { LogRecord } from '#broker/store/record';
import type { Store } from '#broker/store/store';
import type { StoredTimer } from '#broker/store/timer-index';
import type { Topic, Topics } from '#broker/topic/topics';
import { NearTimers } from '#broker/produce/near-timers';
import type { OutgoingMessage, Produced, Producer } from '#broker/produce/produce';
import { RecallHandles } from '#broker/produce/recall-handle';
import type { Recallable } from '#broker/produce/recall-handle';
import {
  ScheduledPayload,
  cancelledPayload,
  decodeCancelled,
  decodeScheduled,
} from '#broker/produce/scheduled-records';
import { storedAgain } from '#broker/produce/stored-again';

export interface SchedulerOptions {
  clock: Clock;
  log: Log;
  store: Store;
  topics: Topics;
  producer: Producer;
  /** Of the recall handles. */
  key: Buffer;
  onDamage: () => void;
}

export interface Recalled {
  messageId: Text;
  /** It is recalled once the log is committed up to here. */
  end: number;
}

export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #handles: RecallHandles;
  readonly #near = new NearTimers();
  #timer: Timer | undefined;
  #wakesAtMs = Infinity;
  #running: Promise<void> | undefined;
  #started = false;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#handles = new RecallHandles(options.key);
  }

  /** Whether any message waits for its time. */
  get hasPending(): boolean {
    return this.#near.size > 0 || this.#near.wantsMore;
  }

  /** Pending messages that are in memory: those that are due next. */
  get inMemory(): number {
    return this.#near.size;
  }

  /**
   * Puts a message into the log that is delivered when its time comes; at once, when that is past.
   * @throws SluiceError ILLEGAL_DELIVERY_TIME, and what `Producer.append` throws
   */
  schedule(message: OutgoingMessage, deliverAtMs: number): Produced {
    const { clock, producer, store } = this.#options;
    const nowMs = clock.nowMs();
    if (deliverAtMs <= nowMs) return producer.append(message);
    if (deliverAtMs - nowMs > PRODUCT.delayMaxMs) throw tooFar(deliverAtMs - nowMs);
    const { topic, queueId } = message;
    const payload = new ScheduledPayload(deliverAtMs, topic.id, producer.encode(message, 0));
    const { position, end } = store.append(RECORD_TYPE.scheduled, payload);
    const length = HEAD_BYTES + payload.bytes;
    const timer = { dueMs: deliverAtMs, id: position, position, length, topicId: topic.id };
    store.timers.add(timer);
    this.#near.add(timer);
    if (deliverAtMs < this.#wakesAtMs) this.#arm();
    const recallHandle = this.recallHandle(timer);
    return { queueId, offset: 0, position, end, recallHandle };
  }

  /** By which a message can be taken back. */
  recallHandle(timer: Recallable): string {
    return this.#handles.sign(timer);
  }

  /** What the log says, while the state is being restored. */
  apply({ type, position, payload, end }: LogRecord): void {
    const { timers } = this.#options.store;
    if (type === RECORD_TYPE.scheduledCancelled) {
      return timers.change(decodeCancelled(payload), undefined);
    }
    const { id, dueMs, topicId } = decodeScheduled(payload);
    const timer = { id, dueMs, position, length: end - position, topicId };
    if (id === position) timers.add(timer);
    else timers.change({ id, dueMs }, timer);
  }

  /** A message of the log says that its time had come, while the state is being restored. */
  applyDelivered(key: TimerKey): void {
    this.#options.store.timers.change(key, undefined);
  }

  /** A topic was deleted, and what waited for its time goes with it. */
  forgetTopic(topicId: number): void {
    this.#near.removeTopic(topicId);
    if (this.#near.wantsMore) this.#wake();
  }

  /** @throws IndexDamageError */
  load(database: IndexDatabase): Promise<void> {
    return this.#options.store.timers.check(database, SCHEDULE.nearRefillBelow);
  }

  /** The state is restored: from now on messages are delivered. */
  async start(): Promise<void> {
    await this.#refill();
    this.#started = true;
    this.#arm();
  }

  async stop(): Promise<void> {
    this.#started = false;
    this.#timer?.cancel();
    await this.#running;
  }

  /** One timer for the next that is due, at most until the clock is to be looked at again. */
  #arm(): void {
    if (!this.#started || this.#running) return;
    const dueMs = this.#near.nextDueMs;
    this.#timer?.cancel();
    this.#wakesAtMs = Infinity;
    if (dueMs === undefined) return;
    const nowMs = this.#options.clock.nowMs();
    this.#wakeIn(Math.min(Math.max(0, dueMs - nowMs), SCHEDULE.clockCheckMs));
  }

  #wakeIn(delayMs: number): void {
    const { clock } = this.#options;
    this.#wakesAtMs = clock.nowMs() + delayMs;
    this.#timer = clock.setTimeout(() => this.#wake(), delayMs);
  }

  #wake(): void {
    if (this.#running || !this.#started) return;
    const isDue = (this.#near.nextDueMs ?? Infinity) <= this.#options.clock.nowMs();
    if (!isDue && !this.#near.wantsMore) return this.#arm();
    this.#running = this.#deliverDue()
      .then(() => true)
      .catch((error: unknown) => {
        const { log } = this.#options;
        log.warn({ error }, 'scheduled messages could not be delivered; they are tried again');
        return false;
      })
      .then((done) => {
        this.#running = undefined;
        if (done) this.#arm();
        else if (this.#started) this.#wakeIn(SCHEDULE.retryMs);
      });
  }

  async #deliverDue(): Promise<void> {
    while (this.#started) {
      const due = this.#near.takeDue(this.#options.clock.nowMs());
      try {
        await this.#deliver(due);
      } catch (error) {
        this.#near.giveBack(due);
        throw error;
      }
      if (this.#near.wantsMore) await this.#refill();
      else if (due.length === 0) return;
      await nextTurn();
    }
  }

  async #refill(): Promise<void> {
    const { store, topics } = this.#options;
    do {
      await store.timers.page(this.#near.end, SCHEDULE.pageTimers, (found, end) => {
        // What is left of a topic that is gone leaves the index with the segment it is in.
        const live = [...found].filter(({ topicId }) => topics.byId(topicId));
        this.#near.extend(live, end);
      });
    } while (this.#near.wantsMore);
  }

  async #deliver(due: readonly StoredTimer[]): Promise<void> {
    const payloads = await Promise.all(due.map((timer) => this.#read(timer)));
    for (const [i, timer] of due.entries()) {
      const payload = payloads[i];
      if (!this.#near.get(timer.id)) continue; // recalled meanwhile
      if (!payload) this.#near.remove(timer.id);
      else this.#deliverOne(timer, payload);
    }
  }

  /** Undefined, and reported, when it can't be read: the others are delivered all the same. */
  async #read({ position, length }: StoredTimer): Promise<Buffer | undefined> {
    const { store, log, onDamage } = this.#options;
    try {
      return await store.read(position, length);
    } catch (error) {
      if (!(error instanceof DamageError)) throw error;
      log.error({ error }, 'a scheduled message cannot be read as it was stored');
      onDamage();
      return undefined;
    }
  }

  #deliverOne(timer: StoredTimer, payload: Buffer): void {
    const { topics, producer } = this.#options;
    const { topicId, message: bytes } = decodeScheduled(payload);
    const topic = topics.byId(topicId);
    if (topic) {
      const message = new StoredMessage(bytes);
      const stored = parseProperties(message.properties);
      const properties = stored.all;
      addProperty(properties, PROPERTY.scheduledPosition, Text.of(String(timer.id)));
      const { queueId } = message;
      producer.append(storedAgain(message, { topic, queueId, stored, properties }));
    } // else it has gone with its topic
    this.#settle(timer);
  }

  #settle(timer: StoredTimer): void {
    this.#options.store.timers.change(timer, undefined);
    this.#near.remove(timer.id);
  }

  /**
   * Takes a message back before its time.
   * @throws SluiceError INVALID_RECEIPT_HANDLE, MESSAGE_NOT_FOUND
   */
  async recall(topic: Topic, handle: string): Promise<Recalled> {
    const { store } = this.#options;
    const key = this.#handles.verify(handle);
    if (key.topicId !== topic.id) {
      const message = `the handle is not one of the topic ${topic.name}`;
      throw new SluiceError('INVALID_RECEIPT_HANDLE', message);
    }
    return store.timers.reading(async () => {
      const timer = await this.#find(key);
      const payload = timer && (await store.read(timer.position, timer.length));
      if (!payload || !this.#isPending(key)) {
        throw new SluiceError(
          'MESSAGE_NOT_FOUND',
          'the message has been delivered or recalled already',
        );
      }
      const stored = parseProperties(
        new StoredMessage(decodeScheduled(payload).message).properties,
      );
      const messageId = Text.of(stored.get(PROPERTY.messageId) ?? '');
      const { end } = store.append(RECORD_TYPE.scheduledCancelled, cancelledPayload(key));
      this.#settle(timer);
      if (this.#near.wantsMore) this.#wake();
      return { messageId, end };
    });
  }

  async #find(key: TimerKey): Promise<StoredTimer | undefined> {
    if (this.#near.covers(key)) return this.#near.get(key.id);
    return this.#options.store.timers.find(key);
  }

  /** Whether one that was found is still there. */
  #isPending(key: TimerKey): boolean {
    if (this.#near.covers(key)) return this.#near.get(key.id) !== undefined;
    return !this.#options.store.timers.isSettled(key);
  }

  /** Appends again what is pending of the records before `before`, where the log is to begin. */
  async carryForward(before: number): Promise<void> {
    const { store } = this.#options;
    for (let from = 0; from < before;) {
      from = await store.timers.reading(async () => {
        const page = await store.timers.placed(from, before, SCHEDULE.carryTimers);
        const payloads = await Promise.all(page.timers.map((timer) => this.#read(timer)));
        for (const [i, timer] of page.timers.entries()) this.#carry(timer, payloads[i]);
        return page.next;
      });
      await store.whenCommitted(store.end);
    }
  }

  #carry(timer: StoredTimer, payload: Buffer | undefined): void {
    const { store, topics } = this.#options;
    // It was due or recalled meanwhile, or it can't be read, or it is left of a topic that is gone.
    if (!this.#isPending(timer)) return store.timers.change(timer, undefined);
    const hasGone = !payload || !topics.byId(decodeScheduled(payload).topicId);
    if (hasGone) return this.#settle(timer);
    const { position } = store.append(RECORD_TYPE.scheduled, bytesPayload(payload));
    const moved = { ...timer, position };
    store.timers.change(timer, moved);
    this.#near.moved(moved);
  }
}

function tooFar(delayMs: number): SluiceError {
  const daysMax = PRODUCT.delayMaxMs / DAY;
  const days = (delayMs / DAY).toFixed(1);
  return new SluiceError(
    'ILLEGAL_DELIVERY_TIME',
    `a message is delivered at most ${daysMax} days from now, this one would be in ${days} days`,
  );
}
