import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { KeyQuery, MessagePage, PlaceQuery, StoredMessage } from '#broker/admin/backend';
import { messageAdmin } from '#broker/core-admin/messages';
import type { Core } from '#broker/core';
import type { Topic } from '#broker/topic/topics';
import { QUERY } from '#lib/query-limits';
import { send } from '#support/core';
import { FaultyCore } from '#support/faulty-core';

const SEGMENT_BYTES = 8 * 1024;
const SECOND_MS = 1000;
const COUNT = 120;
const RETENTION_MS = 600 * SECOND_MS;

describe('queries for messages', () => {
  let faulty: FaultyCore;
  let core: Core;
  let topic: Topic;
  let startMs: number;

  beforeEach(async () => {
    faulty = await FaultyCore.open({ segmentBytes: SEGMENT_BYTES, retentionMs: RETENTION_MS });
    startMs = faulty.clock.nowMs();
    open();
    topic = await core.topics.create('orders', 'normal', 3);
  });

  afterEach(() => faulty.dispose());

  function open(): void {
    core = faulty.core;
    const known = core.topics.find('orders');
    if (known) topic = known;
  }

  /** M0, M1, … one a second, over the queues in an order that is not theirs, over many segments. */
  async function fill(from = 0, count = COUNT): Promise<void> {
    for (let i = from; i < from + count; i++) {
      const keys = i % 3 === 0 ? ['third', `n${i}`] : [`n${i}`];
      const queueId = (i * i + (i >> 2)) % 3;
      await send(core, topic, { id: `M${i}`, keys, queueId, body: Buffer.alloc(200, 120) });
      faulty.clock.advance(SECOND_MS);
    }
  }

  const everything = {
    topic: 'orders',
    sinceMs: undefined,
    untilMs: undefined,
    pageToken: '',
    pageSize: 7,
  };

  function list(query: Partial<PlaceQuery> = {}): Promise<MessagePage> {
    const any = { queue: undefined, offset: undefined, newestFirst: false };
    return messageAdmin(core, faulty.clock).list({ ...everything, ...any, ...query });
  }

  function find(query: Partial<KeyQuery> & { key: string }): Promise<MessagePage> {
    return messageAdmin(core, faulty.clock).find({ ...everything, ...query });
  }

  /** All pages, and how many they were. */
  async function allOf(
    next: (pageToken: string) => Promise<MessagePage>,
  ): Promise<{ messages: StoredMessage[]; pages: number }> {
    const messages: StoredMessage[] = [];
    let pageToken = '';
    for (let pages = 1; ; pages++) {
      const page = await next(pageToken);
      messages.push(...page.messages);
      if (page.nextPageToken === '') return { messages, pages };
      expect(page.nextPageToken).not.toBe(pageToken);
      ({ nextPageToken: pageToken } = page);
    }
  }

  async function ids(next: (pageToken: string) => Promise<MessagePage>): Promise<string[]> {
    return (await allOf(next)).messages.map(({ messageId }) => messageId);
  }

  function numbers(from: number, to: number, step = 1): string[] {
    const all: string[] = [];
    for (let i = from; i < to; i += step) all.push(`M${i}`);
    return all;
  }

  test.each(['in memory', 'from the index', 'from an index made anew'])(
    'all messages in their order, both ways, page by page: %s',
    async (where) => {
      await fill();
      if (where === 'from the index') await faulty.restart();
      if (where === 'from an index made anew') await faulty.restart('lost');
      open();
      expect(await ids((pageToken) => list({ pageToken }))).toEqual(numbers(0, COUNT));
      const backwards = await ids((pageToken) => list({ pageToken, newestFirst: true }));
      expect(backwards).toEqual(numbers(0, COUNT).reverse());
      const third = await ids((pageToken) => find({ key: 'third', pageToken }));
      expect(third).toEqual(numbers(0, COUNT, 3).reverse());
      expect(await ids((pageToken) => find({ key: 'n17', pageToken }))).toEqual(['M17']);
    },
  );

  test('of a time, the beginning with it and the end without', async () => {
    await fill();
    const bounds = { sinceMs: startMs + 10 * SECOND_MS, untilMs: startMs + 50 * SECOND_MS };
    expect(await ids((pageToken) => list({ pageToken, ...bounds }))).toEqual(numbers(10, 50));
    const backwards = await ids((pageToken) => list({ pageToken, ...bounds, newestFirst: true }));
    expect(backwards).toEqual(numbers(10, 50).reverse());
    const third = await ids((pageToken) => find({ key: 'third', pageToken, ...bounds }));
    expect(third).toEqual(numbers(12, 50, 3).reverse());
    const none = { sinceMs: startMs + 1, untilMs: startMs + 2 };
    expect(await list(none)).toMatchObject({ messages: [], nextPageToken: '', oldestMs: startMs });
    const empty = { sinceMs: bounds.untilMs, untilMs: bounds.sinceMs };
    expect(await list(empty)).toMatchObject({ messages: [], nextPageToken: '' });
  });

  test('along one queue from an offset, both ways', async () => {
    await fill();
    const all = (await allOf((pageToken) => list({ pageToken, queue: 1 }))).messages;
    expect(all.map(({ offset }) => offset)).toEqual([...all.keys()]);
    expect(new Set(all.map(({ queue }) => queue))).toEqual(new Set([1]));
    const offset = 15;
    const from = await ids((pageToken) => list({ pageToken, queue: 1, offset }));
    expect(from).toEqual(all.slice(offset).map(({ messageId }) => messageId));
    const back = await ids((pageToken) => list({ pageToken, queue: 1, offset, newestFirst: true }));
    const before = all.slice(0, offset + 1).map(({ messageId }) => messageId);
    expect(back).toEqual(before.reverse());
    const end = await list({ queue: 1, offset: all.length });
    expect(end).toMatchObject({ messages: [], nextPageToken: '' });
  });

  test('messages that come between two pages belong to the later ones', async () => {
    await fill();
    const first = await list({ pageSize: 100 });
    const newest = await list({ pageSize: 100, newestFirst: true });
    await fill(COUNT, 10);
    const { nextPageToken: pageToken } = first;
    const rest = await list({ pageSize: 100, pageToken });
    expect(rest.messages.map(({ messageId }) => messageId)).toEqual(numbers(100, COUNT + 10));
    const older = await list({
      pageSize: 100,
      newestFirst: true,
      pageToken: newest.nextPageToken,
    });
    expect(older.messages.map(({ messageId }) => messageId)).toEqual(numbers(0, 20).reverse());
  });

  test('retention between two pages takes away what it takes, and nothing else', async () => {
    await fill();
    const { nextPageToken: pageToken } = await list({});
    const key = await find({ key: 'third' });
    faulty.clock.advance(RETENTION_MS - (COUNT / 2) * SECOND_MS);
    await core.store.materialize();
    await core.store.retain();
    const kept = await ids((token) => list({ pageToken: token }));
    expect(kept.length).toBeGreaterThan(10);
    expect(kept.length).toBeLessThan(COUNT - 20);
    expect(kept).toEqual(numbers(COUNT - kept.length, COUNT));
    expect(await ids((token) => list({ pageToken: token || pageToken }))).toEqual(kept);
    const third = await ids((token) =>
      find({ key: 'third', pageToken: token || key.nextPageToken }),
    );
    expect(third).toEqual(
      numbers(0, COUNT, 3)
        .filter((id) => kept.includes(id))
        .reverse()
        .slice(7),
    );
    await expect(list({ queue: 0, offset: 0 })).rejects.toMatchObject({
      code: 'ILLEGAL_OFFSET',
      message: expect.stringMatching(/^queue 0 of orders has the offsets \d+ to \d+; older/),
    });
    const { oldestMs } = await find({ key: 'n0' });
    expect(oldestMs).toBe(startMs + (COUNT - kept.length) * SECOND_MS);
  });

  test.each(['read', 'readAt', 'place'] as const)(
    'retention in the middle of a page takes its messages out of it: at %s',
    async (method) => {
      await fill();
      await faulty.restart();
      open();
      await core.store.materialize();
      const { reader } = core.consumption;
      const original = reader[method].bind(reader) as (...args: unknown[]) => Promise<never>;
      let calls = 0;
      Object.assign(reader, {
        [method]: async (...args: unknown[]) => {
          if (++calls === 5) {
            faulty.clock.advance(RETENTION_MS - (COUNT / 2) * SECOND_MS);
            await core.store.retain(); // that of a timer, which began too early
            await core.store.retain();
          }
          return original(...args);
        },
      });
      const unreadable: number[] = [];
      const found = await ids(async (pageToken) => {
        const all = { pageSize: 1000, pageToken };
        const page = await (method === 'readAt' ? find({ key: 'third', ...all }) : list(all));
        unreadable.push(page.unreadable);
        return page;
      });
      expect(calls).toBeGreaterThan(5);
      expect(new Set(unreadable)).toEqual(new Set([0]));
      expect(found).toContain(`M${COUNT - 3}`);
      expect(found.length).toBeLessThan(method === 'readAt' ? COUNT / 3 - 5 : COUNT - 20);
      expect(new Set(found).size).toBe(found.length);
    },
  );

  test('a page is bounded in bytes, reads and segments, and goes on all the same', async () => {
    for (let i = 0; i < 6; i++) {
      const body = Buffer.alloc(QUERY.readBytesMax / 2 - 1000);
      await send(core, topic, { id: `M${i}`, keys: ['large'], body });
    }
    const large = await allOf((pageToken) => list({ pageToken, pageSize: 100 }));
    expect([large.messages.length, large.pages]).toEqual([6, 2]);
    expect((await allOf((pageToken) => find({ key: 'large', pageToken }))).messages).toHaveLength(
      6,
    );
  });

  test('a search without matches stops after its time, with an empty page', async () => {
    await fill();
    const { clock } = faulty;
    const slow = Object.assign(Object.create(clock) as typeof clock, {
      monotonicMs: () => (tick += QUERY.pageMs),
    });
    let tick = 0;
    const messages = messageAdmin(core, slow);
    const query = { ...everything, key: 'nobody has this' };
    const first = await messages.find(query);
    expect(first.messages).toEqual([]);
    expect(first.nextPageToken).toMatch(/^key-\d+$/);
    const rest = (pageToken: string) => messages.find({ ...query, pageToken });
    const all = await allOf(rest);
    expect(all.messages).toEqual([]);
    expect(all.pages).toBeGreaterThan(3);
  });

  test('what is damaged is counted, and what lies behind it comes', async () => {
    await fill(0, 40);
    await faulty.restart();
    open();
    const wanted = (await list({ pageSize: 1000 })).messages.map(({ messageId }) => messageId);
    const { read } = core.consumption.reader;
    core.consumption.reader.read = async (place, queue, offset) => {
      if (queue.queueId === 1 && offset === 2) return core.consumption.reader.readAt(1e12);
      return read.call(core.consumption.reader, place, queue, offset);
    };
    const page = await list({ pageSize: 1000 });
    expect(page.unreadable).toBe(1);
    expect(page.messages).toHaveLength(wanted.length - 1);
  });

  test('an empty topic, one that is not there, and pages that never were', async () => {
    expect(await list()).toEqual({
      messages: [],
      nextPageToken: '',
      unreadable: 0,
      oldestMs: undefined,
    });
    expect(await find({ key: 'a' })).toMatchObject({ messages: [], nextPageToken: '' });
    await expect(list({ topic: 'x' })).rejects.toMatchObject({ code: 'TOPIC_NOT_FOUND' });
    await expect(list({ queue: 3 })).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    await expect(list({ queue: 0, offset: 1 })).rejects.toMatchObject({ code: 'ILLEGAL_OFFSET' });
    for (const pageToken of ['key-1', 'place-', 'place--1', 'place-1e3', '17', 'x'.repeat(999)]) {
      await expect(list({ pageToken })).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    }
    await expect(find({ key: 'a', pageToken: 'place-1' })).rejects.toMatchObject({
      code: 'BAD_REQUEST',
    });
  });
});
