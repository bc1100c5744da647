import { expect } from '@jest/globals';
import { Code } from '#proto/types';
import { failureCode } from '../clients.ts';
import type { Environment, Scenario } from '../scenario.ts';
import { uniqueName } from '../target.ts';
import { AWAIT_MS, EARLY_MS, INVISIBLE_MS, LATE_MS, collect, idsOf } from './collect.ts';

const SECOND = 1000;
const DAY = 24 * 3600 * SECOND;
/** A machine that does nothing else is 1 s late at most; this one runs all cases at once. */
const DELIVERY_LATE_MS = 5 * SECOND;

async function stage({ target, clients }: Environment, name: string) {
  const topic = uniqueName(name);
  const group = uniqueName(`g_${name}`);
  await Promise.all([target.createTopic(topic, 'delay', 2), target.createGroup(group)]);
  const producer = await clients.producer([topic]);
  const consumer = await clients.simpleConsumer({ group, topic }, AWAIT_MS);
  return { topic, producer, consumer };
}

const onTime: Scenario = {
  name: 'a scheduled message comes when it is due, never before',
  async run(environment) {
    const { topic, producer, consumer } = await stage(environment, 'on_time');
    const sent = [];
    const startMs = performance.now();
    const startWallMs = Date.now();
    for (const inMs of [6, 2, 4, 2].map((seconds) => seconds * SECOND)) {
      const body = Buffer.from(`in ${inMs}`);
      const deliveryAtMs = startWallMs + inMs;
      const { messageId } = await producer.send({ topic, body, deliveryAtMs });
      sent.push({ messageId, inMs, body });
    }
    const received = await collect(consumer, sent.length);
    expect(received).toHaveLength(sent.length);
    for (const { messageId, inMs, body } of sent) {
      const message = received.find((each) => each.messageId === messageId);
      expect(message?.body).toEqual(body);
      const tookMs = (message?.receivedAtMs ?? 0) - startMs;
      expect(tookMs).toBeGreaterThan(inMs - EARLY_MS);
      expect(tookMs).toBeLessThan(inMs + DELIVERY_LATE_MS);
    }
  },
};

const past: Scenario = {
  name: 'a scheduled message whose time is past comes at once',
  async run(environment) {
    const { topic, producer, consumer } = await stage(environment, 'past');
    const deliveryAtMs = Date.now() - 60 * SECOND;
    const { messageId } = await producer.send({ topic, body: Buffer.from('x'), deliveryAtMs });
    expect(idsOf(await collect(consumer, 1))).toEqual([messageId]);
  },
};

const again: Scenario = {
  name: 'a scheduled message that is not acked comes again as any other',
  async run(environment) {
    const { topic, producer, consumer } = await stage(environment, 'again');
    const deliveryAtMs = Date.now() + SECOND;
    await producer.send({ topic, body: Buffer.from('x'), deliveryAtMs });
    const [first] = await collect(consumer, 1, { invisibleMs: INVISIBLE_MS, ack: false });
    expect(first?.deliveryAttempt).toBe(1);
    const [second] = await collect(consumer, 1, { timeoutMs: INVISIBLE_MS + LATE_MS });
    expect(second?.deliveryAttempt).toBe(2);
    expect(second?.messageId).toBe(first?.messageId);
  },
};

const limits: Scenario = {
  name: 'a delivery too far ahead is refused with its own code',
  async run(environment) {
    const { topic, producer } = await stage(environment, 'too_far');
    const body = Buffer.from('x');
    const send = producer.send({ topic, body, deliveryAtMs: Date.now() + 41 * DAY });
    expect(await failureCode(send)).toBe(Code.ILLEGAL_DELIVERY_TIME);
  },
};

export const scheduledCases: readonly Scenario[] = [onTime, past, again, limits];
