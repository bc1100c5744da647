/** Stops the world at operations on the disk through the whole life of many transactions. */
import fs from 'node:fs/promises';
import path from 'node:path';

import { afterAll, describe, expect, test } from '@jest/globals';

import type { Core } from '#broker/core';
import { TRANSACTION } from '#lib/transaction-limits';
import { openCore, temporaryDirectory } from '#support/core';
import { FaultFiles } from '#support/fault-files';
import type { Stop, StopMode } from '#support/fault-files';
import { ManualClock } from '#support/manual-clock';
import type { Unsynced } from '#support/memory-disk';
import { chooseSeed, integer, seededRandom } from '#support/random';
import { TransactionHistory } from '#support/transaction-history';

const SEGMENT_BYTES = 16 * 1024;
const RETENTION_MS = 3_600_000;
const TOPIC = 'orders';
const CLIENT = 'producer';
const seed = chooseSeed();
const random = seededRandom(seed);
const everything = process.env['CRASH_ALL'] === '1';
/** Stops in one test, unless all are wanted. */
const STOPS_MAX = 12;
const MODES: readonly StopMode[] = ['before', 'after', 'torn-prefix', 'torn-hole'];
const UNSYNCED: readonly Unsynced[] = ['kept', 'dropped', 'torn'];

function open(directory: string, files: FaultFiles, clock: ManualClock): Promise<Core> {
  const limits = { segmentBytes: SEGMENT_BYTES, retentionMs: RETENTION_MS };
  return openCore(directory, { files, clock, ...limits });
}

/** A producer that is asked and never answers. */
function connectSilent(core: Core): void {
  const facts = { clientId: CLIENT, kind: 'producer', group: undefined, language: 'JAVA' } as const;
  const stream = { end: () => undefined, tell: () => true };
  core.sessions.register({ ...facts, version: '5', peer: '', topics: [TOPIC] }, stream);
}

async function pass(core: Core, clock: ManualClock, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 10_000) {
    if (core.sessions.isConnected(CLIENT)) core.sessions.heartbeat(CLIENT);
    await clock.advanceAsync(Math.min(left, 10_000));
    // A check that was due reads and appends; what it appends is stored before time goes on.
    await core.producer.whenStored(core.store.end);
  }
}

/** Opened, ended both ways, checked, carried forward, given up. */
async function runTransactions(core: Core, clock: ManualClock, history: TransactionHistory) {
  const topic = await core.topics.create(TOPIC, 'transaction', 2);
  for (let i = 0; i < 8; i++) await history.begin(core, topic, `a${i}`, 1 + i * 700);
  const more = Array.from({ length: 8 }, (_, i) => history.begin(core, topic, `b${i}`, 2000));
  await Promise.all(more);
  await history.end(core, topic, 'a0', 'commit');
  await history.end(core, topic, 'a1', 'rollback');
  await core.store.materialize();
  const ends = [2, 3, 4, 5].map((i) => {
    return history.end(core, topic, `b${i}`, i % 2 === 0 ? 'commit' : 'rollback');
  });
  await Promise.all(ends);
  connectSilent(core);
  await pass(core, clock, 40_000);
  await history.end(core, topic, 'a2', 'commit');
  core.sessions.terminate(CLIENT);
  history.age();
  await pass(core, clock, RETENTION_MS / 2);
  await core.store.retain();
  clock.advance(RETENTION_MS + 1);
  await core.store.retain();
  for (let i = 0; i < 8; i++) await history.begin(core, topic, `c${i}`, 3000);
  await history.end(core, topic, 'a3', 'commit');
  await history.end(core, topic, 'a4', 'rollback');
  await history.end(core, topic, 'c0', 'commit');
  connectSilent(core);
  history.mayBeGivenUp();
  await pass(core, clock, TRANSACTION.checkEveryMs * (TRANSACTION.checksMax + 2));
  await history.begin(core, topic, 'd', 10);
  await history.end(core, topic, 'd', 'commit');
}

