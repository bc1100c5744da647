/** Consumers that are killed again and again: each message is applied, and none of them twice. */
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { describe, expect, test } from '@jest/globals';

import { LineProcess } from '#support/line-process';
import { chooseSeed, integer, seededRandom } from '#support/random';
import { startSluice } from '#support/sluice-process';
import type { SluiceProcess } from '#support/sluice-process';
import { until } from '#support/until';
import { RawClient, normalMessage } from '../conformance/raw-client.ts';
import { INSTALLED, connect, startDatabase } from './databases.ts';
import type { DatabaseName } from './databases.ts';

const CONSUMER = fileURLToPath(new URL('./consumer-process.ts', import.meta.url));
const TOPIC = 'orders';
const GROUP = 'billing';
const MESSAGES = 600;
const CONSUMERS = 2;
const LIFE_MS_MAX = 500;
const DRAIN_MS = 60_000;
const kills = Number(process.env['KILL_ROUNDS'] ?? 10);

/** Sends amounts; returns their sum. */
async function sendAll(sluice: SluiceProcess): Promise<number> {
  const client = new RawClient(sluice.grpc);
  let sum = 0;
  for (let i = 0; i < MESSAGES; i++) {
    const amount = 1 + i * i;
    sum += amount;
    const body = Buffer.from(String(amount));
    const message = normalMessage(TOPIC, { messageId: `M${i}` }, { body });
    await client.unary('SendMessage', { messages: [message] });
  }
  client.close();
  return sum;
}

async function lag(sluice: SluiceProcess): Promise<number> {
  const text = await (await fetch(`http://${sluice.metrics}/metrics`)).text();
  const line = text.split('\n').find((each) => each.startsWith('rocketmq_consumer_lag_messages{'));
  return Number(line?.split(' ').at(-1) ?? Infinity);
}

for (const name of Object.keys(INSTALLED) as DatabaseName[]) {
  const suite = INSTALLED[name] ? describe : describe.skip;
  if (!INSTALLED[name]) console.log(`NOT TESTED: ${name}, which is not installed`);

  suite(`consumers that are killed, with ${name}`, () => {
    test(
      'apply each message once',
      async () => {
        const seed = chooseSeed();
        const random = seededRandom(seed);
        const database = await startDatabase(name);
        const ledger = await connect(name, database.address);
        const sluice = await startSluice();
        const all: LineProcess[] = [];

        function startConsumer(): LineProcess {
          const where = [name, database.address, sluice.grpc, TOPIC, GROUP];
          const consumer = new LineProcess(CONSUMER, ...where, String(integer(random, 2 ** 31)));
          all.push(consumer);
          return consumer;
        }

        try {
          await sluice.command('topic', 'create', TOPIC, '--kind', 'normal', '--queues', '2');
          await sluice.command('group', 'create', GROUP, '--max-attempts', '1000');
          const sum = await sendAll(sluice);
          const running = Array.from({ length: CONSUMERS }, startConsumer);
          for (let i = 0; i < kills; i++) {
            const turn = i % CONSUMERS;
            await running[turn]?.line('ready');
            await sleep(integer(random, LIFE_MS_MAX));
            await running[turn]?.kill();
            running[turn] = startConsumer();
          }
          await until(DRAIN_MS, async () => (await lag(sluice)) === 0);
          const lines = all.flatMap((consumer) => consumer.lines);
          const count = (wanted: string) => lines.filter((line) => line === wanted).length;
          const again = `${count('already applied')} came after they were applied`;
          console.log(`SEED=${seed}, ${kills} kills: ${again}, ${count('failed')} attempts failed`);
          expect(await ledger.select('SELECT COUNT(DISTINCT message) FROM ledger')).toBe(MESSAGES);
          expect(await ledger.select('SELECT COUNT(*) FROM ledger')).toBe(MESSAGES);
          expect(await ledger.select('SELECT SUM(amount) FROM ledger')).toBe(sum);
          expect(await ledger.select('SELECT COUNT(*) FROM sluice_applied')).toBe(MESSAGES);
        } catch (error) {
          throw new Error(`SEED=${seed}`, { cause: error });
        } finally {
          await Promise.all(all.map((consumer) => consumer.kill()));
          await sluice.dispose();
          await ledger.close();
          await database.stop();
        }
      },
      2 * DRAIN_MS + kills * 5_000,
    );
  });
}
