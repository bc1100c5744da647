/**
 * A RocketMQ to compare with, driven by a command of the user's: `CMD up DIR` starts it with its
 * data in DIR and prints a line `NAME PID` for each process, `CMD down DIR` stops it, `CMD admin
 * ARGS…` is its mqadmin. Its proxy listens on 8081, its name server on 9876.
 */
import { execFile } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Contender, RunningServer } from './contender.ts';

const run = promisify(execFile);

const HOST = '127.0.0.1';
const PROXY_PORT = 8081;
const WHERE = ['-n', '127.0.0.1:9876', '-c', 'DefaultCluster'];
const COMMAND_MS = 180_000;
const POLL_MS = 50;

export function peer(command: string): Contender {
  return {
    name: 'peer',
    async start({ dataDirectory }) {
      const { stdout } = await run(command, ['up', dataDirectory], { timeout: COMMAND_MS });
      const pids = [...stdout.matchAll(/^\S+ (\d+)$/gm)].map(([, pid]) => Number(pid));
      if (pids.length === 0) throw new Error(`${command} up named no process:\n${stdout}`);
      return running(command, dataDirectory, pids);
    },
  };
}

function running(command: string, directory: string, pids: readonly number[]): RunningServer {
  const down = async (): Promise<void> => {
    await run(command, ['down', directory], { timeout: COMMAND_MS });
    await ended(pids);
  };
  return {
    host: HOST,
    port: PROXY_PORT,
    pids,
    async createTopics(names, queues, kind = 'normal') {
      const type = `+message.type=${kind.toUpperCase()}`;
      const count = ['-r', `${queues}`, '-w', `${queues}`, '-a', type];
      for (const name of names)
        await admin(command, ['updateTopic', ...WHERE, '-t', name, ...count]);
    },
    createOrderedGroup: (name) =>
      admin(command, ['updateSubGroup', ...WHERE, '-g', name, '-o', 'true']),
    stop: down,
    async kill() {
      for (const pid of pids) process.kill(pid, 'SIGKILL');
      await ended(pids);
      await down();
    },
  };
}

/** mqadmin prints its errors and ends with 0, so that only the word for success counts. */
async function admin(command: string, args: readonly string[]): Promise<void> {
  const { stdout, stderr } = await run(command, ['admin', ...args], { timeout: COMMAND_MS });
  if (!stdout.includes('success')) throw new Error(`mqadmin ${args.join(' ')}\n${stdout}${stderr}`);
}

async function ended(pids: readonly number[]): Promise<void> {
  while (pids.some(isAlive)) await delay(POLL_MS);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
