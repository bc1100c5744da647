/** How many files a process may have open, connections among them. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Of the processes that this one starts: Node itself raises the soft limit to the hard one. */
function openFilesMax(): number {
  const limits = readFileSync('/proc/self/limits', 'utf8');
  const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(limits)?.[1];
  return hard === 'unlimited' ? Infinity : Number(hard);
}

/** Raises the limit if need be and if that is allowed; false when it stays too low. */
export function allowOpenFiles(count: number): boolean {
  if (openFilesMax() >= count) return true;
  spawnSync('prlimit', ['--pid', `${process.pid}`, `--nofile=${count}:${count}`]);
  return openFilesMax() >= count;
}
