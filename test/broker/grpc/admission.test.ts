/** What the clients' door refuses, as a client on the wire is told of it. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { Core } from '#broker/core';
import { topicAdmin } from '#broker/core-admin/topics';
import { QUOTA } from '#lib/limits';
import type { TopicPermission } from '#proto/route';
import { ClientType, Code, QueryOffsetPolicy } from '#proto/types';
import type { PullMessageRequestInput, ReceiveMessageRequestInput } from '#proto/types';
import { openClientDoor } from '#support/client-door';
import type { ClientDoor } from '#support/client-door';
import { send } from '#support/core';
import { FaultyCore } from '#support/faulty-core';
import { until } from '#support/until';
import {
  RawClient,
  consumerSettings,
  messagesOf,
  normalMessage,
  statusOf,
} from '../../conformance/raw-client.ts';

const INVALID_ARGUMENT = 3;
const BURST = QUOTA.burstMessagesMin;

let faulty: FaultyCore;
let core: Core;
let door: ClientDoor;
let client: RawClient;

beforeEach(async () => {
  faulty = await FaultyCore.open();
  core = faulty.core;
  await core.topics.create('orders', 'normal', 1);
  await core.groups.create('billing');
  door = await openClientDoor(core, faulty.clock);
  client = new RawClient(door.address);
});

afterEach(async () => {
  client.close();
  core.consumption.polls.close();
  await door.stop();
  await faulty.dispose();
});

/** Code and text of the answer to a call. */
type Outcome = readonly [code: number | undefined, message: string | undefined];

const OK = expect.arrayContaining([Code.OK]);

function refused(code: number, text: string) {
  return [code, expect.stringContaining(text)];
}

async function sent(count = 1): Promise<Outcome> {
  const messages = Array.from({ length: count }, () => normalMessage('orders'));
  const { status } = await client.unary('SendMessage', { messages });
  return [status?.code, status?.message];
}

function receive(more: ReceiveMessageRequestInput = {}) {
  return client.receive({
    group: { name: 'billing' },
    messageQueue: { topic: { name: 'orders' }, id: -1 },
    filterExpression: { type: 1, expression: '*' },
    batchSize: 32,
    invisibleDuration: { seconds: 30, nanos: 0 },
    longPollingTimeout: { seconds: 0, nanos: 0 },
    ...more,
  });
}

async function received(more: ReceiveMessageRequestInput = {}): Promise<Outcome> {
  const answers = await receive(more);
  const { status } = answers.find((answer) => answer.status) ?? {};
  return [status?.code, status?.message];
}

const place = { group: { name: 'billing' }, messageQueue: { topic: { name: 'orders' }, id: 0 } };

async function pulled(more: PullMessageRequestInput = {}): Promise<Outcome> {
  const [first] = await client.pull({ ...place, offset: 0, batchSize: 32, ...more });
  return [first?.status?.code, first?.status?.message];
}

async function fill(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await send(core, core.topics.get('orders'), { id: `M${i}` });
}

