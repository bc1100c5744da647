import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { Core } from '#broker/core';
import { messagingService } from '#broker/grpc/dispatch';
import { Code } from '#proto/codes';
import { codec } from '#proto/messages';
import type { MessageName } from '#proto/messages';
import { MessageType, TransactionResolution } from '#proto/types';
import type { SystemPropertiesInput } from '#proto/types';
import { FaultyCore } from '#support/faulty-core';
import { readAll } from '#support/reopened';
import { TestCall, encode, servicesOf } from '#support/services';

const DELAY_MS = 60_000;
const INDEXES = ['left', 'lost'] as const;

describe('a message that is held back and sent again', () => {
  let faulty: FaultyCore;

  beforeEach(async () => {
    faulty = await FaultyCore.open();
    await core().topics.create('later', 'delay', 2);
    await core().topics.create('payments', 'transaction', 2);
  });

  afterEach(() => faulty.dispose());

  function core(): Core {
    return faulty.core;
  }

  async function call<Name extends MessageName>(method: string, request: Buffer, name: Name) {
    const { methods } = messagingService(servicesOf(core(), faulty.clock));
    const handler = methods[method];
    if (handler?.kind !== 'unary') throw new Error(`no method ${method}`);
    return codec(name).decode(await handler.handle(request, new TestCall()));
  }

  async function send(topic: string, systemProperties: SystemPropertiesInput) {
    const message = { topic: { name: topic }, body: Buffer.from('hello'), systemProperties };
    const request = encode('SendMessageRequest', { messages: [message] });
    const { status, entries } = await call('SendMessage', request, 'SendMessageResponse');
    expect(status?.code).toBe(Code.OK);
    return entries[0];
  }

  function schedule(messageId: string, inMs = DELAY_MS) {
    const atMs = faulty.clock.nowMs() + inMs;
    return send('later', {
      messageId,
      messageType: MessageType.DELAY,
      deliveryTimestamp: { seconds: Math.floor(atMs / 1000), nanos: (atMs % 1000) * 1e6 },
    });
  }

  async function recall(recallHandle: string | undefined) {
    const request = encode('RecallMessageRequest', { topic: { name: 'later' }, recallHandle });
    return (await call('RecallMessage', request, 'RecallMessageResponse')).status?.code;
  }

  const begin = (messageId: string) =>
    send('payments', { messageId, messageType: MessageType.TRANSACTION });

  async function commit(messageId: string, transactionId: string | undefined) {
    const request = encode('EndTransactionRequest', {
      topic: { name: 'payments' },
      messageId,
      transactionId,
      resolution: TransactionResolution.COMMIT,
    });
    return (await call('EndTransaction', request, 'EndTransactionResponse')).status?.code;
  }

  async function stored(): Promise<string[]> {
    return (await readAll(core())).map(({ id }) => id).sort();
  }

  test('is scheduled once, and can be taken back by either answer', async () => {
    const first = await schedule('A');
    expect(await schedule('A')).toEqual(first);
    expect(await schedule('A', 2 * DELAY_MS)).toEqual(first);
    expect(await recall(first?.recallHandle)).toBe(Code.OK);
    await faulty.clock.advanceAsync(3 * DELAY_MS);
    expect(await stored()).toEqual([]);
    expect(core().resent.answered).toBe(2);
  });

  test('is delivered once, also when it is sent again after that', async () => {
    const first = await schedule('A');
    await faulty.clock.advanceAsync(DELAY_MS);
    await core().store.whenCommitted(core().store.end);
    expect(await stored()).toEqual(['A']);
    expect(await schedule('A')).toEqual(first);
    await faulty.clock.advanceAsync(2 * DELAY_MS);
    expect(await stored()).toEqual(['A']);
  });

  test('for a time that is past is delivered at once, and once', async () => {
    const first = await schedule('A', -1000);
    expect(await schedule('A', -1000)).toEqual(first);
    expect(await schedule('A')).toEqual(first);
    await faulty.clock.advanceAsync(2 * DELAY_MS);
    expect(await stored()).toEqual(['A']);
  });

  for (const index of INDEXES) {
    test(`is scheduled once across a crash (index ${index})`, async () => {
      const first = await schedule('A');
      await core().store.materialize();
      const second = await schedule('B');
      await faulty.crash('dropped', index);
      expect(await schedule('A')).toEqual(first);
      expect(await schedule('B')).toEqual(second);
      expect(core().resent.answered).toBe(2);
    });

    test(`begins one transaction across a crash (index ${index})`, async () => {
      const first = await begin('A');
      await core().store.materialize();
      const second = await begin('B');
      expect(await begin('B')).toEqual(second);
      await faulty.crash('dropped', index);
      expect(await begin('A')).toEqual(first);
      expect(await begin('B')).toEqual(second);
      expect(await commit('A', first?.transactionId)).toBe(Code.OK);
      expect(await begin('A')).toEqual(first);
      expect(await stored()).toEqual(['A']);
      expect(core().transactions.table.size).toBe(1);
    });
  }

  test('with the id of another topic is another message', async () => {
    await begin('A');
    await schedule('A');
    expect(core().resent.answered).toBe(0);
  });
});
