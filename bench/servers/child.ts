/** A process of the bench itself that says in one line when it is ready. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const CLI = new URL('../../cli/main.ts', import.meta.url);

export interface Child<Ready> {
  readonly pid: number;
  readonly ready: Ready;
  /** SIGTERM; resolves when it has ended. */
  stop(): Promise<void>;
  kill(): Promise<void>;
}

/** The runtime's flags that Sluice itself starts with: its first line has them. */
function runtimeFlags(): string[] {
  const [first = ''] = readFileSync(CLI, 'utf8').split('\n');
  return first.split(' ').filter((word) => word.startsWith('--'));
}

/** Resolves with its ready line; rejects when it ends before. */
export async function startChild<Ready>(
  file: URL,
  args: readonly string[],
  flags: readonly string[] = [],
): Promise<Child<Ready>> {
  const command = [...runtimeFlags(), ...flags, fileURLToPath(file), ...args];
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const early = exited.then(([code]): never => {
    throw new Error(`${file.pathname} ended with ${code} before it was ready`);
  });
  early.catch(() => undefined);
  const lines = createInterface({ input: child.stdout });
  const [line] = (await Promise.race([once(lines, 'line'), early])) as [string];
  // What it says from then on are warnings.
  lines.on('line', (warning) => void process.stderr.write(`  ${warning}\n`));
  const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
    child.kill(signal);
    await exited;
  };
  return {
    pid: child.pid ?? 0,
    ready: JSON.parse(line) as Ready,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  };
}