describe('above the quota', () => {
  const TEXT = 'the quota of 5000 messages/s (sent + received) is used up';

  test('a send is TOO_MANY_REQUESTS at once; one of n messages takes n', async () => {
    core.quota.setRate(100, 5000);
    expect(await sent(BURST - 1)).toEqual(OK);
    expect(await sent(2)).toEqual(refused(Code.TOO_MANY_REQUESTS, TEXT));
    expect(core.topics.get('orders').queues[0]?.nextOffset).toBe(BURST - 1);
    expect(await sent(1)).toEqual(OK);
    expect(await sent(1)).toEqual(refused(Code.TOO_MANY_REQUESTS, 'this broker is 100/s now'));
    faulty.clock.advance(10);
    expect(await sent(1)).toEqual(OK);
    expect(core.quota.sent).toEqual({ passed: BURST + 1, throttled: 3 });
  });

  test('a receive is charged for what it delivers, and refused until that is paid', async () => {
    await fill(100);
    core.quota.setRate(100, 5000);
    expect(messagesOf(await receive({ batchSize: BURST - 1 }))).toHaveLength(BURST - 1);
    expect(messagesOf(await receive())).toHaveLength(32);
    expect(await received()).toEqual(refused(Code.TOO_MANY_REQUESTS, TEXT));
    expect(await sent()).toEqual(refused(Code.TOO_MANY_REQUESTS, TEXT));
    faulty.clock.advance(320);
    expect(messagesOf(await receive())).toHaveLength(32);
  });

  test('a receive of an empty queue waits: it costs nothing', async () => {
    core.quota.setRate(100);
    core.quota.admitSend(BURST);
    expect(await received()).toEqual(refused(Code.MESSAGE_NOT_FOUND, ''));
    expect(core.quota.received).toEqual({ passed: 0, throttled: 0 });
  });

  test('a long poll that wakes is refused; the others go on and have their turn', async () => {
    const longPollingTimeout = { seconds: 20, nanos: 0 };
    const waiting = [1, 2].map(() => receive({ longPollingTimeout }));
    await until(
      5000,
      () => core.consumption.polls.count === 2,
      () => 'they do not wait',
    );
    core.quota.setRate(100, 5000);
    core.quota.admitSend(BURST);
    await fill(1);
    expect(statusOf(await Promise.race(waiting))).toBe(Code.TOO_MANY_REQUESTS);
    expect(core.consumption.polls.count).toBe(1);
    faulty.clock.advance(QUOTA.refusedPollMs);
    const answers = await Promise.all(waiting);
    expect(answers.map((answer) => messagesOf(answer).length).sort()).toEqual([0, 1]);
  });

  test('a pull is refused, also one that has waited', async () => {
    await fill(40);
    core.quota.setRate(100, 5000);
    expect(await pulled()).toEqual(OK);
    expect(await pulled({ offset: 32 })).toEqual(refused(Code.TOO_MANY_REQUESTS, TEXT));
    expect(await pulled({ offset: 40 })).toEqual(OK);
    const waiting = pulled({ offset: 40, longPollingTimeout: { seconds: 20, nanos: 0 } });
    await until(
      5000,
      () => core.consumption.polls.count === 1,
      () => 'it does not wait',
    );
    await fill(1);
    expect(await waiting).toEqual(refused(Code.TOO_MANY_REQUESTS, TEXT));
    faulty.clock.advance(1000);
    expect(await pulled({ offset: 32 })).toEqual(OK);
    expect(core.quota.received).toEqual({ passed: 41, throttled: 2 });
  });
});

describe('a read-only broker', () => {
  test('refuses sends so that producers try another one; all else goes on', async () => {
    await fill(2);
    core.mode.set({ edition: 'standard', readOnly: true });
    const text = 'BROKER_READ_ONLY: this broker is read only: it is drained';
    expect(await sent()).toEqual(refused(Code.INTERNAL_SERVER_ERROR, text));
    expect(core.quota.takeDemand()).toBe(0);
    const handles = messagesOf(await receive()).map(
      ({ systemProperties }) => systemProperties?.receiptHandle ?? '',
    );
    const common = { group: { name: 'billing' }, topic: { name: 'orders' } };
    const acked = await client.unary('AckMessage', {
      ...common,
      entries: [{ messageId: 'M0', receiptHandle: handles[0]! }],
    });
    expect(acked.status?.code).toBe(Code.OK);
    const forwarded = await client.unary('ForwardMessageToDeadLetterQueue', {
      ...common,
      receiptHandle: handles[1]!,
      messageId: 'M1',
    });
    expect(forwarded.status?.code).toBe(Code.OK);
    expect(core.topics.get('%DLQ%billing').queues[0]?.nextOffset).toBe(1);
    core.mode.set({ edition: 'standard', readOnly: false });
    expect(await sent()).toEqual(OK);
  });
});

/** Every call that only a pull consumer makes. */
async function pullCalls(): Promise<Record<string, Outcome>> {
  const { messageQueue } = place;
  const policy = { queryOffsetPolicy: QueryOffsetPolicy.END };
  const { status: update } = await client.unary('UpdateOffset', { ...place, offset: 0 });
  const { status: get } = await client.unary('GetOffset', place);
  const { status: query } = await client.unary('QueryOffset', { messageQueue, ...policy });
  return {
    pull: await pulled(),
    update: [update?.code, update?.message],
    get: [get?.code, get?.message],
    query: [query?.code, query?.message],
  };
}

async function pullConsumer(): Promise<number | undefined> {
  const telemetry = client.telemetry();
  const settings = consumerSettings(client, ClientType.PULL_CONSUMER, 'billing', 'orders');
  telemetry.write({ settings });
  try {
    await until(
      5000,
      () => telemetry.endedWith !== undefined || telemetry.commands.length > 0,
      () => 'no answer to the settings',
    );
    return telemetry.endedWith;
  } finally {
    telemetry.end();
  }
}

