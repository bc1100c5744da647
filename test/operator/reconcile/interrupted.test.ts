/**
 * The operator is killed at some of its writes; a seed chooses them, and repeats a run. The slow
 * suite takes them all.
 */
import { expect, test } from '@jest/globals';
import { CHANGES, CREATION, runChange, type Change } from '#support/interruptions';
import { chooseSeed, integer, seededRandom } from '#support/random';
import { describeOnHollowNodes } from '#support/reconcile-stand';

const ALL_MS = 300_000;
/** Kills of the creation, and of each change. */
const CREATIONS = 6;
const ROUNDS = 2;

const seed = chooseSeed();

describeOnHollowNodes('an operator that is killed at a write', (stand) => {
  test(
    'of a creation or a change leaves nothing that the next one does not finish',
    async () => {
      console.info(`SEED=${seed}`);
      const results = await Promise.allSettled([creations(), changes()]);
      for (const result of results) if (result.status === 'rejected') throw result.reason;
    },
    ALL_MS,
  );

  async function creations(): Promise<void> {
    const random = seededRandom(seed);
    const site = await stand().openSite();
    const whole = await runChange(site, 'i0', CREATION, 0);
    for (let number = 1; number <= CREATIONS; number += 1) {
      const at = 1 + integer(random, whole.writes.length);
      const isDone = random() < 0.5;
      const run = await runChange(site, `i${number}`, CREATION, 0, { at, isDone });
      expect(told(CREATION, at, run.state)).toEqual(told(CREATION, at, whole.state));
    }
  }

  async function changes(): Promise<void> {
    const random = seededRandom(seed + 1);
    const site = await stand().openSite();
    await runChange(site, 'orders', CREATION, 0);
    const whole = new Map<Change, Awaited<ReturnType<typeof runChange>>>();
    for (const change of CHANGES) whole.set(change, await runChange(site, 'orders', change, 1));
    for (let round = 2; round <= 1 + ROUNDS; round += 1) {
      for (const change of CHANGES) {
        const { writes = [], state = [] } = whole.get(change) ?? {};
        const at = 1 + integer(random, writes.length);
        const isDone = random() < 0.5;
        const run = await runChange(site, 'orders', change, round, { at, isDone });
        expect(told(change, at, run.state)).toEqual(told(change, at, state));
      }
    }
  }
});

/** With what was interrupted, for whoever reads a failure. */
function told({ name }: Change, at: number, state: readonly string[]): readonly string[] {
  return [`${name}, killed at write ${at}`, ...state];
}
