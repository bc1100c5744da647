/** What is done to a store and to its model: topics, messages, and every way to find them again. */
import fs from 'node:fs/promises';
import path from 'node:path';

import { expect } from '@jest/globals';
import fc from 'fast-check';

import { UNMETERED } from '#broker/consume/meter';
import { TagFilter } from '#broker/consume/filter-tag';
import type { Core } from '#broker/core';
import { nodeFiles } from '#broker/store/files';
import type { Topic } from '#broker/topic/topics';
import { SluiceError } from '#lib/errors';
import type { StoredMessage } from '#proto/message';
import { PROPERTY, lookupKeys, parseProperties, storedKeys } from '#proto/properties';
import { openCore, patient, send, temporaryDirectory } from '#support/core';
import { ManualClock } from '#support/manual-clock';
import { often } from '#support/property';

interface Kept {
  id: string;
  body: Buffer;
  tag: string | undefined;
  keys: string[];
  storedMs: number;
}

/** The messages of each topic that there is, by queue. */
export class StoreModel {
  readonly topics = new Map<string, Kept[][]>();
  /** One choice of many: a topic that there is. */
  pick(choice: number): [string, Kept[][]] {
    const all = [...this.topics];
    return all[choice % all.length] as [string, Kept[][]];
  }
}

/** Small enough for several segments in a run; some messages are larger than a segment. */
const SEGMENT_BYTES = 8192;
const ROOM = { freeBytes: 1e12, totalBytes: 1e12 };
const files = { ...nodeFiles, space: () => Promise.resolve(ROOM) };

export class StoreSystem {
  readonly clock = new ManualClock();
  readonly #directory: string;
  core!: Core;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  static async open(): Promise<StoreSystem> {
    const system = new StoreSystem(await temporaryDirectory());
    await system.start();
    return system;
  }

