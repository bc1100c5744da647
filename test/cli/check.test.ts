/** `sluice check` against servers in processes of their own, and against one that misbehaves. */
import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createAdminClient } from '#proto/admin-client';
import { TopicKind } from '#proto/admin-types';
import type { Service } from '#proto/grpc-transport/call';
import { GrpcServer } from '#proto/grpc-transport/server';
import { codec, MESSAGING_SERVICE } from '#proto/messages';
import { endpointsOf } from '#proto/route';
import { Code, MessageType, Permission } from '#proto/types';
import { silentLog } from '#support/core';
import { runCli, type CliResult } from '#support/run-cli';
import {
  startBroker,
  startNameServer,
  startSluice,
  type NameServerProcess,
  type SluiceProcess,
} from '#support/sluice-process';
import { until } from '#support/until';

const TOPIC = 'checks';

/** Times are what they are. */
function steps({ stdout }: CliResult): string[] {
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/ +\d+ ms/, ' N ms'));
}

function check(endpoint: string, ...args: readonly string[]): Promise<CliResult> {
  return runCli(['check', endpoint, '--topic', TOPIC, ...args]);
}

describe('standalone', () => {
  let sluice: SluiceProcess;
  beforeAll(async () => {
    sluice = await startSluice();
  });
  afterAll(() => sluice.dispose());

  test('each step with its time, and nothing left behind', async () => {
    const result = await check(sluice.grpc, '--count', '3');
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(steps(result)).toEqual([
      `route N ms  8 queues at broker-0 (${sluice.grpc})`,
      'connect N ms  broker-0',
      'send N ms  broker-0, 3 messages',
      'receive N ms  broker-0, 3 messages',
      'ack N ms  broker-0, 3 messages',
      `ok: sent, received and acknowledged 3 messages of ${TOPIC} at 1 broker in N ms`,
    ]);
    const group = JSON.parse(
      await sluice.command('group', 'describe', 'sluice-check', '-o', 'json'),
    ) as { lag: number; members: unknown[] };
    expect(group).toMatchObject({ lag: 0, members: [] });
  });

  test('by TLS, as JSON, with messages of the topic that are not its own', async () => {
    await sluice.command('message', 'send', TOPIC, 'not for a check', '--count', '50');
    const { code, stdout, stderr } = await check(sluice.grpc, '--tls', '-o', 'json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({
      endpoint: sluice.grpc,
      topic: TOPIC,
      group: 'sluice-check',
      ok: true,
      brokers: [
        {
          broker: 'broker-0',
          address: sluice.grpc,
          queues: 8,
          ok: true,
          readOnly: false,
          steps: ['connect', 'send', 'receive', 'ack'].map((step) => ({ step, ok: true })),
        },
      ],
    });
  });

  test('another kind of topic is named', async () => {
    await sluice.command('topic', 'create', 'ordered', '--kind', 'fifo');
    const result = await runCli(['check', sluice.grpc, '--topic', 'ordered']);
    expect(result).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'error: ordered takes fifo messages, a check sends normal ones\n' +
        'next:  check with a topic of kind normal\n',
    });
  });

  test.each(['admin', 'metrics'] as const)('the %s port is no endpoint', async (door) => {
    const { code, stdout, stderr } = await check(sluice[door]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(`error: ${sluice[door]} `);
    expect(stderr).toMatch(/\nnext: {2}.+/);
  });

  test.each([
    [['nowhere'], /"nowhere" is no endpoint; allowed: HOST:PORT/],
    [['nowhere:0'], /is no endpoint/],
    [['127.0.0.1:1', '--timeout', '0'], /Allowed: a number from 1 to 600/],
    [['127.0.0.1:1', '--count', '101'], /Allowed: a whole number from 1 to 100/],
  ])('2 for %j', async (args, message) => {
    const { code, stdout, stderr } = await runCli(['check', '--topic', TOPIC, ...args]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });
});

