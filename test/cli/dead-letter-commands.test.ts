import { beforeEach, expect, test } from '@jest/globals';
import type { DeadLetter } from '#broker/admin/dead-letter-backend';
import { cliStand } from '#support/cli-stand';
import { NOW_MS } from '#support/fake-admin-backend';

const { backend, sluice, output } = cliStand();
const letters = backend.deadLetters;

function letter(number: number, change: Partial<DeadLetter> = {}): DeadLetter {
  const message = {
    messageId: `id-${number}`,
    topic: '%DLQ%billing',
    queue: 0,
    offset: number,
    tag: number === 0 ? 'created' : undefined,
    keys: number === 0 ? ['k1', 'k2'] : [],
    properties: new Map([['source', 'shop']]),
    body: Buffer.from(number === 0 ? 'Hello' : [0xff, 0x00]),
    messageGroup: undefined,
    deliverAtMs: undefined,
    attempt: 0,
    bornHost: '10.0.0.7:5000',
    bornMs: NOW_MS - 1000,
    storedMs: NOW_MS,
  };
  const origin = { originTopic: 'orders', originMessageId: `id-${number}` };
  const rest = { attempts: 17, reason: 'attempts', resent: undefined } as const;
  return { message, ...origin, ...rest, ...change };
}

beforeEach(() => {
  letters.letters.length = 0;
  letters.lists.length = 0;
  letters.resends.length = 0;
  letters.outcomes.clear();
  const resent = { topic: 'orders', queue: 1, offset: 7 };
  letters.letters.push(
    letter(0),
    letter(1, { attempts: 1, reason: 'forwarded', resent }),
    letter(2, { attempts: undefined, reason: undefined }),
  );
});

const NO_SELECTION = {
  key: undefined,
  tag: undefined,
  topic: undefined,
  sinceMs: undefined,
  untilMs: undefined,
};

test('list reads page after page', async () => {
  const lines = (await output('dead-letter list billing')).trimEnd().split('\n');
  const [time, used, given] = [
    '2026-01-02T03:04:05Z',
    'attempts used up',
    'given up by its consumer',
  ];
  expect(lines.map((line) => line.split(/ {2,}/).join('|'))).toEqual([
    'ID|ORIGIN TOPIC|ORIGIN ID|ATTEMPTS|FAILED|TAG|KEYS|REASON|SENT AGAIN',
    `id-0|orders|id-0|17|${time}|created|k1 k2|${used}|no`,
    `id-1|orders|id-1|1|${time}|-|-|${given}|yes`,
    `id-2|orders|id-2|-|${time}|-|-|-|no`,
  ]);
  const [first, second] = letters.lists;
  const fixed = { group: 'billing', oldestFirst: false, withBodies: false };
  expect(first).toEqual({ ...fixed, selection: NO_SELECTION, cursor: undefined, limit: 100 });
  expect(second?.cursor).toEqual({ at: 2, end: 3 });
});

test('list stops at its limit and says how to go on', async () => {
  const text = await output('dead-letter list billing --limit 2');
  expect(text.split('\n').slice(-2)).toEqual(['there are more: --cursor 2-3', '']);
  const rest = JSON.parse(await output('dead-letter list billing --cursor 2-3 -o json')) as object;
  expect(rest).toMatchObject({
    cursor: '',
    letters: [{ messageId: 'id-2', originTopic: 'orders', failedMs: NOW_MS, resent: null }],
  });
});

test('list selects', async () => {
  const times = '--since 2026-01-02T03:04:05Z --until 2026-01-02T03:04:06Z';
  await output(`dead-letter list billing --key k1 --tag created --topic orders ${times}`);
  expect(letters.lists[0]?.selection).toEqual({
    key: 'k1',
    tag: 'created',
    topic: 'orders',
    sinceMs: NOW_MS,
    untilMs: NOW_MS + 1000,
  });
  letters.letters.length = 0;
  expect(await output('dead-letter list billing')).toBe('no such dead letters of billing\n');
});

test('get shows all of one', async () => {
  const text = await output('dead-letter get billing id-0');
  expect(text.split('\n').slice(0, 8)).toEqual([
    'Origin topic   orders',
    'Origin id      id-0',
    'Attempts       17',
    'Reason         attempts used up',
    'Failed         2026-01-02T03:04:05Z',
    'Sent again as  -',
    '',
    'Message        id-0',
  ]);
  expect(text).toContain('\n\nHello\n');
  expect(await output('dead-letter get billing id-1')).toContain('Sent again as  orders 1, 7\n');
  expect(await output('dead-letter get billing id-0 --raw')).toBe('Hello');
  expect(await sluice('dead-letter get billing id-9')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('billing has no dead letter id-9 (MESSAGE_NOT_FOUND)'),
  });
});

test('export prints a line for each, the oldest first', async () => {
  const lines = (await output('dead-letter export billing --tag x')).trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
    { messageId: 'id-0', body: 'Hello', attempts: 17, properties: { source: 'shop' } },
    { messageId: 'id-1', bodyBase64: '/wA=', resent: { topic: 'orders', queue: 1, offset: 7 } },
    { messageId: 'id-2', originTopic: 'orders', failedMs: NOW_MS, bornMs: NOW_MS - 1000 },
  ]);
  const selection = { ...NO_SELECTION, tag: 'x' };
  expect(letters.lists[0]).toMatchObject({ selection, oldestFirst: true, withBodies: true });
});

test('resend says for each what came of it', async () => {
  letters.outcomes.set('id-1', 'already-resent');
  expect(await output('dead-letter resend billing --all')).toBe(
    [
      'ID    TOPIC   RESULT                 SENT AS',
      'id-0  orders  sent again             orders 1, 100',
      'id-1  orders  was sent again before  orders 1, 101',
      'id-2  orders  sent again             orders 1, 102',
      '',
      '2 sent again, 1 were before, 0 can not be',
      '',
    ].join('\n'),
  );
  expect(letters.resends.map(({ which, again, cursor }) => ({ which, again, cursor }))).toEqual([
    { which: NO_SELECTION, again: false, cursor: undefined },
    { which: NO_SELECTION, again: false, cursor: { at: 2, end: 3 } },
  ]);
});

test('resend fails when some can not be', async () => {
  letters.outcomes.set('id-0', 'topic-gone').set('id-2', 'not-found');
  const line = 'dead-letter resend billing id-0 id-1 id-2 --again -o json';
  const { code, stdout } = await sluice(line);
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({
    results: [
      { messageId: 'id-0', result: 'its topic is gone', resent: null },
      { messageId: 'id-1', result: 'sent again', resent: { queue: 1, offset: 101 } },
      { messageId: 'id-2', result: 'there is no such dead letter' },
    ],
    resent: 1,
    alreadyResent: 0,
    failed: 2,
  });
  const which = ['id-0', 'id-1', 'id-2'];
  expect(letters.resends).toMatchObject([{ group: 'billing', which, again: true }]);
});

test.each([
  ['resend billing', 'say which: message ids, --all'],
  ['resend billing id-0 --all', 'not both'],
  ['resend billing id-0 --tag x', 'not both'],
  ['resend billing --since today', 'a time with its zone'],
  ['list billing --limit 0', 'a whole number from 1'],
])('dead-letter %s is wrong usage', async (line, text) => {
  const stderr = expect.stringContaining(text);
  expect(await sluice(`dead-letter ${line}`)).toMatchObject({ code: 2, stderr });
});

test('a cursor that is none is refused', async () => {
  expect(await sluice('dead-letter list billing --cursor x')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('that page token is not one of this call'),
  });
});
