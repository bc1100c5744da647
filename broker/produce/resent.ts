/**
 * A message that is sent once more with the id it had is stored once, and answered as it was the
 * first time (decision 0032). Clients do so when no answer came: it was lost, or late, or the
 * broker went away. What is known is derived from the log, so that a restart forgets none of it.
 */
import type { Clock } from '#lib/clock';
import { SluiceError } from '#lib/errors';
import { RESENT } from '#lib/limits';
import type { Log } from '#lib/log';
import { StoredMessage } from '#proto/message';
import { PROPERTY, parseProperties } from '#proto/properties';
import type { Text } from '#proto/text';

import { heldMessage, heldTopicId } from '#broker/produce/held-messages';
import type { Produced } from '#broker/produce/produce';
import type { Recallable } from '#broker/produce/recall-handle';
import { RememberedIds } from '#broker/produce/remembered-ids';
import type { LogRange } from '#broker/produce/remembered-ids';
import { transactionIdOf } from '#broker/produce/transaction';
import { DamageError, IndexDamageError } from '#broker/store/damage';
import type { KeyHash } from '#broker/store/key-index';
import { RECORD_TYPE } from '#broker/store/record';
import type { LogRecord } from '#broker/store/record';
import type { Store } from '#broker/store/store';
import type { Topic } from '#broker/topic/topics';

export interface ResentOptions {
  clock: Clock;
  log: Log;
  store: Store;
  /** Of a scheduled message: by which it can be taken back. */
  recallHandle: (message: Recallable) => string;
}

/** What somebody sends, and what becomes of it when it is new. */
interface Sent {
  topic: Topic;
  messageId: Text;
  hash: KeyHash;
  /** Under which it is while it is held back; only in topics where that can be. */
  heldHash: KeyHash | undefined;
  produce: () => Produced;
}

export class Resent {
  readonly #options: ResentOptions;
  readonly #ids: RememberedIds;
  /** By topic and id: those of which it is found out whether they are known. */
  readonly #deciding = new Map<string, Promise<Produced>>();
  readonly #waiting: (() => void)[] = [];
  #lookups = 0;
  /** Sends that were answered as the first one was. */
  answered = 0;

  constructor(options: ResentOptions) {
    this.#options = options;
    this.#ids = new RememberedIds(options.clock);
  }

  /** What the ids take, and how often the oldest had to go too early. */
  get memory(): { bytes: number; forgotten: number } {
    return this.#ids;
  }

  /** Takes in what the log has of the time before this process. */
  async refill(): Promise<void> {
    const { store, clock, log } = this.#options;
    const sinceMs = clock.nowMs() - RESENT.windowMs;
    try {
      for (const range of store.reader.partsSince(sinceMs)) {
        const hashes = await store.keys.hashesOf(range.from);
        if (hashes.count > 0 && !this.#ids.refill({ ...range, sinceMs }, hashes)) return;
      }
    } catch (error) {
      if (!(error instanceof IndexDamageError)) throw error;
      log.warn({ error }, 'what was sent before the start is not known: it may be stored twice');
    }
  }

  /**
   * Has a new message produced; for one that was sent before, what became of it then. Either is
   * stored once the log is committed up to its end.
   * @throws what `produce` throws; SluiceError TOO_MANY_REQUESTS
   */
  once(topic: Topic, messageId: Text, produce: () => Produced): Produced | Promise<Produced> {
    const { keys } = this.#options.store;
    const canBeHeld = topic.kind === 'delay' || topic.kind === 'transaction';
    const heldHash = canBeHeld ? keys.hash(heldTopicId(topic.id), messageId) : undefined;
    const hash = keys.hash(topic.id, messageId);
    const sent = { topic, messageId, hash, heldHash, produce };
    const isNew = this.#deciding.size === 0 && !this.#isKnown(sent);
    return isNew ? this.#first(sent) : this.#decide(sent);
  }

  #isKnown({ hash, heldHash }: Sent): boolean {
    if (this.#ids.find(hash).length > 0) return true;
    return heldHash !== undefined && this.#ids.find(heldHash).length > 0;
  }

  #first({ topic, messageId, hash, heldHash, produce }: Sent): Produced {
    const produced = produce();
    const { position, recallHandle, transactionId } = produced;
    const isHeld = recallHandle !== undefined || transactionId !== undefined;
    if (heldHash && isHeld) {
      const { keys } = this.#options.store;
      keys.addAppended(heldTopicId(topic.id), messageId, position);
      this.#ids.add(heldHash, position);
    } else {
      this.#ids.add(hash, position);
    }
    return produced;
  }

