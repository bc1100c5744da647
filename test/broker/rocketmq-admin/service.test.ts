import { status as grpcStatus } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { ROCKETMQ_ADMIN } from '#broker/rocketmq-admin/board';
import { VERSION } from '#lib/version';
import { Code } from '#proto/codes';
import { ROCKETMQ_ADMIN_METHODS } from '#proto/messages';
import { MessageType } from '#proto/types';
import { AdminStage, TOKEN, codeOf, nobody, orders } from '#support/admin-stage';
import { RocketmqAdminClient } from '#support/rocketmq-admin';

let stage: AdminStage;
let admin: RocketmqAdminClient;

beforeEach(async () => {
  stage = await AdminStage.open();
  ({ admin } = stage);
});

afterEach(() => stage.dispose());

describe('the service', () => {
  test('has a handler for every method of the .proto, with the messages it says', () => {
    const ours = Object.entries(ROCKETMQ_ADMIN).map(([name, messages]) => [name, ...messages]);
    const said = ROCKETMQ_ADMIN_METHODS.map(({ name, request, response }) => [
      name,
      request,
      response,
    ]);
    expect(said).toHaveLength(16);
    expect(ours.sort()).toEqual(said.sort());
  });

  test.each([undefined, 'wrong', `${TOKEN}x`])('asks for the token, not %s', async (token) => {
    const stranger = new RocketmqAdminClient(stage.stand.address, token);
    for (const { name } of ROCKETMQ_ADMIN_METHODS) {
      await expect(stranger.send(name, Buffer.alloc(0), () => 0)).rejects.toMatchObject({
        code: grpcStatus.UNAUTHENTICATED,
      });
    }
    stranger.close();
  });

  test('is not at the door of clients', async () => {
    const stranger = new RocketmqAdminClient(stage.stand.endpoints, TOKEN);
    await expect(stranger.call('GetProxyRuntimeStats', {})).rejects.toMatchObject({
      code: grpcStatus.UNIMPLEMENTED,
    });
    stranger.close();
  });

  test.each(ROCKETMQ_ADMIN_METHODS.map(({ name }) => name))(
    '%s refuses bytes that are no request',
    async (name) => {
      const garbage = Buffer.from([0xff, 0xff, 0xff]);
      if (name === 'ChangeLogLevel') {
        await expect(admin.send(name, garbage, () => 0)).rejects.toMatchObject({
          code: grpcStatus.INVALID_ARGUMENT,
        });
      } else {
        // Of every answer the status is the first field: a message with the code in its first.
        const bytes = await admin.send(name, garbage, (answer) => answer);
        expect([bytes[0], bytes[2]]).toEqual([0x0a, 0x08]);
        expect(
          ((bytes[3] ?? 0) % 128) + ((bytes[4] ?? 0) % 128) * 128 + (bytes[5] ?? 0) * 16384,
        ).toBe(Code.BAD_REQUEST);
      }
    },
  );
});

describe('the broker', () => {
  test('GetProxyRuntimeStats', async () => {
    await stage.consumer();
    await stage.producer();
    expect(await admin.call('GetProxyRuntimeStats', {})).toEqual({
      status: { code: Code.OK, message: 'OK' },
      proxyName: 'broker-a',
      version: VERSION,
      inTps: 0,
      outTps: 0,
      connections: 1,
      producers: 1,
      consumers: 1,
    });
  });

  test('ChangeLogLevel', async () => {
    expect(await admin.call('ChangeLogLevel', { level: 1 })).toEqual({
      remark: 'the log level is debug until the restart; it was info',
    });
    expect(stage.stand.log.level).toBe('debug');
    await expect(admin.call('ChangeLogLevel', { level: 5 })).rejects.toMatchObject({
      code: grpcStatus.INVALID_ARGUMENT,
      details: 'there is no log level 5; 0 to 4 are allowed',
    });
    expect(stage.stand.log.level).toBe('debug');
  });
});

describe('topics', () => {
  test('DescribeTopicStatus', async () => {
    await stage.core.topics.create('ns%fifo', 'global-fifo', 1);
    expect(await admin.call('DescribeTopicStatus', { topic: orders })).toMatchObject({
      status: { code: Code.OK },
      topicMessageType: MessageType.NORMAL,
      createTimestamp: { seconds: Math.floor(stage.topic.definition.createdMs / 1000) },
      tags: { kind: 'normal', permission: 'read-write', queues: '2' },
    });
    const named = { resourceNamespace: 'ns', name: 'fifo' };
    expect(await admin.call('DescribeTopicStatus', { topic: named })).toMatchObject({
      topicMessageType: MessageType.FIFO,
    });
    const missing = await admin.call('DescribeTopicStatus', { topic: nobody });
    expect(codeOf(missing)).toBe(Code.TOPIC_NOT_FOUND);
    expect(codeOf(await admin.call('DescribeTopicStatus', {}))).toBe(Code.BAD_REQUEST);
  });

  test('GetTopicRoute', async () => {
    const { topicRouteData } = await admin.call('GetTopicRoute', { topic: orders });
    expect(JSON.parse(topicRouteData)).toEqual({
      queueDatas: [
        { brokerName: 'broker-a', readQueueNums: 2, writeQueueNums: 2, perm: 6, topicSysFlag: 0 },
      ],
      brokerDatas: [
        { cluster: 'broker-a', brokerName: 'broker-a', brokerAddrs: { 0: stage.stand.endpoints } },
      ],
      filterServerTable: {},
    });
    const other = await admin.call('GetTopicRoute', { topic: orders, networkType: 1 });
    expect(other.status).toEqual({
      code: Code.UNSUPPORTED,
      message: 'this broker has no listener for internet clients',
    });
    expect(codeOf(await admin.call('GetTopicRoute', { topic: nobody }))).toBe(Code.TOPIC_NOT_FOUND);
  });
});
