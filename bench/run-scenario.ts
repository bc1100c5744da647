/** One scenario on one server after the other, or on Sluice's transports side by side. */
import { Doors } from './doors.ts';
import type { Results } from './results.ts';
import { type Scenario, Trial } from './scenario.ts';
import type { Contender } from './servers/contender.ts';
import type { Sizes } from './sizes.ts';
import { Turns } from './turns.ts';

export async function runScenario(
  scenario: Scenario,
  contenders: readonly Contender[],
  sizes: Sizes,
  results: Results,
): Promise<void> {
  const doors = new Doors(sizes);
  const run = (contender: Contender, turns?: Turns): Promise<void> =>
    runTrial(scenario, contender, new Trial(contender, sizes, doors, turns), results, turns);
  try {
    if (scenario.transports === 'in turns') {
      const turns = new Turns();
      const ours = contenders.filter(({ transport }) => transport !== undefined);
      await Promise.all(ours.map((contender) => run(contender, turns)));
      // Another server's processes are busy even when nobody asks them anything.
      for (const contender of contenders)
        if (contender.transport === undefined) await run(contender);
    } else {
      for (const contender of contenders) await run(contender);
    }
  } finally {
    await doors.stop();
  }
  results.bareCallMicros.push(...doors.measured('grpc-js'));
}

async function runTrial(
  scenario: Scenario,
  contender: Contender,
  trial: Trial,
  results: Results,
  turns: Turns | undefined,
): Promise<void> {
  await turns?.take();
  process.stderr.write(`${scenario.name}, ${contender.name}: ${scenario.about}\n`);
  try {
    await scenario.run(trial);
  } catch (error) {
    trial.problems.push(String(error));
  }
  try {
    await trial.dispose();
  } catch (error) {
    trial.problems.push(String(error));
  }
  results.add(scenario.name, contender.name, trial.figures);
  // A run takes long: what is known already helps whoever waits.
  process.stderr.write(`${scenario.name}, ${contender.name}, is done\n`);
  for (const line of [...results.of(scenario.name, contender.name), ...trial.problems]) {
    process.stderr.write(`  ${line}\n`);
  }
  for (const what of trial.problems) {
    results.problems.push({ scenario: scenario.name, server: contender.name, what });
  }
  turns?.end();
}
