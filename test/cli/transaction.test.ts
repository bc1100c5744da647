import { expect, test } from '@jest/globals';
import { cliStand } from '#support/cli-stand';
import { NOW_MS } from '#support/fake-admin-backend';

const { backend, sluice, output } = cliStand();

test('list shows those of one state, every page', async () => {
  const ended = { messageId: 'M1', begunMs: NOW_MS, checks: 15, nextCheckMs: undefined };
  backend.transactionsOfAll.push({
    ...ended,
    name: '00000000002A',
    state: 'given-up',
    topic: 'orders',
    endedMs: NOW_MS,
  });
  expect(await output('transaction list')).toBe('no transactions that are open\n');
  expect(await output('transaction list --state given-up')).toBe(
    [
      'TRANSACTION   TOPIC   MESSAGE  BEGUN                 CHECKS  ENDED',
      '00000000002A  orders  M1       2026-01-02T03:04:05Z      15  2026-01-02T03:04:05Z',
      '',
    ].join('\n'),
  );
  const json = await output('transaction list --state given-up -o json');
  expect(JSON.parse(json)).toMatchObject([{ transactionId: '00000000002A', state: 'given-up' }]);
  expect(await sluice('transaction list --state lost')).toMatchObject({ code: 2 });
});
