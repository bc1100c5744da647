/** The admin service of RocketMQ at a broker of its own, asked about public clients. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Code } from '#proto/codes';
import { createAdminClient } from '#proto/admin-client';
import { RocketmqAdminClient } from '#support/rocketmq-admin';
import { startSluice, type SluiceProcess } from '#support/sluice-process';
import { until } from '#support/until';
import { buildDriver, missingTool } from './java-build.ts';
import { JavaClients } from './java-clients.ts';
import { NodeClients } from './node-clients.ts';

const WAIT_MS = 10_000;
const JAVA_MS = 300_000;
const TOKEN = 'correct-horse-battery';
const orders = { name: 'orders' };

let sluice: SluiceProcess;
let admin: RocketmqAdminClient;
let messageId: string;

beforeAll(async () => {
  sluice = await startSluice({ environment: { SLUICE_ADMIN_TOKEN: TOKEN } });
  admin = new RocketmqAdminClient(sluice.admin, TOKEN);
  const own = createAdminClient({ address: sluice.admin, token: TOKEN });
  await own.call('CreateTopic', { name: 'orders', queues: 1 });
  const body = Buffer.from('Hello');
  ({ messageId } = await admin.call('AdminSendMessage', { topic: orders, tag: 'even', body }));
  own.close();
});

afterAll(async () => {
  admin.close();
  await sluice.dispose();
});

/** The client id of the only member of a group. */
async function memberId(group: { name: string }): Promise<string> {
  const { clientInfo } = await admin.call('ListConsumerConnection', { group });
  expect(clientInfo).toHaveLength(1);
  return clientInfo[0]?.clientId ?? '';
}

test('the Node client', async () => {
  const group = { name: 'node' };
  const clients = new NodeClients(sluice.grpc);
  try {
    await clients.pushConsumer({ group: group.name, topic: 'orders' });
    const clientId = await memberId(group);
    const { clientInfo } = await admin.call('ListConsumerConnection', { group });
    expect(clientInfo[0]).toMatchObject({ language: 'HTTP', egressIp: '127.0.0.1' });
    const answer = await admin.call('PrintThreadStackTrace', { clientId, group });
    expect(answer).toMatchObject({ status: { code: Code.OK }, threadStackTrace: 'mock stack' });
    const verified = await admin.call('VerifyMessage', {
      clientId,
      group,
      topic: orders,
      messageId,
    });
    expect(verified.status?.code).toBe(Code.NOT_IMPLEMENTED);
    const subscribed = await admin.call('DescribeSubscription', { group });
    expect(subscribed.clientSubscriptionInfo).toMatchObject([
      { subscriptionInfo: { topic: orders, expression: { expression: '*' }, online: true } },
    ]);
  } finally {
    await clients.close();
  }
});

const missing = missingTool();
(missing === undefined ? test : test.skip)(
  'the Java client',
  async () => {
    const group = { name: 'java' };
    const clients = await JavaClients.start(await buildDriver(), sluice.grpc);
    try {
      let succeeds = true;
      const subscription = { group: group.name, topic: 'orders', filter: 'even' };
      const consumer = await clients.pushConsumer(subscription, () => succeeds);
      const clientId = await memberId(group);
      const { threadStackTrace } = await admin.call('PrintThreadStackTrace', {
        clientId,
        group,
      });
      expect(threadStackTrace).toContain('java.lang');
      await until(WAIT_MS, () => (consumer.received.length > 0 ? true : undefined));
      const verify = () =>
        admin.call('VerifyMessage', { clientId, group, topic: orders, messageId });
      const before = consumer.received.length;
      expect((await verify()).status?.code).toBe(Code.OK);
      expect(consumer.received.length).toBeGreaterThan(before);
      succeeds = false;
      expect((await verify()).status?.code).toBe(Code.FAILED_TO_CONSUME_MESSAGE);
      const info = await admin.call('GetConsumerRunningInfo', { group, clientId });
      expect(info.consumerRunningInfo).toMatchObject({
        properties: { kind: 'push', language: 'JAVA' },
        subscriptions: { orders: { expression: 'even' } },
      });
    } finally {
      await clients.close();
    }
  },
  JAVA_MS,
);
