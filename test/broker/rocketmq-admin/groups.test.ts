import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { CAUSE } from '#broker/consume/progress-records';
import { SHOWN, WHOLE_ANSWER } from '#lib/query-limits';
import { Code } from '#proto/codes';
import { ClientType, FilterType, MessageModel } from '#proto/types';
import { messageModelOf } from '#broker/rocketmq-admin/names';
import { AdminStage, billing, codeOf, nobody, orders } from '#support/admin-stage';
import { ack, handleOf, idOf, receive } from '#support/core';
import type { RocketmqAdminClient } from '#support/rocketmq-admin';
import { consumerSettings } from '../../conformance/raw-client.ts';

let stage: AdminStage;
let admin: RocketmqAdminClient;

beforeEach(async () => {
  stage = await AdminStage.open();
  ({ admin } = stage);
});

afterEach(() => stage.dispose());

describe('clients', () => {
  test('ListConsumerConnection', async () => {
    const { clientId } = await stage.consumer();
    const { status, clientInfo } = await admin.call('ListConsumerConnection', { group: billing });
    expect(status?.code).toBe(Code.OK);
    expect(clientInfo).toEqual([
      {
        clientId,
        version: '5.0.8',
        language: 'JAVA',
        hostname: 'host-7',
        egressIp: '127.0.0.1',
        messageModel: MessageModel.CLUSTERING,
      },
    ]);
    const ofTopic = (name: string) =>
      admin.call('ListConsumerConnection', { group: billing, topic: { name } });
    expect((await ofTopic('orders')).clientInfo).toHaveLength(1);
    expect((await ofTopic('other')).clientInfo).toEqual([]);
    expect(codeOf(await admin.call('ListConsumerConnection', { group: nobody }))).toBe(
      Code.CONSUMER_GROUP_NOT_FOUND,
    );
    const lite = { group: billing, liteTopic: 'x' };
    expect(codeOf(await admin.call('ListConsumerConnection', lite))).toBe(Code.UNSUPPORTED);
  });

  test('the message model is that of the group', async () => {
    await stage.core.groups.create('radio', { broadcast: true });
    expect(messageModelOf(stage.core, 'radio')).toBe(MessageModel.BROADCASTING);
    expect(messageModelOf(stage.core, 'billing')).toBe(MessageModel.CLUSTERING);
    expect(messageModelOf(stage.core, undefined)).toBe(MessageModel.MESSAGE_MODEL_UNSPECIFIED);
  });

  test('GetConsumerRunningInfo', async () => {
    const { clientId } = await stage.consumer('even');
    await stage.fill(4);
    await receive(stage.core, stage.group, stage.topic, { batchSize: 1, renewFor: clientId });
    const request = { group: billing, clientId };
    const { consumerRunningInfo } = await admin.call('GetConsumerRunningInfo', request);
    expect(consumerRunningInfo).toMatchObject({
      properties: { kind: 'push', language: 'JAVA', version: '5.0.8' },
      subscriptions: { orders: { type: FilterType.TAG, expression: 'even' } },
    });
    const queues = consumerRunningInfo?.messageQueueTable ?? [];
    expect(queues.map(({ messageQueue }) => messageQueue?.id)).toEqual([0, 1]);
    expect(queues.map(({ processQueueInfo }) => processQueueInfo?.cachedMsgCount).sort()).toEqual([
      0, 1,
    ]);
    const other = await admin.call('GetConsumerRunningInfo', { group: billing, clientId: 'x' });
    expect(other.status).toEqual({
      code: Code.NOT_FOUND,
      message: 'CLIENT_NOT_FOUND: no client x of billing is connected here',
    });
  });
});

