import { afterAll, beforeAll, describe, test } from '@jest/globals';
import { withinMs } from '#support/until';
import { startTarget } from './start-target.ts';
import type { Clients } from './clients.ts';
import type { Target } from './target.ts';

export interface Environment {
  readonly target: Target;
  readonly clients: Clients;
}

/** One promise to the user and how it shows. */
export interface Scenario {
  readonly name: string;
  /** From the start of all; 100 s unless given. */
  readonly timeoutMs?: number;
  run(environment: Environment): Promise<void>;
}

const SETUP_MS = 30_000;
/** From the common start; covers the creation of topics, which costs RocketMQ a JVM each. */
const SCENARIO_MS = 100_000;
/** The longest that a client waits for its own polls when it ends. */
const CLOSE_MS = 40_000;

/**
 * Starts all scenarios of a file at once and reports each as a test of its own: nearly all of their
 * time is waiting for invisible times to end, and they share nothing but the server.
 */
export function runTogether(
  title: string,
  clientsOf: (endpoints: string) => Clients | Promise<Clients>,
  scenarios: readonly Scenario[],
): void {
  describe(title, () => {
    const outcomes = new Map<string, Promise<void>>();
    let target: Target | undefined;
    let clients: Clients | undefined;

    beforeAll(async () => {
      target = await startTarget();
      clients = await clientsOf(target.endpoints);
      for (const scenario of scenarios) {
        const { timeoutMs = SCENARIO_MS } = scenario;
        const outcome = withinMs(timeoutMs, scenario.run({ target, clients }), () => {
          return new Error(`still runs after ${timeoutMs} ms`);
        });
        // Reported by its test; until that runs, it must not end the process as unhandled.
        outcome.catch(() => undefined);
        outcomes.set(scenario.name, outcome);
      }
    }, SETUP_MS);

    afterAll(async () => {
      await clients?.close();
      await target?.stop();
    }, CLOSE_MS);

    for (const scenario of scenarios) {
      const timeoutMs = (scenario.timeoutMs ?? SCENARIO_MS) + SETUP_MS;
      test(scenario.name, () => outcomes.get(scenario.name), timeoutMs);
    }
  });
}
