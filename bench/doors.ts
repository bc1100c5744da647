/** The clients' doors with nothing behind them: they tell what the transports cost here and now. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Transport } from '#proto/grpc-transport/listener-options';
import type { LoadOptions } from './load/options.ts';
import type { LoadResult } from './load/process.ts';
import type { RunningServer } from './servers/contender.ts';
import { startDoor } from './servers/door.ts';
import type { Sizes } from './sizes.ts';

type Load = (server: RunningServer, options: Partial<LoadOptions>) => Promise<LoadResult>;

export class Doors {
  readonly #sizes: Sizes;
  readonly #running = new Map<Transport, RunningServer>();
  /** By round. */
  readonly #measured = new Map<Transport, number[]>();
  #directory: string | undefined;

  constructor(sizes: Sizes) {
    this.#sizes = sizes;
  }

  /**
   * Server CPU of a SendMessage call that does nothing, in µs. A round measures it once, whoever
   * asks first; a door starts and warms up when it is needed.
   */
  async alone(transport: Transport, round: number, load: Load): Promise<number> {
    const rounds = this.measured(transport);
    const known = rounds[round];
    if (known !== undefined) return known;
    const door = this.#running.get(transport) ?? (await this.#start(transport, load));
    const { roundSeconds: seconds, roundWarmupSeconds: warmupSeconds } = this.#sizes;
    const result = await load(door, { mode: 'produce', seconds, warmupSeconds });
    rounds[round] = result.serverMicrosPerMessage;
    return result.serverMicrosPerMessage;
  }

  /** Of a transport, round by round. */
  measured(transport: Transport): number[] {
    const rounds = this.#measured.get(transport) ?? [];
    this.#measured.set(transport, rounds);
    return rounds;
  }

  async stop(): Promise<void> {
    for (const door of this.#running.values()) await door.stop();
    if (this.#directory !== undefined) await rm(this.#directory, { recursive: true });
  }

  async #start(transport: Transport, load: Load): Promise<RunningServer> {
    this.#directory ??= await mkdtemp(join(tmpdir(), 'sluice-door-'));
    const door = await startDoor(join(this.#directory, transport), transport);
    this.#running.set(transport, door);
    const { warmupSeconds, warmupMessages } = this.#sizes;
    await load(door, { mode: 'produce', seconds: 0, warmupSeconds, warmupMessages });
    return door;
  }
}
