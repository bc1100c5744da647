import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { startAdminServer, type AdminServer } from '#support/admin-server';
import { FakeAdminBackend, NOW_MS } from '#support/fake-admin-backend';
import { runCli, type CliResult } from '#support/run-cli';
import { startSluice } from '#support/sluice-process';

let backend: FakeAdminBackend;
let server: AdminServer;

beforeAll(async () => {
  backend = new FakeAdminBackend();
  server = await startAdminServer(backend);
  await backend.topics.create({
    name: 'orders',
    kind: 'normal',
    queues: 1,
    permission: undefined,
  });
});
afterAll(() => server.stop());

beforeEach(() => {
  backend.stored.length = 0;
  backend.listed.length = 0;
  backend.unreadable = 0;
});

function list(line: string): Promise<CliResult> {
  return runCli(['message', 'list', ...line.split(' '), '--admin', server.address]);
}

async function seed(count: number, body = 'Hello'): Promise<void> {
  for (let i = 0; i < count; i++) {
    await backend.messages.send({
      topic: 'orders',
      tag: undefined,
      keys: [`n${i}`, 'all'],
      properties: new Map(),
      body: Buffer.from(body),
      messageGroup: undefined,
      deliverAtMs: undefined,
      peer: '10.0.0.7:5000',
    });
  }
}

test('a table with the beginning of each body', async () => {
  await seed(1);
  await seed(1, `\u001b[2J${'long '.repeat(20)}`);
  expect(await list('orders')).toEqual({
    code: 0,
    stderr: '',
    stdout: [
      'STORED                QUEUE  OFFSET  MESSAGE  TAG  KEYS    BYTES  BODY',
      '2026-01-02T03:04:05Z      0       0  id-0     -    n0 all      5  Hello',
      '2026-01-02T03:04:05Z      0       1  id-1     -    n0 all    104  ' +
        '\\u001b[2Jlong long long long long long long …',
      '',
    ].join('\n'),
  });
});

test('follows pages, empty ones too, up to the limit, and says how to go on', async () => {
  await seed(80);
  const { code, stdout, stderr } = await list('orders --limit 70 -o json');
  expect(code).toBe(0);
  const first = JSON.parse(stdout) as { messages: { messageId: string }[]; continue: string };
  expect(first.messages).toHaveLength(70);
  expect(stderr).toBe(`there are more than these 70: go on with --continue ${first.continue}\n`);
  const rest = await list(`orders --limit 70 -o json --continue ${first.continue}`);
  const last = JSON.parse(rest.stdout) as typeof first;
  expect(last.messages.map(({ messageId }) => messageId)).toEqual(
    Array.from({ length: 10 }, (_, i) => `id-${70 + i}`),
  );
  expect([rest.stderr, last.continue]).toEqual(['', undefined]);
});

test('by key, by time and along a queue', async () => {
  await seed(3);
  expect((await list('orders --key n1')).stdout).toContain('id-1');
  expect((await list('orders --key n1')).stdout).not.toContain('id-2');
  await list('orders --since 2026-01-31T18:00:00Z --until 2026-01-31T19:30:00+01:00');
  const sinceMs = Date.UTC(2026, 0, 31, 18);
  expect(backend.listed.at(-1)).toMatchObject({ sinceMs, untilMs: sinceMs + 1_800_000 });
  const beforeMs = Date.now();
  await list('orders --queue 3 --offset 1200 --newest-first --since 2h');
  const listed = backend.listed.at(-1);
  expect(listed).toMatchObject({ queue: 3, offset: 1200, newestFirst: true });
  const twoHoursAgoMs = beforeMs - 7_200_000;
  expect(listed?.sinceMs).toBeGreaterThanOrEqual(twoHoursAgoMs);
  expect(listed?.sinceMs).toBeLessThan(twoHoursAgoMs + 30_000);
});

test('nothing found says what there is, and what is damaged is told', async () => {
  expect(await list('orders')).toEqual({
    code: 0,
    stdout: '',
    stderr: 'orders has no message in this range; it is empty\n',
  });
  await seed(1);
  backend.unreadable = 2;
  expect(await list('orders --key other')).toMatchObject({
    stdout: '',
    stderr:
      "2 messages are damaged and can't be shown\n" +
      `orders has no message with this key; its oldest is of ${new Date(NOW_MS)
        .toISOString()
        .replace('.000', '')}\n`,
  });
});

test.each([
  ['orders --offset 3', 'give --queue N as well'],
  ['orders --since yesterday', 'such as 2026-01-31T18:00:00Z, or how long ago'],
  ['orders --since 2026-13-01T00:00:00Z', 'Allowed: a time'],
  ['orders --key a --queue 1', 'cannot be used with'],
  ['orders --limit 0', 'from 1 to 100000'],
])('%s is refused', async (line, said) => {
  expect(await list(line)).toMatchObject({ code: 2, stderr: expect.stringContaining(said) });
});

test('an unknown topic', async () => {
  expect(await list('other')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('TOPIC_NOT_FOUND'),
  });
});

test('at a broker: what was sent is found by key, by time, and along its queue', async () => {
  const sluice = await startSluice();
  try {
    await sluice.command('topic', 'create', 'orders', '--queues', '1');
    for (const key of ['a', 'b', 'c']) {
      await sluice.command('message', 'send', 'orders', `body-${key}`, '--key', key);
    }
    const bodies = async (...args: readonly string[]): Promise<string[]> => {
      const json = await sluice.command('message', 'list', 'orders', ...args, '-o', 'json');
      const { messages } = JSON.parse(json) as { messages: { body: string }[] };
      return messages.map(({ body }) => body);
    };
    expect(await bodies('--key', 'b')).toEqual(['body-b']);
    expect(await bodies('--since', '1h', '--newest-first', '--limit', '2')).toEqual([
      'body-c',
      'body-b',
    ]);
    expect(await bodies('--queue', '0', '--offset', '1')).toEqual(['body-b', 'body-c']);
    await expect(bodies('--queue', '0', '--offset', '9')).rejects.toThrow('ILLEGAL_OFFSET');
  } finally {
    await sluice.dispose();
  }
}, 60_000);
