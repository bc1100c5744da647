import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { Core } from '#broker/core';
import type { Services } from '#broker/grpc/services';
import { telemetry } from '#broker/grpc/telemetry';
import { CONSUME, NAME, SESSION } from '#lib/limits';
import { Code } from '#proto/codes';
import { ClientType } from '#proto/types';
import type { SettingsInput } from '#proto/types';
import { FaultyCore } from '#support/faulty-core';
import { TestCall, servicesOf } from '#support/services';
import { TelemetryStream } from '#support/telemetry-stream';

const INVALID_ARGUMENT = 3;

async function turns(count = 10): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}

const producer: SettingsInput = {
  clientType: ClientType.PRODUCER,
  accessPoint: { scheme: 1, addresses: [{ host: '10.0.0.1', port: 8081 }] },
  requestTimeout: { seconds: 5, nanos: 0 },
  userAgent: { language: 1, version: '5.0.8', platform: 'Linux', hostname: 'host' },
  publishing: { topics: [{ name: 'orders' }], maxBodySize: 0, validateMessageType: false },
};

const subscription = {
  group: { name: 'billing' },
  subscriptions: [{ topic: { name: 'orders' }, expression: { type: 1, expression: 'a || b' } }],
  fifo: true,
  receiveBatchSize: 1,
  longPollingTimeout: { seconds: 1, nanos: 0 },
};

