import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';

import type { MessageTrace, TraceEvent } from '#broker/admin/message-trace';
import { startAdminServer, type AdminServer } from '#support/admin-server';
import { FakeAdminBackend, NOW_MS } from '#support/fake-admin-backend';
import { runCli, type CliResult } from '#support/run-cli';

const alice = { clientId: 'alice@1', address: '10.0.0.1:4000', language: 'JAVA' };
const bob = { clientId: 'bob@2', address: '10.0.0.2:5000', language: 'GO' };

function event(kind: TraceEvent['kind'], atMs: number, more: Partial<TraceEvent> = {}): TraceEvent {
  return {
    kind,
    atMs: NOW_MS + atMs,
    group: undefined,
    attempt: undefined,
    untilMs: undefined,
    tookMs: undefined,
    times: 1,
    by: undefined,
    copy: undefined,
    ...more,
  };
}

const billing = 'billing';
const copy = { topic: '%DLQ%billing', queue: 0, offset: 5 };
const handedOut = (atMs: number, attempt: number, by = alice) =>
  event('handed-out', atMs, { group: billing, attempt, untilMs: NOW_MS + atMs + 30_000, by });
const sender = { clientId: '', address: '10.0.0.7:5000', language: '' };

const TRACE: MessageTrace = {
  messageId: 'M1',
  place: { topic: 'orders', queue: 3, offset: 17 },
  tag: 'created',
  keys: ['order-17', 'x\u001b[2J'],
  origin: undefined,
  broker: '10.0.0.9:8081',
  events: [
    event('sent', -3, { by: sender }),
    event('stored', 0, { tookMs: 3 }),
    event('handed-out', 5, { group: 'audit', attempt: 1, untilMs: NOW_MS + 60_005, by: bob }),
    event('renewed', 60_000, { group: 'audit', attempt: 1, untilMs: NOW_MS + 180_000, times: 2 }),
    event('acknowledged', 90_000, { group: 'audit', attempt: 1, tookMs: 89_995, by: bob }),
    handedOut(1000, 1),
    event('timed-out', 31_000, { group: billing, attempt: 1, by: alice }),
    handedOut(32_500, 2, bob),
    event('postponed', 32_512, {
      group: billing,
      attempt: 2,
      untilMs: NOW_MS + 42_512,
      tookMs: 12,
      by: bob,
    }),
    handedOut(60_000, 3),
    event('dead-lettered', 90_000, { group: billing, attempt: 3, by: bob, copy }),
    event('committed', 90_000, { group: 'puller', by: alice }),
  ],
  groups: [
    { group: 'audit', outcome: 'consumed', attempts: 1, tookMs: 90_000 },
    { group: billing, outcome: 'dead-lettered', attempts: 3, tookMs: 90_000 },
    { group: 'late', outcome: 'not-yet', attempts: 0, tookMs: undefined },
    { group: 'puller', outcome: 'consumed', attempts: 0, tookMs: 90_000 },
  ],
  clientEvents: [],
  others: [],
  complete: true,
};