describe('a fleet', () => {
  const toEnd: (() => unknown)[] = [];
  const brokers: SluiceProcess[] = [];
  let nameServer: NameServerProcess;
  beforeAll(async () => {
    nameServer = await startNameServer();
    toEnd.push(() => nameServer.dispose());
    brokers.push(await fleetBroker('shard-0'), await fleetBroker('shard-1'));
    for (const { admin } of brokers) await define(admin);
    await untilRouted(2);
  }, 60_000);
  afterAll(async () => {
    for (const end of toEnd.reverse()) await end();
  });

  test('reaches every broker of the route', async () => {
    const result = await check(nameServer.grpc, '--group', 'readers');
    expect(result).toMatchObject({ code: 0, stderr: '' });
    const [first, second, ...rest] = steps(result);
    expect([first, second?.trim()]).toEqual([
      `route N ms  2 queues at shard-0 (${brokers[0]?.grpc})`,
      `2 queues at shard-1 (${brokers[1]?.grpc})`,
    ]);
    expect(rest).toEqual([
      ...['connect', 'send', 'receive', 'ack'].map((step) => `${step} N ms  shard-0`),
      ...['connect', 'send', 'receive', 'ack'].map((step) => `${step} N ms  shard-1`),
      `ok: sent, received and acknowledged 2 messages of ${TOPIC} at 2 brokers in N ms`,
    ]);
  });

  test('says that a topic or a group is not there', async () => {
    const topic = await runCli(['check', nameServer.grpc, '--topic', 'nowhere']);
    expect(topic).toMatchObject({ code: 1, stdout: '' });
    expect(topic.stderr).toContain(
      `error: ${nameServer.grpc}: no broker has the topic nowhere (TOPIC_NOT_FOUND)\n` +
        'next:  create it: `sluice topic create nowhere` at each of its brokers, a Topic on Kube',
    );
    const group = await check(nameServer.grpc, '--group', 'nobody');
    expect(group.code).toBe(1);
    expect(group.stderr).toContain('(CONSUMER_GROUP_NOT_FOUND)\nnext:  create it: `sluice group');
  });

  test('finds an advertised address that is not reachable from here', async () => {
    const advertised = await closedAddress();
    const hidden = await fleetBroker('shard-2', ['--advertise', advertised]);
    await define(hidden.admin);
    await untilRouted(3);
    const result = await check(nameServer.grpc, '--group', 'readers');
    expect(result.code).toBe(1);
    expect(steps(result)).toContain('ack N ms  shard-1');
    expect(steps(result).slice(-1)).toEqual(['connect N ms  shard-2: failed']);
    expect(result.stderr).toMatch(
      new RegExp(
        `^error: the route names shard-2 at ${advertised}, which can't be reached from here: ` +
          `connect ECONNREFUSED ${advertised}\nnext:  clients dial what the route names`,
      ),
    );
    const asData = await check(nameServer.grpc, '--group', 'readers', '-o', 'json');
    expect(asData.code).toBe(1);
    expect(JSON.parse(asData.stdout)).toMatchObject({
      ok: false,
      brokers: [
        { ok: true },
        { ok: true },
        {
          broker: 'shard-2',
          ok: false,
          trouble: { what: expect.stringContaining(advertised), next: expect.any(String) },
        },
      ],
    });
    expect(await hidden.stop()).toBe(0);
    await untilRouted(2);
  });

  async function fleetBroker(name: string, more: string[] = []): Promise<SluiceProcess> {
    const fleet = ['--name', name, '--name-servers', nameServer.registry];
    const broker = await startBroker({ arguments: [...fleet, '--no-auto-create-topics', ...more] });
    toEnd.push(() => broker.dispose());
    return broker;
  }

  async function untilRouted(count: number): Promise<void> {
    await until(20_000, async () => {
      const { stdout } = await check(nameServer.grpc, '--group', 'readers', '-o', 'json');
      const { brokers: routed } = JSON.parse(stdout) as { brokers: unknown[] };
      return routed.length === count;
    });
  }
});

async function define(address: string): Promise<void> {
  const admin = createAdminClient({ address });
  await admin.call('CreateTopic', { name: TOPIC, kind: TopicKind.NORMAL, queues: 2 });
  await admin.call('CreateGroup', { name: 'readers' });
  admin.close();
}

