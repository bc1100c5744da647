/** Ordered pop against a simple model: each message group in its order, whatever happens. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { resetOffsets } from '#broker/core-admin/reset';
import { CONSUME } from '#lib/limits';
import { ack, handleOf, receive, send } from '#support/core';
import { printSeed, runs } from '#support/property';

import { OrderModel } from './order-model.ts';
import type { OrderedMessage } from './order-model.ts';
import { PopSystem } from './pop-system.ts';

printSeed();

const QUEUES = 2;
const RETRIES = 2;
const INVISIBLE_MS = 30_000;

type Step =
  | { do: 'send'; queue: number; group: string | undefined; tag: string; count: number }
  | { do: 'receive'; queue: number; batch: number; filter: string; client?: string; id?: string }
  | { do: 'repeat'; id: string }
  | { do: 'ack' | 'nack' | 'stale'; pick: number; ms: number }
  | { do: 'advance'; ms: number }
  | { do: 'leave'; client: string }
  | { do: 'reset'; queue: number; share: number }
  | { do: 'restart'; withoutIndex: boolean };

const clients = fc.constantFrom(undefined, 'client-1', 'client-2');
const ids = fc.constantFrom(undefined, 'attempt-1', 'attempt-2');

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('send' as const),
      queue: fc.nat(QUEUES - 1),
      group: fc.constantFrom('A', 'B', 'C', undefined),
      tag: fc.constantFrom('x', 'y'),
      count: fc.integer({ min: 1, max: 12 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc
      .record({
        queue: fc.integer({ min: -1, max: QUEUES - 1 }),
        batch: fc.constantFrom(1, 3, 32),
        filter: fc.constantFrom('*', '*', '*', 'x'),
        client: clients,
        id: ids,
      })
      .map(({ client, id, ...rest }) => ({
        do: 'receive' as const,
        ...rest,
        ...(client && { client }),
        ...(id && { id }),
      })),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('repeat' as const),
      id: fc.constantFrom('attempt-1', 'attempt-2'),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constantFrom('ack' as const, 'ack' as const, 'nack' as const, 'stale' as const),
      pick: fc.nat(1000),
      ms: fc.constantFrom(0, 5_000, 60_000),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('advance' as const),
      ms: fc.constantFrom(1_000, 10_000, INVISIBLE_MS),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('leave' as const),
      client: fc.constantFrom('client-1', 'client-2'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('reset' as const),
      queue: fc.nat(QUEUES - 1),
      share: fc.constantFrom(0, 0.3, 0.7, 1),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('restart' as const), withoutIndex: fc.boolean() }),
  },
);

class Run {
  readonly model = new OrderModel(RETRIES);
  readonly real: PopSystem;
  #serial = 0;

  constructor(real: PopSystem) {
    this.real = real;
  }

  async do(next: Step): Promise<void> {
    const { real, model } = this;
    switch (next.do) {
      case 'send':
        for (let i = 0; i < next.count; i++) await this.#send(next);
        break;
      case 'receive':
        await this.#receive(next);
        break;
      case 'repeat':
        await this.#receive({ do: 'receive', queue: -1, batch: 32, filter: '*', id: next.id });
        break;
      case 'advance':
        real.advance(next.ms, new Set());
        break;
      case 'leave':
        real.core.consumption.releaseClient(next.client);
        for (const each of model.held()) if (each.renewFor === next.client) model.end(each);
        break;
      case 'reset':
        await this.#reset(next);
        break;
      case 'restart':
        await real.reopen(next);
        model.restart(real.clock.nowMs());
        break;
      default:
        await this.#settle(next);
    }
    model.expire(real.clock.nowMs());
    await real.settle();
    await real.untilMoved(() => model.messages.every((each) => this.#agrees(each)));
  }

  #agrees({ queue, offset, state }: OrderedMessage): boolean {
    const isTaken = this.real.progress(0, queue)?.isTaken(offset) ?? false;
    const isOut = this.real.progress(0, queue)?.lease(offset) !== undefined;
    if (state === 'waiting') return !isTaken;
    return isTaken && isOut === (state === 'held' || state === 'free');
  }

  async #send({ queue, group, tag }: Step & { do: 'send' }): Promise<void> {
    const { core, topic } = this.real;
    const id = `M${this.#serial++}`;
    const grouped = group === undefined ? {} : { messageGroup: group };
    const offset = await send(core, topic, { id, queueId: queue, tag, ...grouped });
    this.model.add({ id, queue, offset, tag, line: `${queue}/${group ?? ''}` });
  }

  async #reset({ queue, share }: Step & { do: 'reset' }): Promise<void> {
    const { real, model } = this;
    const count = model.messages.filter((each) => each.queue === queue).length;
    const offset = Math.floor(count * share);
    const held = model.held().filter((each) => each.queue === queue);
    const place = { group: real.group(0).name, topic: real.topic.name, queues: [queue] };
    const to = { at: 'offset', offset } as const;
    const [change] = await resetOffsets(real.core, { ...place, to, dryRun: false });
    expect(change).toMatchObject(model.reset(queue, offset));
    for (const { handle } of held.filter((each) => each.offset >= offset)) {
      await expect(ack(real.core, real.group(0), handle)).rejects.toMatchObject({
        code: 'INVALID_RECEIPT_HANDLE',
      });
    }
  }

  async #receive(next: Step & { do: 'receive' }): Promise<void> {
    const { real, model } = this;
    const { client, id } = next;
    const before = id === undefined ? [] : model.held(id);
    const same = { queue: -1, batch: CONSUME.receiveBatchMax, filter: '*' };
    const { queue, batch, filter } = before.length > 0 ? same : next; // a client asks the same
    const deliveries = await receive(real.core, real.group(0), real.topic, {
      queueId: queue,
      batchSize: batch,
      filter,
      invisibleMs: INVISIBLE_MS,
      ...(client && { renewFor: client }),
      ...(id && { attemptId: id }),
    });
    const handles = deliveries.map((each) => handleOf(real.core, each));
    const untilMs = real.clock.nowMs() + INVISIBLE_MS;
    const received = { deliveries, handles, untilMs, renewFor: client, attemptId: id };
    if (before.length > 0) return model.repeat(received, before);
    this.#passOver(model.messages, filter);
    model.receive(received);
    if (queue < 0 && filter === '*' && deliveries.length < batch) model.expectAllGiven();
  }

  /** Those that nobody is to get, since a filter does not want them, are done. */
  #passOver(messages: OrderedMessage[], filter = '*'): OrderedMessage[] {
    for (const each of messages) {
      const progress = this.real.progress(0, each.queue);
      const isGone = progress?.isTaken(each.offset) && !progress.lease(each.offset);
      if (!isGone || each.state === 'done' || each.state === 'dead') continue;
      expect({ id: each.id, filter, tag: each.tag }).toEqual({
        id: each.id,
        filter: 'x',
        tag: 'y',
      });
      each.state = 'done';
    }
    return messages.filter(({ state }) => state === 'held');
  }

  async #settle(next: Step & { do: 'ack' | 'nack' | 'stale' }): Promise<void> {
    const { real, model } = this;
    const held = model.held();
    const message = held[next.pick % Math.max(1, held.length)];
    if (!message) return;
    const { acknowledger } = real.core.consumption;
    if (next.do === 'ack') {
      await ack(real.core, real.group(0), message.handle);
      message.state = 'done';
      return;
    }
    const stale = message.handle;
    const changed = acknowledger.changeInvisible(real.group(0), stale, next.ms);
    message.handle = changed.handle;
    message.untilMs = real.clock.nowMs() + next.ms;
    message.renewFor = message.attemptId = undefined;
    if (next.do === 'nack') return;
    await expect(ack(real.core, real.group(0), stale)).rejects.toMatchObject({
      code: 'INVALID_RECEIPT_HANDLE',
    });
  }

  /** Whoever is left consumes the rest; nothing is missing, and what is dead has one copy. */
  async drain(): Promise<void> {
    const { real, model } = this;
    await this.do({ do: 'advance', ms: CONSUME.autoRenewMaxMs });
    for (let rounds = 0; rounds <= model.messages.length; rounds++) {
      await this.do({ do: 'receive', queue: -1, batch: 32, filter: '*' });
      const held = model.held();
      if (held.length === 0) break;
      for (let i = 0; i < held.length; i++) await this.do({ do: 'ack', pick: 0, ms: 0 });
    }
    const open = model.messages.filter(({ state }) => state !== 'done' && state !== 'dead');
    expect(open).toEqual([]);
    for (let queue = 0; queue < QUEUES; queue++) {
      const sent = model.messages.filter((each) => each.queue === queue).length;
      const { committed, doneAhead } = real.progress(0, queue) ?? { committed: 0 };
      expect({ committed, ahead: doneAhead?.size ?? 0 }).toEqual({ committed: sent, ahead: 0 });
    }
    const dead = model.messages.filter(({ state }) => state === 'dead').map(({ id }) => id);
    dead.push(...model.deadBefore);
    const copies = await real.deadLetters(0);
    expect(copies.map(({ id }) => id).toSorted()).toEqual(dead.toSorted());
  }
}

test('each message group comes in its order, whatever happens', async () => {
  const property = fc.asyncProperty(
    fc.array(step, { maxLength: 60, size: 'max' }),
    async (steps) => {
      const real = await PopSystem.open(QUEUES, [RETRIES]);
      try {
        await real.core.groups.update('group-0', { ordered: true });
        const run = new Run(real);
        for (const next of steps) await run.do(next);
        await run.drain();
      } finally {
        await real.close();
      }
    },
  );
  await fc.assert(property, runs(30));
});
