import type { Scenario, Trial } from '../scenario.ts';
import type { RunningServer } from '../servers/contender.ts';
import { TARGETS } from '../targets.ts';

const QUEUES = 8;
const TOPIC = 'bench';
/** What the targets speak of. */
const LOAD = { mode: 'produce', bodyBytes: 1024, inFlight: 64, connections: 4 } as const;

export const produce: Scenario = {
  name: 'produce',
  about: 'unary SendMessage, 1 KiB, 64 in flight on 4 connections',
  transports: 'in turns',
  async run(trial) {
    const server = await trial.start();
    await server.createTopics([TOPIC], QUEUES);
    const { warmupSeconds, warmupMessages, rounds } = trial.sizes;
    await trial.load(server, { ...LOAD, seconds: 0, warmupSeconds, warmupMessages });
    for (let round = 0; round < rounds; round++) {
      await trial.letOthersGo();
      await measure(trial, server, round);
    }
  },
};

async function measure(trial: Trial, server: RunningServer, round: number): Promise<void> {
  const { roundSeconds: seconds, roundWarmupSeconds: warmupSeconds } = trial.sizes;
  const result = await trial.load(server, { ...LOAD, seconds, warmupSeconds });
  const micros = result.serverMicrosPerMessage;
  trial.add('server CPU a message', micros, 'µs', TARGETS.produceCpuMicros);
  const { transport } = trial.contender;
  if (transport !== undefined) {
    await trial.doorAlone('grpc-js', round);
    const alone = await trial.doorAlone(transport, round);
    trial.add('of it the transport alone', alone, 'µs');
    trial.add('of it all the rest', micros - alone, 'µs', TARGETS.coreCpuMicros);
  }
  trial.add('messages a second', result.perSecond, '/s', TARGETS.producePerSecond);
  trial.add('send p50', result.sendLatency?.p50Ms ?? NaN, 'ms');
  trial.add('send p99', result.sendLatency?.p99Ms ?? NaN, 'ms', TARGETS.produceP99Ms);
  trial.add('generator CPU a message', result.generatorCpuMicros / result.messages, 'µs');
}