  async start(): Promise<void> {
    const { clock } = this;
    const overrides = { clock, files, segmentBytes: SEGMENT_BYTES, durability: 'fast' } as const;
    this.core = await openCore(this.#directory, overrides);
  }

  async loseIndex(): Promise<void> {
    await fs.rm(path.join(this.#directory, 'index'), { recursive: true });
  }

  async close(): Promise<void> {
    await this.core.close();
    await fs.rm(this.#directory, { recursive: true });
  }
}

export type StoreCommand = fc.AsyncCommand<StoreModel, StoreSystem>;
type Work = (model: StoreModel, real: StoreSystem) => Promise<void>;

function command(text: string, work: Work, possible = (_: StoreModel) => true): StoreCommand {
  return { check: (model) => possible(model), run: work, toString: () => text };
}

const hasTopics = ({ topics }: StoreModel): boolean => topics.size > 0;

const names = fc.constantFrom('orders', 'bills', 'space%orders');

const creations = fc.tuple(names, fc.integer({ min: 1, max: 3 })).map(([name, queues]) =>
  command(
    `create(${name}, ${queues})`,
    async (model, { core }) => {
      await core.topics.create(name, 'normal', queues);
      model.topics.set(
        name,
        Array.from({ length: queues }, () => []),
      );
    },
    ({ topics }) => !topics.has(name),
  ),
);

const growths = fc.tuple(fc.nat(100), fc.nat(4)).map(([choice, queues]) =>
  command(
    `grow(${choice}, ${queues})`,
    async (model, { core }) => {
      const [name, kept] = model.pick(choice);
      const update = core.topics.update(name, { queues });
      if (queues < kept.length) return expect(update).rejects.toThrow(SluiceError);
      await update;
      while (kept.length < queues) kept.push([]);
    },
    hasTopics,
  ),
);

const deletions = fc.nat(100).map((choice) =>
  command(
    `delete(${choice})`,
    async (model, { core }) => {
      const [name] = model.pick(choice);
      await core.topics.delete(name);
      model.topics.delete(name);
    },
    hasTopics,
  ),
);

const texts = fc.constantFrom('k1', 'k2', 'ключ', '01');

let serial = 0;

const sends = fc
  .record({
    choice: fc.nat(100),
    queue: fc.nat(100),
    bytes: fc.constantFrom(1, 10, 100, 3000, 10_000),
    tag: fc.constantFrom(undefined, 'Aa', 'BB', 'x'),
    keys: fc.array(texts, { maxLength: 2 }),
  })
  .map(({ choice, queue, bytes, tag, keys }) =>
    command(
      `send(${choice}, ${queue}, ${bytes}, ${tag}, ${keys.join()})`,
      async (model, { core, clock }) => {
        const [name, kept] = model.pick(choice);
        const queueId = queue % kept.length;
        const id = `M${serial++}`;
        const body = Buffer.alloc(bytes, id);
        const message = { id, body, keys, queueId, ...(tag === undefined ? {} : { tag }) };
        const offset = await send(core, core.topics.get(name), message);
        expect(offset).toBe(kept[queueId]?.length);
        kept[queueId]?.push({ id, body, tag, keys, storedMs: clock.nowMs() });
      },
      hasTopics,
    ),
  );

function expectSame(message: StoredMessage, kept: Kept | undefined, offset: number): void {
  const properties = parseProperties(message.properties);
  expect({
    id: properties.get(PROPERTY.messageId),
    tag: properties.get(PROPERTY.tag),
    keys: storedKeys(properties).map(String),
    storedMs: message.storeTimeMs,
    offset: message.queueOffset,
    body: message.body.equals(kept?.body ?? Buffer.alloc(0)),
  }).toEqual({ ...kept, offset, body: true });
}

const reads = fc.tuple(fc.nat(100), fc.nat(100), fc.nat(1000)).map(([choice, queue, at]) =>
  command(
    `read(${choice}, ${queue}, ${at})`,
    async (model, { core }) => {
      const [name, kept] = model.pick(choice);
      const queueId = queue % kept.length;
      const messages = kept[queueId] as Kept[];
      const { pull, reader } = core.consumption;
      const source = pull.queue(core.topics.get(name), queueId);
      expect(source.readable(core.store.committed)).toBe(messages.length);
      if (messages.length === 0) return;
      const offset = at % messages.length;
      const message = await reader.read(await reader.place(source, offset), source, offset);
      expect(message.topic).toBe(name);
      expectSame(message, messages[offset], offset);
    },
    hasTopics,
  ),
);

const pulls = fc
  .record({
    choice: fc.nat(100),
    queue: fc.nat(100),
    at: fc.nat(1000),
    batchSize: fc.integer({ min: 1, max: 8 }),
    filter: fc.constantFrom('*', 'Aa', 'x || BB'),
  })
  .map(({ choice, queue, at, batchSize, filter: expression }) =>
    command(
      `pull(${choice}, ${queue}, ${at}, ${batchSize}, ${expression})`,
      async (model, { core }) => {
        const [name, kept] = model.pick(choice);
        const queueId = queue % kept.length;
        const messages = kept[queueId] as Kept[];
        const offset = at % (messages.length + 1);
        const filter = TagFilter.parse(expression);
        const group = core.groups.get('readers');
        const topic = core.topics.get(name);
        const place = { group, topic, queueId, offset };
        const request = { ...place, batchSize, filter, meter: UNMETERED };
        const pulled = await core.consumption.pull.pull(request, 0, patient);
        const wanted = [...messages.entries()]
          .filter(([i, { tag }]) => i >= offset && filter.matches(tag))
          .slice(0, batchSize);
        expect(pulled.messages).toHaveLength(wanted.length);
        for (const [i, { message }] of pulled.messages.entries()) {
          const [from, expected] = wanted[i] as [number, Kept];
          expectSame(message, expected, from);
        }
        const full = wanted.length === batchSize;
        const last = wanted.at(-1)?.[0] ?? -1;
        expect(pulled.nextOffset).toBe(full ? last + 1 : messages.length);
      },
      hasTopics,
    ),
  );

/** Where the messages with this id or key are, as the index finds them and the messages confirm. */
async function find(core: Core, topic: Topic, text: string): Promise<string[]> {
  const found: string[] = [];
  for (const position of await core.store.keys.find(topic.id, text, 1000)) {
    const message = await core.consumption.reader.readAt(position);
    expect(message.topic).toBe(topic.name);
    expect(lookupKeys(parseProperties(message.properties)).map(String)).toContain(text);
    found.push(`${message.queueId}/${message.queueOffset}`);
  }
  return found.sort();
}

function places(kept: Kept[][], text: string): string[] {
  const found = kept.flatMap((messages, queue) =>
    [...messages.entries()]
      .filter(([, { id, keys }]) => id === text || keys.includes(text))
      .map(([offset]) => `${queue}/${offset}`),
  );
  return found.sort();
}

const lookups = fc.tuple(fc.nat(100), fc.nat(1000), fc.option(texts)).map(([choice, which, key]) =>
  command(
    `find(${choice}, ${which}, ${key})`,
    async (model, { core }) => {
      const [name, kept] = model.pick(choice);
      const all = kept.flat();
      const text = key ?? all[which % Math.max(1, all.length)]?.id ?? 'nothing';
      expect(await find(core, core.topics.get(name), text)).toEqual(places(kept, text));
    },
    hasTopics,
  ),
);

const queries = fc.tuple(fc.nat(100), fc.nat(100), fc.nat(1000)).map(([choice, queue, at]) =>
  command(
    `queryOffset(${choice}, ${queue}, ${at})`,
    async (model, { core, clock }) => {
      const [name, kept] = model.pick(choice);
      const queueId = queue % kept.length;
      const messages = kept[queueId] as Kept[];
      const near = messages[at % Math.max(1, messages.length)]?.storedMs ?? clock.nowMs();
      const topic = core.topics.get(name);
      for (const timeMs of [0, near - 1, near, near + 1, clock.nowMs() + 1]) {
        const first = messages.findIndex(({ storedMs }) => storedMs >= timeMs);
        const policy = { at: 'time', timeMs } as const;
        const offset = await core.consumption.pull.queryOffset(topic, queueId, policy);
        expect(offset).toBe(first < 0 ? messages.length : first);
      }
    },
    hasTopics,
  ),
);

/** One second brings the index up to date, while the next commands go on. */
const advances = fc.constantFrom(1, 500, 1000, 2500).map((ms) =>
  command(`advance(${ms})`, (_model, { clock }) => {
    clock.advance(ms);
    return Promise.resolve();
  }),
);

const restarts = fc.boolean().map((withoutIndex) =>
  command(withoutIndex ? 'restart without index' : 'restart', async (model, real) => {
    await real.core.close();
    if (withoutIndex) await real.loseIndex();
    await real.start();
    const topics = [...real.core.topics.all].map(({ name }) => name);
    expect(topics.sort()).toEqual([...model.topics.keys()].sort());
  }),
);

export const storeCommands: fc.Arbitrary<StoreCommand>[] = [
  ...often(2, creations),
  growths,
  deletions,
  ...often(6, sends),
  reads,
  ...often(2, pulls),
  ...often(2, lookups),
  queries,
  ...often(2, advances),
  restarts,
];
