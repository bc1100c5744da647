/** `npm run bench`: figures of Sluice, of another server beside it, and what was to be reached. */
import { Command } from 'commander';
import { CONFIG } from '#lib/limits';
import { type Transport, TRANSPORTS } from '#proto/grpc-transport/listener-options';
import { profileRun } from './profile-run.ts';
import { Results } from './results.ts';
import { runScenario } from './run-scenario.ts';
import type { Scenario } from './scenario.ts';
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
  readonly transports?: string;
  readonly repeat: string;
  readonly profile?: true;
  readonly output?: string;
}

const program = new Command('bench')
  .description('measure Sluice; ends with 1 when there were errors or lost messages')
  .argument('[scenarios...]', `some of ${SCENARIOS.map(({ name }) => name).join(', ')}`)
  .option('--quick', 'a sanity run of a few minutes; its figures mean little')
  .option('--full', '10,000,000 messages behind, 10 GB of log')
  .option('--peer <command>', 'a RocketMQ under the same load; see bench/README.md')
  .option('--peer-only', 'the peer without Sluice')
  .option('--transports <names>', `what carries the calls to Sluice: ${TRANSPORTS.join(',')}`)
  .option('--repeat <times>', 'run everything so often; shows min / median / max', '1')
  .option('--profile', 'what each part of Sluice costs a message, by a CPU profile')
  .option('-o, --output <format>', 'json instead of a table');

function chosenScenarios(names: readonly string[]): readonly Scenario[] {
  if (names.length === 0) return SCENARIOS.filter(({ onDemand }) => onDemand !== true);
  return names.map((name) => {
    const scenario = SCENARIOS.find((known) => known.name === name);
    if (scenario === undefined) return program.error(`there is no scenario '${name}'`);
    return scenario;
  });
}

/** Undefined when the scenarios may choose. */
function givenTransports({ transports }: Options): readonly Transport[] | undefined {
  return transports?.split(',').map((name) => {
    const transport = TRANSPORTS.find((known) => known === name);
    if (transport === undefined) return program.error(`there is no transport '${name}'`);
    return transport;
  });
}

function chosenContenders(options: Options, scenario: Scenario): readonly Contender[] {
  if (options.peer === undefined && options.peerOnly === true) {
    return program.error('--peer-only needs --peer');
  }
  const usual = scenario.transports === undefined ? [CONFIG.transport] : TRANSPORTS;
  const transports = givenTransports(options) ?? usual;
  const ours = options.peerOnly === true ? [] : transports.map(sluice);
  return options.peer === undefined ? ours : [...ours, peer(options.peer)];
}

function chosenSizes(options: Options): Sizes {
  if (options.quick === true) return SIZES.quick;
  return options.full === true ? SIZES.full : SIZES.default;
}

async function main(): Promise<number> {
  const options = program.parse().opts<Options>();
  const scenarios = chosenScenarios(program.args);
  const sizes = chosenSizes(options);
  if (options.profile === true) {
    const problems = await profileRun(sizes, givenTransports(options)?.[0] ?? CONFIG.transport);
    for (const what of problems) process.stderr.write(`${what}\n`);
    return problems.length > 0 ? 1 : 0;
  }
  const results = new Results();
  for (let run = 0; run < Number(options.repeat); run++) {
    for (const scenario of scenarios) {
      await runScenario(scenario, chosenContenders(options, scenario), sizes, results);
    }
  }
  const asJson = options.output === 'json';
  process.stdout.write(`${asJson ? results.json() : results.table()}\n`);
  if (results.problems.length === 0) return 0;
  process.stderr.write('there were errors or lost messages: the figures above do not count\n');
  return 1;
}

process.exitCode = await main();