describe('subscriptions', () => {
  test('ListSubscription knows those who are there, and those who were', async () => {
    await stage.core.groups.create('audit');
    await receive(stage.core, stage.core.groups.get('audit'), stage.topic);
    await stage.consumer('even');
    const { subscriptionInfo } = await admin.call('ListSubscription', { topic: orders });
    expect(subscriptionInfo).toMatchObject([
      { group: { name: 'audit' }, expression: null, online: false, lastUpdateTimestamp: null },
      {
        group: { name: 'billing' },
        topic: { name: 'orders' },
        expression: { type: FilterType.TAG, expression: 'even' },
        online: true,
        messageModel: MessageModel.CLUSTERING,
        subscriptionConsistency: true,
      },
    ]);
    expect(subscriptionInfo[1]?.lastUpdateTimestamp?.seconds).toBeGreaterThan(1.7e9);
    const ofGroup = await admin.call('ListSubscription', { group: billing });
    expect(ofGroup.subscriptionInfo).toHaveLength(1);
    expect(codeOf(await admin.call('ListSubscription', {}))).toBe(Code.BAD_REQUEST);
    expect(codeOf(await admin.call('ListSubscription', { topic: nobody }))).toBe(
      Code.TOPIC_NOT_FOUND,
    );
  });

  test('DescribeSubscription shows who differs', async () => {
    const even = await stage.consumer('even');
    const odd = await stage.consumer('odd');
    const request = { group: billing, topic: orders };
    const { clientSubscriptionInfo } = await admin.call('DescribeSubscription', request);
    expect(
      clientSubscriptionInfo.map(({ clientInfo, subscriptionInfo }) => [
        clientInfo?.clientId,
        subscriptionInfo?.expression?.expression,
        subscriptionInfo?.subscriptionConsistency,
      ]),
    ).toEqual([
      [even.clientId, 'even', false],
      [odd.clientId, 'odd', false],
    ]);
    expect(codeOf(await admin.call('DescribeSubscription', {}))).toBe(Code.BAD_REQUEST);
  });

  test('DeleteSubscription lets an absent group begin anew, also after a restart', async () => {
    await stage.fill(4);
    const request = { group: billing, topic: orders };
    for (const delivery of await receive(stage.core, stage.group, stage.topic)) {
      await ack(stage.core, stage.group, handleOf(stage.core, delivery));
    }
    expect(await receive(stage.core, stage.group, stage.topic)).toEqual([]);
    const { telemetry, clientId } = await stage.consumer();
    const refused = await admin.call('DeleteSubscription', request);
    expect(refused.status).toEqual({
      code: Code.FORBIDDEN,
      message: '1 connected clients of billing subscribe to orders; stop them first',
    });
    telemetry.end();
    stage.core.sessions.terminate(clientId);
    expect(codeOf(await admin.call('DeleteSubscription', request))).toBe(Code.OK);
    expect(codeOf(await admin.call('DeleteSubscription', request))).toBe(Code.OFFSET_NOT_FOUND);
    await stage.restart();
    ({ admin } = stage);
    expect((await admin.call('ListSubscription', { group: billing })).subscriptionInfo).toEqual([]);
    expect(await receive(stage.core, stage.group, stage.topic)).toHaveLength(4);
    await stage.restart();
    ({ admin } = stage);
    const { subscriptionInfo } = await admin.call('ListSubscription', { group: billing });
    expect(subscriptionInfo).toHaveLength(1);
  });
});

test('a group that comes back at once after its subscription was deleted is known', async () => {
  await stage.fill(2);
  const { core, group, topic } = stage;
  await receive(core, group, topic);
  await core.store.materialize();
  await admin.call('DeleteSubscription', { group: billing, topic: orders });
  expect(await receive(core, group, topic)).toHaveLength(2);
  await core.store.materialize();
  await stage.restart();
  expect(await receive(stage.core, stage.group, stage.topic)).toEqual([]); // they are on their way
});

test('what was under way while a subscription was deleted leaves nothing behind', async () => {
  await stage.fill(2);
  const { core, group, topic } = stage;
  const [delivery] = await receive(core, group, topic);
  await admin.call('DeleteSubscription', { group: billing, topic: orders });
  if (!delivery) throw new Error('there was one');
  const { progress, offset } = delivery.lease;
  core.consumption.progress.recordLeases(progress, [delivery.lease], CAUSE.extended);
  core.consumption.progress.recordAcks(progress, [offset]);
  await stage.restart();
  const list = await stage.admin.call('ListSubscription', { group: billing });
  expect(list.subscriptionInfo).toEqual([]);
  expect(await receive(stage.core, stage.group, stage.topic)).toHaveLength(2);
});

