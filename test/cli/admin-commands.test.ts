import { describe, expect, test } from '@jest/globals';
import { cliStand } from '#support/cli-stand';
import { NOW_MS } from '#support/fake-admin-backend';

const { backend, sluice, output, seedTopic } = cliStand();

function seedGroup(name: string): void {
  backend.groupsByName.set(name, {
    name,
    ordered: true,
    maxAttempts: 5,
    backoffMs: [1000, 90_000],
    pullAllowed: true,
    broadcast: false,
    readers: [],
    createdMs: NOW_MS,
    topics: [
      {
        topic: 'orders',
        queues: [
          { queue: 0, progress: 90, maxOffset: 100, inFlight: 3, waitingRetry: 1 },
          { queue: 1, progress: 7, maxOffset: 7, inFlight: 0, waitingRetry: 0 },
        ],
      },
    ],
    members: [
      {
        clientId: 'host@1@0@abc',
        kind: 'push',
        address: '10.0.0.7:5000',
        language: 'JAVA',
        version: '5.0.7',
        connectedMs: NOW_MS,
      },
    ],
  });
}

describe('topic', () => {
  test('create says what was made, list shows it', async () => {
    expect(await output('topic create orders --kind global-fifo --queues 1')).toBe(
      'topic orders created: global-fifo, 1 queues, read-write\n',
    );
    expect(await output('topic create a --permission write-only')).toBe(
      'topic a created: normal, 8 queues, write-only\n',
    );
    expect(await output('topic list')).toBe(
      [
        'NAME    KIND         QUEUES  PERMISSION  CREATED',
        'a       normal            8  write-only  2026-01-02T03:04:05Z',
        'orders  global-fifo       1  read-write  2026-01-02T03:04:05Z',
        '',
      ].join('\n'),
    );
  });

  test('list reads every page', async () => {
    for (let index = 0; index < 250; index++) seedTopic(`topic-${index}`);
    const names = (JSON.parse(await output('topic list -o json')) as { name: string }[]).map(
      ({ name }) => name,
    );
    expect(new Set(names).size).toBe(250);
  });

  test('describe shows queues and groups', async () => {
    seedTopic('orders');
    expect(await output('topic describe orders')).toBe(
      [
        'Topic       orders',
        'Kind        fifo',
        'Queues      2',
        'Permission  read-write',
        'Created     2026-01-02T03:04:05Z',
        'Groups      audit, billing',
        '',
        'QUEUE  OLDEST   NEXT  MESSAGES  LAST WRITE',
        '    0       5  12345     12340  2026-01-02T03:04:05Z',
        '    1       0      0         0  -',
        '',
      ].join('\n'),
    );
  });

  test('update changes what is given', async () => {
    seedTopic('orders');
    expect(await output('topic update orders --queues 4')).toBe(
      'topic orders updated: fifo, 4 queues, read-write\n',
    );
    expect(await output('topic update orders --permission read-only')).toBe(
      'topic orders updated: fifo, 4 queues, read-only\n',
    );
    expect(JSON.parse(await output('topic list -o json'))).toMatchObject([
      { queues: 4, permission: 'read-only' },
    ]);
    expect(await sluice('topic update orders --permission none')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('read-write, read-only, write-only'),
    });
    expect(await sluice('topic update orders')).toMatchObject({
      code: 2,
      stderr: 'error: nothing to change: give --kind, --queues or --permission\n',
    });
  });

  test('delete asks for --yes where nobody can type', async () => {
    seedTopic('orders');
    expect(await sluice('topic delete orders')).toEqual({
      code: 2,
      stdout: '',
      stderr: "error: deleting topic orders can't be undone: confirm it with --yes\n",
    });
    expect(backend.topicsByName.has('orders')).toBe(true);
    expect(await output('topic delete orders --yes')).toBe('topic orders deleted\n');
    expect(backend.topicsByName.has('orders')).toBe(false);
  });
});

