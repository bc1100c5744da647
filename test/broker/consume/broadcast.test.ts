import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { Core } from '#broker/core';
import { groupAdmin } from '#broker/core-admin/groups';
import { resetOffsets } from '#broker/core-admin/reset';
import type { Group } from '#broker/topic/groups';
import type { Topic } from '#broker/topic/topics';
import { BROADCAST, NAME } from '#lib/limits';
import { send } from '#support/core';
import { FaultyCore } from '#support/faulty-core';

const HOUR_MS = 3_600_000;
const RETENTION_MS = 3 * HOUR_MS;
const SEGMENT_BYTES = 16 * 1024;
const NOT_FOUND = expect.objectContaining({ code: 'OFFSET_NOT_FOUND' });

let faulty: FaultyCore;
let core: Core;
let topic: Topic;
let group: Group;

beforeEach(async () => {
  faulty = await FaultyCore.open({ retentionMs: RETENTION_MS, segmentBytes: SEGMENT_BYTES });
  await faulty.core.topics.create('prices', 'normal', 2);
  await faulty.core.groups.create('caches', { broadcast: true });
  look();
  await fill(4);
});

afterEach(() => faulty.dispose());

/** What there is after a start. */
function look(): void {
  core = faulty.core;
  topic = core.topics.get('prices');
  group = core.groups.get('caches');
}

async function fill(count: number, bytes = 10): Promise<void> {
  for (let i = 0; i < count; i++) {
    const id = `M${core.store.end}`;
    await send(core, topic, { id, queueId: i % 2, body: Buffer.alloc(bytes, id) });
  }
}

async function store(member: string, queueId: number, offset: number): Promise<void> {
  const end = core.consumption.broadcast.storeOffset(group, member, topic, queueId, offset);
  await core.producer.whenStored(end);
}

function offsetOf(member: string, queueId: number): number {
  return core.consumption.broadcast.offsetOf(group, member, topic, queueId);
}

/** So much that new segments begin, which carry what is known. */
async function rollOn(): Promise<void> {
  await fill(8, SEGMENT_BYTES / 4);
  await core.store.retain();
}

describe('positions of members', () => {
  test("are each member's own", async () => {
    await store('a', 0, 2);
    await store('b', 0, 1);
    await store('a', 1, 1);
    expect([offsetOf('a', 0), offsetOf('a', 1), offsetOf('b', 0)]).toEqual([2, 1, 1]);
    expect(() => offsetOf('b', 1)).toThrow(NOT_FOUND);
    expect(() => offsetOf('c', 0)).toThrow(NOT_FOUND);
  });

  test('never go back, nor beyond the end, and may be said again', async () => {
    await store('a', 0, 1);
    await store('a', 0, 1);
    for (const offset of [0, 3]) {
      await expect(store('a', 0, offset)).rejects.toMatchObject({
        code: 'ILLEGAL_OFFSET',
        message: expect.stringContaining('from 1, that of this member, to 2'),
      });
    }
    await expect(store('a', 2, 0)).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    expect(offsetOf('a', 0)).toBe(1);
  });

  test.each(['left', 'lost'] as const)('are kept over a crash, index %s', async (index) => {
    await store('a', 0, 1);
    await core.store.materialize();
    await store('a', 0, 2);
    await store('é%b', 1, 1);
    await faulty.crash('dropped', index);
    look();
    expect([offsetOf('a', 0), offsetOf('é%b', 1)]).toEqual([2, 1]);
    await faulty.restart();
    look();
    expect([offsetOf('a', 0), offsetOf('é%b', 1)]).toEqual([2, 1]);
  });

  test('are carried on when the segments that had them go', async () => {
    await store('a', 0, 2);
    const before = core.store.status.start;
    for (let hour = 0; hour < 5; hour++) {
      faulty.clock.advance(HOUR_MS);
      core.consumption.broadcast.members.seen(group.id, 'a');
      await rollOn();
    }
    expect(core.store.status.start).toBeGreaterThan(before);
    const { minOffset = 0 } = topic.queues[0] ?? {};
    expect(minOffset).toBeGreaterThan(2);
    for (const index of ['left', 'lost'] as const) {
      await faulty.crash('dropped', index);
      look();
      expect(offsetOf('a', 0)).toBe(minOffset); // what was before is gone: it goes on there
    }
  });

  test('are dropped once a member was away for as long as messages are kept', async () => {
    await store('gone', 0, 2);
    await store('there', 0, 2);
    for (let hour = 0; hour < 5; hour++) {
      faulty.clock.advance(HOUR_MS);
      core.consumption.broadcast.members.seen(group.id, 'there');
      await rollOn();
    }
    expect(() => offsetOf('gone', 0)).toThrow(NOT_FOUND);
    expect(core.consumption.broadcast.members.positions).toBe(1);
    for (const index of ['left', 'lost'] as const) {
      await faulty.restart(index);
      look();
      expect([...core.consumption.broadcast.members.of(group.id)].map(({ id }) => id)).toEqual([
        'there',
      ]);
    }
  });

  test('go with their topic and with their group', async () => {
    await store('a', 0, 2);
    await core.topics.delete('prices');
    await core.topics.create('prices', 'normal', 2);
    expect(core.consumption.broadcast.members.positions).toBe(0);
    look();
    expect(() => offsetOf('a', 0)).toThrow(NOT_FOUND);
    await store('a', 0, 0);
    await core.groups.delete('caches');
    await core.groups.create('caches', { broadcast: true });
    for (const index of ['left', 'lost'] as const) {
      await faulty.crash('dropped', index);
      look();
      expect(core.consumption.broadcast.members.positions).toBe(0);
      expect(() => offsetOf('a', 0)).toThrow(NOT_FOUND);
    }
  });
});

