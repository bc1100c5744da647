/** Stops a broker with scheduled messages at each operation on its disk, opens what is left. */
import fs from 'node:fs/promises';
import path from 'node:path';

import { expect, test } from '@jest/globals';

import type { Core } from '#broker/core';
import { openCore, temporaryDirectory } from '#support/core';
import { FaultFiles } from '#support/fault-files';
import type { Stop, StopMode } from '#support/fault-files';
import { History } from '#support/history';
import { ManualClock } from '#support/manual-clock';
import type { Unsynced } from '#support/memory-disk';
import {
  SCHEDULED_RETENTION_MS,
  SCHEDULED_SEGMENT_BYTES,
  checkScheduled,
  runScheduledScript,
} from '#support/scheduled-script';
import type { ScheduledScene } from '#support/scheduled-script';

const everything = process.env['CRASH_ALL'] === '1';
const STOPS_MAX = 10;
const MODES: readonly StopMode[] = ['before', 'after', 'torn-prefix', 'torn-hole'];
const UNSYNCED: readonly Unsynced[] = ['kept', 'dropped', 'torn'];

/** While what is left is looked at, nothing is to go because of its age. */
const FOREVER_MS = 365 * 24 * 3_600_000;

function open(
  directory: string,
  files: FaultFiles,
  clock: ManualClock,
  retentionMs = SCHEDULED_RETENTION_MS,
): Promise<Core> {
  const segmentBytes = SCHEDULED_SEGMENT_BYTES;
  return openCore(directory, { files, clock, segmentBytes, retentionMs });
}

interface Crashed {
  directory: string;
  files: FaultFiles;
  scene: Omit<ScheduledScene, 'core'>;
}

async function crash(stop?: Stop): Promise<Crashed> {
  const directory = await temporaryDirectory();
  const files = new FaultFiles(stop ? { stop } : {});
  const clock = new ManualClock();
  const scene = { clock, history: new History() };
  let core: Core | undefined;
  try {
    core = await open(directory, files, clock);
    await runScheduledScript({ core, ...scene });
  } catch (error) {
    if (!files.stopped) throw error;
  }
  files.crash();
  await core?.close();
  return { directory, files, scene };
}

async function check(crashed: Crashed, what: string): Promise<string[]> {
  const wrong: string[] = [];
  for (const unsynced of UNSYNCED) {
    for (const index of ['left', 'lost']) {
      const directory = await temporaryDirectory();
      await fs.cp(crashed.directory, directory, { recursive: true });
      if (index === 'lost') {
        await fs.rm(path.join(directory, 'index'), { recursive: true, force: true });
      }
      const left = crashed.files.disk.afterCrash({ unsynced, seed: 1 });
      const files = new FaultFiles({ disk: left.moved(crashed.directory, directory) });
      const history = crashed.scene.history.clone();
      const clock = new ManualClock(crashed.scene.clock.nowMs());
      try {
        const core = await open(directory, files, clock, FOREVER_MS);
        await checkScheduled({ core, clock, history });
        await core.close();
      } catch (error) {
        history.violated(error instanceof Error ? String(error.stack) : String(error));
      }
      wrong.push(...history.violations.map((each) => `${what}, ${unsynced}, ${index}: ${each}`));
      await fs.rm(directory, { recursive: true });
    }
  }
  await fs.rm(crashed.directory, { recursive: true });
  return wrong;
}

/** Evenly over the whole. */
function sample(stops: Stop[]): Stop[] {
  if (everything || stops.length <= STOPS_MAX) return stops;
  const step = stops.length / STOPS_MAX;
  return Array.from({ length: STOPS_MAX }, (_, i) => stops[Math.floor(i * step)] as Stop);
}

test('the run that is stopped does everything that there is to do', async () => {
  const { files, scene, directory } = await crash();
  expect(scene.history.violations).toEqual([]);
  expect(scene.history.recalledCount).toBe(3);
  expect(files.count('remove')).toBeGreaterThan(1);
  expect(await check({ files, scene, directory }, 'whole')).toEqual([]);
});

test.each(MODES)(
  'scheduled messages come once, in time, when the broker stops %s an operation',
  async (mode) => {
    const whole = await crash();
    const isTorn = mode.startsWith('torn');
    const all = whole.files.operations.flatMap(({ operation }, at) =>
      !isTorn || operation === 'write' ? [{ at, mode }] : [],
    );
    const wrong: string[] = [];
    for (const stop of sample(all)) {
      wrong.push(...(await check(await crash(stop), `${mode} #${stop.at}`)));
    }
    expect(wrong).toEqual([]);
    await fs.rm(whole.directory, { recursive: true });
  },
  1_800_000,
);
