import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { Topic } from '#broker/topic/topics';
import { STORE } from '#lib/limits';
import { TRANSACTION } from '#lib/transaction-limits';
import { FaultyCore } from '#support/faulty-core';
import { readAll } from '#support/reopened';
import { endHalf, openHalf } from '#support/transactions';

const HOUR = 3_600_000;

describe('transactions', () => {
  let faulty: FaultyCore;
  let topic: Topic;

  beforeEach(async () => {
    faulty = await FaultyCore.open({ segmentBytes: 16 * 1024, retentionMs: HOUR });
    topic = await faulty.core.topics.create('orders', 'transaction', 2);
  });

  afterEach(() => faulty.dispose());

  function open(id: string, body = Buffer.from(id)): Promise<string> {
    return openHalf(faulty.core, topic, { id, body, queueId: 1 });
  }

  function end(id: string, transactionId: string, outcome: 'commit' | 'rollback'): Promise<void> {
    const now = faulty.core.topics.get('orders');
    return endHalf(faulty.core, now, id, transactionId, outcome);
  }

  async function visible(): Promise<string[]> {
    return (await readAll(faulty.core)).map(({ id }) => id).sort();
  }

  async function refusal(work: Promise<void>): Promise<unknown> {
    return work.then(
      () => undefined,
      (error: unknown) => error,
    );
  }

  test('a half message is unseen; a commit puts it into its queue', async () => {
    const one = await open('one');
    const two = await open('two');
    expect(await visible()).toEqual([]);
    expect(faulty.core.transactions.table.openOf(topic.id)).toBe(2);
    await end('one', one, 'commit');
    await end('two', two, 'rollback');
    const found = await readAll(faulty.core);
    expect(found).toMatchObject([{ id: 'one', queueId: 1, offset: 0 }]);
    expect(String(found[0]?.body)).toBe('one');
    expect(faulty.core.transactions.table.size).toBe(0);
    expect(faulty.core.transactions.counts).toMatchObject({ committed: 1, rolledBack: 1 });
  });

  test('once more the same way is fine, the other way is refused; restarts too', async () => {
    const ids = { one: await open('one'), two: await open('two') };
    await end('one', ids.one, 'commit');
    await end('two', ids.two, 'rollback');
    const check = async (): Promise<void> => {
      await end('one', ids.one, 'commit');
      await end('two', ids.two, 'rollback');
      for (const work of [end('one', ids.one, 'rollback'), end('two', ids.two, 'commit')]) {
        expect(await refusal(work)).toMatchObject({ code: 'INVALID_TRANSACTION_ID' });
      }
      expect(await visible()).toEqual(['one']);
    };
    await check();
    await faulty.core.store.materialize();
    await check();
    await faulty.crash('dropped');
    await check();
    await faulty.restart('lost');
    await check();
  });

  test('two ends at the same time: one of them holds', async () => {
    const id = await open('one');
    const outcomes = await Promise.all([
      refusal(end('one', id, 'commit')),
      refusal(end('one', id, 'commit')),
      refusal(end('one', id, 'rollback')),
    ]);
    expect(outcomes).toEqual([
      undefined,
      undefined,
      expect.objectContaining({ code: 'INVALID_TRANSACTION_ID' }),
    ]);
    expect(await visible()).toEqual(['one']);
  });

  test.each(['', 'x', '000000000000', '00000000FFFF', '-1', '0x1', 'ffffffffffff'])(
    'an id that names nothing is refused: %j',
    async (transactionId) => {
      await open('one');
      const error = await refusal(end('one', transactionId, 'commit'));
      expect(error).toMatchObject({ code: 'INVALID_TRANSACTION_ID' });
    },
  );

  test('an id of another message or topic is refused, also when it has ended', async () => {
    const other = await faulty.core.topics.create('other', 'transaction', 1);
    const id = await open('one');
    const foreign = (): Promise<unknown>[] => [
      refusal(end('two', id, 'commit')),
      refusal(endHalf(faulty.core, other, 'one', id, 'commit')),
    ];
    for (const error of await Promise.all(foreign())) {
      expect(error).toMatchObject({ code: 'INVALID_TRANSACTION_ID' });
    }
    await end('one', id, 'commit');
    for (const error of await Promise.all(foreign())) {
      expect(error).toMatchObject({ code: 'INVALID_TRANSACTION_ID' });
    }
  });

  test('open ones survive a crash, with or without the index, and can still be ended', async () => {
    const one = await open('one');
    const two = await open('two');
    await faulty.core.store.materialize();
    const three = await open('three');
    await faulty.crash('dropped');
    await faulty.crash('dropped', 'lost');
    expect(faulty.core.transactions.table.size).toBe(3);
    await end('three', three, 'commit');
    await end('one', one, 'commit');
    await end('two', two, 'rollback');
    expect(await visible()).toEqual(['one', 'three']);
  });

  test('retention carries open ones forward and forgets how others ended', async () => {
    const big = Buffer.alloc(4000, 'x');
    const ids: string[] = [];
    for (let i = 0; i < 20; i++) ids.push(await open(`m${i}`, big));
    await end('m3', ids[3] ?? '', 'rollback');
    await end('m4', ids[4] ?? '', 'commit');
    for (let round = 0; round < 3; round++) {
      faulty.clock.advance(HOUR + 1);
      await faulty.core.store.retain();
      await faulty.core.store.retain();
      if (round === 1) await faulty.crash('dropped', 'lost');
    }
    const { start } = faulty.core.store.status;
    expect(start).toBeGreaterThan(20 * 4000);
    expect(faulty.core.transactions.table.size).toBe(18);
    for (const { position } of faulty.core.transactions.table.all) {
      expect(position).toBeGreaterThanOrEqual(start);
    }
    const error = await refusal(end('m3', ids[3] ?? '', 'rollback'));
    expect(error).toMatchObject({ code: 'INVALID_TRANSACTION_ID' });
    await end('m0', ids[0] ?? '', 'commit');
    await faulty.restart();
    await end('m19', ids[19] ?? '', 'commit');
    const found = await readAll(faulty.core);
    expect(found.map(({ id }) => id).sort()).toEqual(['m0', 'm19']);
    for (const { body } of found) expect(body.equals(big)).toBe(true);
  });

  test('a deleted topic takes its open transactions along', async () => {
    await open('one');
    const kept = await faulty.core.topics.create('kept', 'transaction', 1);
    await openHalf(faulty.core, kept, { id: 'two' });
    await faulty.core.store.materialize();
    await faulty.core.topics.delete('orders');
    expect(faulty.core.transactions.table.size).toBe(1);
    await faulty.restart();
    expect([...faulty.core.transactions.table.all]).toMatchObject([{ topicId: kept.id }]);
  });

  test('a full disk refuses the commit, and the transaction stays open', async () => {
    const id = await open('one');
    faulty.files.fail({ operation: 'write', nth: 0, code: 'ENOSPC', times: 1000 });
    const error = await refusal(openHalf(faulty.core, topic, { id: 'two' }).then(() => undefined));
    expect(error).toMatchObject({ code: 'DISK_FULL' });
    expect(await refusal(end('one', id, 'commit'))).toMatchObject({ code: 'DISK_FULL' });
    faulty.files.heal();
    faulty.clock.advance(STORE.diskCheckMs);
    await faulty.core.store.materialize();
    await end('one', id, 'commit');
    expect(await visible()).toEqual(['one']);
  });

  test('no more than so many are open', async () => {
    const { table } = faulty.core.transactions;
    const place = { topicId: topic.id, position: 1, sinceMs: 0, timeMs: 2 ** 47, checks: 0 };
    for (let i = 0; i < TRANSACTION.openMax; i++) table.open(2 ** 40 + i, place);
    await expect(open('one')).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS' });
  });
});
