import { expect, test } from '@jest/globals';
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { Turns } from '../../bench/turns.ts';

/** Says in `log` what it does; stays in each part for a while. */
async function work(turns: Turns, log: string[], name: string, parts: number): Promise<void> {
  await turns.take();
  for (let part = 0; part < parts; part++) {
    if (part > 0) await turns.pass();
    log.push(`${name}${part} begins`);
    await turnOfTheLoop();
    log.push(`${name}${part} ends`);
  }
  turns.end();
}

function order(names: readonly string[]): string[] {
  return names.flatMap((name) => [`${name} begins`, `${name} ends`]);
}

test('parts take turns, one at a time, until the last is done', async () => {
  const log: string[] = [];
  const turns = new Turns();
  await Promise.all([work(turns, log, 'a', 3), work(turns, log, 'b', 2), work(turns, log, 'c', 1)]);
  expect(log).toEqual(order(['a0', 'b0', 'c0', 'a1', 'b1', 'a2']));
});

test('who is alone goes on, and who comes late has its turn', async () => {
  const log: string[] = [];
  const turns = new Turns();
  await work(turns, log, 'a', 2);
  await work(turns, log, 'b', 1);
  expect(log).toEqual(order(['a0', 'a1', 'b0']));
});
