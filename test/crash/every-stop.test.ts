/**
 * Stops the world at every operation on the disk of a whole run (before it, after it, in the middle
 * of a write), and looks at what a fresh process makes of what is left.
 */
import fs from 'node:fs/promises';
import path from 'node:path';

import { afterAll, describe, expect, test } from '@jest/globals';

import type { Core } from '#broker/core';
import { SCRIPT_RETENTION_MS, SCRIPT_SEGMENT_BYTES, runScript } from '#support/crash-script';
import { openCore, temporaryDirectory } from '#support/core';
import { FaultFiles } from '#support/fault-files';
import type { Stop, StopMode } from '#support/fault-files';
import { History } from '#support/history';
import { ManualClock } from '#support/manual-clock';
import type { Unsynced } from '#support/memory-disk';
import { chooseSeed, integer, seededRandom } from '#support/random';
import { checkReopened } from '#support/reopened';

const seed = chooseSeed();
const random = seededRandom(seed);
const everything = process.env['CRASH_ALL'] === '1';
/** Stops in one test, unless all are wanted. */
const STOPS_MAX = 36;
const MODES: readonly StopMode[] = ['before', 'after', 'torn-prefix', 'torn-hole'];
const UNSYNCED: readonly Unsynced[] = ['kept', 'dropped', 'torn'];

function open(directory: string, files: FaultFiles, clock: ManualClock): Promise<Core> {
  const segmentBytes = SCRIPT_SEGMENT_BYTES;
  const retentionMs = SCRIPT_RETENTION_MS;
  return openCore(directory, { files, clock, segmentBytes, retentionMs });
}

interface Crashed {
  directory: string;
  files: FaultFiles;
  history: History;
  clock: ManualClock;
}

/**
 * One run that ends at `stop`; the directory has identity and index as the dead process left them.
 */
async function crash(stop: Stop | undefined): Promise<Crashed> {
  const directory = await temporaryDirectory();
  const files = new FaultFiles(stop ? { stop } : {});
  const clock = new ManualClock();
  const history = new History();
  let core: Core | undefined;
  try {
    core = await open(directory, files, clock);
    await runScript({ core, clock, history });
  } catch (error) {
    if (!files.stopped) throw error;
  }
  files.crash();
  await core?.close();
  return { directory, files, history, clock };
}

/** Opens what is left in every way in which it can have been left; returns what is wrong. */
async function check(crashed: Crashed, stop: Stop): Promise<string[]> {
  const wrong: string[] = [];
  for (const unsynced of UNSYNCED) {
    for (const index of ['left', 'lost']) {
      const directory = await temporaryDirectory();
      await fs.cp(crashed.directory, directory, { recursive: true });
      if (index === 'lost') {
        await fs.rm(path.join(directory, 'index'), { recursive: true, force: true });
      }
      const tornSeed = integer(random, 2 ** 32);
      const left = crashed.files.disk.afterCrash({ unsynced, seed: tornSeed });
      let files = new FaultFiles({ disk: left.moved(crashed.directory, directory) });
      const history = crashed.history.clone();
      const clock = new ManualClock(crashed.clock.nowMs());
      const what = `${stop.mode} #${stop.at}, unsynced ${unsynced} (${tornSeed}), index ${index}`;
      try {
        await checkReopened({
          history,
          clock,
          open: () => open(directory, files, clock),
          powerLoss: () => {
            files.crash();
            files = files.afterCrash({ unsynced: 'dropped', seed: tornSeed });
          },
        });
      } catch (error) {
        wrong.push(`${what}: ${error instanceof Error ? error.stack : String(error)}`);
      }
      wrong.push(...history.violations.map((violation) => `${what}: ${violation}`));
      await fs.rm(directory, { recursive: true });
    }
  }
  return wrong;
}

describe('a broker that stops at any moment', () => {
  const directories: string[] = [];

  afterAll(async () => {
    for (const directory of directories) await fs.rm(directory, { recursive: true });
  });

  async function run(stop?: Stop): Promise<Crashed> {
    const crashed = await crash(stop);
    directories.push(crashed.directory);
    return crashed;
  }

  test('the run that is stopped does everything that the store can do', async () => {
    const { files, history } = await run();
    expect(history.violations).toEqual([]);
    expect(history.storedCount).toBeGreaterThan(90);
    expect(files.count('create')).toBeGreaterThan(5);
    expect(files.count('remove')).toBeGreaterThan(2);
    expect(files.count('sync')).toBeGreaterThan(40);
  });

  test.each(MODES)(
    'keeps what it promised when it stops %s an operation',
    async (mode) => {
      const whole = await run();
      const torn = mode.startsWith('torn');
      const all = whole.files.operations.flatMap(({ operation }, at) =>
        !torn || operation === 'write' ? [{ at, mode }] : [],
      );
      const stops = everything ? all : sample(all, STOPS_MAX);
      console.log(`seed ${seed}: ${stops.length} of ${all.length} stops`);
      const wrong: string[] = [];
      for (const stop of stops) wrong.push(...(await check(await run(stop), stop)));
      expect(wrong).toEqual([]);
    },
    1_800_000,
  );
});

/** Evenly over the whole, each a little to one side. */
function sample(stops: Stop[], count: number): Stop[] {
  if (stops.length <= count) return stops;
  const step = stops.length / count;
  return Array.from({ length: count }, (_, i) => {
    const at = Math.min(stops.length - 1, Math.floor((i + random()) * step));
    return stops[at] as Stop;
  });
}
