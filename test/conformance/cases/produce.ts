import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { expect } from '@jest/globals';
import { Code } from '#proto/types';
import { failureCode, type OutgoingMessage } from '../clients.ts';
import type { Scenario } from '../scenario.ts';
import { uniqueName } from '../target.ts';
import { AWAIT_MS, collect } from './collect.ts';

const MIB = 1024 * 1024;
/** How far the bornTimestamp of a message may be from the time around its send call. */
const BORN_WITHIN_MS = 5_000;

/** What a message carries is what arrives, whatever it consists of. */
const unchanged: Scenario = {
  name: 'a message arrives unchanged: body, tag, keys, properties, id, birth',
  async run({ target, clients }) {
    const topic = uniqueName('unchanged');
    const group = uniqueName('g_unchanged');
    await target.createTopic(topic, 'normal', 4);
    await target.createGroup(group);
    const producer = await clients.producer([topic]);
    const sent = new Map<string, { message: OutgoingMessage; fromMs: number; toMs: number }>();
    for (const message of messagesToSend(topic, clients.bodyBytesReceivable)) {
      const fromMs = Date.now();
      const { messageId } = await producer.send(message);
      expect(messageId).toMatch(/^01[0-9A-F]{32}$/); // wire.md A.7
      sent.set(messageId, { message, fromMs, toMs: Date.now() });
    }
    const consumer = await clients.simpleConsumer({ group, topic }, AWAIT_MS);
    const received = await collect(consumer, sent.size);

    expect(received).toHaveLength(sent.size);
    for (const message of received) {
      const origin = sent.get(message.messageId);
      if (origin === undefined) throw new Error(`nobody sent ${message.messageId}`);
      const { body, ...head } = origin.message;
      expect(message).toMatchObject({
        topic,
        tag: head.tag,
        keys: head.keys ?? [],
        properties: head.properties ?? {},
        bornHost: hostname(),
        deliveryAttempt: 1,
        corrupted: false,
      });
      expect(message.body.equals(body)).toBe(true);
      expect(message.bornAtMs).toBeGreaterThanOrEqual(origin.fromMs - BORN_WITHIN_MS);
      expect(message.bornAtMs).toBeLessThanOrEqual(origin.toMs + BORN_WITHIN_MS);
    }
  },
};

function messagesToSend(topic: string, bodyBytesMax: number): OutgoingMessage[] {
  const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
  return [
    { topic, body: Buffer.from('hello') },
    {
      topic,
      body: Buffer.from('with everything'),
      tag: 'TagA',
      keys: ['order-1', 'order-2'],
      properties: { shop: 'north', padded: ' x ', 'with.dots-and_more': '=;,"\\' },
    },
    {
      topic,
      body: Buffer.from('größer 订单 🚀'),
      tag: 'größe订单',
      keys: ['订单-🚀'],
      properties: { städte: 'Köln 北京 🚀' },
    },
    { topic, body: Buffer.from([0]) },
    { topic, body: everyByte, tag: 'binary' },
    { topic, body: randomBytes(bodyBytesMax), tag: 'largest' },
  ];
}

const tooLarge: Scenario = {
  name: 'a body of 4 MiB is accepted, 4 MiB + 1 refused by the client by the limit it was told',
  async run({ target, clients }) {
    const topic = uniqueName('too_large');
    await target.createTopic(topic, 'normal', 1);
    const producer = await clients.producer([topic]);
    await producer.send({ topic, body: randomBytes(4 * MIB) });
    const send = producer.send({ topic, body: Buffer.alloc(4 * MIB + 1, 1) });
    expect(await failureCode(send)).toBeUndefined();
  },
};

const unknownTopic: Scenario = {
  name: 'a send to an unknown topic fails with TOPIC_NOT_FOUND',
  async run({ target, clients }) {
    const known = uniqueName('known');
    await target.createTopic(known, 'normal', 1);
    const producer = await clients.producer([known]);
    const send = producer.send({ topic: uniqueName('unknown'), body: Buffer.from('x') });
    expect(await failureCode(send)).toBe(Code.TOPIC_NOT_FOUND);
  },
};

const otherKind: Scenario = {
  name: "a message of another kind than its topic's is refused by the route's accept types",
  async run({ target, clients }) {
    const normal = uniqueName('kind_normal');
    const delay = uniqueName('kind_delay');
    const fifo = uniqueName('kind_fifo');
    await Promise.all([
      target.createTopic(normal, 'normal', 1),
      target.createTopic(delay, 'delay', 1),
      target.createTopic(fifo, 'fifo', 1),
    ]);
    const producer = await clients.producer([normal, delay, fifo]);
    const body = Buffer.from('x');
    const deliveryAtMs = Date.now() + 60_000;
    for (const message of [
      { topic: normal, body, deliveryAtMs },
      { topic: normal, body, messageGroup: 'one' },
      { topic: delay, body },
      { topic: fifo, body },
      { topic: fifo, body, deliveryAtMs },
    ]) {
      // The client refuses, so there is no code; raw.ts has the server's answer.
      expect(await failureCode(producer.send(message))).toBeUndefined();
    }
    await producer.send({ topic: normal, body });
  },
};

/** Message, and the code that must reach the client. */
function illegalMessages(topic: string): [OutgoingMessage, number][] {
  const body = Buffer.from('x');
  const many = Object.fromEntries(Array.from({ length: 129 }, (_, i) => [`key${i}`, 'v']));
  return [
    [{ topic, body: Buffer.alloc(0) }, Code.MESSAGE_BODY_EMPTY],
    [{ topic, body, tag: 'a|b' }, Code.ILLEGAL_MESSAGE_TAG],
    [{ topic, body, tag: 'a\u0001b' }, Code.ILLEGAL_MESSAGE_TAG],
    [{ topic, body, keys: ['a\u0001b'] }, Code.ILLEGAL_MESSAGE_KEY],
    [{ topic, body, keys: [' '] }, Code.ILLEGAL_MESSAGE_KEY],
    [{ topic, body, properties: { KEYS: 'reserved' } }, Code.ILLEGAL_MESSAGE_PROPERTY_KEY],
    [{ topic, body, properties: { a: 'b\u0002c' } }, Code.ILLEGAL_MESSAGE_PROPERTY_KEY],
    [{ topic, body, properties: many }, Code.MESSAGE_PROPERTIES_TOO_LARGE],
    [{ topic, body, properties: { a: 'v'.repeat(16 * 1024) } }, Code.MESSAGE_PROPERTIES_TOO_LARGE],
  ];
}

/** Only for clients that leave these checks to the server: the Java client makes them itself. */
export const illegalSends: Scenario = {
  name: 'an illegal tag, key, property or body fails with its own code',
  async run({ target, clients }) {
    const topic = uniqueName('illegal');
    await target.createTopic(topic, 'normal', 1);
    const producer = await clients.producer([topic]);
    const outcomes: [string, number | undefined][] = [];
    const expected: [string, number | undefined][] = [];
    for (const [message, code] of illegalMessages(topic)) {
      const { tag, keys, properties } = message;
      const text = JSON.stringify({ tag, keys, properties }).slice(0, 80);
      outcomes.push([text, await failureCode(producer.send(message)).catch(() => Code.OK)]);
      expected.push([text, code]);
    }
    expect(outcomes).toEqual(expected);
  },
};

export const produceCases: readonly Scenario[] = [unchanged, tooLarge, unknownTopic, otherKind];
