import { afterEach, beforeEach, expect, test } from '@jest/globals';

import type { MessageAdmin } from '#broker/admin/backend';
import { messageAdmin } from '#broker/core-admin/messages';
import { FaultyCore } from '#support/faulty-core';

let faulty: FaultyCore;
let messages: MessageAdmin;

beforeEach(async () => {
  faulty = await FaultyCore.open();
  messages = messageAdmin(faulty.core, faulty.clock);
  await faulty.core.topics.create('ledger', 'fifo', 8);
  await faulty.core.groups.create('auditors', { ordered: true });
});

afterEach(() => faulty.dispose());

const rest = { topic: 'ledger', tag: undefined, keys: [], properties: new Map<string, string>() };
const more = { deliverAtMs: undefined, peer: '127.0.0.1:1', body: Buffer.from('x') };

test('messages of one message group go to one queue, and come in their order', async () => {
  const sent = [];
  for (let i = 0; i < 4; i++) {
    sent.push(await messages.send({ ...rest, ...more, messageGroup: 'order-17' }));
  }
  expect(new Set(sent.map(({ queue }) => queue)).size).toBe(1);
  const wanted = {
    topic: 'ledger',
    group: 'auditors',
    filter: '*',
    isSql: false,
    count: 32,
    waitMs: 0,
  };
  const { signal } = new AbortController();
  const received = await messages.receive({ ...wanted, invisibleMs: 30_000, ack: true, signal });
  expect(received.map(({ messageId }) => messageId)).toEqual(sent.map((each) => each.messageId));
  expect(received[0]?.messageGroup).toBe('order-17');
});

test('an ordered message without a message group is refused', async () => {
  const without = messages.send({ ...rest, ...more, messageGroup: undefined });
  await expect(without).rejects.toMatchObject({ code: 'MESSAGE_PROPERTY_CONFLICT_WITH_TYPE' });
});
