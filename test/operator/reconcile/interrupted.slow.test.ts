/** The operator is killed at each of its writes, before and after the API server has got it. */
import { expect, test } from '@jest/globals';
import { CHANGES, CREATION, runChange } from '#support/interruptions';
import { describeOnHollowNodes } from '#support/reconcile-stand';

const ALL_MS = 3_600_000;

describeOnHollowNodes('an operator that is killed at any write', (stand) => {
  test(
    'leaves nothing that the next one does not finish',
    async () => {
      const site = await stand().openSite();
      let instances = 0;
      const created = await runChange(site, `i${(instances += 1)}`, CREATION, 0);
      for (let at = 1, isLast = false; !isLast; at += 1) {
        for (const isDone of [false, true]) {
          const name = `i${(instances += 1)}`;
          const run = await runChange(site, name, CREATION, 0, { at, isDone });
          expect(run.state).toEqual(created.state);
          isLast = !run.isInterrupted;
        }
      }
    },
    ALL_MS,
  );

  test(
    'of a change, too',
    async () => {
      const site = await stand().openSite();
      const instance = 'orders';
      await runChange(site, instance, CREATION, 0);
      const states = new Map<string, readonly string[]>();
      for (const change of CHANGES) {
        states.set(change.name, (await runChange(site, instance, change, 1)).state);
      }
      let round = 1;
      for (let at = 1, isLast = false; !isLast; at += 1) {
        isLast = true;
        for (const isDone of [false, true]) {
          round += 1;
          for (const change of CHANGES) {
            const run = await runChange(site, instance, change, round, { at, isDone });
            expect(run.state).toEqual(states.get(change.name));
            isLast &&= !run.isInterrupted;
          }
        }
      }
    },
    ALL_MS,
  );
});
