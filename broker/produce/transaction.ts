/**
 * Transactions: a half message that nobody sees, and what becomes of it. A commit is the message
 * itself, in its queue, which names its half record: so no crash can come between the two.
 */
import { SluiceError } from '#lib/errors';
import { TRANSACTION } from '#lib/transaction-limits';
import { StoredMessage } from '#proto/message';
import { PROPERTY, parseProperties } from '#proto/properties';

import { HalfPayload, OUTCOME, decodeHalf, outcomePayload } from '#broker/produce/half-records';
import type { DecodedHalf, Ended, Outcome } from '#broker/produce/half-records';
import type { Half, HalfTable } from '#broker/produce/half-table';
import type { OutgoingMessage, Produced, Producer } from '#broker/produce/produce';
import { storedAgain } from '#broker/produce/stored-again';
import { DamageError } from '#broker/store/damage';
import { bytesPayload, RECORD_TYPE } from '#broker/store/record';
import type { Store } from '#broker/store/store';
import type { Topic, Topics } from '#broker/topic/topics';

export interface TransactionsOptions {
  store: Store;
  topics: Topics;
  producer: Producer;
  table: HalfTable;
  /** A half record can't be read as it was stored: its transaction is given up. */
  onDamage: (error: unknown) => void;
}

/** How a client names a transaction. */
export interface TransactionName {
  topic: Topic;
  messageId: string;
  transactionId: string;
}

/** A half message as it was read from the log. */
export interface HalfMessage extends Omit<DecodedHalf, 'message'> {
  message: StoredMessage;
}

const ID_DIGITS = 12;
const ID = /^[0-9A-F]{12}$/;

/** What clients know a transaction by. */
export function transactionIdOf({ id }: { id: number }): string {
  return id.toString(16).toUpperCase().padStart(ID_DIGITS, '0');
}

/** 0, which is no transaction's, for what is no such id. */
export function idOfTransaction(transactionId: string): number {
  return ID.test(transactionId) ? Number.parseInt(transactionId, 16) : 0;
}

export class Transactions {
  readonly #options: TransactionsOptions;
  readonly table: HalfTable;
  /** Since the start of the process. */
  readonly counts = { committed: 0, rolledBack: 0, givenUp: 0, checks: 0 };

  constructor(options: TransactionsOptions) {
    this.#options = options;
    this.table = options.table;
  }

  /**
   * Puts a half message into the log, in memory.
   * @throws SluiceError DISK_FULL, STORE_UNAVAILABLE, TOO_MANY_REQUESTS, SHUTTING_DOWN
   */
  begin(message: OutgoingMessage, clientId: string, recoveryMs: number | undefined): Produced {
    const { store, producer } = this.#options;
    if (this.table.size >= TRANSACTION.openMax) {
      const most = `${TRANSACTION.openMax} transactions are open, no more may be`;
      throw new SluiceError('TOO_MANY_REQUESTS', most);
    }
    const { topic, queueId } = message;
    const wait = recoveryMs && recoveryMs > 0 ? recoveryMs : TRANSACTION.firstCheckMs;
    const sinceMs = store.nowMs();
    const dueMs = sinceMs + Math.max(wait, TRANSACTION.recoveryMinMs);
    const head = { id: 0, topicId: topic.id, sinceMs, dueMs, checks: 0 };
    const payload = new HalfPayload(head, clientId, producer.encode(message, 0));
    const { position, end } = store.append(RECORD_TYPE.half, payload);
    const place = { topicId: topic.id, position, sinceMs, timeMs: dueMs, checks: 0 };
    const half = this.table.open(position, place);
    return { queueId, offset: 0, position, end, transactionId: transactionIdOf(half) };
  }

