/** A reset that was answered is there after kill -9, whatever the index has of it. */
import { rm } from 'node:fs/promises';
import path from 'node:path';

import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { createAdminClient, type AdminClient } from '#proto/admin-client';
import { ResetPlace } from '#proto/admin-types';
import { startSluice, type SluiceProcess } from '#support/sluice-process';

const TOPIC = 'orders';
const GROUP = 'billing';
const MESSAGES = 20;
const TEST_MS = 60_000;

let sluice: SluiceProcess;
let admin: AdminClient;

beforeEach(async () => {
  sluice = await startSluice();
  admin = createAdminClient({ address: sluice.admin });
}, TEST_MS);

afterEach(async () => {
  admin.close();
  await sluice.dispose();
});

async function kill(index: 'left' | 'lost'): Promise<void> {
  admin.close();
  await sluice.kill();
  const directory = path.join(sluice.dataDirectory, 'index');
  if (index === 'lost') await rm(directory, { recursive: true });
  await sluice.restart();
  admin = createAdminClient({ address: sluice.admin });
}

async function consume(): Promise<number> {
  const request = { topic: TOPIC, group: GROUP, count: 32, ack: true };
  return (await admin.call('ReceiveMessages', request)).messages.length;
}

test.each(['left', 'lost'] as const)(
  'index %s',
  async (index) => {
    await admin.call('CreateTopic', { name: TOPIC, queues: 1 });
    await admin.call('CreateGroup', { name: GROUP });
    for (let i = 0; i < MESSAGES; i++) {
      await admin.call('SendMessage', { topic: TOPIC, body: Buffer.from(`${i}`) });
    }
    expect(await consume()).toBe(MESSAGES);
    const place = { place: ResetPlace.OFFSET, offset: 5 };
    await admin.call('ResetOffsets', { group: GROUP, topic: TOPIC, ...place });
    await kill(index);
    expect(await consume()).toBe(MESSAGES - 5);
    await kill(index);
    expect(await consume()).toBe(0);
    await admin.call('ResetOffsets', { group: GROUP, topic: TOPIC, place: ResetPlace.EARLIEST });
    await admin.call('ResetOffsets', { group: GROUP, topic: TOPIC, place: ResetPlace.LATEST });
    await kill(index);
    expect(await consume()).toBe(0);
  },
  TEST_MS,
);
