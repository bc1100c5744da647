import { join } from 'node:path';
import type { Scenario, Trial } from '../scenario.ts';
import { startDoor } from '../servers/door.ts';
import { TARGETS } from '../targets.ts';

const QUEUES = 8;
const TOPIC = 'bench';

export const produce: Scenario = {
  name: 'produce',
  about: 'unary SendMessage, 1 KiB, 64 in flight on 4 connections',
  async run(trial) {
    const server = await trial.start();
    await server.createTopics([TOPIC], QUEUES);
    const { seconds, warmupSeconds, warmupMessages } = trial.sizes;
    const load = { seconds, warmupSeconds, warmupMessages };
    const result = await trial.load(server, { ...load, mode: 'produce' });
    const micros = result.serverMicrosPerMessage;
    trial.add('server CPU a message', micros, 'µs', TARGETS.produceCpuMicros);
    if (trial.contender.name === 'sluice') await addDoorAlone(trial, micros);
    trial.add('messages a second', result.perSecond, '/s');
    trial.add('send p50', result.sendLatency?.p50Ms ?? NaN, 'ms');
    trial.add('send p99', result.sendLatency?.p99Ms ?? NaN, 'ms');
    trial.add('generator CPU a message', result.generatorCpuMicros / result.messages, 'µs');
  },
};

/**
 * The same load on the door with nothing behind it: the transport's cost on this machine at this
 * moment, which the targets took to be 40 µs.
 */
async function addDoorAlone(trial: Trial, micros: number): Promise<void> {
  const door = await startDoor(join(await trial.scratch(), 'door'));
  try {
    const { seconds, warmupSeconds, warmupMessages } = trial.sizes;
    const load = { seconds, warmupSeconds, warmupMessages, mode: 'produce' } as const;
    const { serverMicrosPerMessage: alone } = await trial.load(door, load);
    trial.add('of it the transport alone', alone, 'µs');
    trial.add('of it all the rest', micros - alone, 'µs', TARGETS.coreCpuMicros);
    trial.add('whole ÷ transport', micros / alone, '×', TARGETS.produceOverTransport);
  } finally {
    await door.stop();
  }
}
