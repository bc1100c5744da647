/** What the property tests have in common: each file prints its PROPERTY_SEED, which repeats it. */
import { assert, type IAsyncProperty, type Parameters as FastCheckParameters } from 'fast-check';

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

/** How long what takes random input without end goes on. */
const fuzzMs = 1000 * Number(process.env['FUZZ_SECONDS'] ?? 3);
/** A failure is made smaller within its own batch. */
const BATCH_RUNS = 200;

/** Checks a property again and again, for so long as FUZZ_SECONDS says; returns how often. */
export async function fuzz<T>(property: IAsyncProperty<T>): Promise<number> {
  const endMs = performance.now() + fuzzMs;
  let batches = 0;
  do {
    await assert(property, { ...runs<T>(BATCH_RUNS), seed: seed + batches });
    batches++;
  } while (performance.now() < endMs);
  return batches * BATCH_RUNS;
}

/** Of a test that does so. */
export const FUZZ_TIMEOUT_MS = fuzzMs + 60_000;
