/** Brokers and name servers together, over real sockets. */
import { createServer, connect, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { afterEach, describe, expect, test } from '@jest/globals';
import { Registration, type RegistrationOptions } from '#broker/register/registration';
import { REGISTRY } from '#lib/fleet-limits';
import type { NameServerConfig } from '#nameserver/main';
import type { FleetSettingsSource } from '#proto/fleet-settings';
import type { RoutedTopic } from '#proto/route';
import { silentLog } from '#support/grpc-echo';
import { ManualClock } from '#support/manual-clock';
import { startLocalNameServer } from '#support/name-server';
import { until } from '#support/until';

const toStop: (() => unknown)[] = [];

afterEach(async () => {
  for (const stop of toStop.splice(0).reverse()) await stop();
});

async function nameServer({
  fleet,
  ...changes
}: Partial<NameServerConfig> & { fleet?: FleetSettingsSource } = {}) {
  const clock = new ManualClock();
  const { server, stop, metrics } = await startLocalNameServer(changes, clock, fleet);
  toStop.push(stop);
  const { table, registryPort } = server;
  const address = `127.0.0.1:${registryPort}`;
  const brokersOf = (topic: string) => table.find(topic).map((found) => found.broker);
  return { table, registryPort, stop, metrics, clock, address, brokersOf };
}

function broker(
  nameServers: string[],
  { topics = [], ...options }: { topics?: string[] } & Partial<RegistrationOptions> = {},
) {
  const held = new Map<string, RoutedTopic>(topics.map((name) => [name, topicOf(1)]));
  const registration = new Registration({
    self: { name: 'b', identity: 'volume', generation: 1 },
    holdings: () => ({
      listeners: [{ name: 'internal', host: 'b.example', port: 8081 }],
      topics: [...held].map(([name, topic]) => ({ name, ...topic })),
      orderedGroups: [],
    }),
    nameServers,
    demand: () => 0,
    log: silentLog,
    ...options,
  });
  registration.start();
  toStop.push(() => registration.stop());
  return { registration, held };
}

const topicOf = (queues: number): RoutedTopic => ({
  kind: 'normal',
  queues,
  permission: 'read-write',
});

describe('a broker', () => {
  test('is known to several name servers, and tells all of them of changes', async () => {
    const servers = [await nameServer(), await nameServer()];
    const { registration, held } = broker(
      servers.map(({ address }) => address),
      { topics: ['t'] },
    );
    for (const { brokersOf } of servers) await until(5000, () => brokersOf('t').length === 1);
    held.set('new', topicOf(3));
    held.delete('t');
    registration.changed();
    for (const { brokersOf, table } of servers) {
      await until(5000, () => brokersOf('new').length === 1);
      expect(brokersOf('t')).toEqual([]);
      expect(table.find('new')[0]?.topic).toEqual(topicOf(3));
    }
    expect(registration.registeredAt).toEqual(servers.map(({ address }) => address));
  });

  test('many changes at once make one report', async () => {
    const server = await nameServer();
    let reports = 0;
    const { registration } = broker([server.address], {
      holdings: () => {
        reports++;
        return { listeners: [], topics: [], orderedGroups: [] };
      },
    });
    await until(5000, () => registration.registeredAt.length === 1);
    reports = 0;
    for (let index = 0; index < 1000; index++) registration.changed();
    await until(5000, () => reports > 0);
    expect(reports).toBe(1);
  });

  test('with 10,000 topics says them once; a keep-alive is a few bytes', async () => {
    const server = await nameServer();
    const wire = await cuttable(server.address);
    const clock = new ManualClock();
    const topics = Array.from({ length: 10_000 }, (_, index) => `topic-${index}`);
    const { registration } = broker([wire.address], { clock, topics });
    await until(10_000, () => registration.registeredAt.length === 1);
    const before = { ...wire.bytes };
    expect(before.sent).toBeGreaterThan(100_000);
    server.clock.advance(REGISTRY.silentMs - 1);
    clock.advance(REGISTRY.reportMs);
    await until(5000, () => wire.bytes.received > before.received);
    server.clock.advance(REGISTRY.silentMs + REGISTRY.lastCallMs - 1);
    expect(server.brokersOf('topic-9999')).toEqual(['b']);
    expect(wire.bytes.sent - before.sent).toBeLessThan(200);
    server.clock.advance(1);
    expect(server.brokersOf('topic-9999')).toEqual([]);
  });

  test('is gone soon after its stream was cut', async () => {
    const server = await nameServer();
    const wire = await cuttable(server.address);
    broker([wire.address], { topics: ['t'] });
    await until(5000, () => server.brokersOf('t').length === 1);
    wire.cutForGood();
    // Only this test moves the name server's time, and by less than the silence allows.
    let waitedMs = 0;
    await until(5000, () => {
      server.clock.advance(REGISTRY.lastCallMs);
      waitedMs += REGISTRY.lastCallMs;
      return server.brokersOf('t').length === 0;
    });
    expect(waitedMs).toBeGreaterThanOrEqual(REGISTRY.brokenStreamMs);
    expect(waitedMs).toBeLessThan(REGISTRY.silentMs);
  });

  test('comes back by itself after a cut, and stays in the routes all the time', async () => {
    const server = await nameServer();
    const wire = await cuttable(server.address);
    const { registration } = broker([wire.address], { topics: ['t'] });
    await until(5000, () => registration.registeredAt.length === 1);
    wire.cut();
    await until(5000, () => registration.registeredAt.length === 0);
    expect(server.brokersOf('t')).toEqual(['b']);
    await until(5000, () => registration.registeredAt.length === 1);
    server.clock.advance(REGISTRY.brokenStreamMs);
    expect(server.brokersOf('t')).toEqual(['b']);
  });

  test('registers again when the name server was restarted', async () => {
    const first = await nameServer();
    const { registration } = broker([first.address], { topics: ['t'] });
    await until(5000, () => first.brokersOf('t').length === 1);
    await first.stop();
    await until(5000, () => registration.registeredAt.length === 0);
    const registry = { host: '127.0.0.1', port: first.registryPort };
    const second = await nameServer({ registry });
    await until(10_000, () => second.brokersOf('t').length === 1);
  });

  test('serves on without a name server, and finds it when it comes', async () => {
    const { port, close } = await freePort();
    const { registration } = broker([`127.0.0.1:${port}`], { topics: ['t'] });
    await close();
    expect(registration.registeredAt).toEqual([]);
    const late = await nameServer({ registry: { host: '127.0.0.1', port } });
    await until(10_000, () => late.brokersOf('t').length === 1);
  });

  test('that stops is gone when it has stopped', async () => {
    const servers = [await nameServer(), await nameServer()];
    const { registration } = broker(
      servers.map(({ address }) => address),
      { topics: ['t'] },
    );
    for (const { brokersOf } of servers) await until(5000, () => brokersOf('t').length === 1);
    registration.changed();
    await registration.stop();
    expect(servers.map(({ brokersOf }) => brokersOf('t'))).toEqual([[], []]);
    registration.changed();
    expect(registration.registeredAt).toEqual([]);
  });

  test('that stops does not wait for a name server that says nothing', async () => {
    const silent = createServer(() => undefined);
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    toStop.push(() => void silent.close());
    const clock = new ManualClock();
    const { port } = silent.address() as { port: number };
    const { registration } = broker([`127.0.0.1:${port}`], { clock });
    let isStopped = false;
    const stopped = registration.stop().then(() => (isStopped = true));
    await clock.advanceAsync(REGISTRY.goodbyeMs - 1);
    expect(isStopped).toBe(false);
    clock.advance(1);
    await stopped;
    expect(clock.pendingTimers).toBe(0);
  });

  test('hears of its share from the first of its name servers that is there', async () => {
    const servers = [await nameServer(fleetOf(300)), await nameServer(fleetOf(200))];
    const heard: (number | undefined)[] = [];
    const { registration } = broker(
      servers.map(({ address }) => address),
      { demand: () => 40, onShare: () => heard.push(registration.share) },
    );
    await until(5000, () => registration.registeredAt.length === 2);
    await until(5000, () => registration.share === 300);
    await servers[0]!.stop();
    await until(5000, () => registration.share === 200);
    await servers[1]!.stop();
    await until(5000, () => registration.share === undefined);
    expect(heard.slice(-2)).toEqual([200, undefined]);
    const metrics = await servers[1]!.metrics.metrics();
    expect(metrics).toContain('sluice_nameserver_quota 200\n');
    expect(metrics).toContain('sluice_nameserver_quota_demand{broker="b"} 40\n');
    expect(metrics).toContain('sluice_nameserver_quota_share{broker="b"} 200\n');
  });

  test('hears of no share while brokers may be there that did not report yet', async () => {
    const server = await nameServer(fleetOf(300, ['b', 'late']));
    const { registration } = broker([server.address]);
    await until(5000, () => registration.registeredAt.length === 1);
    expect(registration.share).toBeUndefined();
    server.clock.advance(REGISTRY.relearnMs);
    registration.changed();
    await until(5000, () => registration.share === 300);
  });

  test('follows its list of name servers', async () => {
    const [first, second] = [await nameServer(), await nameServer()];
    const { registration } = broker([first.address], { topics: ['t'] });
    await until(5000, () => first.brokersOf('t').length === 1);
    registration.setNameServers([second.address]);
    await until(5000, () => second.brokersOf('t').length === 1);
    await until(5000, () => {
      first.clock.advance(REGISTRY.brokenStreamMs + REGISTRY.lastCallMs);
      return first.brokersOf('t').length === 0;
    });
    expect(registration.registeredAt).toEqual([second.address]);
  });

  test('has to show the token of the fleet', async () => {
    const server = await nameServer({ fleetToken: 'secret' });
    const stranger = broker([server.address], { topics: ['evil'], token: 'wrong' });
    const member = broker([server.address], { topics: ['t'], token: 'secret' });
    await until(5000, () => member.registration.registeredAt.length === 1);
    expect(stranger.registration.registeredAt).toEqual([]);
    expect(server.brokersOf('evil')).toEqual([]);
    expect(server.brokersOf('t')).toEqual(['b']);
  });
});

/** The settings of a fleet of these brokers. */
function fleetOf(tps: number, names = ['b']): { fleet: FleetSettingsSource } {
  const brokers = Object.fromEntries(
    names.map((name) => [name, { readOnly: false, listeners: {} }]),
  );
  const current = { revision: '1', nameServers: [], edition: 'standard' as const, tps, brokers };
  return { fleet: { current, onChange: () => undefined } };
}

/** A wire to `target` that can be cut. */
async function cuttable(target: string) {
  const [host = '', port] = target.split(':');
  const sockets = new Set<Socket>();
  const bytes = { sent: 0, received: 0 };
  let isCut = false;
  const server: Server = createServer((socket) => {
    if (isCut) {
      socket.destroy();
      return;
    }
    const onward = connect(Number(port), host);
    for (const end of [socket, onward]) {
      sockets.add(end);
      end.on('error', () => undefined);
      end.on('close', () => sockets.delete(end));
    }
    socket.on('data', (chunk) => (bytes.sent += chunk.length));
    onward.on('data', (chunk) => (bytes.received += chunk.length));
    socket.pipe(onward).pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = (): void => sockets.forEach((socket) => socket.destroy());
  toStop.push(() => (cut(), server.close()));
  return {
    address: `127.0.0.1:${(server.address() as { port: number }).port}`,
    bytes,
    cut,
    cutForGood() {
      isCut = true;
      cut();
    },
  };
}

async function freePort(): Promise<{ port: number; close(): Promise<void> }> {
  const server = createServer((socket) => socket.destroy());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => new Promise<void>((resolve) => void server.close(() => resolve()));
  return { port: (server.address() as { port: number }).port, close };
}
