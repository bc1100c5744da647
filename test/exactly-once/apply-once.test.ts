/** What each database must do: the same for all. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';

import { LostTransactionError, applyOnce, forgetApplied } from '../../exactly-once/exactly-once.ts';
import type { AppliedMessage } from '../../exactly-once/exactly-once.ts';
import { INSTALLED, connect, startDatabase } from './databases.ts';
import type { Connected, DatabaseName, Execute, Server } from './databases.ts';

const START_MS = 60_000;
const PAY = 'INSERT INTO ledger (message, amount) VALUES (?, ?)';

function message(messageId: string, more: Partial<AppliedMessage> = {}): AppliedMessage {
  return { group: 'billing', topic: 'orders', messageId, ...more };
}

for (const name of Object.keys(INSTALLED) as DatabaseName[]) {
  const suite = INSTALLED[name] ? describe : describe.skip;
  if (!INSTALLED[name]) console.log(`NOT TESTED: ${name}, which is not installed`);

  suite(`a message that is applied once in ${name}`, () => {
    let server: Server;
    let one: Connected;
    let other: Connected;

    beforeAll(async () => {
      server = await startDatabase(name);
    }, START_MS);

    afterAll(() => server?.stop());

    beforeEach(async () => {
      // Two processes that start at once both create the table.
      [one, other] = await Promise.all([
        connect(name, server.address),
        connect(name, server.address),
      ]);
    });

    afterEach(async () => {
      await run(one, 'DELETE FROM ledger');
      await one.database.forget(Number.MAX_SAFE_INTEGER, 1_000_000);
      await one.close();
      await other.close();
    });

    /** A statement by itself. */
    async function run({ database, within }: Connected, sql: string): Promise<void> {
      const id = `${Math.random()}`;
      await applyOnce(database, message(id), (transaction) => within(transaction)(sql));
    }

    function apply(
      { database, within }: Connected,
      which: AppliedMessage,
      work: (execute: Execute) => Promise<void> = (execute) => execute(PAY, which.messageId, 5),
    ) {
      return applyOnce(database, which, (transaction) => work(within(transaction)));
    }

    const total = (): Promise<number> => one.select('SELECT SUM(amount) FROM ledger');
    const rows = (): Promise<number> => one.select('SELECT COUNT(*) FROM sluice_applied');

    test('is skipped from the second time on', async () => {
      expect(await apply(one, message('A'))).toBe('applied');
      expect(await apply(one, message('A'))).toBe('already applied');
      expect(await apply(other, message('A'))).toBe('already applied');
      expect(await apply(one, message('B'))).toBe('applied');
      expect(await total()).toBe(10);
    });

    test('is known by group, topic and id, to the letter', async () => {
      const all = [
        message('A'),
        message('a'),
        message('A '),
        message('Ä'),
        message('A\u0301'),
        message('😀'),
        message("'; DROP TABLE ledger; --"),
        message('x'.repeat(255)),
        message('A', { topic: 'bills' }),
        message('A', { group: 'shipping' }),
      ];
      for (const each of all) expect(await apply(one, each)).toBe('applied');
      for (const each of all) expect(await apply(other, each)).toBe('already applied');
      expect(await total()).toBe(all.length * 5);
    });

    test('must have names', async () => {
      const wrong = [message(''), message('x'.repeat(256)), message('a\0b')];
      wrong.push(message('A', { topic: '' }), message('A', { group: 'ß'.repeat(128) }));
      for (const each of wrong) await expect(apply(one, each)).rejects.toThrow(RangeError);
      expect(await rows()).toBe(0);
    });

    test('is not applied when the work fails, and can be later', async () => {
      const failed = apply(one, message('A'), async (execute) => {
        await execute(PAY, 'A', 5);
        throw new Error('no stock');
      });
      await expect(failed).rejects.toThrow('no stock');
      expect(await total()).toBe(0);
      expect(await rows()).toBe(0);
      expect(await apply(one, message('A'))).toBe('applied');
      expect(await total()).toBe(5);
    });

    test('is not applied when a statement fails', async () => {
      const failed = apply(one, message('A'), async (execute) => {
        await execute(PAY, 'A', 5);
        await execute('INSERT INTO nowhere (message) VALUES (?)', 'A');
      });
      await expect(failed).rejects.toThrow(/nowhere/);
      expect(await total()).toBe(0);
      expect(await apply(other, message('A'))).toBe('applied');
    });

    test('with an error that the work passes over is applied whole or not at all', async () => {
      const passedOver = apply(one, message('A'), async (execute) => {
        await execute(PAY, 'A', 5);
        await execute('INSERT INTO nowhere (message) VALUES (?)', 'A').catch(() => undefined);
      });
      // A failed statement is the end of a transaction in PostgreSQL only.
      if (name === 'PostgreSQL') await expect(passedOver).rejects.toThrow(LostTransactionError);
      else expect(await passedOver).toBe('applied');
      expect(await total()).toBe(5 * (await rows()));
    });

    test('is not applied when the transaction was ended behind its back', async () => {
      const ended = apply(one, message('A'), async (execute) => {
        await execute(PAY, 'A', 5);
        await execute('ROLLBACK');
      });
      if (name === 'PostgreSQL')
        await ended; // COMMIT says COMMIT there, with only a warning
      else await expect(ended).rejects.toThrow(LostTransactionError);
      expect(await total()).toBe(0);
    });

    test('is applied by exactly one of many at once', async () => {
      const outcomes = await Promise.all(
        Array.from({ length: 40 }, (_, i) => apply(i % 2 ? one : other, message(`M${i >> 3}`))),
      );
      expect(outcomes.filter((outcome) => outcome === 'applied')).toHaveLength(5);
      expect(await total()).toBe(25);
    });

    test('is applied by another one when the first fails', async () => {
      let left = 3;
      const outcomes = await Promise.allSettled(
        Array.from({ length: 8 }, (_, i) =>
          apply(i % 2 ? one : other, message('A'), async (execute) => {
            await execute(PAY, 'A', 5);
            if (left-- > 0) throw new Error('not yet');
          }),
        ),
      );
      const failed = outcomes.filter(({ status }) => status === 'rejected');
      expect(failed).toHaveLength(3);
      const values = outcomes.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
      expect(values.filter((value) => value === 'applied')).toHaveLength(1);
      expect(await total()).toBe(5);
    });

    test('is forgotten in small steps when it is old', async () => {
      const { database } = one;
      const longAgoMs = Date.now() - 15 * 24 * 3_600_000;
      for (let i = 0; i < 25; i++) await database.apply(message(`old${i}`), longAgoMs, () => 0);
      await apply(one, message('young'));
      expect(await forgetApplied(database, { batchRows: 10 })).toBe(25);
      expect(await rows()).toBe(1);
      expect(await apply(one, message('young'))).toBe('already applied');
      expect(await apply(one, message('old1'))).toBe('applied');
      expect(await forgetApplied(database, { olderThanMs: 3_600_000 })).toBe(0);
      await expect(forgetApplied(database, { batchRows: 0 })).rejects.toThrow(RangeError);
      await expect(forgetApplied(database, { olderThanMs: NaN })).rejects.toThrow(RangeError);
    });
  });
}
