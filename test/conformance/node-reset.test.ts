/** `sluice group reset` while the public Node client consumes. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startSluice, type SluiceProcess } from '#support/sluice-process';
import { until } from '#support/until';
import { collect, idsOf, sendMany } from './cases/collect.ts';
import { NodeClients } from './node-clients.ts';
import { uniqueName } from './target.ts';

const SETUP_MS = 30_000;
const TEST_MS = 60_000;
/** The longest that a client waits for its own polls when it ends. */
const CLOSE_MS = 40_000;
const AWAIT_MS = 15_000;
/** Far below the wait of a poll: whoever waits is woken, not timed out. */
const AT_ONCE_MS = 5_000;
const INVISIBLE_MS = 60_000;

let sluice: SluiceProcess;
let clients: NodeClients;

beforeAll(async () => {
  sluice = await startSluice();
  clients = new NodeClients(sluice.grpc);
}, SETUP_MS);

afterAll(async () => {
  await clients.close();
  await sluice.stop();
  await sluice.dispose();
}, CLOSE_MS);

async function stage(): Promise<{ topic: string; group: string }> {
  const [topic, group] = [uniqueName('reset'), uniqueName('g_reset')];
  await sluice.command('topic', 'create', topic, '--queues', '2');
  await sluice.command('group', 'create', group);
  return { topic, group };
}

test(
  'a simple consumer that waits gets at once what it is to read again',
  async () => {
    const { topic, group } = await stage();
    const producer = await clients.producer([topic]);
    const consumer = await clients.simpleConsumer({ group, topic }, AWAIT_MS);
    const ids = await sendMany(producer, topic, 6);
    await collect(consumer, 6);
    const waiting = consumer.receive(32, INVISIBLE_MS);
    const startMs = performance.now();
    const shown = await sluice.command('group', 'reset', group, '--topic', topic, '--earliest');
    expect(shown).toContain(`group ${group} was reset`);
    const first = await waiting;
    expect(performance.now() - startMs).toBeLessThan(AT_ONCE_MS);
    for (const message of first) {
      expect(message.deliveryAttempt).toBe(1);
      await consumer.ack(message);
    }
    const rest = await collect(consumer, 6 - first.length);
    expect([...idsOf(first), ...idsOf(rest)].toSorted()).toEqual(ids.toSorted());
  },
  TEST_MS,
);

test(
  'what was held comes again before its time has ended, and its handle is dead',
  async () => {
    const { topic, group } = await stage();
    const producer = await clients.producer([topic]);
    const consumer = await clients.simpleConsumer({ group, topic }, AWAIT_MS);
    const ids = await sendMany(producer, topic, 4);
    const held = await collect(consumer, 4, { invisibleMs: INVISIBLE_MS, ack: false });
    await sluice.command('group', 'reset', group, '--earliest');
    const again = await collect(consumer, 4, { invisibleMs: INVISIBLE_MS, ack: false });
    expect(idsOf(again)).toEqual(ids.toSorted());
    for (const message of held) await expect(consumer.ack(message)).rejects.toThrow();
    for (const message of again) await consumer.ack(message);
  },
  TEST_MS,
);

test(
  'a push consumer reads again',
  async () => {
    const { topic, group } = await stage();
    const producer = await clients.producer([topic]);
    const ids = await sendMany(producer, topic, 4);
    const consumer = await clients.pushConsumer({ group, topic });
    const timesOf = (id: string): number =>
      consumer.received.filter(({ messageId }) => messageId === id).length;
    await until(TEST_MS, () => ids.every((id) => timesOf(id) === 1));
    await sluice.command('group', 'reset', group, '--topic', topic, '--earliest');
    await until(TEST_MS, () => ids.every((id) => timesOf(id) === 2));
  },
  2 * TEST_MS,
);
