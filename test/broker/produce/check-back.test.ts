import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { Topic } from '#broker/topic/topics';
import { transactionIdOf } from '#broker/produce/transaction';
import { TRANSACTION } from '#lib/transaction-limits';
import { codec } from '#proto/messages';
import { FaultyCore } from '#support/faulty-core';
import { readAll } from '#support/reopened';
import { beginHalf, endHalf, openHalf } from '#support/transactions';

const HOUR = 3_600_000;
const command = codec('TelemetryCommand');

interface Question {
  /** Since the test began. */
  atMs: number;
  client: string;
  messageId: string;
  transactionId: string;
}

describe('check-back', () => {
  let faulty: FaultyCore;
  let topic: Topic;
  let asked: Question[];
  let beganMs: number;

  beforeEach(async () => {
    faulty = await FaultyCore.open();
    topic = await faulty.core.topics.create('orders', 'transaction', 1);
    asked = [];
    beganMs = faulty.clock.nowMs();
  });

  afterEach(() => faulty.dispose());

  /** A producer of `orders` comes; `takes` says whether it reads its stream. */
  function connect(client: string, topics = ['orders'], takes = () => true): void {
    const facts = {
      clientId: client,
      kind: 'producer',
      group: undefined,
      language: 'JAVA',
    } as const;
    const stream = {
      end: () => undefined,
      tell: (bytes: Buffer): boolean => {
        if (!takes()) return false;
        const recover = command.decode(bytes).recoverOrphanedTransactionCommand;
        asked.push({
          atMs: faulty.clock.nowMs() - beganMs,
          client,
          messageId: recover?.message?.systemProperties?.messageId ?? '',
          transactionId: recover?.transactionId ?? '',
        });
        return true;
      },
    };
    faulty.core.sessions.register({ ...facts, version: '5', peer: '', topics }, stream);
  }

  /** Time passes; a producer that is there stays there. */
  async function pass(ms: number, clients: string[] = []): Promise<void> {
    for (let left = ms; left > 0; left -= 1000) {
      for (const client of clients) {
        if (faulty.core.sessions.isConnected(client)) faulty.core.sessions.heartbeat(client);
      }
      await faulty.clock.advanceAsync(Math.min(left, 1000));
    }
    await faulty.clock.advanceAsync(0);
  }

  function times(): number[] {
    return asked.map(({ atMs }) => Math.round(atMs / 1000));
  }

  test('6 s after it was sent, then each 30 s, 15 times, and then it is given up', async () => {
    connect('a');
    const id = await openHalf(faulty.core, topic, { id: 'one', clientId: 'a' });
    await pass(6 * 60_000, ['a']);
    await faulty.crash('dropped');
    connect('a');
    await pass(70_000, ['a']);
    expect(times()).toEqual(Array.from({ length: 15 }, (_, i) => 6 + 30 * i));
    expect(new Set(asked.map((each) => each.transactionId))).toEqual(new Set([id]));
    expect(faulty.core.transactions.table.size).toBe(1);
    await pass(40_000, ['a']);
    expect(asked).toHaveLength(15);
    expect(faulty.core.transactions.table.size).toBe(0);
    expect(faulty.core.transactions.counts.givenUp).toBe(1);
    const late = endHalf(faulty.core, faulty.core.topics.get('orders'), 'one', id, 'commit');
    await expect(late).rejects.toThrow('no producer said how it ended');
    expect(await readAll(faulty.core)).toEqual([]);
  });

  test('how often it was asked survives a rebuild of the index', async () => {
    connect('a');
    await openHalf(faulty.core, topic, { id: 'one', clientId: 'a' });
    await pass(70_000, ['a']);
    await faulty.crash('dropped', 'lost');
    expect([...faulty.core.transactions.table.all]).toMatchObject([{ checks: 3 }]);
  });

  test('a message says itself when it is asked about first, between 1 s and 1 h', async () => {
    connect('a');
    const waits = { soon: 1, minute: 60_000, hour: HOUR };
    for (const [id, recoveryMs] of Object.entries(waits)) {
      await openHalf(faulty.core, topic, { id, clientId: 'a', recoveryMs });
    }
    await pass(HOUR + 5000, ['a']);
    const first = (id: string) => asked.find(({ messageId }) => messageId === id)?.atMs;
    expect([first('soon'), first('minute'), first('hour')]).toEqual([1000, 60_000, HOUR]);
  });

  test('its sender is asked first, and when that is silent each producer in turn', async () => {
    connect('a');
    connect('b');
    connect('c');
    connect('stranger', ['other']);
    await openHalf(faulty.core, topic, { id: 'one', clientId: 'b' });
    await pass(100_000, ['a', 'b', 'c', 'stranger']);
    expect(asked.map(({ client }) => client)).toEqual(['b', 'b', 'c', 'a']);
  });

  test('another producer when the sender is gone, or does not read', async () => {
    connect('a', ['orders'], () => false);
    connect('b');
    await openHalf(faulty.core, topic, { id: 'one', clientId: 'a' });
    await openHalf(faulty.core, topic, { id: 'two', clientId: 'gone' });
    await pass(6000, ['a', 'b']);
    expect(asked.map(({ client }) => client)).toEqual(['b', 'b']);
  });

  test('while nobody is there nothing counts; it is asked soon after somebody came', async () => {
    await openHalf(faulty.core, topic, { id: 'one' });
    await pass(2 * HOUR);
    expect([...faulty.core.transactions.table.all]).toMatchObject([{ checks: 0 }]);
    connect('later');
    await pass(TRANSACTION.checkEveryMs, ['later']);
    expect(asked).toHaveLength(1);
  });

  test('what is open for 72 hours with nobody to ask is given up', async () => {
    await openHalf(faulty.core, topic, { id: 'one' });
    await faulty.restart();
    faulty.clock.advance(TRANSACTION.openMaxMs + 1000);
    await pass(TRANSACTION.checkEveryMs);
    expect(faulty.core.transactions.counts.givenUp).toBe(1);
  });

  test('nobody is asked about what is not stored yet, or has ended', async () => {
    connect('a');
    const release = faulty.files.hold('sync');
    const { end } = beginHalf(faulty.core, topic, { id: 'held', clientId: 'a' });
    await pass(6000, ['a']);
    expect(asked).toEqual([]);
    release();
    await faulty.core.producer.whenStored(end);
    const id = await openHalf(faulty.core, topic, { id: 'done', clientId: 'a' });
    await endHalf(faulty.core, topic, 'done', id, 'commit');
    await pass(40_000, ['a']);
    expect(new Set(asked.map(({ messageId }) => messageId))).toEqual(new Set(['held']));
  });

  test('many that are due at once are asked about in turns', async () => {
    connect('a');
    let end = 0;
    const count = TRANSACTION.checksPerTurn * 2 + 50;
    for (let i = 0; i < count; i++) end = beginHalf(faulty.core, topic, { id: `m${i}` }).end;
    await faulty.core.producer.whenStored(end);
    await pass(8000, ['a']);
    expect(new Set(asked.map(({ messageId }) => messageId)).size).toBe(count);
    expect(new Set(asked.map(({ atMs }) => atMs)).size).toBe(3);
  });

  test('a clock that is set back or forth does no harm', async () => {
    connect('a');
    await openHalf(faulty.core, topic, { id: 'one', clientId: 'a' });
    const [half] = [...faulty.core.transactions.table.all];
    expect(half && transactionIdOf(half)).toMatch(/^[0-9A-F]{12}$/);
    faulty.clock.advance(24 * HOUR);
    await pass(1000);
    connect('a');
    await pass(31_000, ['a']);
    expect(asked.length).toBeGreaterThan(0);
  });
});
