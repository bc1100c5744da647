import { setTimeout as sleep } from 'node:timers/promises';
import { type ServiceError, status as grpcStatus } from '@grpc/grpc-js';
import { expect } from '@jest/globals';
import { ClientType, Code, MessageType, Permission } from '#proto/types';
import { until } from '#support/until';
import { RawClient, consumerSettings, producerSettings } from '../raw-client.ts';
import type { Scenario } from '../scenario.ts';
import { differs, uniqueName } from '../target.ts';

const noClientId: Scenario = {
  name: 'a call without x-mq-client-id gets CLIENT_ID_REQUIRED',
  async run({ target }) {
    const client = new RawClient(target.endpoints, null);
    const topic = { name: uniqueName('no_client_id') };
    const heartbeat = await client.unary('Heartbeat', { clientType: ClientType.PRODUCER });
    const route = await client.unary('QueryRoute', { topic, endpoints: client.accessPoint() });
    expect(heartbeat.status?.code).toBe(Code.CLIENT_ID_REQUIRED);
    expect(route.status?.code).toBe(Code.CLIENT_ID_REQUIRED);
    client.close();
  },
};

const unknownHeartbeat: Scenario = {
  name: 'a heartbeat of a client that sent no settings gets UNRECOGNIZED_CLIENT_TYPE',
  async run({ target }) {
    const client = new RawClient(target.endpoints);
    const group = { name: uniqueName('g_unknown') };
    for (const clientType of [ClientType.PRODUCER, ClientType.SIMPLE_CONSUMER]) {
      const { status } = await client.unary('Heartbeat', { clientType, group });
      expect(status?.code).toBe(Code.UNRECOGNIZED_CLIENT_TYPE);
    }
    client.close();
  },
};

const producerSession: Scenario = {
  name: "a producer's settings come back with the server's limits and retry policy",
  async run({ target }) {
    const topic = uniqueName('session');
    await target.createTopic(topic, 'normal', 1);
    const client = new RawClient(target.endpoints);
    const telemetry = client.telemetry();
    telemetry.write({ settings: producerSettings(client, [topic]) });
    const settings = await telemetry.settings();
    expect(telemetry.commands[0]?.status?.code).toBe(Code.OK);
    expect(settings.clientType).toBe(ClientType.PRODUCER);
    expect(settings.subscription).toBeUndefined();
    expect(settings.publishing).toMatchObject({
      topics: [expect.objectContaining({ name: topic })],
      maxBodySize: 4 * 1024 * 1024,
      validateMessageType: true,
    });
    expect(settings.backoffPolicy).toMatchObject({
      maxAttempts: 3,
      exponentialBackoff: {
        initial: { seconds: 0, nanos: 10_000_000 },
        max: { seconds: 1, nanos: 0 },
        multiplier: 2,
      },
    });
    const heartbeat = await client.unary('Heartbeat', { clientType: ClientType.PRODUCER });
    expect(heartbeat.status?.code).toBe(Code.OK);
    const gone = await client.unary('NotifyClientTermination', {});
    expect(gone.status?.code).toBe(Code.OK);
    expect(telemetry.endedWith).toBeUndefined();
    telemetry.end();
    client.close();
  },
};

const farDeadline: Scenario = {
  name: 'a Telemetry stream with a deadline in 60 years, as the Java client sets, stays open',
  async run({ target }) {
    const topic = uniqueName('far_deadline');
    await target.createTopic(topic, 'normal', 1);
    const client = new RawClient(target.endpoints);
    const telemetry = client.telemetry(31_536_000 * 60_000);
    telemetry.write({ settings: producerSettings(client, [topic]) });
    await telemetry.settings();
    await sleep(1_000);
    telemetry.write({ settings: producerSettings(client, [topic]) });
    await until(5_000, () => telemetry.commands.length >= 2 || telemetry.endedWith !== undefined);
    expect(telemetry.endedWith).toBeUndefined();
    telemetry.end();
    client.close();
  },
};

const consumerSession: Scenario = {
  name: "a consumer's settings come back with its group's backoff, attempts and order",
  async run({ target }) {
    const topic = uniqueName('session');
    const plain = uniqueName('g_plain');
    const ordered = uniqueName('g_ordered');
    await Promise.all([
      target.createTopic(topic, 'normal', 1),
      target.createGroup(plain),
      target.createGroup(ordered, { ordered: true, retryMaxTimes: 4 }),
    ]);
    for (const [group, fifo, maxAttempts] of [
      [plain, false, 17],
      [ordered, true, 5],
    ] as const) {
      for (const clientType of [ClientType.PUSH_CONSUMER, ClientType.SIMPLE_CONSUMER]) {
        const client = new RawClient(target.endpoints);
        const telemetry = client.telemetry();
        telemetry.write({ settings: consumerSettings(client, clientType, group, topic) });
        const settings = await telemetry.settings();
        expect(settings.publishing).toBeUndefined();
        expect(settings.subscription).toMatchObject({
          group: { name: group },
          fifo,
          receiveBatchSize: 32,
          longPollingTimeout: { seconds: 20, nanos: 0 },
        });
        const next = settings.backoffPolicy?.customizedBackoff?.next ?? [];
        expect(settings.backoffPolicy?.maxAttempts).toBe(maxAttempts);
        expect(next.slice(0, 5).map(({ seconds }) => seconds)).toEqual([1, 5, 10, 30, 60]);
        expect(next).toHaveLength(18);
        const heartbeat = await client.unary('Heartbeat', { clientType, group: { name: group } });
        expect(heartbeat.status?.code).toBe(Code.OK);
        telemetry.end();
        client.close();
      }
    }
  },
};

