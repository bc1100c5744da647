/** What a scenario is: a way to use a server, and the figures that come out. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LoadResult, runLoad } from './load/process.ts';
import type { Contender, RunningServer } from './servers/contender.ts';
import type { Sizes } from './sizes.ts';
import type { Target } from './targets.ts';

export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: 'µs' | 'ms' | 's' | 'MiB' | '%' | '/s' | '×' | '';
  readonly target?: Target;
}

/** One run of one scenario against one server. */
export class Trial {
  readonly contender: Contender;
  readonly sizes: Sizes;
  readonly figures: Figure[] = [];
  /** Errors, lost messages: any of them makes the run a failure. */
  readonly problems: string[] = [];
  #directory: string | undefined;
  #server: RunningServer | undefined;

  constructor(contender: Contender, sizes: Sizes) {
    this.contender = contender;
    this.sizes = sizes;
  }

  /** Starts the server; in a scenario's second start, on the data of the first. */
  async start(profileDirectory?: string): Promise<RunningServer> {
    const dataDirectory = join(await this.scratch(), 'data');
    this.#server = await this.contender.start({ dataDirectory, profileDirectory });
    return this.#server;
  }

  /** A directory of this trial; it goes when the trial ends. */
  async scratch(): Promise<string> {
    this.#directory ??= await mkdtemp(join(tmpdir(), 'sluice-bench-'));
    return this.#directory;
  }

  /** Runs a load and notes what went wrong in it. */
  async load(...args: Parameters<typeof runLoad>): Promise<LoadResult> {
    const result = await runLoad(...args);
    this.check(result);
    return result;
  }

  check(result: LoadResult): void {
    for (const { what, count } of result.errors) this.problems.push(`${count} × ${what}`);
    if (result.lost > 0) this.problems.push(`${result.lost} messages lost`);
  }

  add(name: string, value: number, unit: Figure['unit'], target?: Target): void {
    this.figures.push(target === undefined ? { name, value, unit } : { name, value, unit, target });
  }

  async stopServer(how: 'stop' | 'kill' = 'stop'): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    await server?.[how]();
  }

  /** Stops the server if it still runs, and removes its data. */
  async dispose(): Promise<void> {
    try {
      await this.stopServer();
    } finally {
      if (this.#directory !== undefined) await rm(this.#directory, { recursive: true });
    }
  }
}

export interface Scenario {
  readonly name: string;
  readonly about: string;
  run(trial: Trial): Promise<void>;
}
