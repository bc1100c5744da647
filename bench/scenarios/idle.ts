import { setTimeout as delay } from 'node:timers/promises';
import { startLoad } from '../load/process.ts';
import { cpuShare } from '../measure.ts';
import type { Scenario } from '../scenario.ts';
import { TARGETS } from '../targets.ts';

const QUEUES = 8;
const CONNECTIONS = 10;
/** After the start, and after the polls have begun, until what that caused is over. */
const SETTLE_SECONDS = 3;
/** Polls last 20 s and are then asked again: the measurement ends before. */
const POLLED_SECONDS_MAX = 15;

export const idle: Scenario = {
  name: 'idle',
  about: 'CPU of a server that nobody asks anything, and of one with long polls waiting',
  async run(trial) {
    const server = await trial.start();
    await server.createTopics(['bench'], QUEUES);
    await delay(SETTLE_SECONDS * 1000);
    const { idleSeconds, idlePolls } = trial.sizes;
    const alone = (await cpuShare(server.pids, idleSeconds)) * 100;
    trial.add('CPU, nobody there', alone, '%', TARGETS.idleCpuPercent);
    const seconds = Math.min(idleSeconds, POLLED_SECONDS_MAX);
    const load = startLoad(server, {
      mode: 'poll',
      connections: CONNECTIONS,
      receivers: idlePolls,
      warmupSeconds: SETTLE_SECONDS,
      seconds,
    });
    await load.started;
    await delay(SETTLE_SECONDS * 1000);
    const polled = (await cpuShare(server.pids, seconds)) * 100;
    trial.check(await load.result);
    trial.add('long polls', idlePolls, '');
    trial.add('CPU with them', polled, '%', TARGETS.idleCpuPercent);
  },
};