describe('message trace', () => {
  let backend: FakeAdminBackend;
  let server: AdminServer;

  beforeAll(async () => {
    backend = new FakeAdminBackend();
    server = await startAdminServer(backend);
  });
  afterAll(() => server.stop());
  beforeEach(() => {
    backend.traces.length = 0;
    backend.messageTrace = TRACE;
  });

  function sluice(line: string): Promise<CliResult> {
    return runCli([...line.split(' '), '--admin', server.address]);
  }

  test('draws each group with its deliveries', async () => {
    const { code, stdout, stderr } = await sluice('message trace M1');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n')).toEqual([
      'Message        M1',
      'Topic          orders',
      'Queue, offset  3, 17',
      'Tag            created',
      'Keys           order-17 x\\u001b[2J',
      'Sent           2026-01-02T03:04:04.997Z by 10.0.0.7:5000',
      'Stored         2026-01-02T03:04:05.000Z on 10.0.0.9:8081, 3 ms later',
      '',
      'audit: consumed after 1 min 30 s, 1 delivery',
      '        5 ms  ━━━━━━━━━━━━━━━━━━━━━━━   #1  handed out to bob@2 (10.0.0.2:5000, GO), ' +
        'hidden for 1 min',
      '       1 min                 ·              kept for it until 3 min, renewed 2 times',
      '  1 min 30 s                         ·      acknowledged after 1 min 29 s',
      '',
      'billing: dead-lettered after 1 min 30 s, 3 deliveries',
      '         1 s  ━━━━━━━━                  #1  handed out to alice@1 (10.0.0.1:4000, JAVA), ' +
        'hidden for 30 s',
      '        31 s          ·                     timed out',
      '      32.5 s          ━                 #2  handed out to bob@2 (10.0.0.2:5000, GO), ' +
        'hidden for 30 s',
      '    32.512 s          ·                     put off until 42.512 s after 12 ms',
      '       1 min                 ━━━━━━━━   #3  handed out to alice@1 (10.0.0.1:4000, JAVA), ' +
        'hidden for 30 s',
      '  1 min 30 s                         ·      dead-lettered to %DLQ%billing, offset 5 ' +
        'by bob@2 (10.0.0.2:5000, GO)',
      '',
      'late: not delivered yet',
      '',
      'puller: consumed after 1 min 30 s',
      '  1 min 30 s                         ·    passed by an offset commit ' +
        'by alice@1 (10.0.0.1:4000, JAVA)',
      '',
    ]);
    expect(backend.traces).toEqual([{ topic: undefined, message: { id: 'M1' } }]);
  });

  test('in one topic, by its place, and as JSON', async () => {
    await sluice('message trace M1 --topic orders');
    const { stdout } = await sluice('message trace --topic orders --queue 3 --offset 17 -o json');
    expect(backend.traces).toEqual([
      { topic: 'orders', message: { id: 'M1' } },
      { topic: 'orders', message: { queue: 3, offset: 17 } },
    ]);
    const data = JSON.parse(stdout) as { events: unknown[]; groups: unknown[] };
    expect(data).toMatchObject({
      messageId: 'M1',
      place: { topic: 'orders', queue: 3, offset: 17 },
      broker: '10.0.0.9:8081',
      truncated: false,
    });
    expect(data.events[10]).toEqual({
      kind: 'dead-lettered',
      atMs: NOW_MS + 90_000,
      group: 'billing',
      attempt: 3,
      times: 1,
      by: bob,
      copy,
    });
    expect(data.groups[2]).toEqual({ group: 'late', outcome: 'not-yet', attempts: 0 });
  });

  test('a dead letter, an id that was sent twice, and one with too many events', async () => {
    const place = { topic: '%DLQ%billing', queue: 0, offset: 5 };
    const origin = { topic: 'orders', messageId: 'M1' };
    const others = [{ topic: 'orders', queue: 1, offset: 2 }];
    const stored = event('stored', 0, { tookMs: -7 });
    const events = [event('sent', 7, { by: sender }), stored];
    const rest = { groups: [], others, complete: false };
    backend.messageTrace = { ...TRACE, place, origin, events, ...rest };
    const { stdout } = await sluice('message trace M1');
    expect(stdout).toContain('Copy of        orders M1\n');
    expect(stdout).toContain('by a clock that is behind');
    expect(stdout).toContain('no group consumes this topic\n');
    expect(stdout).toContain('There is more of it: what came last is left out.\n');
    expect(stdout).toContain('The same id again: --topic orders --queue 1 --offset 2\n');
  });

  test('when it was put away first', async () => {
    const sent = event('sent', -3, { by: sender });
    const stored = event('stored', 60_000, { tookMs: 4 });
    const scheduled = event('scheduled', 0, { untilMs: NOW_MS + 59_996 });
    backend.messageTrace = { ...TRACE, groups: [], events: [sent, scheduled, stored] };
    const { stdout } = await sluice('message trace M1');
    expect(stdout).toContain(
      'Scheduled      2026-01-02T03:04:05.000Z for 2026-01-02T03:05:04.996Z\n' +
        'Stored         2026-01-02T03:05:05.000Z on 10.0.0.9:8081, 4 ms later\n',
    );
    backend.messageTrace = { ...TRACE, groups: [], events: [sent, event('prepared', 0), stored] };
    expect((await sluice('message trace M1')).stdout).toContain(
      'Prepared       2026-01-02T03:04:05.000Z\n',
    );
  });

  test('what clients say of it', async () => {
    const unsaid = { tookMs: undefined, succeeded: undefined };
    backend.messageTrace = {
      ...TRACE,
      clientEvents: [
        { kind: 'sent', atMs: NOW_MS, group: 'PG', tookMs: 12, succeeded: true, address: 'a' },
        { kind: 'began', atMs: NOW_MS + 1500, group: 'billing', address: '', ...unsaid },
        { kind: 'ended', atMs: undefined, group: '', tookMs: 30, succeeded: false, address: '' },
      ],
    };
    const { stdout } = await sluice('message trace M1');
    expect(stdout.split('\n').slice(-5)).toEqual([
      'what clients say, by their own clocks:',
      '   0 ms  PG, a sent it, took 12 ms',
      '  1.5 s  billing began to work on it',
      '      ?  somebody ended its work on it, took 30 ms, and failed',
      '',
    ]);
    const json = await sluice('message trace M1 -o json');
    expect(JSON.parse(json.stdout)).toMatchObject({ clientEvents: [{ kind: 'sent' }, {}, {}] });
  });

  test('what is no message is said, with what is allowed', async () => {
    for (const line of ['', ' M1 --queue 1', ' --queue 1 --offset 2', ' M1 --offset 1']) {
      const { code, stderr } = await sluice(`message trace${line}`);
      expect([line, code]).toEqual([line, 2]);
      expect(stderr).toContain('say which message');
    }
    backend.messageTrace = undefined;
    const { code, stderr, stdout } = await sluice('message trace M1');
    expect({ code: code === 0, stdout }).toEqual({ code: false, stdout: '' });
    expect(stderr).toContain('there is no such message');
  });
});