test('an answer without pages has an end', async () => {
  const client = stage.connect();
  const telemetry = client.telemetry();
  const settings = consumerSettings(client, ClientType.PUSH_CONSUMER, 'billing', 'orders');
  const subscriptions = Array.from({ length: 1000 }, (_, i) => ({ topic: { name: `t${i}` } }));
  const subscription = { ...settings.subscription, subscriptions };
  telemetry.write({ settings: { ...settings, subscription } });
  await telemetry.settings();
  const list = () => admin.call('ListSubscription', { group: billing });
  expect((await list()).subscriptionInfo).toHaveLength(SHOWN.subscriptionsMax);
  const [one] = stage.core.sessions.all;
  for (let i = 0; i * SHOWN.subscriptionsMax <= WHOLE_ANSWER.entriesMax; i++) {
    if (!one) break;
    const clientId = `many-${i}`;
    stage.core.sessions.register({ ...one.facts, clientId }, { end: () => undefined });
  }
  expect((await list()).status).toMatchObject({
    code: Code.BAD_REQUEST,
    message: expect.stringContaining('more than 10000 entries'),
  });
});

describe('how far groups are', () => {
  test('DescribeGroupAccumulation', async () => {
    await stage.fill(6);
    const deliveries = await receive(stage.core, stage.group, stage.topic, { batchSize: 3 });
    const [first] = deliveries;
    if (first) await ack(stage.core, stage.group, handleOf(stage.core, first));
    const sum = { inflightMessages: 2, readyMessages: 3, accumulation: 5 };
    const answer = await admin.call('DescribeGroupAccumulation', { group: billing });
    expect(answer.accumulation).toMatchObject(sum);
    expect(answer.topicAccumulation).toEqual({ orders: answer.accumulation });
    expect(answer.accumulation?.deliverDelayTime).not.toBeNull();
    expect(answer.accumulation?.lastConsumeTimestamp).toBeGreaterThan(1.7e12);
    await stage.core.topics.create('other', 'normal', 1);
    const named = { group: billing, topics: [{ name: 'other' }] };
    expect((await admin.call('DescribeGroupAccumulation', named)).accumulation).toMatchObject({
      accumulation: 0,
    });
    const missing = { group: billing, topics: [nobody] };
    expect(codeOf(await admin.call('DescribeGroupAccumulation', missing))).toBe(
      Code.TOPIC_NOT_FOUND,
    );
    const lite = { group: billing, liteTopic: 'x' };
    expect(codeOf(await admin.call('DescribeGroupAccumulation', lite))).toBe(Code.UNSUPPORTED);
  });

  test('QueryTimeSpan', async () => {
    await stage.fill(3); // two of them in queue 0
    const [first] = await receive(stage.core, stage.group, stage.topic, { batchSize: 1 });
    if (first) await ack(stage.core, stage.group, handleOf(stage.core, first));
    const { queueTimeSpanList } = await admin.call('QueryTimeSpan', { group: billing });
    expect(queueTimeSpanList.map(({ messageQueue }) => messageQueue?.id)).toEqual([0, 1]);
    for (const { minTimestamp, maxTimestamp, delayTimeMs } of queueTimeSpanList) {
      expect(minTimestamp).toBeGreaterThan(1.7e12);
      expect(maxTimestamp).toBeGreaterThanOrEqual(minTimestamp);
      expect(delayTimeMs).toBeLessThan(60_000);
    }
    const consumed = queueTimeSpanList.map(({ consumeTimestamp }) => consumeTimestamp);
    expect(consumed.filter((ms) => ms > 0)).toHaveLength(1);
    expect(codeOf(await admin.call('QueryTimeSpan', { group: nobody }))).toBe(
      Code.CONSUMER_GROUP_NOT_FOUND,
    );
  });

  test('ResetGroupOffset', async () => {
    await stage.fill(4);
    const { core, group, topic } = stage;
    for (const delivery of await receive(core, group, topic)) {
      await ack(core, group, handleOf(core, delivery));
    }
    const { messages } = await admin.call('QueryMessage', { topic: orders, messageId: 'M2' });
    const resetTimestamp = messages[0]?.systemProperties?.storeTimestamp;
    const request = { group: billing, topic: orders, resetTimestamp };
    expect(codeOf(await admin.call('ResetGroupOffset', request))).toBe(Code.OK);
    const ids = (await receive(core, group, topic)).map(idOf);
    expect(ids).toEqual(expect.arrayContaining(['M2', 'M3']));
    for (const [change, code] of [
      [{ resetTimestamp: null }, Code.BAD_REQUEST],
      [{ resetTimestamp: { seconds: 9e9 } }, Code.ILLEGAL_OFFSET],
      [{ group: nobody }, Code.CONSUMER_GROUP_NOT_FOUND],
      [{ topic: nobody }, Code.TOPIC_NOT_FOUND],
    ] as const) {
      expect(codeOf(await admin.call('ResetGroupOffset', { ...request, ...change }))).toBe(code);
    }
  });
});
