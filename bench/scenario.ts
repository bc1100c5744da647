/** What a scenario is: a way to use a server, and the figures that come out. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Transport } from '#proto/grpc-transport/listener-options';
import type { Doors } from './doors.ts';
import { type LoadResult, runLoad } from './load/process.ts';
import type { Contender, RunningServer } from './servers/contender.ts';
import type { Sizes } from './sizes.ts';
import type { Target } from './targets.ts';
import type { Turns } from './turns.ts';

export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: 'µs' | 'ms' | 's' | 'KiB' | 'MiB' | 'MiB/s' | '%' | '/s' | '×' | '';
  readonly target?: Target;
}

/** One run of one scenario against one server. */
export class Trial {
  readonly contender: Contender;
  readonly sizes: Sizes;
  readonly figures: Figure[] = [];
  /** Errors, lost messages: any of them makes the run a failure. */
  readonly problems: string[] = [];
  readonly #doors: Doors;
  readonly #turns: Turns | undefined;
  #directory: string | undefined;
  #server: RunningServer | undefined;

  /** With `turns`, it runs side by side with trials of other servers; it must have the turn. */
  constructor(contender: Contender, sizes: Sizes, doors: Doors, turns?: Turns) {
    this.contender = contender;
    this.sizes = sizes;
    this.#doors = doors;
    this.#turns = turns;
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

  /**
   * Side by side: the others do a part of theirs, and this one goes on after them. Scenarios do so
   * between rounds, so that a slow minute of the machine is not one server's alone.
   */
  async letOthersGo(): Promise<void> {
    await this.#turns?.pass();
  }

  /** Server CPU of a call that does nothing, in µs; once a round and transport. */
  doorAlone(transport: Transport, round: number): Promise<number> {
    return this.#doors.alone(transport, round, (...load) => this.load(...load));
  }

  check(result: LoadResult): void {
    const { errors, lost, sent, acked } = result;
    for (const { what, count } of errors) this.problems.push(`${count} × ${what}`);
    if (lost > 0) this.problems.push(`${lost} messages lost`);
    // The rest of the scenario would only be the same errors.
    if (errors.length > 0 && sent + acked === 0) throw new Error('nothing went through');
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
  /**
   * Runs on all transports unless told otherwise: `in turns`, round by round, or `one by one`. The
   * others run on Sluice as it is by default.
   */
  readonly transports?: 'in turns' | 'one by one';
  /** Runs only when it is named: it takes long. */
  readonly onDemand?: true;
  run(trial: Trial): Promise<void>;
}
