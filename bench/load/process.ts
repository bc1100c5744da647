/** Runs a generator process against a server and puts what both cost into one result. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { cpuMicros, cpuMicrosByThread } from '../measure.ts';
import type { RunningServer } from '../servers/contender.ts';
import { type LoadOptions, toArguments } from './options.ts';
import type { LoadEvent, LoadReport } from './report.ts';

const GENERATOR = fileURLToPath(new URL('../generator.ts', import.meta.url));

export interface LoadResult extends LoadReport {
  readonly perSecond: number;
  /** CPU time of all processes of the server over the measured time, a message. */
  readonly serverMicrosPerMessage: number;
  readonly serverMicrosByThread: ReadonlyMap<string, number>;
  /** The measured time on the monotonic clock, in µs. */
  readonly window: { readonly startMicros: number; readonly endMicros: number };
}

interface Sample {
  readonly atMicros: number;
  readonly cpu: number;
  readonly byThread: Map<string, number>;
}

function sample(pids: readonly number[]): Sample {
  const atMicros = Number(process.hrtime.bigint() / 1000n);
  return { atMicros, cpu: cpuMicros(pids), byThread: cpuMicrosByThread(pids) };
}

export interface StartedLoad {
  /** Resolves when the generator is connected and the load begins. */
  readonly started: Promise<void>;
  readonly result: Promise<LoadResult>;
}

/** Starts a generator. `result` rejects when the generator itself fails. */
export function startLoad(
  server: RunningServer,
  options: Partial<Omit<LoadOptions, 'host' | 'port'>>,
): StartedLoad {
  const args = toArguments({ ...options, host: server.host, port: server.port });
  const child = spawn(process.execPath, [GENERATOR, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  let onStarted: () => void = () => undefined;
  const started = new Promise<void>((resolve) => {
    onStarted = resolve;
  });
  const read = async (): Promise<LoadResult> => {
    let before: Sample | undefined;
    let after: Sample | undefined;
    let report: LoadReport | undefined;
    for await (const line of createInterface({ input: child.stdout })) {
      const event = JSON.parse(line) as LoadEvent;
      if (event.event === 'started') onStarted();
      if (event.event === 'measuring') before = sample(server.pids);
      if (event.event === 'measured') after = sample(server.pids);
      if (event.event === 'done') report = event.report;
    }
    await ended;
    onStarted();
    if (before === undefined || after === undefined || report === undefined) {
      throw new Error(`the generator ended with ${child.exitCode} before it was done`);
    }
    return resultOf(report, before, after);
  };
  return { started, result: read() };
}

export function runLoad(...args: Parameters<typeof startLoad>): Promise<LoadResult> {
  return startLoad(...args).result;
}

function resultOf(report: LoadReport, before: Sample, after: Sample): LoadResult {
  const byThread = new Map<string, number>();
  for (const [name, micros] of after.byThread) {
    byThread.set(name, micros - (before.byThread.get(name) ?? 0));
  }
  return {
    ...report,
    perSecond: report.messages / report.seconds,
    serverMicrosPerMessage: (after.cpu - before.cpu) / report.messages,
    serverMicrosByThread: byThread,
    window: { startMicros: before.atMicros, endMicros: after.atMicros },
  };
}
