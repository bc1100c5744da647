/**
 * Transactions and the history of their messages: beside what that finds wrong, one that was stored
 * is never in between: it is open, or it ended and is seen or not.
 */
import { expect } from '@jest/globals';

import type { Core } from '#broker/core';
import { transactionIdOf } from '#broker/produce/transaction';
import type { Topic } from '#broker/topic/topics';
import { PROPERTY, parseProperties } from '#proto/properties';
import { History } from '#support/history';
import { readAll } from '#support/reopened';
import { endHalf, openHalf } from '#support/transactions';

type Outcome = 'commit' | 'rollback';

interface Told {
  /** Once its sender has its answer. */
  transactionId?: string;
  /** What was asked for, and whether that was answered. */
  asked?: Outcome;
  answered?: boolean;
  /** Retention may have taken it since. */
  old?: boolean;
  /** It may have been rolled back because nobody said how it ended. */
  mayBeGivenUp?: boolean;
}

export class TransactionHistory {
  readonly #told = new Map<string, Told>();
  #history = new History();

  clone(): TransactionHistory {
    const copy = new TransactionHistory();
    copy.#history = this.#history.clone();
    for (const [id, told] of this.#told) copy.#told.set(id, { ...told });
    return copy;
  }

  get size(): number {
    return this.#told.size;
  }

  async begin(core: Core, topic: Topic, id: string, bytes: number): Promise<void> {
    const told: Told = {};
    const body = Buffer.alloc(bytes, `${id}.`);
    this.#told.set(id, told);
    const queueId = this.#told.size % topic.queues.length;
    this.#history.sending({ id, topic: String(topic.id), queueId, body, half: true });
    told.transactionId = await openHalf(core, topic, { id, body, queueId });
    this.#history.stored(id);
  }

  async end(core: Core, topic: Topic, id: string, outcome: Outcome): Promise<void> {
    const told = this.#told.get(id) as Told;
    told.asked = outcome;
    this.#history.ending(id, outcome);
    await endHalf(core, topic, id, told.transactionId ?? '', outcome);
    told.answered = true;
    this.#history.ended(id, outcome);
  }

  /** From here on retention may take what has ended. */
  age(): void {
    for (const [id, told] of this.#told) {
      if (!told.asked) continue;
      told.old = true;
      this.#history.mayExpire(id);
    }
  }

  /** From here on what is open may be given up. */
  mayBeGivenUp(): void {
    for (const told of this.#told.values()) if (!told.asked) told.mayBeGivenUp = true;
  }

  /** What a core has is what it promised. */
  async check(core: Core): Promise<void> {
    const seen = await readAll(core);
    this.#history.foundAll(seen);
    expect(this.#history.violations).toEqual([]);
    const ids = seen.map(({ id }) => id);
    const open = await openIds(core);
    for (const [id, told] of this.#told) {
      const is = { seen: ids.includes(id), open: open.get(id) };
      expect([id, this.#allowed(told)]).toEqual([id, expect.arrayContaining([stateOf(is)])]);
      if (is.open !== undefined && told.transactionId) expect(is.open).toBe(told.transactionId);
    }
  }

  #allowed({ transactionId, asked, answered, old, mayBeGivenUp }: Told): string[] {
    if (!transactionId) return ['open', 'gone'];
    if (!asked) return mayBeGivenUp ? ['open', 'gone'] : ['open'];
    const ended = asked === 'commit' && !old ? ['seen'] : ['gone'];
    if (asked === 'commit' && old) ended.push('seen');
    return answered ? ended : [...ended, 'open'];
  }

  /** Whoever had no answer asks again; whoever did not end it yet does so. */
  async endAll(core: Core, topic: Topic): Promise<void> {
    for (const [id, told] of this.#told) {
      if (!told.transactionId || told.old || told.mayBeGivenUp) continue;
      const outcome = told.asked ?? 'commit';
      await this.end(core, topic, id, outcome);
      const other = outcome === 'commit' ? 'rollback' : 'commit';
      const work = endHalf(core, topic, id, told.transactionId, other);
      await expect(work).rejects.toMatchObject({ code: 'INVALID_TRANSACTION_ID' });
    }
  }
}

function stateOf(is: { seen: boolean; open: string | undefined }): string {
  if (is.seen && is.open !== undefined) return 'both';
  if (is.seen) return 'seen';
  return is.open === undefined ? 'gone' : 'open';
}

/** Message ids of the open transactions, each with the transaction's id. */
async function openIds(core: Core): Promise<Map<string, string>> {
  const ids = new Map<string, string>();
  for (const half of core.transactions.table.all) {
    const { message } = await core.transactions.read(half);
    const id = parseProperties(message.properties).get(PROPERTY.messageId) ?? '';
    expect(ids.has(id)).toBe(false);
    ids.set(id, transactionIdOf(half));
  }
  return ids;
}
