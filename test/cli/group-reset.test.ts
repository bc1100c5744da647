import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { startAdminServer, type AdminServer } from '#support/admin-server';
import { FakeAdminBackend, NOW_MS } from '#support/fake-admin-backend';
import { runCli, type CliResult } from '#support/run-cli';

let backend: FakeAdminBackend;
let server: AdminServer;

beforeAll(async () => {
  backend = new FakeAdminBackend();
  server = await startAdminServer(backend);
});
afterAll(() => server.stop());

beforeEach(() => {
  backend.resets.length = 0;
  const queue = { queue: 0, progress: 90, maxOffset: 100, inFlight: 3, waitingRetry: 1 };
  const topics = [
    { topic: 'orders', queues: [queue] },
    { topic: 'parcels', queues: [{ ...queue, queue: 1, progress: 7 }] },
  ];
  const kinds = { ordered: false, broadcast: false, pullAllowed: true };
  const options = { ...kinds, maxAttempts: 5, backoffMs: [] };
  const seen = { topics, members: [], readers: [] };
  const group = { name: 'billing', ...options, createdMs: NOW_MS, ...seen };
  backend.groupsByName.set('billing', group);
});

function sluice(line: string): Promise<CliResult> {
  return runCli([...`group reset ${line}`.split(' '), '--admin', server.address]);
}

const REQUEST = { group: 'billing', topic: 'orders', queues: [], dryRun: false };

test('one topic: what changes is looked at, changed and shown', async () => {
  const { code, stdout, stderr } = await sluice('billing --topic orders --earliest');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toBe(
    [
      'TOPIC   QUEUE  BEFORE  AFTER  AGAIN  SKIPPED  LEASES DROPPED',
      'orders      0      90      0     90        0               3',
      '',
      'group billing was reset',
      '',
    ].join('\n'),
  );
  const to = { at: 'beginning' };
  expect(backend.resets).toEqual([
    { ...REQUEST, to, dryRun: true },
    { ...REQUEST, to },
  ]);
});

test('all topics that it has read, with a dry run as JSON', async () => {
  const { code, stdout } = await sluice('billing --latest --dry-run -o json');
  expect(code).toBe(0);
  const rest = { after: 0, skipped: 0, leasesDropped: 3 };
  expect(JSON.parse(stdout)).toEqual({
    group: 'billing',
    dryRun: true,
    queues: [
      { topic: 'orders', queue: 0, before: 90, readAgain: 90, ...rest },
      { topic: 'parcels', queue: 1, before: 7, readAgain: 7, ...rest },
    ],
  });
  expect(backend.resets.map(({ to, dryRun }) => ({ to, dryRun }))).toEqual([
    { to: { at: 'end' }, dryRun: true },
    { to: { at: 'end' }, dryRun: true },
  ]);
});

test('to an offset of some queues, and to a time', async () => {
  await sluice('billing --topic orders --offset 1200 --queue 3 --queue 5');
  const to = { at: 'offset', offset: 1200 };
  expect(backend.resets.at(-1)).toEqual({ ...REQUEST, queues: [3, 5], to });
  await sluice('billing --topic orders --time 2026-01-02T04:04:05+01:00');
  expect(backend.resets.at(-1)).toEqual({ ...REQUEST, to: { at: 'time', timeMs: NOW_MS } });
});

test('a group that has read nothing', async () => {
  backend.groupsByName.set('new', { ...backend.groupsByName.get('billing')!, topics: [] });
  const { code, stdout } = await sluice('new --earliest');
  const text = 'group new has not read any topic; nothing to reset\n';
  expect({ code, stdout }).toEqual({ code: 0, stdout: text });
});

test.each([
  ['billing', 'one of --earliest, --latest, --time and --offset'],
  ['billing --topic orders --earliest --latest', 'one of --earliest, --latest, --time'],
  ['billing --offset 3', 'say which with --topic'],
  ['billing --earliest --queue 1', 'say which with --topic'],
  ['billing --topic orders --time yesterday', 'a time with its zone'],
  ['billing --topic orders --time 2026-01-31', 'a time with its zone'],
  ['billing --topic orders --offset -1', 'a whole number from 0'],
  ['billing --topic orders --earliest --queue x', 'a whole number from 0'],
])('%s is wrong usage', async (line, text) => {
  expect(await sluice(line)).toMatchObject({ code: 2, stderr: expect.stringContaining(text) });
  expect(backend.resets).toEqual([]);
});
