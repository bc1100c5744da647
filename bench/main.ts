/** `npm run bench`: figures of Sluice, of another server beside it, and what was to be reached. */
import { Command } from 'commander';
import { profileRun } from './profile-run.ts';
import { Results, show } from './results.ts';
import { type Scenario, Trial } from './scenario.ts';
import { SCENARIOS } from './scenarios/all.ts';
import type { Contender } from './servers/contender.ts';
import { peer } from './servers/peer.ts';
import { sluice } from './servers/sluice.ts';
import { SIZES, type Sizes } from './sizes.ts';

interface Options {
  readonly quick?: true;
  readonly full?: true;
  readonly peer?: string;
  readonly peerOnly?: true;
  readonly only?: string;
  readonly repeat: string;
  readonly profile?: true;
  readonly output?: string;
}

const program = new Command('bench')
  .description('measure Sluice; ends with 1 when there were errors or lost messages')
  .option('--quick', 'a sanity run of about a minute; its figures mean little')
  .option('--full', '10,000,000 messages behind, 10 GB of log')
  .option('--peer <command>', 'a RocketMQ under the same load; see bench/README.md')
  .option('--peer-only', 'the peer without Sluice')
  .option('--only <names>', `some of ${SCENARIOS.map(({ name }) => name).join(',')}`)
  .option('--repeat <times>', 'run everything so often; shows min / median / max', '1')
  .option('--profile', 'what each part of Sluice costs a message, by a CPU profile')
  .option('-o, --output <format>', 'json instead of a table');

function chosenScenarios(only: string | undefined): readonly Scenario[] {
  if (only === undefined) return SCENARIOS;
  return only.split(',').map((name) => {
    const scenario = SCENARIOS.find((known) => known.name === name);
    if (scenario === undefined) return program.error(`there is no scenario '${name}'`);
    return scenario;
  });
}

function chosenContenders(options: Options): readonly Contender[] {
  if (options.peer === undefined) {
    return options.peerOnly === true ? program.error('--peer-only needs --peer') : [sluice];
  }
  const other = peer(options.peer);
  return options.peerOnly === true ? [other] : [sluice, other];
}

function chosenSizes(options: Options): Sizes {
  if (options.quick === true) return SIZES.quick;
  return options.full === true ? SIZES.full : SIZES.default;
}

async function runOne(
  scenario: Scenario,
  contender: Contender,
  sizes: Sizes,
  results: Results,
): Promise<void> {
  process.stderr.write(`${scenario.name}, ${contender.name}: ${scenario.about}\n`);
  const trial = new Trial(contender, sizes);
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
  for (const { name, value, unit } of trial.figures) {
    process.stderr.write(`  ${name}: ${show(value, unit)}\n`);
  }
  for (const what of trial.problems) {
    process.stderr.write(`  ${what}\n`);
    results.problems.push({ scenario: scenario.name, server: contender.name, what });
  }
}

async function main(): Promise<number> {
  const options = program.parse().opts<Options>();
  const sizes = chosenSizes(options);
  if (options.profile === true) {
    const problems = await profileRun(sizes);
    for (const what of problems) process.stderr.write(`${what}\n`);
    return problems.length > 0 ? 1 : 0;
  }
  const results = new Results();
  const contenders = chosenContenders(options);
  for (let run = 0; run < Number(options.repeat); run++) {
    for (const scenario of chosenScenarios(options.only)) {
      for (const contender of contenders) await runOne(scenario, contender, sizes, results);
    }
  }
  const asJson = options.output === 'json';
  process.stdout.write(`${asJson ? results.json() : results.table()}\n`);
  if (results.problems.length === 0) return 0;
  process.stderr.write('there were errors or lost messages: the figures above do not count\n');
  return 1;
}

process.exitCode = await main();
