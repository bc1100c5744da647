import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { UNMETERED } from '#broker/consume/meter';
import { TagFilter } from '#broker/consume/filter-tag';
import type { Pulled } from '#broker/consume/pull';
import type { Core } from '#broker/core';
import type { Group } from '#broker/topic/groups';
import type { Topic } from '#broker/topic/topics';
import { PROPERTY } from '#proto/properties';
import { ack, handleOf, receive, send } from '#support/core';
import { FaultyCore } from '#support/faulty-core';
import { TestCall } from '#support/services';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function ids({ messages }: Pulled): (string | undefined)[] {
  return messages.map(({ properties }) => properties.get(PROPERTY.messageId));
}

describe('pull', () => {
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

  function pull(
    offset: number,
    { filter = '*', batchSize = 32, waitMs = 0, meter = UNMETERED } = {},
  ) {
    const request = { group, topic, queueId: 0, offset, batchSize, meter };
    const parsed = { ...request, filter: TagFilter.parse(filter) };
    return core.consumption.pull.pull(parsed, waitMs, new TestCall());
  }

  test('reads on from where it was told, again and again the same', async () => {
    for (const id of ['A', 'B', 'C']) await send(core, topic, { id });
    const first = await pull(0, { batchSize: 2 });
    expect([ids(first), first.nextOffset]).toEqual([['A', 'B'], 2]);
    expect(ids(await pull(0, { batchSize: 2 }))).toEqual(['A', 'B']);
    const rest = await pull(2);
    expect([ids(rest), rest.nextOffset]).toEqual([['C'], 3]);
  });

  test('passes over what the filter does not want', async () => {
    for (const [id, tag] of [
      ['A', 'Aa'],
      ['B', 'BB'],
      ['C', 'Aa'],
      ['D', 'x'],
    ] as const) {
      await send(core, topic, { id, tag });
    }
    const pulled = await pull(0, { filter: 'Aa' });
    expect([ids(pulled), pulled.nextOffset]).toEqual([['A', 'C'], 4]);
  });

  test('waits for the first message behind the end', async () => {
    const waiting = pull(0, { waitMs: 20_000 });
    await turn();
    expect(core.consumption.polls.count).toBe(1);
    await send(core, topic, { id: 'A' });
    expect(ids(await waiting)).toEqual(['A']);
    expect(core.consumption.polls.count).toBe(0);
  });

  test('waits no longer than it was told', async () => {
    const waiting = pull(0, { waitMs: 5000 });
    await turn();
    faulty.clock.advance(5000);
    expect(await waiting).toEqual({ messages: [], nextOffset: 0 });
  });

  test('all that wait at the same offset get the message', async () => {
    const waiting = [pull(0, { waitMs: 20_000 }), pull(0, { waitMs: 20_000 })];
    await turn();
    await send(core, topic, { id: 'A' });
    for (const pulled of await Promise.all(waiting)) expect(ids(pulled)).toEqual(['A']);
  });

  test.each([-1, 3])('offset %i of a queue with two messages is ILLEGAL_OFFSET', async (offset) => {
    for (const id of ['A', 'B']) await send(core, topic, { id });
    await expect(pull(offset)).rejects.toMatchObject({
      code: 'ILLEGAL_OFFSET',
      message: expect.stringContaining('0 to 2'),
    });
  });

  test('a queue that the topic does not have is BAD_REQUEST', () => {
    for (const queueId of [-1, 1, 1.5, Number.NaN]) {
      expect(() => core.consumption.pull.queue(topic, queueId)).toThrow(
        expect.objectContaining({ code: 'BAD_REQUEST' }),
      );
    }
  });

  test('never reads what is not yet on the disk', async () => {
    await send(core, topic, { id: 'A' });
    const release = faulty.files.hold('sync');
    const sending = send(core, topic, { id: 'B' });
    await turn();
    expect(ids(await pull(0))).toEqual(['A']);
    await expect(pull(2)).rejects.toMatchObject({ code: 'ILLEGAL_OFFSET' });
    release();
    await sending;
    expect(ids(await pull(0))).toEqual(['A', 'B']);
  });

  describe('committed offsets', () => {
    const commit = async (offset: number): Promise<void> => {
      await core.producer.whenStored(core.consumption.pull.commitOffset(group, topic, 0, offset));
    };

    const committed = (): number => core.consumption.pull.committedOffset(group, topic, 0);

    beforeEach(async () => {
      for (const id of ['A', 'B', 'C']) await send(core, topic, { id });
    });

    test('are not there before the first', () => {
      expect(committed).toThrow(expect.objectContaining({ code: 'OFFSET_NOT_FOUND' }));
    });

    test('go forward, never back, never beyond the end', async () => {
      await commit(2);
      expect(committed()).toBe(2);
      await commit(2);
      for (const offset of [1, -1, 4]) {
        await expect(commit(offset)).rejects.toMatchObject({ code: 'ILLEGAL_OFFSET' });
      }
      expect(committed()).toBe(2);
    });

    test('survive a crash', async () => {
      await commit(2);
      await faulty.crash('dropped');
      const { pull: restored } = faulty.core.consumption;
      const { groups, topics } = faulty.core;
      expect(restored.committedOffset(groups.get('billing'), topics.get('orders'), 0)).toBe(2);
    });

    test('end the leases below, and leave those above', async () => {
      const [first, second] = await receive(core, group, topic, { batchSize: 2 });
      await commit(1);
      await ack(core, group, handleOf(core, first!)); // done already
      expect(committed()).toBe(1);
      await ack(core, group, handleOf(core, second!));
      expect(committed()).toBe(2);
    });
  });

  test('an offset by time is that of the first message stored then or later', async () => {
    const startMs = faulty.clock.nowMs();
    for (const id of ['A', 'B', 'C']) {
      await send(core, topic, { id });
      faulty.clock.advance(1000);
    }
    const at = (timeMs: number): Promise<number> =>
      core.consumption.pull.queryOffset(topic, 0, { at: 'time', timeMs });
    const times = [-1, 0, 1, 1000, 1001, 2000, 2001];
    const offsets = await Promise.all(times.map((ms) => at(startMs + ms)));
    expect(offsets).toEqual([0, 0, 1, 1, 2, 2, 3]);
    expect(await core.consumption.pull.queryOffset(topic, 0, { at: 'beginning' })).toBe(0);
    expect(await core.consumption.pull.queryOffset(topic, 0, { at: 'end' })).toBe(3);
  });
});