const unusableSettings: Scenario = {
  name: 'settings that say neither publishing nor subscription end the stream',
  async run({ target }) {
    const client = new RawClient(target.endpoints);
    const telemetry = client.telemetry();
    telemetry.write({ settings: { clientType: ClientType.PRODUCER } });
    const code = await until(10_000, () => telemetry.endedWith);
    expect(code).toBe(3); // INVALID_ARGUMENT, wire.md A.5
    client.close();
  },
};

const routes: Scenario = {
  name: "a route has each queue, the topic's kind, and the address that the client dialled",
  async run({ target }) {
    const client = new RawClient(target.endpoints);
    const topics = (
      [
        ['normal', MessageType.NORMAL],
        ['fifo', MessageType.FIFO],
        ['delay', MessageType.DELAY],
        ['transaction', MessageType.TRANSACTION],
      ] as const
    ).map(([kind, type]) => ({ kind, type, topic: uniqueName(`route_${kind}`) }));
    await Promise.all(topics.map(({ topic, kind }) => target.createTopic(topic, kind, 3)));
    for (const { topic, type } of topics) {
      const endpoints = client.accessPoint();
      const route = await client.unary('QueryRoute', { topic: { name: topic }, endpoints });
      expect(route.status?.code).toBe(Code.OK);
      expect(route.messageQueues.map((queue) => queue.id).toSorted((a, b) => a - b)).toEqual([
        0, 1, 2,
      ]);
      for (const queue of route.messageQueues) {
        expect(queue.topic?.name).toBe(topic);
        expect(queue.permission).toBe(Permission.READ_WRITE);
        expect(queue.acceptMessageTypes).toEqual([type]);
        expect(queue.broker).toMatchObject({ id: 0, endpoints });
      }
    }
    const unknown = { name: uniqueName('nowhere') };
    const missing = await client.unary('QueryRoute', {
      topic: unknown,
      endpoints: client.accessPoint(),
    });
    expect(missing.status?.code).toBe(Code.TOPIC_NOT_FOUND);
    expect(missing.messageQueues).toEqual([]);
    const illegal = { topic: { name: 'no/slash' }, endpoints: client.accessPoint() };
    const refused = await client.unary('QueryRoute', illegal);
    expect(refused.status?.code).toBe(Code.ILLEGAL_TOPIC);
    client.close();
  },
};

const assignment: Scenario = {
  name: 'an assignment is queue -1 of each broker; for an ordered group each queue by its id',
  async run({ target }) {
    const topic = uniqueName('assigned');
    const plain = uniqueName('g_plain');
    const ordered = uniqueName('g_ordered');
    await Promise.all([
      target.createTopic(topic, 'fifo', 3),
      target.createGroup(plain),
      target.createGroup(ordered, { ordered: true }),
    ]);
    const client = new RawClient(target.endpoints);
    for (const [group, ids] of [
      [plain, [-1]],
      [ordered, [0, 1, 2]],
    ] as const) {
      const telemetry = client.telemetry();
      const settings = consumerSettings(client, ClientType.PUSH_CONSUMER, group, topic);
      telemetry.write({ settings });
      await telemetry.settings();
      const answer = await client.unary('QueryAssignment', {
        topic: { name: topic },
        group: { name: group },
        endpoints: client.accessPoint(),
      });
      expect(answer.status?.code).toBe(Code.OK);
      const queues = answer.assignments.map(({ messageQueue }) => messageQueue?.id ?? NaN);
      expect(queues.toSorted((a, b) => a - b)).toEqual(ids);
      telemetry.end();
    }
    client.close();
  },
};

const pullCalls: Scenario = {
  name: 'the calls of pull consumers are served',
  async run({ target }) {
    const topic = uniqueName('pull');
    await target.createTopic(topic, 'normal', 1);
    const client = new RawClient(target.endpoints);
    const route = await client.unary('QueryRoute', {
      topic: { name: topic },
      endpoints: client.accessPoint(),
    });
    const messageQueue = route.messageQueues[0] ?? null;
    const code = await client.unary('QueryOffset', { messageQueue, queryOffsetPolicy: 1 }).then(
      ({ status }) => status?.code,
      (error: ServiceError) => error.code,
    );
    expect(code).toBe(
      differs<number>(target, {
        sluice: Code.OK,
        rocketmq: grpcStatus.UNIMPLEMENTED,
        why: 'the open proxy has none of the four calls that pull consumers need (wire.md A.1)',
      }),
    );
    client.close();
  },
};

export const sessionCases: readonly Scenario[] = [
  noClientId,
  unknownHeartbeat,
  producerSession,
  farDeadline,
  consumerSession,
  unusableSettings,
  routes,
  assignment,
  pullCalls,
];