  /**
   * Ends a transaction; resolves when that is stored. Once more the same way is fine.
   * @throws SluiceError INVALID_TRANSACTION_ID when it is unknown, or ended the other way
   */
  async end(name: TransactionName, outcome: 'commit' | 'rollback'): Promise<void> {
    const { store } = this.#options;
    const id = idOfTransaction(name.transactionId);
    const half = this.table.find(id);
    if (half) {
      const { message } = await this.read(half);
      if (half.topicId !== name.topic.id || idOf(message) !== name.messageId) throw unknown(name);
      if (half.open) {
        const isCommit = outcome === 'commit';
        const end = isCommit
          ? this.#commit(half, name.topic, message)
          : this.#rollBack(half, OUTCOME.rolledBack);
        return store.whenCommitted(end);
      }
    }
    const ended = await this.table.ended(id);
    if (!ended || !(await this.#isNamed(ended, name))) throw unknown(name);
    const wasCommitted = ended.outcome === OUTCOME.committed;
    if (wasCommitted !== (outcome === 'commit')) throw otherWay(name, ended);
    return store.whenCommitted(store.end); // the record of the first call is before that
  }

  /** Whether a transaction that ended is the one that is meant, as far as the log still tells. */
  async #isNamed(ended: Ended, { topic, messageId }: TransactionName): Promise<boolean> {
    if (ended.topicId !== topic.id) return false;
    const message = await this.readEnded(ended);
    return message === undefined || idOf(message) === messageId;
  }

  /** Its message; undefined when retention took the half record. @throws DamageError */
  async readEnded({ outcome, position }: Ended): Promise<StoredMessage | undefined> {
    const { store } = this.#options;
    if (position < store.status.start) return undefined;
    const payload = await store.readAt(position);
    if (outcome === OUTCOME.committed) return new StoredMessage(payload);
    return new StoredMessage(decodeHalf(payload, position).message);
  }

  /** @throws DamageError when it can't be read as it was stored */
  async read(half: Half): Promise<HalfMessage> {
    for (;;) {
      const { position } = half;
      try {
        const decoded = decodeHalf(await this.#options.store.readAt(position), position);
        return { ...decoded, message: new StoredMessage(decoded.message) };
      } catch (error) {
        if (half.position === position) throw error; // else it was carried forward meanwhile
      }
    }
  }

  #commit(half: Half, topic: Topic, message: StoredMessage): number {
    const { producer, store } = this.#options;
    const { position, end } = producer.append(committed(half, topic, message));
    const at = { position, timestampMs: store.nowMs() };
    this.table.end(this.table.committed(half.id, topic.id, at));
    this.counts.committed++;
    return end;
  }

  #rollBack(half: Half, outcome: Outcome): number {
    const { store } = this.#options;
    const { id, topicId, position, sinceMs, checks } = half;
    const ended = { id, outcome, topicId, position, sinceMs, checks, timeMs: store.nowMs() };
    const appended = store.append(RECORD_TYPE.halfOutcome, outcomePayload(ended));
    this.table.end({ ...ended, endPosition: appended.position });
    if (outcome === OUTCOME.givenUp) this.counts.givenUp++;
    else this.counts.rolledBack++;
    return appended.end;
  }

  /** Nobody said how it ended. @throws SluiceError when the log takes nothing */
  giveUp(half: Half): void {
    this.#rollBack(half, OUTCOME.givenUp);
  }

  /** Appends the half records before `position` again: all that is there is about to go. */
  async carryForward(position: number): Promise<number> {
    const { store } = this.#options;
    let end = 0;
    let bytes = 0;
    for (const half of this.table.all) {
      if (half.position >= position) continue;
      const payload = await this.#carried(half);
      if (!payload || !half.open || half.position >= position) continue;
      const appended = store.append(RECORD_TYPE.half, payload);
      this.table.change(half, { position: appended.position });
      end = appended.end;
      bytes += payload.bytes;
      if (bytes < TRANSACTION.carriedBytesPerTurn) continue;
      await store.whenCommitted(end);
      bytes = 0;
    }
    await store.whenCommitted(end);
    return end;
  }

  async #carried(half: Half): Promise<HalfPayload | undefined> {
    const { store, onDamage } = this.#options;
    try {
      const { clientId, message } = decodeHalf(await store.readAt(half.position), half.position);
      const { id, topicId, sinceMs, timeMs, checks } = half;
      const head = { id, topicId, sinceMs, dueMs: timeMs, checks };
      return new HalfPayload(head, clientId, bytesPayload(message));
    } catch (error) {
      if (!(error instanceof DamageError)) throw error;
      onDamage(error);
      if (half.open) this.giveUp(half); // there is nothing left that could be committed
      return undefined;
    }
  }
}

function idOf(message: StoredMessage): string {
  return parseProperties(message.properties).get(PROPERTY.messageId) ?? '';
}

function committed({ id }: Half, topic: Topic, message: StoredMessage): OutgoingMessage {
  const stored = parseProperties(message.properties);
  const { queueId } = message;
  const again = storedAgain(message, { topic, queueId, stored, properties: stored.all });
  return { ...again, preparedOffset: id };
}

function unknown({ topic, messageId, transactionId }: TransactionName): SluiceError {
  const which = `no transaction ${transactionId} of message ${messageId} is known`;
  return new SluiceError('INVALID_TRANSACTION_ID', `${which} in ${topic.name}`);
}

const HOW: Readonly<Record<Outcome, string>> = {
  [OUTCOME.committed]: 'was committed',
  [OUTCOME.rolledBack]: 'was rolled back',
  [OUTCOME.givenUp]: 'was rolled back, since no producer said how it ended',
};

function otherWay({ transactionId }: TransactionName, { outcome }: Ended): SluiceError {
  const how = `the transaction ${transactionId} ${HOW[outcome]}`;
  return new SluiceError('INVALID_TRANSACTION_ID', how);
}
