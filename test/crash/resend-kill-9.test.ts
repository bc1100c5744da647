/** Kills a real broker again and again while dead letters are sent again: each is sent once. */
import { setTimeout as sleep } from 'node:timers/promises';

import { expect, test } from '@jest/globals';

import { createAdminClient } from '#proto/admin-client';
import { ResendOutcome } from '#proto/admin-types';
import { FilterType } from '#proto/types';
import { chooseSeed, integer, seededRandom } from '#support/random';
import { startSluice, type SluiceProcess } from '#support/sluice-process';
import { RawClient, messagesOf } from '../conformance/raw-client.ts';

const TOPIC = 'orders';
const GROUP = 'billing';
const MESSAGES = 400;
/** Small pages, so that a kill comes between two of them, or within one. */
const PAGE = 10;
const RESEND_MS = 120;
const rounds = Number(process.env['KILL_ROUNDS'] ?? 5);

type Received = ReturnType<typeof messagesOf>[number];

async function receiveAll(client: RawClient): Promise<Received[]> {
  const all: Received[] = [];
  for (;;) {
    const answer = await client.receive({
      group: { name: GROUP },
      messageQueue: { topic: { name: TOPIC }, id: -1 },
      filterExpression: { type: FilterType.TAG, expression: '*' },
      batchSize: 32,
      invisibleDuration: { seconds: 3600, nanos: 0 },
      longPollingTimeout: { seconds: 5, nanos: 0 },
    });
    const messages = messagesOf(answer);
    if (messages.length === 0) return all;
    all.push(...messages);
  }
}

function idOf({ systemProperties }: Received): string {
  return systemProperties?.messageId ?? '';
}

/** Sends messages, and gives up every one of them. */
async function seed(sluice: SluiceProcess): Promise<string[]> {
  const admin = createAdminClient({ address: sluice.admin });
  const client = new RawClient(sluice.grpc);
  await admin.call('CreateTopic', { name: TOPIC, queues: 2 });
  await admin.call('CreateGroup', { name: GROUP });
  const body = Buffer.alloc(100, 'x');
  const sends = Array.from({ length: MESSAGES }, () =>
    admin.call('SendMessage', { topic: TOPIC, body }),
  );
  const ids = (await Promise.all(sends)).map(({ messageId }) => messageId);
  const messages = await receiveAll(client);
  await Promise.all(
    messages.map((message) =>
      client.unary('ForwardMessageToDeadLetterQueue', {
        group: { name: GROUP },
        topic: { name: TOPIC },
        receiptHandle: message.systemProperties?.receiptHandle ?? '',
        messageId: idOf(message),
      }),
    ),
  );
  client.close();
  admin.close();
  return ids;
}

/** From the first page on, until the end or the kill; how many were sent by what was answered. */
async function resendAll({
  admin: address,
}: SluiceProcess): Promise<{ resent: number; all: number }> {
  const admin = createAdminClient({ address });
  let [resent, all] = [0, 0];
  let pageToken = '';
  try {
    do {
      const request = { group: GROUP, pageToken, pageSize: PAGE };
      const { results, nextPageToken } = await admin.call('ResendDeadLetters', request);
      all += results.length;
      resent += results.filter(({ outcome }) => outcome === ResendOutcome.RESENT).length;
      pageToken = nextPageToken;
    } while (pageToken !== '');
  } catch {
    // the broker is gone: what it did last is unknown
  } finally {
    admin.close();
  }
  return { resent, all };
}

test(
  'dead letters are sent again once, through kill -9',
  async () => {
    const random = seededRandom(chooseSeed());
    const sluice = await startSluice();
    try {
      const ids = await seed(sluice);
      let told = 0;
      for (let round = 0; round < rounds; round++) {
        const resending = resendAll(sluice);
        await sleep(integer(random, RESEND_MS));
        await sluice.kill();
        told += (await resending).resent;
        await sluice.restart();
      }
      const { resent, all } = await resendAll(sluice);
      expect(all).toBe(MESSAGES);
      expect(told + resent).toBeLessThanOrEqual(MESSAGES);
      expect((await resendAll(sluice)).resent).toBe(0);
      const client = new RawClient(sluice.grpc);
      const came = (await receiveAll(client)).map(idOf);
      client.close();
      expect(came.toSorted()).toEqual(ids.toSorted());
    } finally {
      await sluice.dispose();
    }
  },
  90_000 + rounds * 5_000,
);
