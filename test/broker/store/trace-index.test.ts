import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { Group } from '#broker/topic/groups';
import type { Topic } from '#broker/topic/topics';
import { messageTrace } from '#broker/core-admin/trace';
import { receive, send } from '#support/core';
import { FaultyCore } from '#support/faulty-core';

const HOUR = 3_600_000;
const BUCKET = 1024;
const alice = { clientId: 'alice@1', peer: '10.0.0.1:4000', language: 'JAVA' };

describe('what is known of messages', () => {
  let faulty: FaultyCore;
  let topic: Topic;
  let group: Group;

  beforeEach(async () => {
    const retentionMs = 3 * HOUR;
    faulty = await FaultyCore.open({ segmentBytes: 100_000, retentionMs });
    topic = await faulty.core.topics.create('orders', 'normal', 1);
    group = await faulty.core.groups.create('billing');
  });

  afterEach(() => faulty.dispose());

  function traces() {
    return faulty.core.store.queues.traces;
  }

  function place() {
    return { topicId: topic.id, queueId: 0 };
  }

  async function sendMany(count: number): Promise<void> {
    const sent: Promise<unknown>[] = [];
    for (let i = 0; i < count; i++) sent.push(send(faulty.core, topic, { id: `M${i}` }));
    await Promise.all(sent);
  }

  async function receiveAll(): Promise<void> {
    const options = { caller: alice, batchSize: 32, invisibleMs: 60_000 };
    while ((await receive(faulty.core, group, topic, options)).length > 0) continue;
  }

  async function retain(): Promise<void> {
    const { store } = faulty.core;
    await store.materialize();
    await store.retain(); // one that the clock has begun
    await store.retain();
  }

  /** Of group billing's leases in the log, those that are found by a message. */
  async function found(offset: number): Promise<number> {
    return (await traces().find(place(), offset, 100)).length;
  }

  test('is found by each message, and by no other, over the bounds of buckets', async () => {
    await sendMany(BUCKET + 40);
    await receiveAll();
    for (const state of ['in memory', 'in the index'] as const) {
      if (state === 'in the index') await faulty.core.store.materialize();
      for (const offset of [0, 31, 32, BUCKET - 1, BUCKET, BUCKET + 39]) {
        expect([state, offset, await found(offset)]).toEqual([state, offset, 1]);
      }
      expect(await found(BUCKET + 40)).toBe(0);
      expect(await traces().find({ topicId: topic.id, queueId: 1 }, 0, 9)).toEqual([]);
    }
  });

  test('stays as long as the messages, and goes with them', async () => {
    await sendMany(BUCKET);
    await receiveAll();
    faulty.core.consumption.pull.commitOffset(group, topic, 0, 10, alice);
    faulty.clock.advance(2 * HOUR);
    await sendMany(BUCKET);
    await receiveAll();
    faulty.core.consumption.pull.commitOffset(group, topic, 0, BUCKET + 10, alice);
    await faulty.core.store.whenCommitted(faulty.core.store.end);
    faulty.clock.advance(2 * HOUR);
    await retain();
    const first = topic.queues[0]?.minOffset ?? 0;
    expect(first).toBeGreaterThan(BUCKET / 2);
    expect(first).toBeLessThan(BUCKET + BUCKET / 2);
    const kept = BUCKET + 20;
    expect(await traces().findCommits(place(), 5, 10)).toEqual([]);
    expect(await traces().findCommits(place(), kept - 11, 10)).toMatchObject([{ from: 10 }]);
    const message = { queue: 0, offset: kept };
    const { events } = await messageTrace(faulty.core, faulty.clock, { topic: 'orders', message });
    expect(events[2]).toMatchObject({ kind: 'handed-out', by: { clientId: 'alice@1' } });
    faulty.clock.advance(2 * HOUR);
    await retain();
    faulty.clock.advance(2 * HOUR);
    await retain();
    expect(topic.queues[0]?.minOffset).toBe(2 * BUCKET);
    for (const offset of [0, BUCKET - 1, kept])
      expect([offset, await found(offset)]).toEqual([offset, 0]);
    expect(await traces().findCommits(place(), kept - 11, 10)).toEqual([]);
    const gone = messageTrace(faulty.core, faulty.clock, {
      topic: undefined,
      message: { id: 'M5' },
    });
    await expect(gone).rejects.toMatchObject({ code: 'MESSAGE_NOT_FOUND' });
  });

  test('goes with its topic', async () => {
    await sendMany(3);
    await receiveAll();
    faulty.core.consumption.pull.commitOffset(group, topic, 0, 2, alice);
    await faulty.core.store.materialize();
    expect(await found(0)).toBe(1);
    await faulty.core.topics.delete('orders');
    expect(await found(0)).toBe(0);
    expect(await traces().findCommits(place(), 0, 10)).toEqual([]);
  });

  test('records far apart, many of them, and commits that follow on one another', async () => {
    const index = traces();
    const at = place();
    const far = 2 ** 28;
    for (let i = 0; i < 700; i++) {
      index.add(at, 7, 1000 + i * far);
      if (i % 2 === 0) await faulty.core.store.materialize();
      if (i % 2 === 0) await send(faulty.core, topic, { id: `M${i}` });
    }
    const positions = await index.find(at, 7, 10_000);
    expect(positions).toEqual(Array.from({ length: 700 }, (_, i) => 1000 + i * far));
    expect(await index.find(at, 7, 5)).toEqual(positions.slice(0, 5));
    for (const [i, to] of [3, 8, 20].entries()) {
      index.addCommit(at, { groupId: 5, from: [0, 3, 8][i] ?? 0, to, position: 100 + i });
      index.addCommit({ ...at }, { groupId: 6, from: 0, to, position: 200 + i });
    }
    for (const state of ['in memory', 'in the index']) {
      if (state === 'in the index') {
        await send(faulty.core, topic, { id: 'last' });
        await faulty.core.store.materialize();
      }
      const commits = await index.findCommits(at, 4, 10);
      expect(commits).toEqual([
        { groupId: 5, from: 3, to: 8, position: 101 },
        { groupId: 6, from: 0, to: 8, position: 201 },
        { groupId: 6, from: 0, to: 20, position: 202 },
      ]);
      expect(await index.findCommits(at, 4, 1)).toHaveLength(1);
      expect(await index.findCommits(at, 20, 10)).toEqual([]);
    }
  });
});
