import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { Code } from '#proto/codes';
import { AdminStage, codeOf, nobody, orders } from '#support/admin-stage';
import { receive } from '#support/core';
import type { RocketmqAdminClient } from '#support/rocketmq-admin';

let stage: AdminStage;
let admin: RocketmqAdminClient;

beforeEach(async () => {
  stage = await AdminStage.open();
  ({ admin } = stage);
});

afterEach(() => stage.dispose());

describe('messages', () => {
  test('QueryMessage by id, by key, and of a time, page by page', async () => {
    await stage.fill(10);
    const byId = await admin.call('QueryMessage', { topic: orders, messageId: 'M3' });
    expect(byId.messages).toMatchObject([
      {
        topic: { name: 'orders' },
        body: Buffer.from('M3'),
        systemProperties: { messageId: 'M3', tag: 'odd', keys: ['k3', 'all'], queueId: 1 },
      },
    ]);
    const ids = async (request: Parameters<typeof admin.call<'QueryMessage'>>[1]) => {
      const found: (string | undefined)[] = [];
      let scrollId: string | undefined;
      do {
        const page = await admin.call('QueryMessage', { topic: orders, ...request, scrollId });
        expect(codeOf(page)).toBe(Code.OK);
        found.push(...page.messages.map((message) => message.systemProperties?.messageId));
        ({ scrollId } = page);
      } while (scrollId);
      return found.join(' ');
    };
    expect(await ids({ messageKey: 'k5' })).toBe('M5');
    expect(await ids({ messageKey: 'all', maxMessageNums: 3 })).toBe(
      'M9 M8 M7 M6 M5 M4 M3 M2 M1 M0',
    );
    expect(await ids({ messageKey: 'all', queueId: 1 })).toBe('M9 M7 M5 M3 M1');
    expect(await ids({ pageSize: 4, maxMessageNums: 100 })).toBe('M9 M8 M7 M6 M5 M4 M3 M2 M1 M0');
    expect(await ids({ subscription: 'even', pageSize: 2 })).toBe('M8 M6 M4 M2 M0');
    expect(await ids({ queueId: 0, brokerName: 'broker-a' })).toBe('M8 M6 M4 M2 M0');
    const storedMs = byId.messages[0]?.systemProperties?.storeTimestamp;
    const at = await ids({ beginTimestamp: storedMs, endTimestamp: storedMs });
    expect(at.split(' ')).toContain('M3');
    expect(await ids({ endTimestamp: { seconds: 1 } })).toBe('');
  });

  test.each([
    ['no topic', {}, Code.BAD_REQUEST],
    ['an unknown topic', { topic: nobody, messageId: 'M1' }, Code.TOPIC_NOT_FOUND],
    ['an unknown id', { topic: orders, messageId: 'x' }, Code.MESSAGE_NOT_FOUND],
    ['an empty key', { topic: orders, messageKey: '' }, Code.BAD_REQUEST],
    ['a lite topic', { topic: orders, liteTopic: 'x' }, Code.UNSUPPORTED],
    ['a numbered page', { topic: orders, pageNum: 2 }, Code.UNSUPPORTED],
    ['another broker', { topic: orders, brokerName: 'b' }, Code.BAD_REQUEST],
    ['a queue too far', { topic: orders, queueId: 2 }, Code.BAD_REQUEST],
    ['a negative count', { topic: orders, maxMessageNums: -1 }, Code.BAD_REQUEST],
    ['a page that never was', { topic: orders, scrollId: 'key-1' }, Code.BAD_REQUEST],
    [
      'a filter that is none',
      { topic: orders, subscription: 'x'.repeat(5000) },
      Code.ILLEGAL_FILTER_EXPRESSION,
    ],
  ])('QueryMessage refuses %s', async (_what, request, code) => {
    expect(codeOf(await admin.call('QueryMessage', request))).toBe(code);
  });

  test('AdminSendMessage', async () => {
    const answer = await admin.call('AdminSendMessage', {
      topic: orders,
      tag: 'a',
      key: 'one',
      body: Buffer.from('hello'),
      userProperties: { color: 'red' },
      systemProperties: { keys: ['one', 'two'] },
      extInfo: { protocol_type: 'GRPC_V2' },
    });
    expect(codeOf(answer)).toBe(Code.OK);
    const [delivery] = await receive(stage.core, stage.group, stage.topic);
    expect(delivery?.message.body.toString()).toBe('hello');
    const { messageId } = answer;
    const { messages } = await admin.call('QueryMessage', { topic: orders, messageId });
    expect(messages).toMatchObject([
      { userProperties: { color: 'red' }, systemProperties: { tag: 'a', keys: ['one', 'two'] } },
    ]);
  });

  test('AdminSendMessage to topics of other kinds', async () => {
    const { topics } = stage.core;
    const body = Buffer.from('x');
    await topics.create('lines', 'fifo', 2);
    await topics.create('later', 'delay', 1);
    const fifo = { topic: { name: 'lines' }, body, systemProperties: { messageGroup: 'g' } };
    expect(codeOf(await admin.call('AdminSendMessage', fifo))).toBe(Code.OK);
    const seconds = Math.floor(Date.now() / 1000) + 3600;
    const systemProperties = { deliveryTimestamp: { seconds } };
    const delay = { topic: { name: 'later' }, body, systemProperties };
    expect(codeOf(await admin.call('AdminSendMessage', delay))).toBe(Code.OK);
    const found = await admin.call('QueryMessage', { topic: { name: 'lines' } });
    expect(found.messages).toMatchObject([{ systemProperties: { messageGroup: 'g' } }]);
    const waiting = await admin.call('QueryMessage', { topic: { name: 'later' } });
    expect(waiting.messages).toEqual([]);
  });

  test.each([
    ['no body', { topic: orders }, Code.MESSAGE_BODY_EMPTY],
    ['no topic', { body: Buffer.from('x') }, Code.BAD_REQUEST],
    ['an encoded body', { systemProperties: { bodyEncoding: 2 } }, Code.UNSUPPORTED],
    ['half a transaction', { systemProperties: { messageType: 4 } }, Code.UNSUPPORTED],
    [
      'a group in a normal topic',
      { topic: orders, body: Buffer.from('x'), systemProperties: { messageGroup: 'g' } },
      Code.MESSAGE_PROPERTY_CONFLICT_WITH_TYPE,
    ],
  ])('AdminSendMessage refuses %s', async (_what, request, code) => {
    expect(codeOf(await admin.call('AdminSendMessage', request))).toBe(code);
  });
});
