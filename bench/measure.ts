/** What processes cost, as Linux counts it in /proc. */
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** /proc counts in hundredths of a second on every Linux that Node runs on. */
const MICROS_PER_TICK = 10_000;
const KIB_PER_MIB = 1024;
/** Behind the name in brackets, which may hold blanks: fields 14 and 15 of proc_pid_stat(5). */
const USER_TIME_FIELD = 11;
const SYSTEM_TIME_FIELD = 12;

function cpuMicrosOf(statFile: string): number {
  const text = readFileSync(statFile, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[USER_TIME_FIELD]) + Number(fields[SYSTEM_TIME_FIELD]);
  return ticks * MICROS_PER_TICK;
}

/** CPU time of the processes since their start, all threads, user and system, in µs. */
export function cpuMicros(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + cpuMicrosOf(`/proc/${pid}/stat`), 0);
}

/** The same, thread by thread: µs by the thread's name. Threads that ended are missing. */
export function cpuMicrosByThread(pids: readonly number[]): Map<string, number> {
  const byName = new Map<string, number>();
  for (const pid of pids) {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const directory = `/proc/${pid}/task/${thread}`;
      try {
        const isMain = Number(thread) === pid;
        const name = isMain ? 'main' : readFileSync(`${directory}/comm`, 'utf8').trim();
        byName.set(name, (byName.get(name) ?? 0) + cpuMicrosOf(`${directory}/stat`));
      } catch (error) {
        // The thread may end between its listing and its reading; anything else is a failure.
        if (!isGone(error)) throw error;
      }
    }
  }
  return byName;
}

/** Of a thread that ended: its directory, or what is read from it, is no more. */
function isGone(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'ENOENT' || code === 'ESRCH';
}

export interface Memory {
  readonly residentMib: number;
  /** The most that it was, ever or since `resetPeak`. */
  readonly residentPeakMib: number;
}

/** Resident memory of the processes together. */
export function memory(pids: readonly number[]): Memory {
  let residentKib = 0;
  let peakKib = 0;
  for (const pid of pids) {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    residentKib += Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]);
    peakKib += Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]);
  }
  return { residentMib: residentKib / KIB_PER_MIB, residentPeakMib: peakKib / KIB_PER_MIB };
}

/** Makes the peak of `memory` that since now. */
export function resetPeak(pids: readonly number[]): void {
  for (const pid of pids) writeFileSync(`/proc/${pid}/clear_refs`, '5');
}

/** CPU use over a time in which nothing is asked of the processes: 1 is one core, fully used. */
export async function cpuShare(pids: readonly number[], seconds: number): Promise<number> {
  const startedAt = performance.now();
  const before = cpuMicros(pids);
  await delay(seconds * 1000);
  return (cpuMicros(pids) - before) / ((performance.now() - startedAt) * 1000);
}

const BLOCK_BYTES = 512;

/** What the files under a directory take on the disk. */
export function diskMib(directory: string): number {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const blocks = files.reduce((sum, { parentPath, name }) => {
    return sum + statSync(join(parentPath, name)).blocks;
  }, 0);
  return (blocks * BLOCK_BYTES) / KIB_PER_MIB ** 2;
}