describe('limits', () => {
  test('a group has so many members, until some were away for too long', async () => {
    for (let i = 0; i < BROADCAST.membersMax; i++) {
      core.consumption.broadcast.storeOffset(group, `m${i}`, topic, 0, 0);
    }
    const refusal = {
      code: 'FORBIDDEN',
      message: expect.stringContaining(`${BROADCAST.membersMax} members of caches`),
    };
    await expect(store('more', 0, 0)).rejects.toMatchObject(refusal);
    await store('m0', 1, 1); // one that is known already
    faulty.clock.advance(RETENTION_MS + 1);
    await store('more', 0, 0);
    expect([...core.consumption.broadcast.members.of(group.id)]).toHaveLength(1);
  });

  test('a client id has so many bytes', async () => {
    const id = 'é'.repeat((NAME.clientIdBytesMax + 1) / 2);
    await expect(store(id, 0, 0)).rejects.toMatchObject({ code: 'INVALID_CLIENT_PROPERTIES' });
    await store(id.slice(1), 0, 0);
  });
});

describe('a broadcast group', () => {
  test('is not reset: members have places of their own', async () => {
    await store('a', 0, 1);
    const request = { group: 'caches', topic: 'prices', queues: [], dryRun: true };
    await expect(resetOffsets(core, { ...request, to: { at: 'end' } })).rejects.toMatchObject({
      code: 'BAD_REQUEST',
      message: expect.stringContaining('caches is a broadcast group'),
    });
    expect(offsetOf('a', 0)).toBe(1);
  });

  test('is so for good, kept over a crash, and not ordered', async () => {
    await core.groups.create('shared');
    const wrong = [
      core.groups.update('caches', { broadcast: false }),
      core.groups.update('shared', { broadcast: true }),
      core.groups.update('caches', { ordered: true }),
      core.groups.create('both', { ordered: true, broadcast: true }),
    ];
    for (const each of wrong) await expect(each).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    await core.groups.update('caches', { broadcast: true, retryMaxTimes: 3 });
    for (const index of ['left', 'lost'] as const) {
      await faulty.crash('dropped', index);
      expect(faulty.core.groups.get('caches').broadcast).toBe(true);
      expect(faulty.core.groups.get('shared').broadcast).toBe(false);
    }
  });

  test('is as far behind as the last of its members', async () => {
    await store('a', 0, 2);
    await store('a', 1, 2);
    await store('b', 0, 1);
    const admin = groupAdmin(core);
    const { readers, topics } = await admin.describe('caches');
    expect(topics).toEqual([]);
    const queue = { maxOffset: 2, inFlight: 0, waitingRetry: 0 };
    const seenMs = faulty.clock.nowMs();
    expect(readers).toEqual([
      {
        clientId: 'a',
        seenMs,
        topics: [
          {
            topic: 'prices',
            queues: [
              { ...queue, queue: 0, progress: 2 },
              { ...queue, queue: 1, progress: 2 },
            ],
          },
        ],
      },
      {
        clientId: 'b',
        seenMs,
        topics: [
          {
            topic: 'prices',
            queues: [
              { ...queue, queue: 0, progress: 1 },
              { ...queue, queue: 1, progress: 0 },
            ],
          },
        ],
      },
    ]);
    expect(admin.list('', 10)).toMatchObject([{ name: 'caches', lag: 3 }]);
  });

  test('is waited for by a drain only as far as its members are connected', async () => {
    await store('a', 0, 1);
    await store('b', 0, 0);
    const admin = groupAdmin(core);
    expect(admin.unread('', 10).entries).toEqual([]);
    const facts = { kind: 'pull', group: 'caches', language: '', version: '', peer: '' } as const;
    const connect = (clientId: string): void =>
      core.sessions.register({ ...facts, clientId }, { end: () => undefined });
    connect('a');
    expect(admin.unread('', 10).entries).toMatchObject([
      { group: 'caches', topic: 'prices', messages: 3, inFlight: 0 },
    ]);
    connect('b');
    expect(admin.unread('', 10).entries).toMatchObject([{ messages: 4 }]);
    await store('a', 0, 2);
    await store('a', 1, 2);
    core.sessions.terminate('b');
    expect(admin.unread('', 10).entries).toEqual([]);
  });
});
