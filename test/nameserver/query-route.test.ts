/** What clients get from a name server, over real sockets. */
import { Client, credentials, Metadata, status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { REGISTRY } from '#lib/fleet-limits';
import type { Registry } from '#lib/metrics';
import type { NameServer } from '#nameserver/main';
import type { BrokerRoutes } from '#nameserver/route-table';
import { REGISTRY_SERVICE } from '#proto/fleet';
import { codec, MESSAGING_SERVICE } from '#proto/messages';
import type { RoutedTopic } from '#proto/route';
import { AddressScheme, Code, MessageType, Permission, type EndpointsInput } from '#proto/types';
import { ManualClock } from '#support/manual-clock';
import { startLocalNameServer } from '#support/name-server';

const routeRequest = codec('QueryRouteRequest');
const routeResponse = codec('QueryRouteResponse');
const assignmentRequest = codec('QueryAssignmentRequest');
const assignmentResponse = codec('QueryAssignmentResponse');
const identity = (message: Buffer): Buffer => message;

const toStop: (() => unknown)[] = [];
let server: NameServer;
let metrics: Registry;

beforeEach(async () => {
  const listeners = ['internal', 'external'].map((name) => ({ name, host: '127.0.0.1', port: 0 }));
  const started = await startLocalNameServer({ listeners });
  ({ server, metrics } = started);
  toStop.push(started.stop);
});

afterEach(async () => {
  for (const stop of toStop.splice(0).reverse()) await stop();
});

function routes(
  host: string,
  topics: Record<string, Partial<RoutedTopic>>,
  changes: Partial<BrokerRoutes> = {},
): BrokerRoutes {
  return {
    listeners: new Map([
      ['internal', { host: `${host}.internal`, port: 8081 }],
      ['external', { host: '192.0.2.7', port: 30_081 }],
    ]),
    topics: new Map(
      Object.entries(topics).map(([name, topic]) => [
        name,
        { kind: 'normal' as const, queues: 2, permission: 'read-write' as const, ...topic },
      ]),
    ),
    orderedGroups: new Set(),
    ...changes,
  };
}

function call(port: number, method: string, request: Buffer, clientId?: string): Promise<Buffer> {
  return callPath(port, `/${MESSAGING_SERVICE}/${method}`, request, clientId);
}

function callPath(
  port: number,
  path: string,
  request: Buffer,
  clientId = 'client',
): Promise<Buffer> {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  toStop.push(() => client.close());
  const metadata = new Metadata();
  if (clientId !== '') metadata.set('x-mq-client-id', clientId);
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      path,
      identity,
      identity,
      request,
      metadata,
      { deadline: Date.now() + 10_000 },
      (error, answer) => (error ? reject(error) : resolve(answer as Buffer)),
    );
  });
}

async function route(
  name: string,
  {
    port = server.port('internal'),
    namespace = '',
    endpoints,
    clientId,
  }: { port?: number; namespace?: string; endpoints?: EndpointsInput; clientId?: string } = {},
) {
  const topic = { name, resourceNamespace: namespace };
  const request = routeRequest.encode({ topic, endpoints });
  return routeResponse.decode(await call(port, 'QueryRoute', request, clientId));
}

describe('QueryRoute', () => {
  test('has one entry a queue, brokers in order, with all that clients need', async () => {
    server.table.set('b-2', routes('two', { orders: { kind: 'fifo', queues: 1 } }));
    server.table.set('b-1', routes('one', { orders: { kind: 'fifo', queues: 2 }, other: {} }));
    const { status: result, messageQueues } = await route('orders');
    expect(result).toEqual({ code: Code.OK, message: 'OK' });
    expect(messageQueues.map(({ broker, id }) => [broker?.name, id])).toEqual([
      ['b-1', 0],
      ['b-1', 1],
      ['b-2', 0],
    ]);
    expect(messageQueues[0]).toEqual({
      topic: { resourceNamespace: '', name: 'orders' },
      id: 0,
      permission: Permission.READ_WRITE,
      broker: {
        name: 'b-1',
        id: 0,
        endpoints: {
          scheme: AddressScheme.DOMAIN_NAME,
          addresses: [{ host: 'one.internal', port: 8081 }],
        },
      },
      acceptMessageTypes: [MessageType.FIFO],
    });
    expect((await route('orders')).messageQueues).toEqual(messageQueues);
  });

  test('answers with the address of the listener that the question came in by', async () => {
    server.table.set('b', routes('one', { orders: {} }));
    const { messageQueues } = await route('orders', { port: server.port('external') });
    expect(messageQueues[0]?.broker?.endpoints).toEqual({
      scheme: AddressScheme.IPv4,
      addresses: [{ host: '192.0.2.7', port: 30_081 }],
    });
  });

  test('leaves out brokers that can not be reached by that listener', async () => {
    const listeners = new Map([['internal', { host: 'a', port: 1 }]]);
    server.table.set('hidden', routes('one', { orders: {}, alone: {} }, { listeners }));
    server.table.set('open', routes('two', { orders: {} }));
    const port = server.port('external');
    const { messageQueues } = await route('orders', { port });
    expect(new Set(messageQueues.map(({ broker }) => broker?.name))).toEqual(new Set(['open']));
    const { status: alone } = await route('alone', { port });
    expect(alone?.code).toBe(Code.TOPIC_NOT_FOUND);
    expect(alone?.message).toContain('external');
  });

  test('echoes the namespace, and keeps namespaces apart', async () => {
    server.table.set('b', routes('one', { 'ns%orders': {} }));
    const { messageQueues } = await route('orders', { namespace: 'ns' });
    expect(messageQueues[0]?.topic).toEqual({ resourceNamespace: 'ns', name: 'orders' });
    expect((await route('orders')).status?.code).toBe(Code.TOPIC_NOT_FOUND);
  });

  test.each([
    ['read-write', Permission.READ_WRITE],
    ['read-only', Permission.READ],
    ['write-only', Permission.WRITE],
  ] as const)('says of a %s topic what clients may do', async (permission, number) => {
    server.table.set('b', routes('one', { orders: { permission } }));
    expect((await route('orders')).messageQueues[0]?.permission).toBe(number);
  });

  test.each([
    ['normal', MessageType.NORMAL],
    ['fifo', MessageType.FIFO],
    ['global-fifo', MessageType.FIFO],
    ['delay', MessageType.DELAY],
    ['transaction', MessageType.TRANSACTION],
  ] as const)('a %s topic accepts its own type', async (kind, type) => {
    server.table.set('b', routes('one', { orders: { kind } }));
    expect((await route('orders')).messageQueues[0]?.acceptMessageTypes).toEqual([type]);
  });

  test.each([
    ['an unknown topic', 'missing', 'client', Code.TOPIC_NOT_FOUND],
    ['an empty name', '', 'client', Code.ILLEGAL_TOPIC],
    ['an illegal name', 'a b', 'client', Code.ILLEGAL_TOPIC],
    ['a long name', 'x'.repeat(65), 'client', Code.ILLEGAL_TOPIC],
    ['no client id', 'orders', '', Code.CLIENT_ID_REQUIRED],
  ])('%s: a status in the body, and no queues', async (_name, topic, clientId, code) => {
    const answer = await route(topic, { clientId });
    expect(answer.status?.code).toBe(code);
    expect(answer.messageQueues).toEqual([]);
  });

  test('bytes that are no request: BAD_REQUEST', async () => {
    const bytes = Buffer.from('\x0a\xff\xff\xff\xff');
    const answer = await call(server.port('internal'), 'QueryRoute', bytes);
    expect(routeResponse.decode(answer).status?.code).toBe(Code.BAD_REQUEST);
  });
});

