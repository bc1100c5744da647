/** What the property tests have in common: each file prints its PROPERTY_SEED, which repeats it. */
import type { Parameters as FastCheckParameters } from 'fast-check';

const seed = Number(process.env['PROPERTY_SEED'] ?? Date.now() & 0x7fffffff);

/** Looking for a smaller counterexample ends before the test runner loses its patience. */
const TIME_MS = 25_000;

/** Bounded by a count and not by time, so that a seed repeats a run. */
export function runs<T>(numRuns: number): FastCheckParameters<T> {
  return { seed, numRuns, verbose: 1, interruptAfterTimeLimit: TIME_MS };
}

export function printSeed(): void {
  console.info(`PROPERTY_SEED=${seed}`);
}

/** The same thing several times: the commands that are to come most of all. */
export function often<T>(count: number, item: T): T[] {
  return Array.from({ length: count }, () => item);
}
