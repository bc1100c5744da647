/** Dead letters by the command line, between public Node clients that fail and that do not. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startSluice, type SluiceProcess } from '#support/sluice-process';
import { until } from '#support/until';
import { collect, idsOf, sendMany } from './cases/collect.ts';
import { NodeClients } from './node-clients.ts';
import { uniqueName } from './target.ts';

const SETUP_MS = 30_000;
const TEST_MS = 90_000;
const AWAIT_MS = 5_000;
const INVISIBLE_MS = 10_000;
/** The longest that a client waits for its own polls when it ends. */
const CLOSE_MS = 40_000;

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

interface Listed {
  letters: { messageId: string; originTopic: string; attempts: number; resent: object | null }[];
}

interface Resent {
  results: { messageId: string; result: string }[];
  resent: number;
  alreadyResent: number;
}

async function json<T>(...args: string[]): Promise<T> {
  return JSON.parse(await sluice.command('dead-letter', ...args, '-o', 'json')) as T;
}

test(
  'what a push consumer failed with comes again to its group alone, once, and is known for good',
  async () => {
    const topic = uniqueName('orders');
    const [group, others] = [uniqueName('g_fails'), uniqueName('g_others')];
    await sluice.command('topic', 'create', topic, '--queues', '2');
    const quick = ['--max-attempts', '1', '--backoff-ms', '10'];
    await sluice.command('group', 'create', group, ...quick);
    await sluice.command('group', 'create', others);
    const producer = await clients.producer([topic]);
    const more = { tag: 'created', keys: ['k1'] };
    const ids = (await sendMany(producer, topic, 4, more)).toSorted();
    const failing = await clients.pushConsumer({ group, topic }, () => false);
    const listed = (): Promise<Listed> => json<Listed>('list', group);
    await until(TEST_MS, async () => (await listed()).letters.length === ids.length);
    await failing.shutdown();
    const { letters } = await listed();
    expect(letters.map(({ messageId }) => messageId).toSorted()).toEqual(ids);
    for (const letter of letters) {
      expect(letter).toMatchObject({ originTopic: topic, attempts: 2, resent: null });
    }
    const other = await clients.simpleConsumer({ group: others, topic }, AWAIT_MS);
    expect(idsOf(await collect(other, ids.length))).toEqual(ids);

    const [first = ''] = ids;
    const one = await json<Resent>('resend', group, first);
    expect(one.results).toMatchObject([{ messageId: first, result: 'sent again' }]);
    expect(await json<Resent>('resend', group, '--key', 'k1')).toMatchObject({
      resent: ids.length - 1,
      alreadyResent: 1,
    });
    const healed = await clients.simpleConsumer({ group, topic }, AWAIT_MS);
    const again = await collect(healed, ids.length);
    expect(idsOf(again)).toEqual(ids);
    expect(again).toHaveLength(ids.length);
    for (const message of again) {
      expect(message).toMatchObject({ deliveryAttempt: 1, tag: 'created', keys: ['k1'] });
    }
    expect(await other.receive(32, INVISIBLE_MS)).toEqual([]);
    expect(await json<Resent>('resend', group, '--all')).toMatchObject({
      resent: 0,
      alreadyResent: ids.length,
    });
    const lines = await sluice.command('dead-letter', 'export', group);
    const exported = lines
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(exported).toHaveLength(ids.length);
    const body = expect.stringMatching(/^message \d$/);
    for (const line of exported) expect(line).toMatchObject({ originTopic: topic, body });
  },
  2 * TEST_MS,
);
