import { expect } from '@jest/globals';
import { ClientType, Code, MessageType } from '#proto/types';
import {
  RawClient,
  consumerSettings,
  messagesOf,
  newMessageId,
  normalMessage,
  producerSettings,
  receiveRequest,
} from '../raw-client.ts';
import type { Environment, Scenario } from '../scenario.ts';
import { uniqueName } from '../target.ts';
import { AWAIT_MS, collect, idsOf } from './collect.ts';

const SECOND = 1000;

async function stage({ target }: Environment, name: string) {
  const topic = uniqueName(name);
  const group = uniqueName(`g_${name}`);
  await Promise.all([target.createTopic(topic, 'delay', 1), target.createGroup(group)]);
  const client = new RawClient(target.endpoints);
  const telemetry = client.telemetry();
  telemetry.write({ settings: producerSettings(client, [topic]) });
  await telemetry.settings();
  const end = (): void => {
    telemetry.end();
    client.close();
  };
  const send = async (deliverAtMs: number) => {
    const deliveryTimestamp = { seconds: Math.floor(deliverAtMs / SECOND), nanos: 0 };
    const system = { messageId: newMessageId(), messageType: MessageType.DELAY, deliveryTimestamp };
    const messages = [normalMessage(topic, system)];
    const { status, entries } = await client.unary('SendMessage', { messages });
    expect(status?.code).toBe(Code.OK);
    return { messageId: system.messageId, recallHandle: entries[0]?.recallHandle ?? '' };
  };
  const recall = (recallHandle: string) =>
    client.unary('RecallMessage', { topic: { name: topic }, recallHandle });
  return { topic, group, end, send, recall };
}

const recalled: Scenario = {
  name: 'RecallMessage takes a scheduled message back, once, and no other',
  async run(environment) {
    const { topic, group, end, send, recall } = await stage(environment, 'recalled');
    const deliverAtMs = Date.now() + 4 * SECOND;
    const gone = await send(deliverAtMs);
    const stays = await send(deliverAtMs);
    expect(gone.recallHandle).not.toBe('');
    const first = await recall(gone.recallHandle);
    expect(first).toMatchObject({ status: { code: Code.OK }, messageId: gone.messageId });
    const second = await recall(gone.recallHandle);
    expect(second.status?.code).not.toBe(Code.OK);
    const consumer = await environment.clients.simpleConsumer({ group, topic }, AWAIT_MS);
    expect(idsOf(await collect(consumer, 1))).toEqual([stays.messageId]);
    expect((await recall(stays.recallHandle)).status?.code).not.toBe(Code.OK);
    expect((await recall('no handle at all')).status?.code).not.toBe(Code.OK);
    end();
  },
};

const delivered: Scenario = {
  name: 'a delivered message says that it was scheduled, and for when',
  async run(environment) {
    const { topic, group, end, send } = await stage(environment, 'says');
    const seconds = Math.floor(Date.now() / SECOND) + 2;
    const { messageId } = await send(seconds * SECOND);
    const consumer = new RawClient(environment.target.endpoints);
    const telemetry = consumer.telemetry();
    const { SIMPLE_CONSUMER } = ClientType;
    telemetry.write({ settings: consumerSettings(consumer, SIMPLE_CONSUMER, group, topic) });
    await telemetry.settings();
    const request = await receiveRequest(consumer, group, topic);
    let [message] = messagesOf(await consumer.receive(request));
    for (let i = 0; i < 5 && !message; i++) {
      [message] = messagesOf(await consumer.receive(request));
    }
    expect(message?.systemProperties).toMatchObject({
      messageId,
      messageType: MessageType.DELAY,
      deliveryTimestamp: { seconds, nanos: 0 },
    });
    telemetry.end();
    consumer.close();
    end();
  },
};

export const rawScheduledCases: readonly Scenario[] = [recalled, delivered];
