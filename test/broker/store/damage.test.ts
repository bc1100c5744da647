/** Bits that flip and files that lose their ends: detected, and never served wrong (P6). */
import fs from 'node:fs/promises';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import type { Core } from '#broker/core';
import { DamageError } from '#broker/store/damage';
import { PROPERTY } from '#proto/properties';
import { GROUP, INVISIBLE_MS } from '#support/crash-script';
import { receive } from '#support/core';
import { copyOf, filesOf, flipBit, makeData, openData } from '#support/damaged-data';
import type { Data } from '#support/damaged-data';
import { ManualClock } from '#support/manual-clock';
import { chooseSeed, integer, seededRandom } from '#support/random';
import { checkReopened } from '#support/reopened';

const seed = chooseSeed();
const random = seededRandom(seed);
const FLIPS = Number(process.env['DAMAGE_FLIPS'] ?? 24);

describe('damage', () => {
  let data: Data;

  beforeAll(async () => {
    data = await makeData();
    console.log(`seed ${seed}`);
  });

  afterAll(() => fs.rm(data.directory, { recursive: true }));

  /** What is wrong with the broker on a copy that `damage` has been done to; an error if it refused. */
  async function verdict(damage: (directory: string) => Promise<void>) {
    const directory = await copyOf(data);
    const history = data.history.clone();
    const clock = new ManualClock(data.nowMs);
    let refused: unknown;
    try {
      await damage(directory);
      await checkReopened({ history, clock, open: () => openData(directory, clock) });
    } catch (error) {
      refused = error;
    } finally {
      await fs.rm(directory, { recursive: true });
    }
    return { refused, violations: history.violations, directory };
  }

  describe('of the index', () => {
    async function indexFiles(): Promise<string[]> {
      return filesOf(path.join(data.directory, 'index'), /^(\d+\.(ldb|log)|CURRENT|MANIFEST-\d+)$/);
    }

    test('a flipped bit is found, and the index made anew, or it does not matter', async () => {
      for (const file of await indexFiles()) {
        const { size } = await fs.stat(file);
        for (let i = 0; i < FLIPS && size > 0; i++) {
          const at = Math.min(size - 1, Math.floor(((i + random()) * size) / FLIPS));
          const bit = integer(random, 8);
          const name = path.basename(file);
          const { refused, violations } = await verdict((directory) =>
            flipBit(path.join(directory, 'index', name), at, bit),
          );
          expect({ name, at, bit, refused, violations }).toEqual({
            ...{ name, at, bit, refused: undefined, violations: [] },
          });
        }
      }
    }, 120_000);

    test('a file that lost its end, or is not there, makes the index anew', async () => {
      for (const file of await indexFiles()) {
        const { size } = await fs.stat(file);
        for (const length of [undefined, 0, Math.floor(size / 3), Math.max(0, size - 1)]) {
          const name = path.basename(file);
          const { refused, violations } = await verdict((directory) => {
            const copy = path.join(directory, 'index', name);
            return length === undefined ? fs.rm(copy) : fs.truncate(copy, length);
          });
          expect({ name, length, refused, violations }).toEqual({
            ...{ name, length, refused: undefined, violations: [] },
          });
        }
      }
    }, 60_000);
  });

  describe('of the log', () => {
    function logFiles(): Promise<string[]> {
      return filesOf(path.join(data.directory, 'log'), /\.log$/);
    }

    /** Every message that can be had, as its group and as a puller, by id. */
    async function served(core: Core, clock: ManualClock): Promise<Map<string, string>> {
      clock.advance(INVISIBLE_MS);
      const bodies = new Map<string, string>();
      const topic = core.topics.get('orders');
      const deliveries = [];
      for (;;) {
        const some = await receive(core, core.groups.get(GROUP), topic, { invisibleMs: 1e9 });
        if (some.length === 0) break;
        deliveries.push(...some.map(({ message, properties }) => ({ message, properties })));
      }
      const group = await core.groups.create('reader');
      for (const queue of topic.queues) {
        for (let offset = 0; offset < queue.nextOffset;) {
          const request = { group, topic, queueId: queue.queueId, offset, batchSize: 32 };
          const filter = { matches: () => true } as never;
          const patient = { cancelled: false, onCancel: () => undefined };
          const pulled = await core.consumption.pull.pull({ ...request, filter }, 0, patient);
          deliveries.push(...pulled.messages);
          offset = pulled.nextOffset;
        }
      }
      for (const { message, properties } of deliveries) {
        bodies.set(properties.system.get(PROPERTY.messageId) ?? '', message.body.toString('latin1'));
      }
      return bodies;
    }

    test('a flipped bit is never served, is counted, and costs no other message', async () => {
      const clock = new ManualClock(data.nowMs);
      const whole = await copyOf(data);
      const sound = await openData(whole, clock);
      const expected = await served(sound, clock);
      await sound.close();
      await fs.rm(whole, { recursive: true });
      expect(expected.size).toBe(48);
      const missing: number[] = [];
      for (const file of await logFiles()) {
        const { size } = await fs.stat(file);
        const spots = [0, 4, 8, 12, 16, 24, 28, size - 1];
        for (let i = 0; i < FLIPS; i++) spots.push(Math.floor(((i + random()) * size) / FLIPS));
        for (const at of spots.filter((spot) => spot < size)) {
          const copy = await copyOf(data);
          const name = path.basename(file);
          await flipBit(path.join(copy, 'log', name), at, integer(random, 8));
          let core: Core | undefined;
          try {
            core = await openData(copy, new ManualClock(data.nowMs));
            const bodies = await served(core, new ManualClock(data.nowMs));
            for (const [id, body] of bodies) {
              if (body !== expected.get(id)) throw new Error(`${name} ${at}: ${id} is not as sent`);
            }
            const lacks = expected.size - bodies.size;
            missing.push(lacks);
            expect(lacks).toBeLessThanOrEqual(1);
            if (lacks > 0) expect(core.traffic.damaged).toBeGreaterThan(0);
          } catch (error) {
            if (!(error instanceof DamageError)) throw error;
            expect(error.message).toContain(name);
            expect(error.position).toBeGreaterThanOrEqual(0);
          } finally {
            await core?.close();
            await fs.rm(copy, { recursive: true });
          }
        }
      }
      expect(missing).toContain(1);
    }, 120_000);

    test('a file that lost its end, or is not there, keeps the broker from starting', async () => {
      for (const file of await logFiles()) {
        const { size } = await fs.stat(file);
        for (const length of [undefined, 0, 10, Math.floor(size / 2), size - 1]) {
          const name = path.basename(file);
          const { refused } = await verdict((directory) => {
            const copy = path.join(directory, 'log', name);
            return length === undefined ? fs.rm(copy) : fs.truncate(copy, length);
          });
          expect({ name, length, refused }).toEqual({ name, length, refused: expect.any(DamageError) });
        }
      }
    }, 60_000);
  });

  describe('of the identity', () => {
    test('a flipped bit is found where it matters, and the message names the file', async () => {
      const name = 'identity.json';
      const { size } = await fs.stat(path.join(data.directory, name));
      let refusals = 0;
      for (let at = 0; at < size; at += 3) {
        const { refused } = await verdict((directory) =>
          flipBit(path.join(directory, name), at, integer(random, 8)),
        );
        if (refused === undefined) continue;
        refusals++;
        expect((refused as Error).message).toContain(name);
      }
      expect(refusals).toBeGreaterThan(0);
    }, 60_000);
  });
});
