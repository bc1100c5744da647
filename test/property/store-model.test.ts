/** The store against a map in memory: what was stored is found again, by every way there is. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { printSeed, runs } from '#support/property';

import { StoreModel, StoreSystem, storeCommands } from './store-commands.ts';

printSeed();

test('the store has what the model has, whatever happens', async () => {
  const commands = fc.commands(storeCommands, { maxCommands: 80, size: 'max' });
  const property = fc.asyncProperty(commands, async (list) => {
    const real = await StoreSystem.open();
    try {
      await real.core.groups.create('readers');
      await fc.asyncModelRun(() => ({ model: new StoreModel(), real }), list);
      expect(real.core.store.readOnlyReason).toBeUndefined();
    } finally {
      await real.close();
    }
  });
  await fc.assert(property, runs(30));
});
