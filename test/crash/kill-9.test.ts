import { describe, expect, test } from '@jest/globals';

import { chooseSeed } from '#support/random';
import { killLoop } from './kill-loop.ts';

const rounds = Number(process.env['KILL_ROUNDS'] ?? 20);

describe('a broker that is killed again and again', () => {
  test(
    'keeps what it promised',
    async () => {
      const seed = chooseSeed();
      console.log(`seed ${seed}, ${rounds} rounds`);
      const { history } = await killLoop(rounds, seed);
      console.log(
        `${history.storedCount} stored, ${history.ackedCount} acked, ${history.duplicates} again`,
      );
      expect(history.violations).toEqual([]);
      expect(history.storedCount).toBeGreaterThan(rounds * 10);
      expect(history.ackedCount).toBeGreaterThan(rounds);
    },
    60_000 + rounds * 5_000,
  );
});
