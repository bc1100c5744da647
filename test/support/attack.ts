/** Clients that mean harm to a server of the echo service, and what they may cost it. */
import { once } from 'node:events';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, jest } from '@jest/globals';
import type { TransportLimits } from '#proto/grpc-transport/listener-options';
import { EchoStand, type StartedEcho } from '#support/echo-stand';
import { RawHttp2 } from '#support/raw-http2';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

// A flood takes its time on a machine that has others to serve.
jest.setTimeout(120_000);

const TURNS = 2;
/** Longer than that no other client should wait for its answer, on a machine that is busy. */
const SERVED_MS = 10_000;
const PAUSE_MS = 5;

/** What is in use of the heap and beside it, without what nobody needs any more. */
export async function usedBytes(): Promise<number> {
  for (let turn = 0; turn < TURNS; turn++) {
    await nextTurn();
    collectGarbage();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

export class AttackStand {
  readonly #stand = new EchoStand('wire');
  #echo!: StartedEcho;

  async start(limits: Partial<TransportLimits> = {}): Promise<StartedEcho> {
    this.#echo = await this.#stand.start({ isPlain: true, limits });
    return this.#echo;
  }

  /** A connection that has said what it has to. */
  async attacker(settings: Parameters<RawHttp2['greet']>[0] = []): Promise<RawHttp2> {
    const raw = await RawHttp2.connect(this.#echo.port);
    this.#stand.keep(raw.socket);
    raw.greet(settings);
    await raw.sync();
    return raw;
  }

  /** Another client is served as long as the attack goes on, and behind it. */
  async whileOthersAreServed<T>(attack: Promise<T>): Promise<T> {
    let isOver = false;
    const watched = attack.finally(() => (isOver = true));
    const client = this.#stand.client(this.#echo.port);
    do {
      const startMs = performance.now();
      expect(`${await client.unary('Echo', 'served')}`).toBe('served');
      expect(performance.now() - startMs).toBeLessThan(SERVED_MS);
      await sleep(PAUSE_MS);
    } while (!isOver);
    return watched;
  }

  /** Calls of others do not count. */
  callsOf(name: string): number {
    return this.#echo.record.calls.filter((call) => call.header(':path').endsWith(`/${name}`))
      .length;
  }

  close(): Promise<void> {
    return this.#stand.close();
  }
}

/**
 * Sends what `round` makes, so many times, as fast as the server takes it, or until it ends the
 * connection. Resolves with how many rounds went out.
 */
export async function flood(
  raw: RawHttp2,
  rounds: number,
  round: (index: number) => Buffer,
): Promise<number> {
  let isClosed = false;
  const closed = raw.closed.then(() => (isClosed = true));
  raw.socket.once('end', () => (isClosed = true));
  for (let index = 0; index < rounds; index++) {
    if (isClosed) return index;
    const isTaken = raw.socket.write(round(index));
    if (!isTaken) await Promise.race([once(raw.socket, 'drain').catch(() => undefined), closed]);
  }
  return rounds;
}
