import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { TransactionAdmin } from '#broker/admin/backend';
import { transactionAdmin } from '#broker/core-admin/transactions';
import { TRANSACTION } from '#lib/transaction-limits';
import { FaultyCore } from '#support/faulty-core';
import { endHalf, openHalf } from '#support/transactions';

describe('transactions as an operator sees them', () => {
  let faulty: FaultyCore;

  beforeEach(async () => {
    faulty = await FaultyCore.open();
    const { topics } = faulty.core;
    const orders = await topics.create('orders', 'transaction', 1);
    const other = await topics.create('other', 'transaction', 1);
    for (const [topic, prefix] of [
      [orders, 'o'],
      [other, 'x'],
    ] as const) {
      const ids = [];
      for (let i = 0; i < 4; i++) ids.push(await openHalf(faulty.core, topic, { id: prefix + i }));
      await endHalf(faulty.core, topic, `${prefix}1`, ids[1] ?? '', 'commit');
      await endHalf(faulty.core, topic, `${prefix}2`, ids[2] ?? '', 'rollback');
    }
  });

  afterEach(() => faulty.dispose());

  async function list(
    state: Parameters<TransactionAdmin['list']>[0]['state'],
    { topic = '', after = '', limit = 100 } = {},
  ) {
    return transactionAdmin(faulty.core).list({ state, topic }, after, limit);
  }

  test.each(['left', 'lost'] as const)('by state and topic, with the index %s', async (index) => {
    const ids = async (...what: Parameters<typeof list>) =>
      (await list(...what)).map(({ messageId }) => messageId);
    await faulty.restart(index);
    expect(await ids('open')).toEqual(['o0', 'o3', 'x0', 'x3']);
    expect(await ids('open', { topic: 'other' })).toEqual(['x0', 'x3']);
    expect(await ids('committed')).toEqual(['o1', 'x1']);
    expect(await ids('rolled-back', { topic: 'other' })).toEqual(['x2']);
    expect(await ids('given-up')).toEqual([]);
  });

  test('page by page', async () => {
    const first = await list('open', { limit: 3 });
    const rest = await list('open', { after: first[2]?.name ?? '', limit: 3 });
    expect([...first, ...rest].map(({ messageId }) => messageId)).toEqual(['o0', 'o3', 'x0', 'x3']);
    const [ended] = await list('rolled-back', { limit: 1 });
    const next = await list('rolled-back', { after: ended?.name ?? '', limit: 1 });
    expect([ended?.messageId, next[0]?.messageId]).toEqual(['o2', 'x2']);
  });

  test('what was given up is found with its message and the times', async () => {
    const beganMs = faulty.clock.nowMs();
    await faulty.clock.advanceAsync(TRANSACTION.openMaxMs + TRANSACTION.checkEveryMs);
    await faulty.core.producer.whenStored(faulty.core.store.end);
    const found = await list('given-up', { topic: 'orders' });
    expect(found).toMatchObject([
      { messageId: 'o0', state: 'given-up', begunMs: beganMs, checks: 0, nextCheckMs: undefined },
      { messageId: 'o3' },
    ]);
    expect(found[0]?.endedMs).toBeGreaterThan(beganMs + TRANSACTION.openMaxMs - 1);
    await expect(list('open', { topic: 'none' })).rejects.toMatchObject({
      code: 'TOPIC_NOT_FOUND',
    });
  });
});
