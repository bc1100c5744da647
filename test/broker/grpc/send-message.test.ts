import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { Core } from '#broker/core';
import { sendMessage } from '#broker/grpc/send-message';
import type { Services } from '#broker/grpc/services';
import { SluiceError } from '#lib/errors';
import { Code } from '#proto/codes';
import { codec } from '#proto/messages';
import { PROPERTY } from '#proto/properties';
import { Text } from '#proto/text';
import { MessageType } from '#proto/types';
import type { MessageInput, SystemPropertiesInput } from '#proto/types';
import { idOf, receive } from '#support/core';
import { FaultyCore } from '#support/faulty-core';
import { TestCall, encode, servicesOf } from '#support/services';

const answer = codec('SendMessageResponse');

function message(system: SystemPropertiesInput = {}, more: MessageInput = {}): MessageInput {
  return {
    topic: { name: 'orders' },
    body: Buffer.from('hello'),
    ...more,
    systemProperties: { messageId: 'A', messageType: MessageType.NORMAL, ...system },
  };
}

describe('SendMessage', () => {
  let faulty: FaultyCore;
  let core: Core;
  let services: Services;

  beforeEach(async () => {
    faulty = await FaultyCore.open();
    core = faulty.core;
    services = servicesOf(core, faulty.clock);
    await core.topics.create('orders', 'normal', 2);
    await core.groups.create('billing');
  });

  afterEach(() => faulty.dispose());

  async function send(...messages: MessageInput[]) {
    const request = encode('SendMessageRequest', { messages });
    return answer.decode(await sendMessage.handle(request, new TestCall(), services));
  }

  /** What a consumer gets after a crash that cost the index. */
  async function survivors(): Promise<string[]> {
    await faulty.crash('dropped', 'lost');
    const { groups, topics } = faulty.core;
    const found = await receive(faulty.core, groups.get('billing'), topics.get('orders'));
    return found.map(idOf).sort();
  }

  test('answers with the id and the offset', async () => {
    const { status, entries } = await send(message({ queueId: 1 }));
    expect(status?.code).toBe(Code.OK);
    expect(entries).toHaveLength(1);
    expect(entries[0]).toMatchObject({ messageId: 'A', offset: 0, status: { code: Code.OK } });
  });

  test('answers only what is on the disk', async () => {
    await core.store.whenCommitted(core.store.end);
    const release = faulty.files.hold('sync');
    let answered = false;
    const sending = send(message()).then(() => (answered = true));
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(answered).toBe(false);
    release();
    await sending;
    expect(await survivors()).toEqual(['A']);
  });

  test('each message of a request has its own result, in order', async () => {
    const { status, entries } = await send(
      message({ messageId: 'A' }),
      message({ messageId: 'B', tag: 'a|b' }),
      message({ messageId: 'C' }),
    );
    expect(status?.code).toBe(Code.MULTIPLE_RESULTS);
    expect(entries.map((entry) => [entry.messageId, entry.status?.code])).toEqual([
      ['A', Code.OK],
      ['B', Code.ILLEGAL_MESSAGE_TAG],
      ['C', Code.OK],
    ]);
    expect(await survivors()).toEqual(['A', 'C']);
  });

  test('messages of two topics, or none at all, are refused as a whole', async () => {
    const other = message({}, { topic: { name: 'bills' } });
    await expect(send(message(), other)).rejects.toMatchObject({ code: 'MESSAGE_CORRUPTED' });
    await expect(send()).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    await expect(send(other)).rejects.toMatchObject({ code: 'TOPIC_NOT_FOUND' });
    expect(await survivors()).toEqual([]);
  });

  test.each<[string, SystemPropertiesInput]>([
    ['a time before 1970', { bornTimestamp: { seconds: -1, nanos: 0 } }],
    ['the earliest time there is', { bornTimestamp: { seconds: -315_576_000_000, nanos: 0 } }],
    ['a queue that is none', { queueId: -2_147_483_648 }],
    ['a group of its own', { messageGroup: 'g' }],
    ['many keys', { keys: Array.from({ length: 100 }, (_, i) => `k${i}`) }],
    ['characters outside of the basic plane', { keys: ['😀'], tag: '𝕏' }],
  ])('the log stays sound after a message with %s', async (_what, system) => {
    const { status } = await send(message({ messageId: 'odd', ...system }));
    await send(message({ messageId: 'next' }));
    const expected = status?.code === Code.OK ? ['next', 'odd'] : ['next'];
    expect(await survivors()).toEqual(expected);
  });

  test('what cannot be encoded leaves no trace in the log', async () => {
    const topic = core.topics.get('orders');
    const place = { topic, queueId: 0, lookupKeys: [], tagHash: 0, compressed: false };
    const rest = { body: Buffer.from('x'), bornTimeMs: 0, bornHost: { ip: 0, port: 0 } };
    const { end } = core.store;
    // More than their length field can say.
    const properties = ['name', 'p'.repeat(40_000)].map(Text.of);
    expect(() => core.producer.append({ ...place, ...rest, properties })).toThrow(/out of range/);
    expect(core.store.end).toBe(end);
    await send(message({ messageId: 'next', queueId: 0 }));
    expect(await survivors()).toEqual(['next']);
  });

  test('a trace context that would make other properties is refused', async () => {
    const { code } = (await send(message({ traceContext: 'x\x02UNIQ_KEY\x01other\x02' })).catch(
      (error: unknown) => SluiceError.from(error),
    )) as SluiceError;
    expect(code).toBe('ILLEGAL_MESSAGE_PROPERTY_KEY');
  });

  test('an ordered message keeps its message group, which has one queue', async () => {
    const topic = await core.topics.create('ledger', 'fifo', 4);
    const groups = ['a', 'b', 'c', 'd', 'e', 'f', 'a', 'b', 'c', 'd', 'e', 'f'];
    const messages = groups.map((messageGroup, i) => {
      const system = { messageId: `M${i}`, messageType: MessageType.FIFO, messageGroup };
      return message(system, { topic: { name: 'ledger' } });
    });
    expect((await send(...messages)).status?.code).toBe(Code.OK);
    const found = await receive(core, core.groups.get('billing'), topic);
    const places = found.map((each) => [
      each.properties.get(PROPERTY.messageGroup),
      each.message.queueId,
    ]);
    expect(new Set(places.map(String)).size).toBe(6);
    expect(places).toHaveLength(12);
    const without = message({ messageType: MessageType.FIFO }, { topic: { name: 'ledger' } });
    await expect(send(without)).rejects.toMatchObject({ code: 'ILLEGAL_MESSAGE_GROUP' });
    await core.topics.create('global', 'global-fifo', 1);
    const global = message({ messageType: MessageType.FIFO }, { topic: { name: 'global' } });
    expect((await send(global)).status?.code).toBe(Code.OK);
  });

  test.each([
    [MessageType.FIFO, 'MESSAGE_PROPERTY_CONFLICT_WITH_TYPE'],
    [MessageType.LITE, 'NOT_IMPLEMENTED'],
    [99, 'NOT_IMPLEMENTED'],
  ])('a message of type %i is %s', async (messageType, code) => {
    await expect(send(message({ messageType }))).rejects.toMatchObject({ code });
  });
});
