/** Produce and drain with the server under a CPU profiler: which part costs how much a message. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Transport } from '#proto/grpc-transport/listener-options';
import { Doors } from './doors.ts';
import { drain, fill, subscribe } from './drain.ts';
import type { LoadResult } from './load/process.ts';
import { type ProfileSummary, readProfile, summarize } from './profile.ts';
import { aligned } from './results.ts';
import { Trial } from './scenario.ts';
import { sluice } from './servers/sluice.ts';
import type { Sizes } from './sizes.ts';
import { TARGETS } from './targets.ts';

const QUEUES = 8;
const FUNCTIONS_SHOWN = 25;
/** Costs that all parts cause together, transport included. */
const SHARED = new Set(['gc', 'native', 'node runtime']);

/** Prints the costs; returns what went wrong in the loads. */
export async function profileRun(sizes: Sizes, transport: Transport): Promise<string[]> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-profile-'));
  const trial = new Trial(sluice(transport), sizes, new Doors(sizes));
  try {
    const server = await trial.start(directory);
    const topics = ['bench'];
    const group = 'group';
    await server.createTopics([...topics, 'bench-drain'], QUEUES);
    const { seconds, warmupSeconds, drainMessages, drainWarmup } = sizes;
    const sent = await trial.load(server, { mode: 'produce', topics, seconds, warmupSeconds });
    const drained = { topics: ['bench-drain'], group, messages: drainWarmup + drainMessages };
    await subscribe(trial, server, drained);
    await fill(trial, server, drained);
    const received = await drain(trial, server, drained);
    await trial.stopServer();
    const profile = await readProfile(directory);
    print('produce', sent, summarize(profile, sent.window));
    print('receive + ack', received, summarize(profile, received.window));
  } finally {
    await trial.dispose();
    await rm(directory, { recursive: true });
  }
  return trial.problems;
}

function print(what: string, result: LoadResult, summary: ProfileSummary): void {
  const perMessage = (micros: number): string => (micros / result.messages).toFixed(2);
  const core = coreOf(summary.groups);
  const rows = [
    ['part', 'main thread', 'µs a message'],
    ...[...summary.groups].map(([group, micros]) => ['', group, perMessage(micros)]),
    ['', 'all parts but the transport', perMessage(core.own)],
    ['', 'and their share of gc, native, runtime', perMessage(core.own + core.share)],
    ['thread', 'CPU time of the process', 'µs a message'],
    ...[...result.serverMicrosByThread].map(([name, micros]) => ['', name, perMessage(micros)]),
    ['', 'whole process', result.serverMicrosPerMessage.toFixed(2)],
    ['function', 'self time', 'µs a message'],
    ...summary.functions
      .filter(({ group }) => group !== 'idle')
      .slice(0, FUNCTIONS_SHOWN)
      .map(({ group, name, micros }) => [group, name, perMessage(micros)]),
  ];
  const { bound, source } = TARGETS.coreCpuMicros;
  process.stdout.write(`\n${what}, profiled: ${Math.round(result.perSecond)} messages/s\n`);
  process.stdout.write(`target: all but the transport ≤ ${bound} µs (${source})\n`);
  process.stdout.write(`${aligned(rows)}\n`);
}

/** What is not the transport's, and as much of the shared costs as goes with it, in µs. */
function coreOf(groups: ReadonlyMap<string, number>): { own: number; share: number } {
  let own = 0;
  let shared = 0;
  for (const [group, micros] of groups) {
    if (SHARED.has(group)) shared += micros;
    else if (group !== 'transport' && group !== 'idle') own += micros;
  }
  const transport = groups.get('transport') ?? 0;
  return { own, share: own === 0 ? 0 : (shared * own) / (own + transport) };
}
