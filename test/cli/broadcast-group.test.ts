import { expect, test } from '@jest/globals';
import { cliStand } from '#support/cli-stand';
import { NOW_MS } from '#support/fake-admin-backend';

const { backend, output } = cliStand();

test('a broadcast group, member by member', async () => {
  expect(await output('group create caches --broadcast')).toBe('group caches created: broadcast\n');
  expect(await output('group list')).toBe(
    [
      'NAME    ORDERED  BROADCAST  RETRIES  MEMBERS  LAG',
      'caches  no       yes        -              0    0',
      '',
    ].join('\n'),
  );
  const head = [
    'Group            caches',
    'Broadcast        yes',
    'Created          2026-01-02T03:04:05Z',
    'Members          0',
  ];
  const nobody = [...head, 'Furthest behind  0', '', 'No member keeps its positions here.', ''];
  expect(await output('group describe caches')).toBe(nobody.join('\n'));
  const caches = backend.groupsByName.get('caches')!;
  const queue = { maxOffset: 10, inFlight: 0, waitingRetry: 0 };
  const queues = [
    { ...queue, queue: 0, progress: 10 },
    { ...queue, queue: 1, progress: 3 },
  ];
  const reader = { seenMs: NOW_MS, topics: [{ topic: 'prices', queues }] };
  const readers = ['a', 'b'].map((clientId) => ({ ...reader, clientId }));
  backend.groupsByName.set('caches', { ...caches, readers });
  expect(await output('group describe caches')).toBe(
    [
      ...head,
      'Furthest behind  7',
      '',
      'KEEPS ITS POSITIONS  TOPIC   QUEUES  LAG  LAST SEEN',
      'a                    prices       2    7  2026-01-02T03:04:05Z',
      'b                    prices       2    7  2026-01-02T03:04:05Z',
      '',
    ].join('\n'),
  );
  expect(JSON.parse(await output('group describe caches -o json'))).toMatchObject({
    broadcast: true,
    lag: 7,
    readers: [{ clientId: 'a', topics: [{ topic: 'prices' }] }, { clientId: 'b' }],
  });
});
