/** Answers that get lost, on the way or with the broker: what is sent again is stored once. */
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { Code, FilterType } from '#proto/types';
import { LineProcess } from '#support/line-process';
import { chooseSeed, integer, seededRandom } from '#support/random';
import { startSluice } from '#support/sluice-process';
import type { SluiceProcess } from '#support/sluice-process';
import { TcpProxy } from '#support/tcp-proxy';
import { until } from '#support/until';
import { RawClient, messagesOf, normalMessage } from '../conformance/raw-client.ts';

const PRODUCER = fileURLToPath(new URL('./resending-producer.ts', import.meta.url));
const TOPIC = 'resend';
const GROUP = 'resend-audit';
const ANY_QUEUE = -1;
const LOST_ANSWERS = 12;
const SENDERS = 16;
const rounds = Number(process.env['KILL_ROUNDS'] ?? 5);

describe('a message of which the answer is lost', () => {
  let sluice: SluiceProcess;

  beforeEach(async () => {
    sluice = await startSluice();
    await sluice.command('topic', 'create', TOPIC, '--kind', 'normal', '--queues', '4');
    await sluice.command('group', 'create', GROUP);
  });

  afterEach(() => sluice.dispose());

  async function metric(name: string): Promise<number> {
    const text = await (await fetch(`http://${sluice.metrics}/metrics`)).text();
    const lines = text.split('\n').filter((line) => line.startsWith(name));
    return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  }

  /** Ids and bodies of all that is stored, each as often as it is. */
  async function stored(): Promise<{ id: string; body: string }[]> {
    const client = new RawClient(sluice.grpc);
    const found: { id: string; body: string }[] = [];
    for (;;) {
      const answer = await client.receive({
        filterExpression: { type: FilterType.TAG, expression: '*' },
        batchSize: 32,
        autoRenew: false,
        longPollingTimeout: { seconds: 5, nanos: 0 },
        invisibleDuration: { seconds: 3600, nanos: 0 },
        group: { name: GROUP },
        messageQueue: { topic: { name: TOPIC }, id: ANY_QUEUE },
      });
      const messages = messagesOf(answer);
      if (messages.length === 0) break;
      for (const { systemProperties, body } of messages) {
        found.push({ id: systemProperties?.messageId ?? '', body: String(body) });
      }
    }
    client.close();
    return found;
  }

  test('is sent again by the Node client, and stored once', async () => {
    const [host = '', port] = sluice.grpc.split(':');
    const proxy = await TcpProxy.start({ host, port: Number(port) });
    const producer = new LineProcess(PRODUCER, `127.0.0.1:${proxy.port}`, TOPIC);
    try {
      await producer.line('ready');
      const bodies: string[] = [];
      for (let i = 0; i < LOST_ANSWERS; i++) {
        const body = `message ${i}`;
        bodies.push(body);
        proxy.mute();
        producer.write(body);
        await until(20_000, async () => (await metric('rocketmq_messages_in_total')) === i + 1);
        proxy.cut();
        await producer.line(body);
      }
      expect(await metric('sluice_messages_resent_total')).toBe(LOST_ANSWERS);
      const found = (await stored()).map(({ body }) => body);
      expect(found.sort()).toEqual(bodies.sort());
    } finally {
      await producer.kill();
      await proxy.stop();
    }
  }, 90_000);

  test(
    'with the broker that is killed, is stored once',
    async () => {
      const seed = chooseSeed();
      console.log(`SEED=${seed}, ${rounds} rounds`);
      const random = seededRandom(seed);
      const answered = new Map<string, number>();
      const begun = new Set<string>();
      let running = true;
      let resent = 0;
      let client = new RawClient(sluice.grpc);

      async function sendUntilAnswered(id: string): Promise<void> {
        const message = normalMessage(TOPIC, { messageId: id }, { body: Buffer.from(id) });
        begun.add(id);
        for (;;) {
          try {
            const { status, entries } = await client.unary('SendMessage', { messages: [message] });
            if (status?.code === Code.OK) {
              answered.set(id, entries[0]?.offset ?? -1);
              return;
            }
          } catch {
            // The broker is gone: it is sent again until there is an answer.
          }
          await sleep(5);
        }
      }

      async function sender(number: number): Promise<void> {
        for (let i = 0; running; i++) await sendUntilAnswered(`S${number}-${i}`);
      }

      const senders = Array.from({ length: SENDERS }, (_, number) => sender(number));
      for (let round = 0; round < rounds; round++) {
        await sleep(30 + integer(random, 700));
        resent += await metric('sluice_messages_resent_total');
        await sluice.kill();
        await sluice.restart();
        client.close();
        client = new RawClient(sluice.grpc);
      }
      running = false;
      await Promise.all(senders);
      resent += await metric('sluice_messages_resent_total');
      console.log(`${answered.size} stored, ${resent} of them sent again after that`);
      client.close();
      const found = (await stored()).map(({ id }) => id);
      expect(found.length).toBeGreaterThan(rounds * SENDERS);
      expect(found.sort()).toEqual([...begun].sort());
    },
    60_000 + rounds * 8_000,
  );
});
