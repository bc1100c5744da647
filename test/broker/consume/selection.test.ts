import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { SqlFilter } from '#broker/consume/filter-sql';
import type { MessagePlace } from '#broker/consume/message-reader';
import { UNMETERED } from '#broker/consume/meter';
import type { Core } from '#broker/core';
import { DamageError } from '#broker/store/damage';
import type { Group } from '#broker/topic/groups';
import type { Topic } from '#broker/topic/topics';
import { CONSUME } from '#lib/limits';
import { Text } from '#proto/text';
import { PROPERTY } from '#proto/properties';
import { idOf, receive, send } from '#support/core';
import type { ReceiveOptions } from '#support/core';
import { FaultyCore } from '#support/faulty-core';
import { TestCall } from '#support/services';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const sql = 'size > 5';

describe('what an SQL filter does not want', () => {
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

  async function sendSizes(...sizes: string[]): Promise<void> {
    for (const size of sizes) await send(core, topic, { id: `M${size}`, properties: { size } });
  }

  /** Many at once, without waiting for each. */
  async function sendUnwanted(count: number): Promise<void> {
    let last = 0;
    for (let i = 0; i < count; i++) {
      const body = Buffer.from('x');
      const rest = { compressed: false, bornTimeMs: 0, bornHost: { ip: 0, port: 0 }, tagHash: 0 };
      const properties = ['size', '1'].map(Text.of);
      const message = { topic, queueId: 0, body, properties, lookupKeys: [], ...rest };
      last = core.producer.append(message).end;
    }
    await core.producer.whenStored(last);
  }

  async function ids(options: ReceiveOptions = {}): Promise<string[]> {
    return (await receive(core, group, topic, { sql, ...options })).map(idOf);
  }

  function progress() {
    return core.consumption.progress.get(group, topic, 0);
  }

  /** Another process, which has nothing in memory. */
  async function restart(): Promise<void> {
    await faulty.restart();
    core = faulty.core;
    topic = core.topics.get('orders');
    group = core.groups.get('billing');
  }

  test('costs no lease and no quota', async () => {
    await sendSizes('1', '6', '2', '7', 'x');
    let charged = 0;
    const chargeReceive = (): boolean => ++charged > 0;
    expect(await ids({ meter: { ...UNMETERED, chargeReceive } })).toEqual(['M6', 'M7']);
    expect(charged).toBe(2);
    expect([progress().next, progress().outstandingCount]).toEqual([5, 2]);
    expect([...progress().leases].map(({ offset }) => offset)).toEqual([1, 3]);
  });

  test('stays passed over after a restart', async () => {
    await sendSizes('1', '2');
    expect(await ids()).toEqual([]);
    await core.store.whenCommitted(core.store.end);
    await faulty.crash('dropped');
    const restored = faulty.core.consumption.progress.find(group.id, topic.id, 0);
    expect(restored?.committed).toBe(2);
  });

  test('is passed over also where the messages must be read from the disk', async () => {
    await sendSizes('1', '6', '2', '7');
    await restart();
    const { reader } = core.consumption;
    const read = reader.read.bind(reader);
    let reads = 0;
    reader.read = (...place) => {
      reads++;
      return read(...place);
    };
    expect(await ids({ batchSize: 1 })).toEqual(['M6']);
    expect(await ids()).toEqual(['M7']);
    expect([progress().next, reads]).toEqual([4, 4]);
  });

  test('two receivers that read from the disk at once get each message once', async () => {
    await sendSizes('1', '6', '2', '7', '8', '3');
    await restart();
    const both = await Promise.all([ids({ batchSize: 2 }), ids({ batchSize: 2 })]);
    expect(both.flat().sort()).toEqual(['M6', 'M7', 'M8']);
  });

  test.each(['in memory', 'on the disk'])('a damaged message %s stops nothing', async (where) => {
    await sendSizes('6', '7', '8');
    if (where === 'on the disk') await restart();
    const { reader } = core.consumption;
    const readNow = reader.readNow.bind(reader);
    const read = reader.read.bind(reader);
    const check = (offset: number, { position }: MessagePlace): void => {
      if (offset === 1) throw new DamageError('damaged', { file: 'f', position });
    };
    reader.readNow = (place, queue, offset) => {
      if (where === 'in memory') check(offset, place);
      return readNow(place, queue, offset);
    };
    reader.read = async (place, queue, offset) => {
      check(offset, place);
      return read(place, queue, offset);
    };
    expect(await ids()).toEqual(['M6', 'M8']);
    expect(core.traffic.damaged).toBe(1);
  });

  test('a lease that has run out is looked at once more', async () => {
    await sendSizes('6', '7');
    expect(await ids({ sql: 'TRUE' })).toEqual(['M6', 'M7']);
    faulty.clock.advance(30_000);
    expect(await ids({ sql: 'size > 6' })).toEqual(['M7']);
    expect(progress().outstandingCount).toBe(1);
  });

  test('is waited through: a long poll ends with the first that is wanted', async () => {
    const waiting = ids({ waitMs: 20_000 });
    await turn();
    await sendSizes('1', '2', '6');
    expect(await waiting).toEqual(['M6']);
  });

  test('lets other work run while it is looked through', async () => {
    const rounds = 4;
    await sendUnwanted(rounds * CONSUME.scanMessagesPerTurn);
    await sendSizes('6');
    let turns = 0;
    let done = false;
    const count = async (): Promise<void> => {
      for (; !done; turns++) await turn();
    };
    const counting = count();
    expect(await ids()).toEqual(['M6']);
    done = true;
    await counting;
    expect(turns).toBeGreaterThanOrEqual(rounds);
  });

  test('is looked through no longer than the receiver waits; the next one goes on', async () => {
    await sendUnwanted(4 * CONSUME.scanMessagesPerTurn);
    await sendSizes('6');
    const receiving = ids({ waitMs: 500 });
    faulty.clock.advance(CONSUME.scanMinMs);
    expect(await receiving).toEqual([]);
    const { next } = progress();
    expect(next).toBeGreaterThan(0);
    expect(next).toBeLessThan(2 * CONSUME.scanMessagesPerTurn);
    expect(await ids()).toEqual(['M6']);
  });

  test('is looked through for nobody once the receiver is gone', async () => {
    await sendUnwanted(4 * CONSUME.scanMessagesPerTurn);
    const receiver = new TestCall();
    const receiving = ids({ waitMs: 20_000, receiver });
    receiver.cancel();
    expect(await receiving).toEqual([]);
    expect(progress().next).toBeLessThan(2 * CONSUME.scanMessagesPerTurn);
  });

  test('is passed over by pull as well, and charged to nobody', async () => {
    await sendSizes('1', '6', '2', '7');
    let charged = 0;
    const chargeReceive = (): boolean => ++charged > 0;
    const meter = { ...UNMETERED, chargeReceive };
    const filter = SqlFilter.parse(sql);
    const request = { group, topic, queueId: 0, offset: 0, batchSize: 32, filter, meter };
    const { messages, nextOffset } = await core.consumption.pull.pull(request, 0, new TestCall());
    const found = messages.map(({ properties }) => properties.get(PROPERTY.messageId));
    expect([found, nextOffset, charged]).toEqual([['M6', 'M7'], 4, 2]);
  });
});
