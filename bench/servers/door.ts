/** The door alone as a server of the bench; see `door-process.ts`. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { RunningServer } from './contender.ts';

const PROCESS = fileURLToPath(new URL('door-process.ts', import.meta.url));
const CLI = new URL('../../cli/main.ts', import.meta.url);

/** The runtime's flags that Sluice itself starts with: its first line has them. */
function runtimeFlags(): string[] {
  const [first = ''] = readFileSync(CLI, 'utf8').split('\n');
  return first.split(' ').filter((word) => word.startsWith('--'));
}

export async function startDoor(dataDirectory: string): Promise<RunningServer> {
  const child = spawn(process.execPath, [...runtimeFlags(), PROCESS, dataDirectory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const { grpc } = JSON.parse(line) as { grpc: string };
  const [host = '', port = ''] = grpc.split(':');
  const end = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
  };
  return {
    host,
    port: Number(port),
    pids: [child.pid ?? 0],
    // It makes unknown topics at their first use.
    createTopics: () => Promise.resolve(),
    stop: end,
    kill: end,
  };
}
