import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { Core } from '#broker/core';
import { receiveMessage } from '#broker/grpc/receive-message';
import type { Services } from '#broker/grpc/services';
import { CONSUME, SESSION } from '#lib/limits';
import { Code } from '#proto/codes';
import { FilterType } from '#proto/types';
import type { ReceiveMessageRequestInput } from '#proto/types';
import { ack, send } from '#support/core';
import { FaultyCore } from '#support/faulty-core';
import { TestCall, TestOutgoing, encode, servicesOf } from '#support/services';

async function turns(count = 10): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}

const seconds = (count: number) => ({
  seconds: Math.trunc(count),
  nanos: Math.round((count % 1) * 1e9),
});

describe('ReceiveMessage', () => {
  let faulty: FaultyCore;
  let core: Core;
  let services: Services;

  beforeEach(async () => {
    faulty = await FaultyCore.open();
    core = faulty.core;
    services = servicesOf(core, faulty.clock);
    await core.topics.create('orders', 'normal', 2);
    await core.groups.create('billing');
  });

  afterEach(() => faulty.dispose());

  function requestOf(more: ReceiveMessageRequestInput = {}): Buffer {
    return encode('ReceiveMessageRequest', {
      group: { name: 'billing' },
      messageQueue: { topic: { name: 'orders' }, id: -1 },
      filterExpression: { type: FilterType.TAG, expression: '*' },
      batchSize: 16,
      invisibleDuration: seconds(30),
      longPollingTimeout: seconds(0),
      ...more,
    });
  }

  async function receive(more: ReceiveMessageRequestInput = {}, call = new TestCall()) {
    const out = new TestOutgoing();
    await receiveMessage.handle(requestOf(more), call, out, services);
    return out;
  }

  test('an ordered group shares all queues, but push consumers get the one they name', async () => {
    await core.groups.update('billing', { ordered: true });
    await sendMany(6);
    const messageQueue = { topic: { name: 'orders' }, id: 1 };
    const facts = { clientId: 'client', kind: 'push', group: 'billing', language: 'JAVA' } as const;
    core.sessions.register({ ...facts, version: '5', peer: '' }, { end: () => undefined });
    const received = async (): Promise<(number | undefined)[]> => {
      const { messages } = await receive({ messageQueue });
      return messages.map((each) => each.systemProperties?.queueId);
    };
    expect(await received()).toEqual([1, 1, 1]);
    core.sessions.terminate('client');
    expect(await received()).toEqual([0, 0, 0]);
  });

  test('an attempt id is as long as it may be', async () => {
    const { attemptIdBytesMax } = CONSUME;
    await receive({ attemptId: 'a'.repeat(attemptIdBytesMax) });
    const longer = receive({ attemptId: 'a'.repeat(attemptIdBytesMax + 1) });
    await expect(longer).rejects.toMatchObject({ code: 'BAD_REQUEST' });
  });

  async function sendMany(count: number): Promise<void> {
    const topic = core.topics.get('orders');
    for (let i = 0; i < count; i++) await send(core, topic, { id: `M${i}`, queueId: i % 2 });
  }

  test('is status, messages, delivery timestamp; empty it is MESSAGE_NOT_FOUND', async () => {
    const empty = await receive();
    expect(empty.responses.map(({ content }) => content)).toEqual(['status', 'deliveryTimestamp']);
    expect(empty.code).toBe(Code.MESSAGE_NOT_FOUND);
    await sendMany(2);
    const full = await receive();
    const contents = full.responses.map(({ content }) => content);
    expect(contents).toEqual(['status', 'message', 'message', 'deliveryTimestamp']);
    expect(full.code).toBe(Code.OK);
  });

  test('a delivered message has what an ack needs, and the facts of its delivery', async () => {
    await sendMany(1);
    const [message] = (await receive()).messages;
    expect(message?.systemProperties).toMatchObject({
      messageId: 'M0',
      deliveryAttempt: 1,
      invisibleDuration: { seconds: 30, nanos: 0 },
      queueId: 0,
      queueOffset: 0,
    });
    const handle = message?.systemProperties?.receiptHandle ?? '';
    await ack(core, core.groups.get('billing'), handle);
  });

  test.each([0, 1, CONSUME.receiveBatchMax, CONSUME.receiveBatchMax + 1, 1000, -5])(
    'a batch of %i is capped, never refused',
    async (batchSize) => {
      await sendMany(CONSUME.receiveBatchMax + 8);
      const { messages } = await receive({ batchSize });
      const expected = Math.min(Math.max(1, batchSize), CONSUME.receiveBatchMax);
      expect(messages).toHaveLength(expected);
    },
  );

  test.each([
    [CONSUME.invisibleMinMs, true],
    [CONSUME.invisibleMinMs - 1, false],
    [CONSUME.invisibleMaxMs, true],
    [CONSUME.invisibleMaxMs + 1, false],
    [0, false],
    [-1000, false],
  ])('an invisible time of %i ms: %s', async (ms, allowed) => {
    const received = receive({ invisibleDuration: seconds(ms / 1000) });
    if (allowed) return expect((await received).code).toBe(Code.MESSAGE_NOT_FOUND);
    await expect(received).rejects.toMatchObject({
      code: 'ILLEGAL_INVISIBLE_TIME',
      message: expect.stringContaining(`10000 to 43200000 ms is allowed, not ${ms}`),
    });
  });

  test('no invisible time is needed where the server renews', async () => {
    await sendMany(1);
    const { messages } = await receive({ autoRenew: true, invisibleDuration: undefined! });
    expect(messages[0]?.systemProperties?.invisibleDuration?.seconds).toBe(60);
  });

  /** How long a receive with nothing to get really waits, on the manual clock. */
  async function waited(wantedMs: number | undefined, remainingMs: number): Promise<number> {
    const { clock } = faulty;
    const startMs = clock.nowMs();
    const call = new TestCall({ deadlineMs: startMs + remainingMs });
    const wanted = wantedMs === undefined ? {} : { longPollingTimeout: seconds(wantedMs / 1000) };
    const request = { ...wanted } as ReceiveMessageRequestInput;
    if (wantedMs === undefined) request.longPollingTimeout = undefined!;
    let done = false;
    const receiving = receive(request, call).finally(() => (done = true));
    receiving.catch(() => undefined);
    await turns();
    while (!done) {
      clock.advance(100);
      await turns(2);
    }
    await receiving;
    return clock.nowMs() - startMs;
  }

  test.each([
    // wanted, left of the deadline, waited
    [6000, 30_000, 6000],
    [0, 30_000, 0],
    [60_000, 100_000, CONSUME.pollingMaxMs],
    [60_000, Infinity, CONSUME.pollingMaxMs],
    [undefined, Infinity, CONSUME.pollingMaxMs],
    [undefined, 10_000, 10_000 - SESSION.requestTimeoutMs / 2],
    [10_000, 10_000, 10_000 - CONSUME.pollingMarginMs],
    [20_000, 10_000, 10_000 - CONSUME.pollingMarginMs],
    [4000, 4000, 4000 - CONSUME.pollingMarginMs],
  ])('wants %p ms with %p ms left: waits %i ms', async (wanted, left, expected) => {
    expect(await waited(wanted, left)).toBe(expected);
  });

  test('a wait that does not fit before a near deadline is ILLEGAL_POLLING_TIME', async () => {
    await expect(waited(4001, 4000)).rejects.toMatchObject({
      code: 'ILLEGAL_POLLING_TIME',
      message: expect.stringMatching(/4001 ms .* 4000 ms/),
    });
  });

  test.each([
    ['bad SQL', { filterExpression: { type: 2, expression: 'a >' } }, 'ILLEGAL_FILTER'],
    ['a bad filter', { filterExpression: { type: 1, expression: 'a|b' } }, 'ILLEGAL_FILTER'],
    ['a queue too many', { messageQueue: { topic: { name: 'orders' }, id: 2 } }, 'BAD_REQUEST'],
    ['queue -2', { messageQueue: { topic: { name: 'orders' }, id: -2 } }, 'BAD_REQUEST'],
    ['no such topic', { messageQueue: { topic: { name: 'bills' }, id: 0 } }, 'TOPIC_NOT_FOUND'],
    ['no topic', { messageQueue: undefined! }, 'ILLEGAL_TOPIC'],
    ['no such group', { group: { name: 'other' } }, 'CONSUMER_GROUP_NOT_FOUND'],
    ['a bad group', { group: { name: 'a b' } }, 'ILLEGAL_CONSUMER_GROUP'],
  ])('%s is refused', async (_what, more, code) => {
    await expect(receive(more)).rejects.toMatchObject({ code: expect.stringContaining(code) });
  });

  test('an SQL filter lets through what it is true for', async () => {
    const topic = core.topics.get('orders');
    for (const size of ['9', '10', '11']) {
      await send(core, topic, { id: size, properties: { size } });
    }
    const filterExpression = { type: FilterType.SQL, expression: 'size >= 10' };
    const { messages } = await receive({ filterExpression });
    expect(messages.map(({ userProperties }) => userProperties)).toEqual([
      { size: '10' },
      { size: '11' },
    ]);
  });

  test('a slow reader gets every message, and no more are written than it reads', async () => {
    await sendMany(8);
    const out = new TestOutgoing();
    out.room = 3;
    const receiving = receiveMessage.handle(requestOf(), new TestCall(), out, services);
    await turns();
    expect(out.written.length).toBe(3); // the status, and what made it full
    for (let room = 4; room <= 9; room++) {
      out.drain(room);
      await turns();
      expect(out.written.length).toBe(room);
    }
    out.drain();
    await receiving;
    const ids = out.messages.map(({ systemProperties }) => systemProperties?.messageId);
    expect(ids.sort()).toEqual(Array.from({ length: 8 }, (_, i) => `M${i}`));
  });

  test('what a slow reader did not get is free when it leaves, and not counted', async () => {
    await sendMany(4);
    const out = new TestOutgoing();
    out.room = 3;
    const call = new TestCall();
    const receiving = receiveMessage.handle(requestOf(), call, out, services);
    await turns();
    call.cancel();
    out.drain();
    await receiving;
    const got = out.messages.map(({ systemProperties }) => systemProperties?.messageId);
    expect(got).toHaveLength(2);
    const { messages } = await receive();
    const rest = messages.map(({ systemProperties }) => systemProperties);
    expect(rest.map((system) => system?.deliveryAttempt)).toEqual([1, 1]);
    expect([...got, ...rest.map((system) => system?.messageId)].sort()).toEqual([
      'M0',
      'M1',
      'M2',
      'M3',
    ]);
  });

  test('a failure is a status and a delivery timestamp', () => {
    const out = new TestOutgoing();
    for (const bytes of receiveMessage.failure({ code: 1, message: 'why' })) out.write(bytes);
    expect(out.responses.map(({ content }) => content)).toEqual(['status', 'deliveryTimestamp']);
  });
});