describe('an endpoint that', () => {
  const toEnd: (() => unknown)[] = [];
  afterEach(async () => {
    for (const end of toEnd.splice(0)) await end();
  });

  test('does not listen', async () => {
    const address = await closedAddress();
    expect(await check(address)).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(
        `^error: ${address} can't be reached: connect ECONNREFUSED .+\nnext:  is a name server`,
      ),
    });
  });

  test('accepts and says nothing costs no more than the time given', async () => {
    const silent = createServer((socket) => void socket.on('error', () => undefined).resume());
    const address = await listening(silent);
    toEnd.push(() => new Promise((resolve) => silent.close(resolve)));
    const startMs = performance.now();
    const { code, stderr } = await check(address, '--timeout', '1');
    expect(performance.now() - startMs).toBeLessThan(15_000);
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`^error: ${address} can't be reached: no answer within 1 s`));
  });

  test('throttles is tried as often as a client would, and then named', async () => {
    let sends = 0;
    const throttled = {
      status: { code: Code.TOO_MANY_REQUESTS, message: 'above 5000 per second' },
    };
    const address = await fakeBroker({
      SendMessage: {
        kind: 'unary',
        handle: () => (sends++, codec('SendMessageResponse').encode(throttled)),
      },
    });
    const result = await check(address);
    expect(steps(result).at(-1)).toBe('send N ms  fake: failed');
    expect(result.stderr).toMatch(
      /^error: fake \(.+\): above 5000 per second \(TOO_MANY_REQUESTS\)\nnext: {2}the instance/,
    );
    expect({ code: result.code, sends }).toEqual({ code: 1, sends: 3 });
  });

  test('takes a message and does not give it back', async () => {
    const empty = { status: { code: Code.MESSAGE_NOT_FOUND, message: 'nothing' } };
    const address = await fakeBroker({
      ReceiveMessage: {
        kind: 'server-stream',
        handle: (_request, _call, out) =>
          void out.write(codec('ReceiveMessageResponse').encode(empty)),
      },
    });
    const { code, stderr } = await check(address, '--timeout', '2');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: fake took 1 message, but 1 did not come back within 2 s\nnext/);
  });

  test('is read only gets no message', async () => {
    const result = await check(await fakeBroker({}, Permission.READ));
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(steps(result).slice(-2)).toEqual([
      'send                fake: left out, it is read only',
      `ok: sent, received and acknowledged 0 messages of ${TOPIC} at 1 broker in N ms`,
    ]);
  });

  test('sends control characters, which do not reach the terminal', async () => {
    const evil = { status: { code: 1, message: '\u001b[2J\u0007gone' } };
    const address = await fakeBroker({
      QueryRoute: { kind: 'unary', handle: () => codec('QueryRouteResponse').encode(evil) },
    });
    const { stderr } = await check(address);
    expect(stderr).toContain('\\u001b[2J\\u0007gone (code 1)\n');
  });

  /** A broker that takes messages and routes clients to itself; `methods` replaces some of it. */
  async function fakeBroker(
    methods: Service['methods'],
    permission: number = Permission.READ_WRITE,
  ): Promise<string> {
    const server: GrpcServer = new GrpcServer({
      transport: 'grpc-js',
      services: [
        {
          name: MESSAGING_SERVICE,
          methods: { ...usualMethods(() => server.port('internal'), permission), ...methods },
        },
      ],
      listeners: [{ name: 'internal', host: '127.0.0.1', port: 0 }],
      log: silentLog,
    });
    await server.start();
    toEnd.push(() => server.drain(0));
    return `127.0.0.1:${server.port('internal')}`;
  }
});

const OK = { code: Code.OK, message: 'OK' };

function usualMethods(port: () => number, permission: number): Service['methods'] {
  return {
    QueryRoute: {
      kind: 'unary',
      handle: () =>
        codec('QueryRouteResponse').encode({
          status: OK,
          messageQueues: [
            {
              topic: { name: TOPIC },
              permission,
              broker: { name: 'fake', endpoints: endpointsOf({ host: '127.0.0.1', port: port() }) },
              acceptMessageTypes: [MessageType.NORMAL],
            },
          ],
        }),
    },
    Telemetry: {
      kind: 'duplex',
      handle: (stream) => {
        stream.onMessage((command) => void stream.write(command));
        stream.onEnd(() => stream.end());
      },
    },
    SendMessage: {
      kind: 'unary',
      handle: () => codec('SendMessageResponse').encode({ status: OK, entries: [{ status: OK }] }),
    },
  };
}

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function closedAddress(): Promise<string> {
  const server = createServer();
  const address = await listening(server);
  await new Promise((resolve) => server.close(resolve));
  return address;
}
