/** Bits that flip and files that lose their ends: detected, and never served wrong (P6). */
import { X509Certificate, createPrivateKey } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { UNMETERED } from '#broker/consume/meter';
import { TagFilter } from '#broker/consume/filter-tag';
import type { Core } from '#broker/core';
import { DamageError, IndexDamageError } from '#broker/store/damage';
import { keepSelfSigned } from '#proto/grpc-transport/certificate';
import { PROPERTY } from '#proto/properties';
import { PULL_GROUP } from '#support/crash-script';
import { idOf, patient, receive, silentLog, temporaryDirectory } from '#support/core';
import { copyOf, filesOf, flipBit, makeData, openData } from '#support/damaged-data';
import type { Data } from '#support/damaged-data';
import { ManualClock } from '#support/manual-clock';
import { chooseSeed, integer, seededRandom } from '#support/random';
import { checkReopened } from '#support/reopened';

const seed = chooseSeed();
const random = seededRandom(seed);
const FLIPS = Number(process.env['DAMAGE_FLIPS'] ?? 5);

type Bodies = Map<string, string>;

interface Outcome {
  all: Bodies[];
  /** Damaged messages that were come upon. */
  damaged: number;
}

describe('damage', () => {
  let data: Data;

  beforeAll(async () => {
    data = await makeData();
    console.log(`seed ${seed}`);
  });

  afterAll(() => fs.rm(data.directory, { recursive: true }));

  /**
   * What is wrong with the broker on a copy that `damage` has been done to; an error if it refused.
   * Damage to the index may come to light only when it is read; the next start makes it anew.
   */
  async function verdict(damage: (directory: string) => Promise<void>) {
    const directory = await copyOf(data);
    const history = data.history.clone();
    const clock = new ManualClock(data.nowMs);
    const open = (): Promise<Core> => openData(directory, clock);
    let refused: unknown;
    try {
      await damage(directory);
      await checkReopened({ history, clock, open }).catch((error: unknown) => {
        if (!(error instanceof IndexDamageError)) throw error;
      });
      await checkReopened({ history, clock, open });
    } catch (error) {
      refused = error;
    } finally {
      await fs.rm(directory, { recursive: true });
    }
    return { refused, violations: history.violations, directory };
  }

  describe('of the index', () => {
    function indexFiles(): Promise<string[]> {
      const names = /^(\d+\.(ldb|log)|CURRENT|MANIFEST-\d+)$/;
      return filesOf(path.join(data.directory, 'index'), names);
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
            name,
            at,
            bit,
            refused: undefined,
            violations: [],
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
            name,
            length,
            refused: undefined,
            violations: [],
          });
        }
      }
    }, 60_000);
  });

  describe('of the log', () => {
    function logFiles(): Promise<string[]> {
      return filesOf(path.join(data.directory, 'log'), /\.log$/);
    }

    /** The bodies of all messages that a puller gets, by id. */
    async function pulled(core: Core): Promise<Map<string, string>> {
      const bodies = new Map<string, string>();
      const topic = core.topics.get('orders');
      const group = core.groups.get(PULL_GROUP);
      const filter = TagFilter.parse('*');
      for (const { queueId, nextOffset: end } of topic.queues) {
        for (let offset = 0; offset < end;) {
          const meter = UNMETERED;
          const request = { group, topic, queueId, offset, batchSize: 32, filter, meter };
          const { messages, nextOffset } = await core.consumption.pull.pull(request, 0, patient);
          for (const { message, properties } of messages) {
            const id = properties.get(PROPERTY.messageId) ?? '';
            bodies.set(id, message.body.toString('latin1'));
          }
          offset = nextOffset;
        }
      }
      return bodies;
    }

    /** The bodies of all messages that a new group gets, by id. */
    async function popped(core: Core): Promise<Map<string, string>> {
      const bodies = new Map<string, string>();
      const topic = core.topics.get('orders');
      const group = await core.groups.create('reader');
      for (;;) {
        const some = await receive(core, group, topic);
        if (some.length === 0) return bodies;
        for (const delivery of some) {
          bodies.set(idOf(delivery), delivery.message.body.toString('latin1'));
        }
      }
    }

    async function bodiesIn(directory: string): Promise<{ all: Bodies[]; damaged: number }> {
      const core = await openData(directory, new ManualClock(data.nowMs));
      try {
        const all = [await pulled(core), await popped(core)];
        return { all, damaged: core.traffic.damaged };
      } finally {
        await core.close();
      }
    }

    /**
     * What comes of one flipped bit; undefined when the broker refused to start, for that reason.
     */
    async function flipped(
      name: string,
      at: number,
      index: 'left' | 'lost',
    ): Promise<Outcome | undefined> {
      const copy = await copyOf(data);
      await flipBit(path.join(copy, 'log', name), at, integer(random, 8));
      if (index === 'lost') await fs.rm(path.join(copy, 'index'), { recursive: true });
      try {
        return await bodiesIn(copy);
      } catch (error) {
        if (!(error instanceof DamageError)) throw error;
        expect(error.message).toContain(name);
        return undefined;
      } finally {
        await fs.rm(copy, { recursive: true });
      }
    }

    test('a flipped bit is never served, is counted, and costs no other message', async () => {
      const whole = await copyOf(data);
      const [expected] = (await bodiesIn(whole)).all;
      await fs.rm(whole, { recursive: true });
      expect(expected?.size).toBe(48);
      const counts = { refused: 0, harmless: 0, oneLess: 0 };
      const files = await logFiles();
      for (const file of files) {
        const { size } = await fs.stat(file);
        const spots = [0, 4, 8, 12, 16, 24, 28, size - 1];
        for (let i = 0; i < FLIPS; i++) spots.push(Math.floor(((i + random()) * size) / FLIPS));
        for (const at of spots.filter((spot) => spot < size)) {
          // Without the index all of the log is read at the start, and none of it can be passed
          // over.
          const isLast = file === files.at(-1);
          const rebuilt = isLast ? undefined : await flipped(path.basename(file), at, 'lost');
          expect(rebuilt).toBeUndefined();
          const outcome = await flipped(path.basename(file), at, 'left');
          if (!outcome) counts.refused++;
          for (const bodies of outcome?.all ?? []) {
            for (const [id, body] of bodies) expect(body).toBe(expected?.get(id));
            expect(bodies.size).toBe(outcome?.damaged ? 47 : 48);
          }
          if (outcome) counts[outcome.damaged ? 'oneLess' : 'harmless']++;
        }
      }
      console.log(counts);
      expect(counts.oneLess).toBeGreaterThan(0);
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
          expect({ name, length, refused }).toEqual({
            name,
            length,
            refused: expect.any(DamageError),
          });
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

  describe('of the certificate', () => {
    test('a flipped bit leaves a pair that fits, or has a new one made', async () => {
      const directory = await temporaryDirectory();
      const made = await keepSelfSigned(directory, silentLog);
      let replaced = 0;
      for (const name of ['cert.pem', 'key.pem']) {
        const { size } = await fs.stat(path.join(directory, name));
        for (let at = 0; at < size; at += Math.ceil(size / FLIPS)) {
          const original = await fs.readFile(path.join(directory, name));
          await flipBit(path.join(directory, name), at, integer(random, 7));
          const { cert, key } = await keepSelfSigned(directory, silentLog);
          expect(new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))).toBe(true);
          if (cert !== made.cert && key !== made.key) replaced++;
          else await fs.writeFile(path.join(directory, name), original);
        }
      }
      expect(replaced).toBeGreaterThan(0);
      await fs.rm(directory, { recursive: true });
    });
  });
});