interface Crashed {
  directory: string;
  files: FaultFiles;
  history: TransactionHistory;
  clock: ManualClock;
  givenUp: number;
}

async function crash(stop?: Stop): Promise<Crashed> {
  const directory = await temporaryDirectory();
  const files = new FaultFiles(stop ? { stop } : {});
  const clock = new ManualClock();
  const history = new TransactionHistory();
  let core: Core | undefined;
  try {
    core = await open(directory, files, clock);
    await runTransactions(core, clock, history);
  } catch (error) {
    if (!files.stopped) throw error;
  }
  files.crash();
  await core?.close();
  const givenUp = core?.transactions.counts.givenUp ?? 0;
  return { directory, files, history, clock, givenUp };
}

async function reopen(crashed: Crashed, unsynced: Unsynced, index: 'left' | 'lost', torn: number) {
  const directory = await temporaryDirectory();
  await fs.cp(crashed.directory, directory, { recursive: true });
  if (index === 'lost') {
    await fs.rm(path.join(directory, 'index'), { recursive: true, force: true });
  }
  const left = crashed.files.disk.afterCrash({ unsynced, seed: torn });
  let files = new FaultFiles({ disk: left.moved(crashed.directory, directory) });
  const history = crashed.history.clone();
  const clock = new ManualClock(crashed.clock.nowMs());
  try {
    for (const round of [1, 2]) {
      const core = await open(directory, files, clock);
      try {
        await history.check(core);
        const topic = core.topics.find(TOPIC);
        if (topic) {
          await history.endAll(core, topic);
          await history.begin(core, topic, `after-${round}`, 100);
          await history.check(core);
        }
      } finally {
        files.crash();
        await core.close();
        files = files.afterCrash({ unsynced: 'dropped', seed: torn });
      }
    }
  } finally {
    await fs.rm(directory, { recursive: true });
  }
}

async function check(crashed: Crashed, stop: Stop): Promise<string[]> {
  const wrong: string[] = [];
  for (const unsynced of UNSYNCED) {
    for (const index of ['left', 'lost'] as const) {
      const torn = integer(random, 2 ** 32);
      try {
        await reopen(crashed, unsynced, index, torn);
      } catch (error) {
        const what = `${stop.mode} #${stop.at}, unsynced ${unsynced} (${torn}), index ${index}`;
        wrong.push(`${what}: ${error instanceof Error ? error.stack : String(error)}`);
      }
    }
  }
  return wrong;
}

describe('transactions of a broker that stops at any moment', () => {
  const directories: string[] = [];

  afterAll(async () => {
    for (const directory of directories) await fs.rm(directory, { recursive: true });
  });

  async function run(stop?: Stop): Promise<Crashed> {
    const crashed = await crash(stop);
    directories.push(crashed.directory);
    return crashed;
  }

  test('the run that is stopped goes through everything', async () => {
    const { files, history, givenUp } = await run();
    expect(history.size).toBe(25);
    expect(givenUp).toBeGreaterThan(10);
    expect(files.count('remove')).toBeGreaterThan(1);
  });

  test.each(MODES)(
    'keeps what it promised when it stops %s an operation',
    async (mode) => {
      const whole = await run();
      const all = whole.files.operations.flatMap(({ operation }, at) =>
        !mode.startsWith('torn') || operation === 'write' ? [{ at, mode }] : [],
      );
      const step = everything ? 1 : Math.max(1, all.length / STOPS_MAX);
      const wrong: string[] = [];
      let count = 0;
      for (let i = random() * step; i < all.length; i += step) {
        const stop = all[Math.floor(i)] as Stop;
        wrong.push(...(await check(await run(stop), stop)));
        count++;
      }
      console.log(`seed ${seed}: ${count} of ${all.length} stops`);
      expect(wrong).toEqual([]);
    },
    1_800_000,
  );
});