describe('group', () => {
  test('create, update, list', async () => {
    expect(await output('group create ledger --ordered')).toBe(
      'group ledger created: ordered, 16 retries\n',
    );
    expect(await output('group update ledger --no-ordered --max-attempts 3')).toBe(
      'group ledger updated: 3 retries\n',
    );
    seedGroup('billing');
    expect(await output('group list')).toBe(
      [
        'NAME     ORDERED  BROADCAST  RETRIES  MEMBERS  LAG',
        'billing  yes      no               5        1   10',
        'ledger   no       no               3        0    0',
        '',
      ].join('\n'),
    );
  });

  test('waits before retries and pull consumers', async () => {
    const none = 'group mails created: 16 retries, no pull consumers\n';
    expect(await output('group create mails --backoff-ms 10,2000 --no-pull')).toBe(none);
    const shown = async () => JSON.parse(await output('group describe mails -o json')) as object;
    expect(await shown()).toMatchObject({ backoffMs: [10, 2000], pullAllowed: false });
    await output('group update mails --backoff-ms 7');
    expect(await shown()).toMatchObject({ backoffMs: [7], pullAllowed: false });
    expect(await output('group update mails --pull')).toBe('group mails updated: 16 retries\n');
    await output('group create usual');
    expect(backend.groupsByName.get('usual')).toMatchObject({ pullAllowed: true });
    for (const wrong of ['0', '43200001', '1,,2', 'x', '1.5']) {
      expect(await sluice(`group update mails --backoff-ms ${wrong}`)).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('a whole number from 1 to 43200000'),
      });
    }
    const tooMany = Array.from({ length: 65 }, () => '1').join(',');
    expect(await sluice(`group update mails --backoff-ms ${tooMany}`)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('at most 64 numbers'),
    });
    expect(await sluice('group update mails')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--backoff-ms, --pull or --no-pull'),
    });
  });

  test('unread shows what groups are not done with', async () => {
    expect(await output('group unread')).toBe('0 messages not done with, 3 dead letters\n');
    for (let i = 0; i < 150; i++) {
      const place = { name: `billing t${1000 + i}`, group: 'billing', topic: `t${1000 + i}` };
      backend.unread.push({ ...place, messages: 5, inFlight: 2, waitingRetry: 1 });
    }
    const lines = (await output('group unread')).split('\n');
    expect(lines.slice(0, 2)).toEqual([
      'GROUP    TOPIC  MESSAGES  IN FLIGHT  TO RETRY',
      'billing  t1000         5          2         1',
    ]);
    const sum = ['', '750 messages not done with, 3 dead letters', ''];
    expect(lines.slice(150)).toEqual(['billing  t1149         5          2         1', ...sum]);
    const { unread, ...sums } = JSON.parse(await output('group unread -o json')) as {
      unread: unknown[];
    };
    expect([unread.length, sums]).toEqual([
      150,
      { totalMessages: 750, deadLetters: 3, scheduled: false },
    ]);
  });

  test('describe shows lag and members', async () => {
    seedGroup('billing');
    expect(await output('group describe billing')).toBe(
      [
        'Group    billing',
        'Ordered  yes',
        'Retries  5',
        'Backoff  1 s, 1 min 30 s',
        'Pull     yes',
        'Created  2026-01-02T03:04:05Z',
        'Members  1',
        'Lag      10',
        '',
        'TOPIC   QUEUE  PROGRESS  NEXT  LAG  IN FLIGHT  TO RETRY',
        'orders      0        90   100   10          3         1',
        'orders      1         7     7    0          0         0',
        '',
        'MEMBER        KIND  ADDRESS        CLIENT      CONNECTED SINCE',
        'host@1@0@abc  push  10.0.0.7:5000  JAVA 5.0.7  2026-01-02T03:04:05Z',
        '',
      ].join('\n'),
    );
    expect(JSON.parse(await output('group describe billing -o json'))).toMatchObject({
      name: 'billing',
      lag: 10,
      members: [{ clientId: 'host@1@0@abc' }],
    });
  });

  test('delete', async () => {
    seedGroup('billing');
    expect(await output('group delete billing --yes')).toBe('group billing deleted\n');
    expect(backend.groupsByName.size).toBe(0);
  });
});

test('broker status', async () => {
  expect(await output('broker status')).toBe(
    [
      'Broker        0f8fad5b-d9cb-469f-a165-70867728950e',
      'Version       1.2.3',
      'Running       1 h 2 min, since 2026-01-02T02:02:02Z',
      'Durability    sync',
      'Edition       platinum',
      'Settings      -',
      'Writes        accepted',
      'Quota         unlimited; 1234/s passed, 0/s throttled',
      'Topics        4',
      'Groups        2',
      'Dead letters  3',
      'Connections   17',
      'Memory        120.0 MiB',
      'Log           0 to 300000000, 3 segments',
      'Committed     299999000',
      'Applied       299998000',
      'Disk          300.0 MiB used by Sluice',
      'Disk free     50.0 GiB of 100.0 GiB',
      'In            1234 messages/s, 1.2 MiB/s',
      'Out           0 messages/s, 0 B/s',
      '',
    ].join('\n'),
  );
  backend.brokerStatus = {
    ...backend.brokerStatus,
    edition: 'standard',
    readOnly: true,
    fleetRevision: 'r7',
    quota: { limitPerSecond: 1666.6, passedPerSecond: 1600, throttledPerSecond: 99.9 },
  };
  const drained = await output('broker status');
  expect(drained).toMatch(/^Settings +r7$/m);
  expect(drained).toMatch(/^Writes +turned away: the broker is read only, it is drained$/m);
  expect(drained).toMatch(/^Quota +1667 messages\/s; 1600\/s passed, 100\/s throttled$/m);
  backend.brokerStatus = { ...backend.brokerStatus, readOnlyReason: 'disk full' };
  expect(await output('broker status -o yaml')).toMatch(/^readOnlyReason: disk full$/m);
  expect(await output('broker status -o yaml')).not.toMatch(/^ *_/m);
});
