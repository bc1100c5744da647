import { gzipSync } from 'node:zlib';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { ClientTraceEvent } from '#broker/admin/message-trace';
import { messageTrace } from '#broker/core-admin/trace';
import { topicAdmin } from '#broker/core-admin/topics';
import type { Topic } from '#broker/topic/topics';
import { queryRoute } from '#broker/grpc/query-route';
import { sendMessage } from '#broker/grpc/send-message';
import { Code } from '#proto/codes';
import { codec } from '#proto/messages';
import { TRACE_TOPIC } from '#proto/names';
import { send } from '#support/core';
import { FaultyCore } from '#support/faulty-core';
import { TestCall, encode, servicesOf } from '#support/services';

const resource = { resourceNamespace: '', name: TRACE_TOPIC };

/** Records as the Java client 5.3 writes them. */
function body(...records: (string | number | boolean)[][]): Buffer {
  return Buffer.from(records.map((record) => `${record.join('\u0001')}\u0002`).join(''));
}

const pub = (id: string, time: number, success = true) =>
  ['Pub', time, 'DefaultRegion', 'PG', 'orders', id, 'tag', 'order-17', '10.0.0.9:10911', 5].concat(
    [12, 0, '0A00000900002A9F0000000000000000', String(success), '10.0.0.7'],
  );
const before = (id: string, request: string, time: number) => [
  'SubBefore',
  time,
  'null',
  'billing',
  request,
  id,
  1,
  'order-17',
  '10.0.0.8',
];

describe('what clients say of a message', () => {
  let faulty: FaultyCore;
  let topic: Topic;

  beforeEach(async () => {
    faulty = await FaultyCore.open();
    topic = await faulty.core.topics.create('orders', 'normal', 1);
    await send(faulty.core, topic, { id: 'M1' });
  });

  afterEach(() => faulty.dispose());

  async function say(id: string, text: Buffer, keys = ['M1', 'order-17']): Promise<void> {
    const { topics } = faulty.core;
    const traces = topics.find(TRACE_TOPIC) ?? (await topics.create(TRACE_TOPIC, 'normal', 1));
    await send(faulty.core, traces, { id, body: text, keys });
  }

  async function said(): Promise<readonly ClientTraceEvent[]> {
    const { core, clock } = faulty;
    const request = { topic: undefined, message: { id: 'M1' } };
    return (await messageTrace(core, clock, request)).clientEvents;
  }

  test('that it was sent, and worked on', async () => {
    expect(await said()).toEqual([]);
    await say('T1', body(pub('M1', 1000), pub('M2', 1000)));
    await say('T2', body(before('M1', 'R1', 2000), before('M2', 'R2', 2000)));
    const after = (id: string, request: string) => ['SubAfter', request, id, 30, false, 'k', 4];
    await say('T3', body(after('M1', 'R1'), after('M2', 'R2')));
    await say('T4', body(['SubAfter', 'R9', 'M1', 7, true, 'k', 0, 5000, 'audit']));
    const consumer = { group: 'billing', address: '10.0.0.8' };
    expect(await said()).toEqual([
      { kind: 'sent', atMs: 1000, group: 'PG', tookMs: 12, succeeded: true, address: '10.0.0.7' },
      { kind: 'began', atMs: 2000, ...consumer, tookMs: undefined, succeeded: undefined },
      { kind: 'ended', atMs: 2030, ...consumer, tookMs: 30, succeeded: false },
      { kind: 'ended', atMs: 5000, group: 'audit', tookMs: 7, succeeded: true, address: '' },
    ]);
    await faulty.restart('lost');
    expect(await said()).toHaveLength(4);
  });

  test('nothing, when it is not in that form', async () => {
    for (const text of ['', '\u0002\u0002', 'Pub', 'Pub\u0001x\u0002', 'SubAfter\u0001\u0001M1']) {
      await say(`T${text.length}`, Buffer.from(text));
    }
    await say('binary', Buffer.from([0xff, 0xfe, 2, 1, 1, 1, 0x80]));
    await say('far', body(['Pub', '9'.repeat(40), '', '', '', 'M1']));
    const events = await said();
    expect(events.map(({ kind, atMs }) => [kind, atMs])).toEqual([
      ['sent', undefined],
      ['ended', undefined],
    ]);
  });

  test('a bomb is not unpacked', async () => {
    const traces = await faulty.core.topics.create(TRACE_TOPIC, 'normal', 1);
    for (const text of [body(pub('M1', 1000)), Buffer.alloc(64 * 1024 * 1024), undefined]) {
      const message = { topic: resource, body: text ? gzipSync(text) : Buffer.from('no gzip') };
      const id = `T${text?.length}`;
      const rest = { messageId: id, keys: ['M1'], bodyEncoding: 2, messageType: 1, queueId: 0 };
      const request = { messages: [{ ...message, systemProperties: rest }] };
      const services = servicesOf(faulty.core, faulty.clock);
      const bytes = encode('SendMessageRequest', request);
      const answer = await sendMessage.handle(bytes, new TestCall(), services);
      expect(codec('SendMessageResponse').decode(answer).status?.code).toBe(Code.OK);
    }
    expect(traces.queues[0]?.nextOffset).toBe(3);
    expect((await said()).map(({ atMs }) => atMs)).toEqual([1000]);
  });

  test('the topic is there for whoever asks for its route, and in no list', async () => {
    const services = servicesOf(faulty.core, faulty.clock);
    const endpoints = { scheme: 1, addresses: [{ host: 'localhost', port: 8081 }] };
    const ask = async (name: string) => {
      const bytes = encode('QueryRouteRequest', { topic: { ...resource, name }, endpoints });
      const answer = await Promise.resolve(queryRoute.handle(bytes, new TestCall(), services));
      return codec('QueryRouteResponse').decode(answer).messageQueues.length;
    };
    expect(await ask(TRACE_TOPIC)).toBeGreaterThan(0);
    await expect(ask('others')).rejects.toMatchObject({ code: 'TOPIC_NOT_FOUND' });
    await expect(ask('RMQ_SYS_OTHER')).rejects.toMatchObject({ code: 'ILLEGAL_TOPIC' });
    const { list } = topicAdmin(faulty.core);
    expect(list('', 100).map(({ name }) => name)).toEqual(['orders']);
  });
});
