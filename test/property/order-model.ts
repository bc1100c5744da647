/** What is known of each message of an ordered group from outside. */
import { expect } from '@jest/globals';

import type { Delivery } from '#broker/consume/pop';
import { idOf } from '#support/core';

export interface OrderedMessage {
  readonly id: string;
  readonly queue: number;
  readonly offset: number;
  /** Queue and message group: what is in order. */
  readonly line: string;
  readonly tag: string;
  state: 'waiting' | 'held' | 'free' | 'done' | 'dead';
  attempt: number;
  untilMs: number;
  handle: string;
  renewFor: string | undefined;
  attemptId: string | undefined;
}

export interface Received {
  deliveries: readonly Delivery[];
  handles: readonly string[];
  untilMs: number;
  renewFor: string | undefined;
  attemptId: string | undefined;
}

export class OrderModel {
  readonly retries: number;
  readonly messages: OrderedMessage[] = [];
  /** Ids of the dead that come again after a reset: their copies stay. */
  readonly deadBefore: string[] = [];

  constructor(retries: number) {
    this.retries = retries;
  }

  add(message: Pick<OrderedMessage, 'id' | 'queue' | 'offset' | 'line' | 'tag'>): void {
    const unseen = { attempt: 0, untilMs: 0, handle: '', renewFor: undefined };
    this.messages.push({ ...message, ...unseen, state: 'waiting', attemptId: undefined });
  }

  held(attemptId?: string): OrderedMessage[] {
    return this.messages.filter(
      (each) => each.state === 'held' && (!attemptId || each.attemptId === attemptId),
    );
  }

  #lineOf(line: string): OrderedMessage[] {
    return this.messages.filter((each) => each.line === line);
  }

  /** What came must be the next of its line, of which nothing else may be out. */
  receive({ deliveries, handles, ...lease }: Received): void {
    const mine = new Set<OrderedMessage>();
    for (const [i, delivery] of deliveries.entries()) {
      const message = this.messages.find(({ id }) => id === idOf(delivery)) as OrderedMessage;
      const before = this.#lineOf(message.line).filter(({ offset }) => offset < message.offset);
      const open = before.filter((each) => !isOver(each) && !mine.has(each));
      expect({ id: message.id, open }).toEqual({ id: message.id, open: [] });
      const others = this.#lineOf(message.line).filter((each) => each.state === 'held');
      expect(others.filter((each) => !mine.has(each))).toEqual([]);
      expect(['waiting', 'free']).toContain(message.state);
      expect(delivery.lease.attempt).toBe(message.attempt + 1);
      const handle = handles[i] as string;
      Object.assign(message, { state: 'held', attempt: message.attempt + 1, handle, ...lease });
      mine.add(message);
    }
  }

  /** The same as before, with new handles. */
  repeat({ deliveries, handles, ...lease }: Received, expected: OrderedMessage[]): void {
    const seen = deliveries.map((each) => [idOf(each), each.lease.attempt]);
    expect(seen.toSorted()).toEqual(expected.map(({ id, attempt }) => [id, attempt]).toSorted());
    for (const [i, delivery] of deliveries.entries()) {
      const message = this.messages.find(({ id }) => id === idOf(delivery));
      Object.assign(message as OrderedMessage, { handle: handles[i], ...lease });
    }
  }

  /** Every line of which nothing is out has given all that it had. */
  expectAllGiven(): void {
    for (const message of this.messages) {
      if (isOver(message) || message.state === 'held') continue;
      const held = this.#lineOf(message.line).some(({ state }) => state === 'held');
      expect({ id: message.id, held }).toEqual({ id: message.id, held: true });
    }
  }

  end(message: OrderedMessage): void {
    message.state = message.attempt > this.retries ? 'dead' : 'free';
    message.attemptId = undefined;
  }

  /** An operator sets the queue to `offset`; returns what that is to say. */
  reset(queue: number, offset: number): Record<'readAgain' | 'skipped' | 'leasesDropped', number> {
    const all = this.messages.filter((each) => each.queue === queue);
    const isOut = ({ state }: OrderedMessage): boolean => state === 'held' || state === 'free';
    const behind = all.filter((each) => each.offset >= offset);
    const before = all.filter((each) => each.offset < offset && !isOver(each));
    const change = {
      readAgain: behind.filter(isOver).length,
      skipped: before.length,
      leasesDropped: all.filter(isOut).length,
    };
    for (const each of before) each.state = 'done';
    for (const each of behind) {
      if (each.state === 'dead') this.deadBefore.push(each.id);
      Object.assign(each, { state: 'waiting', attempt: 0, renewFor: undefined });
      each.attemptId = undefined;
    }
    return change;
  }

  /** For whom leases are renewed, and of which attempt, is forgotten; deadlines are not. */
  restart(nowMs: number): void {
    for (const message of this.messages) {
      message.renewFor = message.attemptId = undefined;
      if (message.state === 'free' && message.untilMs > nowMs) message.state = 'held';
    }
  }

  expire(nowMs: number): void {
    for (const message of this.held()) if (message.untilMs <= nowMs) this.end(message);
  }
}

function isOver({ state }: OrderedMessage): boolean {
  return state === 'done' || state === 'dead';
}
