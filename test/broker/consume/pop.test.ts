import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { ANY_QUEUE } from '#broker/consume/polls';
import { UNMETERED } from '#broker/consume/meter';
import { TagFilter } from '#broker/consume/filter-tag';
import type { Delivery } from '#broker/consume/pop';
import type { Core } from '#broker/core';
import type { Group } from '#broker/topic/groups';
import type { Topic } from '#broker/topic/topics';
import { CONSUME, STORE } from '#lib/limits';
import { tagHash } from '#proto/properties';
import { Text } from '#proto/text';
import { ack, handleOf, idOf, receive, send } from '#support/core';
import { FaultyCore } from '#support/faulty-core';
import { TestCall } from '#support/services';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('pop', () => {
  let faulty: FaultyCore;
  let core: Core;
  let topic: Topic;
  let group: Group;

  beforeEach(async () => {
    faulty = await FaultyCore.open();
    core = faulty.core;
    topic = await core.topics.create('orders', 'normal', 1);
    group = await core.groups.create('billing');
  });

  afterEach(() => faulty.dispose());

  /** Many at once, without waiting for each. */
  async function sendMany(count: number, tag: string): Promise<void> {
    let last = 0;
    for (let i = 0; i < count; i++) {
      const body = Buffer.from('x');
      const rest = { compressed: false, bornTimeMs: 0, bornHost: { ip: 0, port: 0 } };
      const properties = ['UNIQ_KEY', `M${i}`, 'TAGS', tag].map(Text.of);
      const message = { topic, queueId: 0, body, properties, lookupKeys: [], ...rest };
      last = core.producer.append({ ...message, tagHash: tagHash(tag) }).end;
    }
    await core.producer.whenStored(last);
  }

  function request(filter = '*', batchSize = 32) {
    const rest = { batchSize, invisibleMs: 30_000, renewFor: undefined };
    const meter = UNMETERED;
    return { group, topic, queueId: ANY_QUEUE, filter: TagFilter.parse(filter), meter, ...rest };
  }

  function progress() {
    return core.consumption.progress.get(group, topic, 0);
  }

  test('looking through many messages that nobody wants lets other work run', async () => {
    const rounds = 4;
    await sendMany(rounds * CONSUME.scanEntriesPerTurn, 'x');
    await send(core, topic, { id: 'wanted', tag: 'a' });
    let turns = 0;
    let done = false;
    const count = async (): Promise<void> => {
      for (; !done; turns++) await turn();
    };
    const counting = count();
    const deliveries = await receive(core, group, topic, { filter: 'a' });
    done = true;
    await counting;
    expect(deliveries.map(idOf)).toEqual(['wanted']);
    expect(turns).toBeGreaterThanOrEqual(rounds);
  });

  test('what was passed over stays passed over after a restart', async () => {
    for (const id of ['A', 'B']) await send(core, topic, { id, tag: 'x' });
    expect(await receive(core, group, topic, { filter: 'a' })).toEqual([]);
    expect(progress().committed).toBe(2);
    await core.store.whenCommitted(core.store.end);
    await faulty.crash('dropped');
    const restored = faulty.core.consumption.progress.find(group.id, topic.id, 0);
    expect(restored?.committed).toBe(2);
  });

  test('messages whose tag only has the right hash hide none behind them', async () => {
    for (let i = 0; i < 3; i++) await send(core, topic, { id: `other-${i}`, tag: 'BB' });
    await send(core, topic, { id: 'wanted', tag: 'Aa' });
    const deliveries = await receive(core, group, topic, { filter: 'Aa', batchSize: 1 });
    expect(deliveries.map(idOf)).toEqual(['wanted']);
    expect([progress().outstandingCount, progress().committed]).toEqual([1, 3]);
  });

  test('gives back what a receiver that is gone did not get, and does not count it', async () => {
    await send(core, topic, { id: 'A' });
    const receiver = new TestCall();
    receiver.cancel();
    expect(await core.consumption.pop.receive(request(), 20_000, receiver)).toEqual([]);
    const [again] = await receive(core, group, topic);
    expect([idOf(again!), again?.lease.attempt]).toEqual(['A', 1]);
    expect(core.consumption.polls.count).toBe(0);
  });

  test('what is given back goes to the next that waits', async () => {
    await send(core, topic, { id: 'A' });
    const [first] = await receive(core, group, topic);
    const waiting = receive(core, group, topic, { waitMs: 20_000 });
    await turn();
    const stale = handleOf(core, first!);
    core.consumption.pop.giveBack([first as Delivery]);
    const [second] = await waiting;
    expect([idOf(second!), second?.lease.attempt]).toEqual(['A', 1]);
    await expect(ack(core, group, stale)).rejects.toMatchObject({ code: 'INVALID_RECEIPT_HANDLE' });
    await ack(core, group, handleOf(core, second!));
  });

  test('a receiver that cancels while it waits gets nothing and holds nothing', async () => {
    const receiver = new TestCall();
    const waiting = core.consumption.pop.receive(request(), 20_000, receiver);
    await turn();
    expect(core.consumption.polls.count).toBe(1);
    receiver.cancel();
    expect(await waiting).toEqual([]);
    expect(core.consumption.polls.count).toBe(0);
    await send(core, topic, { id: 'A' });
    expect((await receive(core, group, topic)).map(idOf)).toEqual(['A']);
  });

  test('waits as long as it is told, and not longer', async () => {
    const waiting = receive(core, group, topic, { waitMs: 5000 });
    await turn();
    faulty.clock.advance(4999);
    await turn();
    expect(core.consumption.polls.count).toBe(1);
    faulty.clock.advance(1);
    expect(await waiting).toEqual([]);
    expect(core.consumption.polls.count).toBe(0);
  });

  test('a failure while it waits reaches the receiver', async () => {
    const waiting = receive(core, group, topic, { waitMs: 20_000 });
    await turn();
    core.consumption.progress.get = () => {
      throw new Error('a fault');
    };
    core.consumption.polls.wake(topic.id, 0);
    await expect(waiting).rejects.toThrow('a fault');
    expect(core.consumption.polls.count).toBe(0);
  });

  test(`has at most ${CONSUME.outstandingPerQueueMax} out; an ack makes room`, async () => {
    for (const id of ['A', 'B']) await send(core, topic, { id });
    const deadlineMs = faulty.clock.nowMs() + CONSUME.invisibleMaxMs;
    for (let i = 1; i < CONSUME.outstandingPerQueueMax; i++) {
      progress().grant({ offset: 1_000_000 + i, deadlineMs, attempt: 1, sequence: 1 });
    }
    const [first, ...rest] = await receive(core, group, topic);
    expect([idOf(first!), rest.length]).toEqual(['A', 0]);
    const waiting = receive(core, group, topic, { waitMs: 20_000 });
    await turn();
    expect(core.consumption.polls.count).toBe(1);
    await ack(core, group, handleOf(core, first!));
    expect((await waiting).map(idOf)).toEqual(['B']);
  });

  test('goes on while the disk is full', async () => {
    for (const id of ['A', 'B', 'C']) await send(core, topic, { id, tag: id });
    await receive(core, group, topic, { batchSize: 1 });
    faulty.files.fail({ operation: 'write', nth: 0, code: 'ENOSPC', times: 1000 });
    await expect(send(core, topic, { id: 'D' })).rejects.toMatchObject({ code: 'DISK_FULL' });
    topic.queues[0]?.raiseMin(1); // retention has made what room it could
    faulty.clock.advance(30_000);
    expect((await receive(core, group, topic)).map(idOf)).toEqual(['B', 'C']);
    expect(progress().committed).toBe(1);
  });

  test('goes on while the log takes no more, and renews its leases', async () => {
    const facts = { clientId: 'client', kind: 'push', group: 'billing', language: 'JAVA' } as const;
    core.sessions.register({ ...facts, version: '5', peer: '' }, { end: () => undefined });
    for (const id of ['A', 'B']) await send(core, topic, { id });
    const renewing = { ...request('*', 1), renewFor: 'client', invisibleMs: 60_000 };
    await core.consumption.pop.receive(renewing, 0, new TestCall());
    const release = faulty.files.hold('write');
    const body = Buffer.alloc(4 * 1024 * 1024);
    const rest = { compressed: false, bornTimeMs: 0, bornHost: { ip: 0, port: 0 } };
    const large = { topic, queueId: 0, body, properties: [], lookupKeys: [], tagHash: 0, ...rest };
    const fill = (): void => {
      for (let i = 0; i <= STORE.pendingBytesMax / body.length; i++) core.producer.append(large);
    };
    expect(fill).toThrow(expect.objectContaining({ code: 'TOO_MANY_REQUESTS' }));
    faulty.clock.advance(30_000);
    core.sessions.heartbeat('client');
    faulty.clock.advance(30_000); // the renewal must not throw in its timer
    expect(progress().lease(0)?.deadlineMs).toBe(faulty.clock.nowMs() + 60_000);
    expect((await receive(core, group, topic, { batchSize: 1 })).map(idOf)).toEqual(['B']);
    release();
  });

  test('takes the queues of a topic in turn', async () => {
    const wide = await core.topics.create('wide', 'normal', 4);
    for (let i = 0; i < 8; i++) await send(core, wide, { id: `M${i}`, queueId: i % 4 });
    const queues: number[] = [];
    for (let i = 0; i < 4; i++) {
      const [delivery] = await receive(core, group, wide, { batchSize: 1 });
      queues.push(delivery?.message.queueId ?? -1);
    }
    expect(queues.sort()).toEqual([0, 1, 2, 3]);
    const one = await receive(core, group, wide, { queueId: 2 });
    expect(one.map(({ message }) => message.queueId)).toEqual([2]);
  });
});
