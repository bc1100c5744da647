/** The life of a message with real clients; RocketMQ has nothing that it could be compared with. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';

import { createAdminClient, type AdminClient } from '#proto/admin-client';
import { TopicKind } from '#proto/admin-types';
import type { MessageTrace, TraceEvent } from '#proto/admin-types';
import { runCli } from '#support/run-cli';
import { startSluice } from '#support/sluice-process';
import type { SluiceProcess } from '#support/sluice-process';
import { until } from '#support/until';
import { NodeClients } from './node-clients.ts';

const INVISIBLE_MS = 10_000;
const WAIT_MS = 60_000;

let sluice: SluiceProcess;
let admin: AdminClient;
let clients: NodeClients;

beforeAll(async () => {
  sluice = await startSluice({ arguments: ['--no-auto-create-topics'] });
  admin = createAdminClient({ address: sluice.admin });
  clients = new NodeClients(sluice.grpc);
  await admin.call('CreateTopic', { name: 'orders', kind: TopicKind.NORMAL, queues: 2 });
  for (const name of ['billing', 'audit', 'idle']) {
    await admin.call('CreateGroup', { name, maxAttempts: 1 });
  }
}, 30_000);

afterAll(async () => {
  await clients.close();
  admin.close();
  await sluice.stop();
  await sluice.dispose();
}, 40_000);

function outcomes({ groups }: MessageTrace): object {
  return Object.fromEntries(groups.map(({ group, outcome }) => [group, outcome]));
}

/** What happened in one group, and that it happened in this order. */
function storyOf({ events }: MessageTrace, name: string): TraceEvent[] {
  const story = events.filter(({ group }) => group === name);
  expect(story.map(({ atMs }) => atMs)).toEqual(story.map(({ atMs }) => atMs).toSorted());
  return story;
}

test(
  'one group fails until it is a dead letter, another one acknowledges at the second time',
  async () => {
    const producer = await clients.producer(['orders']);
    const { messageId } = await producer.send({ topic: 'orders', body: Buffer.from('hello') });
    const simple = await clients.simpleConsumer({ group: 'audit', topic: 'orders' }, 5000);
    const take = () => until(WAIT_MS, async () => (await simple.receive(1, INVISIBLE_MS))[0]);
    await take();
    await clients.pushConsumer({ group: 'billing', topic: 'orders' }, () => false);
    await simple.ack(await take());
    const trace = await until(WAIT_MS, async () => {
      const answer = await admin.call('GetMessageTrace', { messageId });
      const isOver = answer.groups.some(({ outcome }) => outcome === 'dead-lettered');
      return isOver && answer;
    });
    expect(outcomes(trace)).toEqual({ audit: 'consumed', billing: 'dead-lettered' });
    const [sent, stored] = trace.events;
    expect([sent?.kind, stored?.kind]).toEqual(['sent', 'stored']);
    expect(sent?.by?.clientId).not.toBe('');
    const audit = storyOf(trace, 'audit');
    expect(audit.map(({ kind, attempt }) => `${kind} ${attempt}`)).toEqual([
      'handed-out 1',
      'timed-out 1',
      'handed-out 2',
      'acknowledged 2',
    ]);
    const auditors = new Set(audit.map(({ by }) => by?.clientId));
    expect(auditors.size).toBe(1);
    expect(auditors.has(sent?.by?.clientId)).toBe(false);
    const billing = storyOf(trace, 'billing');
    expect(billing.map(({ kind, attempt }) => `${kind} ${attempt}`)).toEqual([
      'handed-out 1',
      'postponed 1',
      'handed-out 2',
      'dead-lettered 2',
    ]);
    expect(billing.at(-1)?.copy).toEqual({ topic: '%DLQ%billing', queue: 0, offset: 0 });
    const { code, stdout } = await runCli(['message', 'trace', messageId, '--admin', sluice.admin]);
    expect(code).toBe(0);
    expect(stdout).toContain('billing: dead-lettered after');
    expect(stdout).toContain('audit: consumed after');
    expect(stdout).toMatch(/#2 {2}handed out to /);
  },
  2 * WAIT_MS,
);
