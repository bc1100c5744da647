/** What clients get from a name server, over real sockets. */
import { Client, credentials, Metadata, status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createRouteService } from '#nameserver/handlers';
import { startNameServer, type NameServer } from '#nameserver/main';
import { RouteTable, type BrokerRoutes } from '#nameserver/route-table';
import { REGISTRY_SERVICE } from '#proto/fleet';
import { GrpcServer } from '#proto/grpc-transport/server';
import { codec, MESSAGING_SERVICE } from '#proto/messages';
import type { RoutedTopic } from '#proto/route';
import { AddressScheme, Code, MessageType, Permission, type EndpointsInput } from '#proto/types';
import { silentLog } from '#support/grpc-echo';

const routeRequest = codec('QueryRouteRequest');
const routeResponse = codec('QueryRouteResponse');
const assignmentRequest = codec('QueryAssignmentRequest');
const assignmentResponse = codec('QueryAssignmentResponse');
const identity = (message: Buffer): Buffer => message;

const toStop: (() => unknown)[] = [];
let server: NameServer;

beforeEach(async () => {
  server = await startNameServer(
    {
      listeners: [
        { name: 'internal', host: '127.0.0.1', port: 0 },
        { name: 'external', host: '127.0.0.1', port: 0 },
      ],
      registry: { host: '127.0.0.1', port: 0 },
    },
    { log: silentLog },
  );
  toStop.push(() => server.stop());
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
        { kind: 'normal' as const, queues: 2, ...topic },
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
    port = server.ports['internal'] ?? 0,
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
    const { messageQueues } = await route('orders', { port: server.ports['external'] ?? 0 });
    expect(messageQueues[0]?.broker?.endpoints).toEqual({
      scheme: AddressScheme.IPv4,
      addresses: [{ host: '192.0.2.7', port: 30_081 }],
    });
  });

  test('leaves out brokers that can not be reached by that listener', async () => {
    const listeners = new Map([['internal', { host: 'a', port: 1 }]]);
    server.table.set('hidden', routes('one', { orders: {}, alone: {} }, { listeners }));
    server.table.set('open', routes('two', { orders: {} }));
    const port = server.ports['external'] ?? 0;
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
    const answer = await call(server.ports['internal'] ?? 0, 'QueryRoute', bytes);
    expect(routeResponse.decode(answer).status?.code).toBe(Code.BAD_REQUEST);
  });
});

describe('in one process with its broker', () => {
  async function startLocal(onUnknownTopic?: (topic: string) => Promise<boolean>) {
    const table = new RouteTable();
    table.set('b', routes('', { orders: {} }, { listeners: undefined }));
    const local = new GrpcServer({
      services: [createRouteService({ table, log: silentLog, onUnknownTopic })],
      listeners: [{ name: 'internal', host: '127.0.0.1', port: 0 }],
      log: silentLog,
    });
    await local.start();
    toStop.push(() => local.drain(0));
    return { table, port: local.port('internal') };
  }

  test.each([
    [AddressScheme.DOMAIN_NAME, 'sluice.example'],
    [AddressScheme.IPv4, '198.51.100.4'],
    [AddressScheme.IPv6, '2001:db8::4'],
  ])('the first address that the client dialled comes back (%s %s)', async (scheme, host) => {
    const { port } = await startLocal();
    const addresses = [
      { host, port: 18_081 },
      { host: 'second.example', port: 1 },
    ];
    const { messageQueues } = await route('orders', { port, endpoints: { scheme, addresses } });
    expect(messageQueues[0]?.broker?.endpoints).toEqual({
      scheme,
      addresses: [{ host, port: 18_081 }],
    });
  });

  test('without such an address it is the authority of the call', async () => {
    const { port } = await startLocal();
    const { messageQueues } = await route('orders', { port });
    expect(messageQueues[0]?.broker?.endpoints).toEqual({
      scheme: AddressScheme.IPv4,
      addresses: [{ host: '127.0.0.1', port }],
    });
  });

  test('an address that is none is refused', async () => {
    const { port } = await startLocal();
    const endpoints = { scheme: AddressScheme.IPv4, addresses: [{ host: 'x', port: 70_000 }] };
    const { status: result } = await route('orders', { port, endpoints });
    expect(result?.code).toBe(Code.BAD_REQUEST);
  });

  test('an unknown topic can be made at its first question', async () => {
    const asked: string[] = [];
    const { table, port } = await startLocal(async (topic) => {
      asked.push(topic);
      if (topic === 'refused') return false;
      table.set('b', routes('', { orders: {}, [topic]: { queues: 8 } }, { listeners: undefined }));
      return true;
    });
    expect((await route('new', { port })).messageQueues).toHaveLength(8);
    expect((await route('new', { port })).messageQueues).toHaveLength(8);
    expect((await route('refused', { port })).status?.code).toBe(Code.TOPIC_NOT_FOUND);
    expect((await route('an illegal one', { port })).status?.code).toBe(Code.ILLEGAL_TOPIC);
    expect(asked).toEqual(['new', 'refused']);
  });
});

describe('QueryAssignment', () => {
  async function assignments(group: string) {
    const request = assignmentRequest.encode({ topic: { name: 'orders' }, group: { name: group } });
    const answer = await call(server.ports['internal'] ?? 0, 'QueryAssignment', request);
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

test.each([
  `${MESSAGING_SERVICE}/SendMessage`,
  `${MESSAGING_SERVICE}/Heartbeat`,
  `${MESSAGING_SERVICE}/Telemetry`,
  `${MESSAGING_SERVICE}/NotifyClientTermination`,
  `${REGISTRY_SERVICE}/Register`,
])('%s is UNIMPLEMENTED on the listeners for clients', async (method) => {
  await expect(
    callPath(server.ports['internal'] ?? 0, `/${method}`, Buffer.alloc(0)),
  ).rejects.toMatchObject({ code: status.UNIMPLEMENTED });
});