  async #decide(sent: Sent): Promise<Produced> {
    const key = `${sent.topic.id} ${sent.messageId.toString()}`;
    for (let other = this.#deciding.get(key); other; other = this.#deciding.get(key)) {
      const produced = await other.catch(() => undefined); // then this one may do better
      if (produced) return this.#again(produced);
    }
    const decision = this.#lookUpOrProduce(sent);
    this.#deciding.set(key, decision);
    try {
      return await decision;
    } finally {
      this.#deciding.delete(key);
    }
  }

  #again(produced: Produced): Produced {
    this.answered++;
    return { ...produced, resent: true };
  }

  async #lookUpOrProduce(sent: Sent): Promise<Produced> {
    const produced = this.#isKnown(sent) ? await this.#lookUp(sent) : undefined;
    return produced ? this.#again(produced) : this.#first(sent);
  }

  async #lookUp(sent: Sent): Promise<Produced | undefined> {
    await this.#turn();
    try {
      // First as it was sent: when its time has come, it is in the log once more.
      for (const hash of [sent.heldHash, sent.hash]) {
        for (const range of hash ? this.#ids.find(hash) : []) {
          const produced = hash && (await this.#lookIn(range, hash, sent));
          if (produced) return produced;
        }
      }
    } catch (error) {
      const isDamage = error instanceof DamageError || error instanceof IndexDamageError;
      if (!isDamage) throw error;
      const { log } = this.#options;
      log.warn({ error }, 'whether a message was sent before is not known: it may be stored twice');
    } finally {
      this.#lookups--;
      this.#waiting.shift()?.();
    }
    return undefined;
  }

  async #turn(): Promise<void> {
    if (this.#lookups >= RESENT.lookupsAtOnce) {
      if (this.#waiting.length >= RESENT.lookupsWaitingMax) {
        throw new SluiceError('TOO_MANY_REQUESTS', 'too many messages are sent once more');
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#lookups++;
  }

  async #lookIn(range: LogRange, hash: KeyHash, sent: Sent): Promise<Produced | undefined> {
    const { from, to, sinceMs } = range;
    const { store } = this.#options;
    for (const position of await store.keys.findBetween(hash, from, to, RESENT.candidatesMax)) {
      await store.whenCommitted(position + 1);
      const record = await store.reader.readAt(position);
      const produced = record.timestampMs >= sinceMs && this.#producedBy(record, sent);
      if (produced) return produced;
    }
    return undefined;
  }

  /** What became of a message; undefined when the record is of another one. */
  #producedBy(record: LogRecord, { topic, messageId }: Sent): Produced | undefined {
    const held = heldMessage(record);
    const isMessage = record.type === RECORD_TYPE.message;
    const message = isMessage ? new StoredMessage(record.payload) : held?.message;
    if (message?.topic !== topic.name || idOf(message) !== messageId.toString()) return undefined;
    const { position, end } = record;
    const { queueId, queueOffset: offset } = message;
    const produced = { queueId, offset, position, end };
    if (!held) return produced;
    if (held.topicId !== topic.id) return undefined;
    if (held.kind === 'half') return { ...produced, transactionId: transactionIdOf(held) };
    return { ...produced, recallHandle: this.#options.recallHandle(held) };
  }
}

function idOf(message: StoredMessage): string | undefined {
  return parseProperties(message.properties).get(PROPERTY.messageId);
}
