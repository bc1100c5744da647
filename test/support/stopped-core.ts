/**
 * Stops the world at operations on the disk while a core is at work, and looks at what a fresh
 * process makes of all that may be left then.
 */
import fs from 'node:fs/promises';
import path from 'node:path';
import type { Core } from '#broker/core';
import { openCore, temporaryDirectory } from '#support/core';
import { FaultFiles } from '#support/fault-files';
import type { Stop, StopMode } from '#support/fault-files';
import { History } from '#support/history';
import { ManualClock } from '#support/manual-clock';
import type { Unsynced } from '#support/memory-disk';

export const STOP_MODES: readonly StopMode[] = ['before', 'after', 'torn-prefix', 'torn-hole'];
const UNSYNCED: readonly Unsynced[] = ['kept', 'dropped', 'torn'];

export interface StoppedScene {
  /** Small, so that the state is carried from segment to segment. */
  readonly segmentBytes: number;
  /** What happens until the world stops, noted in the history. */
  readonly work: (core: Core, clock: ManualClock, history: History) => Promise<void>;
  /** Takes all that still comes; what of that is wrong. */
  readonly whatIsWrong: (
    core: Core,
    clock: ManualClock,
    history: History,
  ) => Promise<readonly string[]>;
}

export interface StoppedCore {
  readonly directory: string;
  readonly files: FaultFiles;
  readonly clock: ManualClock;
  readonly history: History;
}

function open(
  { segmentBytes }: StoppedScene,
  directory: string,
  files: FaultFiles,
  clock: ManualClock,
): Promise<Core> {
  return openCore(directory, { files, clock, segmentBytes });
}

/** As after a loss of power at `stop`, or at the end of the work. */
export async function stopCore(scene: StoppedScene, stop?: Stop): Promise<StoppedCore> {
  const directory = await temporaryDirectory();
  const files = new FaultFiles(stop ? { stop } : {});
  const clock = new ManualClock();
  const history = new History();
  let core: Core | undefined;
  try {
    core = await open(scene, directory, files, clock);
    await scene.work(core, clock, history);
  } catch (error) {
    if (!files.stopped) throw error;
  }
  files.crash();
  await core?.close();
  return { directory, files, clock, history };
}

/**
 * What is wrong after each of `count` stops, spread over all operations of the work: with what was
 * not synced kept, dropped and torn, the index left and lost in turn.
 */
export async function wrongAfterStops(
  scene: StoppedScene,
  mode: StopMode,
  count: number,
): Promise<string[]> {
  const whole = await stopCore(scene);
  await fs.rm(whole.directory, { recursive: true });
  const all = whole.files.operations.flatMap(({ operation }, at) =>
    !mode.startsWith('torn') || operation === 'write' ? [at] : [],
  );
  const stops = Math.min(count, all.length);
  const wrong: string[] = [];
  for (let i = 0; i < stops; i++) {
    const at = all[Math.floor((i * all.length) / stops)] as number;
    const stopped = await stopCore(scene, { at, mode });
    for (const [round, unsynced] of UNSYNCED.entries()) {
      const found = await wrongAfter(scene, stopped, {
        unsynced,
        seed: at,
        isIndexLost: round % 2 === i % 2,
      });
      wrong.push(...found.map((each) => `${mode} #${at}, unsynced ${unsynced}: ${each}`));
    }
    await fs.rm(stopped.directory, { recursive: true });
  }
  return wrong;
}

interface Left {
  readonly unsynced: Unsynced;
  readonly seed: number;
  readonly isIndexLost: boolean;
}

async function wrongAfter(
  scene: StoppedScene,
  { directory, files, clock, history }: StoppedCore,
  { unsynced, seed, isIndexLost }: Left,
): Promise<readonly string[]> {
  const copy = await temporaryDirectory();
  await fs.cp(directory, copy, { recursive: true });
  if (isIndexLost) await fs.rm(path.join(copy, 'index'), { recursive: true, force: true });
  const disk = files.disk.afterCrash({ unsynced, seed }).moved(directory, copy);
  const again = new ManualClock(clock.nowMs());
  const core = await open(scene, copy, new FaultFiles({ disk }), again);
  const wrong = await scene.whatIsWrong(core, again, history.clone());
  await core.close();
  await fs.rm(copy, { recursive: true });
  return wrong;
}