describe('Telemetry', () => {
  let faulty: FaultyCore;
  let core: Core;
  let services: Services;

  beforeEach(async () => {
    faulty = await FaultyCore.open();
    core = faulty.core;
    services = servicesOf(core, faulty.clock);
    await core.groups.create('billing', { retryMaxTimes: 16 });
  });

  afterEach(() => faulty.dispose());

  function open(call = new TestCall()): TelemetryStream {
    const stream = new TelemetryStream();
    telemetry.open(services)(stream, call);
    return stream;
  }

  async function say(settings: SettingsInput, call = new TestCall()): Promise<TelemetryStream> {
    const stream = open(call);
    stream.say({ settings });
    await turns();
    return stream;
  }

  test('a producer gets its settings back with the values of wire.md A.5', async () => {
    const stream = await say(producer);
    expect(stream.commands).toHaveLength(1);
    expect(stream.commands[0]?.status?.code).toBe(Code.OK);
    expect(stream.settings).toMatchObject({
      clientType: ClientType.PRODUCER,
      accessPoint: producer.accessPoint,
      requestTimeout: producer.requestTimeout,
      userAgent: producer.userAgent,
      backoffPolicy: {
        maxAttempts: 3,
        exponentialBackoff: {
          initial: { seconds: 0, nanos: 10_000_000 },
          max: { seconds: 1, nanos: 0 },
          multiplier: 2,
        },
      },
      publishing: {
        topics: [{ name: 'orders' }],
        maxBodySize: 4_194_304,
        validateMessageType: true,
      },
      metric: { on: false },
    });
    expect(stream.settings?.subscription).toBeUndefined();
    expect(stream.settings?.backoffPolicy?.customizedBackoff).toBeUndefined();
  });

  test.each([
    ['push', ClientType.PUSH_CONSUMER],
    ['simple', ClientType.SIMPLE_CONSUMER],
    ['pull', ClientType.PULL_CONSUMER],
  ])('a %s consumer gets those of its group', async (kind, clientType) => {
    const stream = await say({ clientType, subscription });
    const { settings } = stream;
    expect(settings).toMatchObject({
      clientType,
      requestTimeout: { seconds: SESSION.requestTimeoutMs / 1000, nanos: 0 },
      backoffPolicy: { maxAttempts: 17 },
      subscription: {
        ...subscription,
        fifo: false,
        receiveBatchSize: 32,
        longPollingTimeout: { seconds: 20, nanos: 0 },
      },
      metric: { on: false },
    });
    const next = settings?.backoffPolicy?.customizedBackoff?.next.map((wait) => wait.seconds);
    expect(next?.join(' ')).toBe(
      '1 5 10 30 60 120 180 240 300 360 420 480 540 600 1200 1800 3600 7200',
    );
    expect(settings?.publishing).toBeUndefined();
    expect(core.sessions.find('client')?.facts).toMatchObject({ kind, group: 'billing' });
  });

  test('an ordered group, and one with other retries', async () => {
    await core.groups.update('billing', { ordered: true, retryMaxTimes: 2 });
    const { settings } = await say({ clientType: ClientType.PUSH_CONSUMER, subscription });
    expect(settings?.subscription?.fifo).toBe(true);
    expect(settings?.backoffPolicy?.maxAttempts).toBe(3);
  });

  test('a group that is not there has the usual settings, and is not made', async () => {
    const group = { name: 'other' };
    const { settings } = await say({
      clientType: ClientType.SIMPLE_CONSUMER,
      subscription: { ...subscription, group },
    });
    expect(settings?.backoffPolicy?.maxAttempts).toBe(CONSUME.retriesDefault + 1);
    expect(core.groups.find('other')).toBeUndefined();
  });

  test.each<[string, SettingsInput, number]>([
    ['neither publishing nor subscription', { clientType: 1 }, Code.INVALID_CLIENT_PROPERTIES],
    ['a producer that subscribes', { clientType: 1, subscription }, Code.UNRECOGNIZED_CLIENT_TYPE],
    [
      'a consumer that publishes',
      { ...producer, clientType: ClientType.PUSH_CONSUMER },
      Code.UNRECOGNIZED_CLIENT_TYPE,
    ],
    ['a lite consumer', { clientType: 5, subscription }, Code.UNRECOGNIZED_CLIENT_TYPE],
    ['a consumer of no type', { subscription }, Code.UNRECOGNIZED_CLIENT_TYPE],
    ['a type of tomorrow', { clientType: 99, subscription }, Code.UNRECOGNIZED_CLIENT_TYPE],
    [
      'an illegal group',
      { clientType: 2, subscription: { group: { name: 'a b' } } },
      Code.ILLEGAL_CONSUMER_GROUP,
    ],
    ['no group', { clientType: 2, subscription: {} }, Code.ILLEGAL_CONSUMER_GROUP],
  ])('%s ends the stream with INVALID_ARGUMENT', async (_what, settings, code) => {
    const stream = await say(settings);
    expect(stream.failure?.status).toBe(INVALID_ARGUMENT);
    expect(stream.failure?.message).toMatch(new RegExp(`^${code}: .`));
    expect([stream.written, core.sessions.count]).toEqual([[], 0]);
  });

  test('so do bytes that are no command, and a client without an id', async () => {
    const garbage = open();
    garbage.sayBytes(Buffer.from([0xff, 0xff, 0xff]));
    const nameless = await say(producer, new TestCall({ clientId: '' }));
    const longNamed = await say(
      producer,
      new TestCall({ clientId: 'x'.repeat(NAME.clientIdBytesMax + 1) }),
    );
    await turns();
    for (const { failure } of [garbage, nameless, longNamed]) {
      expect(failure?.status).toBe(INVALID_ARGUMENT);
    }
    expect(nameless.failure?.message).toContain(String(Code.CLIENT_ID_REQUIRED));
    expect(longNamed.failure?.message).toContain(`${NAME.clientIdBytesMax} bytes`);
    expect(core.sessions.count).toBe(0);
  });

  test('settings sent again are answered again', async () => {
    const stream = await say(producer);
    stream.say({ settings: producer });
    await turns();
    expect([stream.commands.length, core.sessions.count]).toEqual([2, 1]);
  });

  test('other commands are passed over', async () => {
    const stream = open();
    stream.say({ threadStackTrace: { nonce: 'n' } });
    await turns();
    expect([stream.written, stream.failure, stream.ended]).toEqual([[], undefined, false]);
  });

  test('the session lives as long as the stream, and a while longer', async () => {
    const stream = await say(producer);
    stream.close();
    await turns();
    expect([stream.ended, core.sessions.isConnected('client')]).toEqual([true, true]);
    faulty.clock.advance(SESSION.reconnectMs + SESSION.sweepMs);
    expect(core.sessions.isConnected('client')).toBe(false);
  });

  test('settings answered after the stream has ended leave no session behind', async () => {
    services = servicesOf(core, faulty.clock, true);
    await core.store.whenCommitted(core.store.end);
    const release = faulty.files.hold('sync'); // the group that it names is being made
    const stream = await say({
      clientType: ClientType.PUSH_CONSUMER,
      subscription: { group: { name: 'fresh' } },
    });
    stream.close();
    await turns();
    release();
    await turns(30);
    faulty.clock.advance(SESSION.reconnectMs + SESSION.sweepMs);
    expect(core.sessions.count).toBe(0);
  });

  test('a flood of commands ends the stream', async () => {
    const stream = open();
    for (let i = 0; i <= SESSION.commandsWaitingMax; i++) stream.say({ settings: producer });
    expect(stream.failure?.status).toBe(8);
    await turns();
  });
});
