import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { Core } from '#broker/core';
import { messagingService } from '#broker/grpc/dispatch';
import { telemetry } from '#broker/grpc/telemetry';
import { Code } from '#proto/codes';
import { codec } from '#proto/messages';
import type { MessageName } from '#proto/messages';
import { ClientType, MessageType, TransactionResolution } from '#proto/types';
import type { MessageInput } from '#proto/types';
import { FaultyCore } from '#support/faulty-core';
import { TestCall, encode, servicesOf } from '#support/services';
import { TelemetryStream } from '#support/telemetry-stream';
import { readAll } from '#support/reopened';

describe('transactions at the gRPC door', () => {
  let faulty: FaultyCore;
  let core: Core;

  beforeEach(async () => {
    faulty = await FaultyCore.open();
    core = faulty.core;
    await core.topics.create('orders', 'transaction', 2);
    await core.topics.create('plain', 'normal', 2);
  });

  afterEach(() => faulty.dispose());

  async function call<Name extends MessageName>(
    method: string,
    request: Buffer,
    response: Name,
    clientId = 'client',
  ) {
    const { methods } = messagingService(servicesOf(core, faulty.clock));
    const handler = methods[method];
    if (handler?.kind !== 'unary') throw new Error(`no method ${method}`);
    return codec(response).decode(await handler.handle(request, new TestCall({ clientId })));
  }

  async function send(change: Partial<MessageInput> = {}, seconds?: number) {
    const systemProperties = {
      messageId: 'one',
      tag: 'paid',
      messageType: MessageType.TRANSACTION,
      ...(seconds !== undefined && {
        orphanedTransactionRecoveryDuration: { seconds, nanos: 0 },
      }),
      ...change.systemProperties,
    };
    const message = { topic: { name: 'orders' }, body: Buffer.from('x'), ...change };
    const messages = [{ ...message, systemProperties }];
    const request = encode('SendMessageRequest', { messages });
    return call('SendMessage', request, 'SendMessageResponse');
  }

  async function end(transactionId: string, resolution: number, messageId = 'one') {
    const topic = { name: 'orders' };
    const fields = { topic, messageId, transactionId, resolution };
    const request = encode('EndTransactionRequest', fields);
    const { status } = await call('EndTransaction', request, 'EndTransactionResponse');
    return status?.code;
  }

  test('a half message gets its transaction id; the end is answered once stored', async () => {
    const sent = await send();
    expect(sent.entries).toMatchObject([{ messageId: 'one', status: { code: Code.OK } }]);
    const transactionId = sent.entries[0]?.transactionId ?? '';
    expect(transactionId).not.toBe('');
    expect(await readAll(core)).toEqual([]);
    expect(await end(transactionId, TransactionResolution.COMMIT)).toBe(Code.OK);
    expect(await readAll(core)).toMatchObject([{ id: 'one' }]);
    expect(await end(transactionId, TransactionResolution.COMMIT)).toBe(Code.OK);
    const other = await end(transactionId, TransactionResolution.ROLLBACK);
    expect(other).toBe(Code.INVALID_TRANSACTION_ID);
  });

  test('what is missing or unknown has its own code', async () => {
    const { entries } = await send();
    const transactionId = entries[0]?.transactionId ?? '';
    expect(await end('', TransactionResolution.COMMIT)).toBe(Code.INVALID_TRANSACTION_ID);
    expect(await end(' ', TransactionResolution.COMMIT)).toBe(Code.INVALID_TRANSACTION_ID);
    expect(await end('x', TransactionResolution.COMMIT)).toBe(Code.INVALID_TRANSACTION_ID);
    const foreign = await end(transactionId, TransactionResolution.COMMIT, 'two');
    expect(foreign).toBe(Code.INVALID_TRANSACTION_ID);
    expect(await end(transactionId, 0)).toBe(Code.BAD_REQUEST);
    expect(await end(transactionId, 7)).toBe(Code.BAD_REQUEST);
    expect(await end(transactionId, TransactionResolution.ROLLBACK)).toBe(Code.OK);
  });

  test('only into a topic of the kind, up to 64 KiB, checked within an hour', async () => {
    let ids = 0;
    const code = async ({ systemProperties: more, ...what }: MessageInput, seconds?: number) => {
      const properties = { messageId: `id${ids++}`, ...more };
      const { entries, status } = await send({ ...what, systemProperties: properties }, seconds);
      return entries[0]?.status?.code ?? status?.code;
    };
    const conflict = Code.MESSAGE_PROPERTY_CONFLICT_WITH_TYPE;
    expect(await code({ topic: { name: 'plain' } })).toBe(conflict);
    const systemProperties = { messageType: MessageType.NORMAL };
    expect(await code({ systemProperties })).toBe(conflict);
    expect(await code({ body: Buffer.alloc(64 * 1024 + 1) })).toBe(Code.MESSAGE_BODY_TOO_LARGE);
    expect(await code({ body: Buffer.alloc(64 * 1024) })).toBe(Code.OK);
    expect(await code({}, 3601)).toBe(Code.BAD_REQUEST);
    expect(await code({}, 3600)).toBe(Code.OK);
  });

  test('a silent producer is asked on its Telemetry stream, with the whole message', async () => {
    const stream = new TelemetryStream();
    const producer = new TestCall({ clientId: 'other' });
    telemetry.open(servicesOf(core, faulty.clock))(stream, producer);
    const publishing = { topics: [{ name: 'orders' }, { name: 'plain' }, { name: 'none' }] };
    stream.say({ settings: { clientType: ClientType.PRODUCER, publishing } });
    await faulty.clock.advanceAsync(0);
    await faulty.clock.advanceAsync(0);
    expect(core.sessions.find('other')?.facts.topics).toEqual(['orders']);
    const { entries } = await send({ userProperties: { shop: 'north' } });
    await faulty.clock.advanceAsync(6000);
    await faulty.clock.advanceAsync(0);
    const question = stream.commands.at(-1)?.recoverOrphanedTransactionCommand;
    expect(question).toMatchObject({
      transactionId: entries[0]?.transactionId,
      message: {
        topic: { name: 'orders' },
        userProperties: { shop: 'north' },
        body: Buffer.from('x'),
        systemProperties: { messageId: 'one', tag: 'paid', messageType: MessageType.TRANSACTION },
      },
    });
    expect(question?.message?.systemProperties?.receiptHandle).toBeUndefined();
  });

  test('who sends half messages is asked, though its settings name no such topic', () => {
    const facts = { kind: 'producer', group: undefined, language: '', version: '5' } as const;
    const stream = { end: () => undefined };
    core.sessions.register({ ...facts, clientId: 'late', peer: '' }, stream);
    core.sessions.sends('late', 'orders');
    core.sessions.sends('late', 'orders');
    core.sessions.sends('nobody', 'orders');
    expect([...core.sessions.producers('orders')]).toHaveLength(1);
    core.sessions.terminate('late');
    expect([...core.sessions.producers('orders')]).toEqual([]);
  });
});