describe('pull consumers', () => {
  test('are served in the platinum edition', async () => {
    expect(await pullCalls()).toEqual({ pull: OK, update: OK, get: OK, query: OK });
    expect(await pullConsumer()).toBeUndefined();
  });

  test('are refused in the standard edition, and no others are', async () => {
    core.mode.set({ edition: 'standard', readOnly: false });
    const not = refused(Code.FORBIDDEN, 'pull consumers need the platinum edition');
    expect(await pullCalls()).toEqual({ pull: not, update: not, get: not, query: OK });
    expect(await pullConsumer()).toBe(INVALID_ARGUMENT);
    expect([await sent(), await received()]).toEqual([OK, OK]);
  });

  test('are refused by a group that does not allow them', async () => {
    await core.groups.update('billing', { pullAllowed: false });
    const not = refused(Code.FORBIDDEN, 'the group billing does not allow pull consumers');
    expect(await pullCalls()).toEqual({ pull: not, update: not, get: not, query: OK });
    expect(await pullConsumer()).toBe(INVALID_ARGUMENT);
    expect([await sent(), await received()]).toEqual([OK, OK]);
  });
});

describe('a topic', () => {
  const readOnly = refused(Code.FORBIDDEN, 'the topic orders is read only');
  const writeOnly = refused(Code.FORBIDDEN, 'the topic orders is write only');

  test.each<[TopicPermission, unknown, unknown]>([
    ['read-write', OK, OK],
    ['read-only', readOnly, OK],
    ['write-only', OK, writeOnly],
  ])('that is %s', async (permission, ofSend, ofReceive) => {
    await fill(1);
    await core.topics.update('orders', { permission });
    expect(await pulled()).toEqual(ofReceive);
    expect(await received()).toEqual(ofReceive);
    const { status: assigned } = await client.unary('QueryAssignment', {
      topic: { name: 'orders' },
      group: { name: 'billing' },
      endpoints: client.accessPoint(),
    });
    expect([assigned?.code, assigned?.message]).toEqual(ofReceive);
    expect(await sent()).toEqual(ofSend);
    const { status, entries } = await client.unary('SendMessage', {
      messages: [normalMessage('orders'), normalMessage('orders')],
    });
    expect([status?.code, status?.message]).toEqual(ofSend);
    expect(entries).toHaveLength(2);
  });

  test('that nobody may read any more ends the long polls when there is something', async () => {
    const waiting = received({ longPollingTimeout: { seconds: 20, nanos: 0 } });
    await until(
      5000,
      () => core.consumption.polls.count === 1,
      () => 'it does not wait',
    );
    await core.topics.update('orders', { permission: 'write-only' });
    await fill(1);
    expect(await waiting).toEqual(writeOnly);
  });

  test('has its queues for good in the standard edition', async () => {
    const topics = topicAdmin(core);
    const change = { name: 'orders', kind: undefined, permission: undefined };
    core.mode.set({ edition: 'standard', readOnly: false });
    await expect(topics.update({ ...change, queues: 2 })).rejects.toMatchObject({
      code: 'FORBIDDEN',
      message: expect.stringContaining('orders has 1 queues for good'),
    });
    const permission = 'read-only';
    await topics.update({ ...change, queues: 1, permission });
    expect(core.topics.get('orders')).toMatchObject({ permission });
    core.mode.set({ edition: 'platinum', readOnly: false });
    expect(await topics.update({ ...change, queues: 2 })).toMatchObject({ queues: 2, permission });
  });
});

describe("a group's own waits", () => {
  test('are what push consumers are told, and what a nack without one waits', async () => {
    const backoffMs = [1500, 60_000];
    await core.groups.update('billing', { backoffMs, retryMaxTimes: 2 });
    const telemetry = client.telemetry();
    const settings = consumerSettings(client, ClientType.PUSH_CONSUMER, 'billing', 'orders');
    telemetry.write({ settings });
    const { backoffPolicy } = await telemetry.settings();
    expect(backoffPolicy?.maxAttempts).toBe(3);
    expect(backoffPolicy?.customizedBackoff?.next).toEqual([
      { seconds: 1, nanos: 500_000_000 },
      { seconds: 60, nanos: 0 },
    ]);
    await fill(1);
    for (const waitMs of backoffMs) {
      const [message] = messagesOf(await receive());
      const { status } = await client.unary('ChangeInvisibleDuration', {
        group: { name: 'billing' },
        topic: { name: 'orders' },
        receiptHandle: message?.systemProperties?.receiptHandle ?? '',
        invisibleDuration: { seconds: 0, nanos: 0 },
        messageId: 'M0',
      });
      expect(status?.code).toBe(Code.OK);
      await faulty.clock.advanceAsync(waitMs - 1);
      expect(messagesOf(await receive())).toHaveLength(0);
      await faulty.clock.advanceAsync(1);
    }
    expect(messagesOf(await receive())).toHaveLength(1);
    telemetry.end();
  });
});
