/** Kills a real broker again and again while messages are scheduled, recalled and delivered. */
import { setTimeout as sleep } from 'node:timers/promises';

import { expect, test } from '@jest/globals';

import { Code, FilterType, MessageType } from '#proto/types';
import { History } from '#support/history';
import { chooseSeed, integer, seededRandom } from '#support/random';
import { startSluice } from '#support/sluice-process';
import { RawClient, messagesOf, newMessageId, normalMessage } from '../conformance/raw-client.ts';

const TOPIC = 'later';
const GROUP = 'audit';
const SENDERS = 8;
const DELAY_MAX_MS = 6000;
const LOAD_MS = 600;
const rounds = Number(process.env['KILL_ROUNDS'] ?? 5);

class Load {
  readonly history = new History();
  readonly #random = seededRandom(chooseSeed());
  #running = false;

  async run(client: RawClient): Promise<void> {
    this.#running = true;
    const senders = Array.from({ length: SENDERS }, () => this.#send(client));
    await sleep(LOAD_MS / 2 + integer(this.#random, LOAD_MS));
    this.#running = false;
    await Promise.all(senders);
  }

  /** Until the load ends, or the broker is killed. */
  async #send(client: RawClient): Promise<void> {
    while (this.#running) {
      try {
        await this.#sendOne(client);
      } catch {
        return; // the broker is gone: what it did last is unknown
      }
    }
  }

  async #sendOne(client: RawClient): Promise<void> {
    const messageId = newMessageId();
    const deliverAtMs = Date.now() + integer(this.#random, DELAY_MAX_MS);
    const seconds = Math.floor(deliverAtMs / 1000);
    const deliveryTimestamp = { seconds, nanos: (deliverAtMs % 1000) * 1e6 };
    const system = { messageId, messageType: MessageType.DELAY, deliveryTimestamp };
    this.history.sending({ id: messageId, topic: TOPIC, dueMs: deliverAtMs });
    const messages = [normalMessage(TOPIC, system)];
    const { status, entries } = await client.unary('SendMessage', { messages });
    if (status?.code === Code.OK) this.history.stored(messageId);
    const recallHandle = entries[0]?.recallHandle ?? '';
    if (recallHandle === '' || integer(this.#random, 4) > 0) return;
    this.history.recalling(messageId);
    const request = { topic: { name: TOPIC }, recallHandle };
    const answer = await client.unary('RecallMessage', request);
    if (answer.status?.code === Code.OK) this.history.recalled(messageId);
  }
}

/** Everything there is, until nothing comes any more. */
async function receiveAll(client: RawClient, history: History): Promise<void> {
  for (;;) {
    const answer = await client.receive({
      group: { name: GROUP },
      messageQueue: { topic: { name: TOPIC }, id: -1 },
      filterExpression: { type: FilterType.TAG, expression: '*' },
      batchSize: 32,
      invisibleDuration: { seconds: 3600, nanos: 0 },
      longPollingTimeout: { seconds: DELAY_MAX_MS / 1000 + 4, nanos: 0 },
    });
    const messages = messagesOf(answer);
    if (messages.length === 0) return;
    for (const { systemProperties } of messages) {
      const id = systemProperties?.messageId ?? '';
      history.delivered(GROUP, { id, topic: TOPIC, atMs: Date.now() });
    }
  }
}

test(
  'scheduled messages come once, never early, through kill -9',
  async () => {
    const sluice = await startSluice();
    const load = new Load();
    try {
      await sluice.command('topic', 'create', TOPIC, '--kind', 'delay', '--queues', '4');
      await sluice.command('group', 'create', GROUP);
      for (let round = 0; round < rounds; round++) {
        const client = new RawClient(sluice.grpc);
        const loading = load.run(client);
        await sleep(LOAD_MS);
        await sluice.kill();
        await loading;
        client.close();
        await sluice.restart();
      }
      const client = new RawClient(sluice.grpc);
      const { history } = load;
      await receiveAll(client, history);
      client.close();
      history.drained(GROUP, TOPIC);
      expect(history.violations).toEqual([]);
      expect(history.duplicates).toBe(0); // each is hidden for an hour: it would be there twice
      expect(history.receivedCount).toBeGreaterThan(rounds * SENDERS);
    } finally {
      await sluice.dispose();
    }
  },
  60_000 + rounds * 5_000,
);