test('whatever address the client dialled: routes name what brokers advertise', async () => {
  server.table.set('b', routes('one', { orders: {} }));
  const addresses = [{ host: 'balancer.example', port: 18_081 }];
  const endpoints = { scheme: AddressScheme.DOMAIN_NAME, addresses };
  const { messageQueues } = await route('orders', { endpoints });
  expect(messageQueues[0]?.broker?.endpoints?.addresses).toEqual([
    { host: 'one.internal', port: 8081 },
  ]);
});

describe('QueryAssignment', () => {
  async function assignments(group: string) {
    const request = assignmentRequest.encode({ topic: { name: 'orders' }, group: { name: group } });
    const answer = await call(server.port('internal'), 'QueryAssignment', request);
    return assignmentResponse.decode(answer);
  }

  test('is any queue of each broker for a group, and every queue for an ordered one', async () => {
    const orderedGroups = new Set(['ordered']);
    server.table.set('b-1', routes('one', { orders: { queues: 3 } }, { orderedGroups }));
    server.table.set('b-2', routes('two', { orders: { queues: 1 } }, { orderedGroups }));
    const places = async (group: string) =>
      (await assignments(group)).assignments.map(({ messageQueue }) => [
        messageQueue?.broker?.name,
        messageQueue?.id,
      ]);
    expect(await places('any')).toEqual([
      ['b-1', -1],
      ['b-2', -1],
    ]);
    expect(await places('ordered')).toEqual([
      ['b-1', 0],
      ['b-1', 1],
      ['b-1', 2],
      ['b-2', 0],
    ]);
  });

  test('fails as QueryRoute does, and for groups that can not be', async () => {
    expect((await assignments('g')).status?.code).toBe(Code.TOPIC_NOT_FOUND);
    expect((await assignments('a b')).status?.code).toBe(Code.ILLEGAL_CONSUMER_GROUP);
  });
});

test('metrics say what is known, and what was asked with which outcome', async () => {
  server.table.set('b-1', routes('one', { orders: {}, other: {} }));
  server.table.set('b-2', routes('two', { orders: {} }));
  for (const topic of ['orders', 'orders', 'missing']) await route(topic);
  const text = await metrics.metrics();
  for (const line of [
    'sluice_nameserver_brokers 2',
    'sluice_nameserver_topics 2',
    'sluice_nameserver_routes_total{rpc="QueryRoute",outcome="OK"} 2',
    'sluice_nameserver_routes_total{rpc="QueryRoute",outcome="TOPIC_NOT_FOUND"} 1',
  ]) {
    expect(text.split('\n')).toContain(line);
  }
  expect(text).toMatch(/^sluice_connections [1-9]/m);
});

test('it is ready only once brokers had the time to come back', async () => {
  const clock = new ManualClock();
  const { server: restarted, stop } = await startLocalNameServer({}, clock);
  toStop.push(stop);
  clock.advance(REGISTRY.relearnMs - 1);
  expect(restarted.readiness()).toBe('brokers still have to report');
  clock.advance(1);
  expect(restarted.readiness()).toBeUndefined();
});

test.each([
  `${MESSAGING_SERVICE}/SendMessage`,
  `${MESSAGING_SERVICE}/Heartbeat`,
  `${MESSAGING_SERVICE}/Telemetry`,
  `${MESSAGING_SERVICE}/NotifyClientTermination`,
  `${REGISTRY_SERVICE}/Register`,
])('%s is UNIMPLEMENTED on the listeners for clients', async (method) => {
  await expect(
    callPath(server.port('internal'), `/${method}`, Buffer.alloc(0)),
  ).rejects.toMatchObject({ code: status.UNIMPLEMENTED });
});
