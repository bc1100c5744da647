import { setTimeout as delay } from 'node:timers/promises';
import { allowOpenFiles } from '../file-limit.ts';
import { startLoad } from '../load/process.ts';
import { cpuShare, memory } from '../measure.ts';
import type { Scenario } from '../scenario.ts';
import { TARGETS } from '../targets.ts';

const QUEUES = 8;
const TOPIC = 'bench';
/** Of either process, besides its connections. */
const OTHER_FILES = 1000;
const KIB_PER_MIB = 1024;

export const idleConnections: Scenario = {
  name: 'idle-connections',
  about: 'memory and CPU of a server with connections that made a call each and are idle then',
  transports: 'one by one',
  async run(trial) {
    const { idleConnections: connections, idleConnectionsSeconds, idleSettleSeconds } = trial.sizes;
    if (!allowOpenFiles(connections + OTHER_FILES)) {
      process.stderr.write(`  SKIPPED: ulimit -n allows fewer than ${connections} connections\n`);
      return;
    }
    const server = await trial.start();
    await server.createTopics([TOPIC], QUEUES);
    await delay(idleSettleSeconds * 1000);
    const before = memory(server.pids).residentMib;
    const openedAt = performance.now();
    const load = startLoad(server, {
      mode: 'hold',
      topics: [TOPIC],
      connections,
      warmupSeconds: idleSettleSeconds,
      seconds: idleConnectionsSeconds,
    });
    await load.started;
    const openedSeconds = (performance.now() - openedAt) / 1000;
    await delay(idleSettleSeconds * 1000);
    // A second less: the generator's time must not end before.
    const cpu = (await cpuShare(server.pids, idleConnectionsSeconds - 1)) * 100;
    const { residentMib, residentPeakMib } = memory(server.pids);
    trial.check(await load.result);
    const growth = residentMib - before;
    trial.add('connections', connections, '');
    trial.add('opened in', openedSeconds, 's');
    trial.add('resident before', before, 'MiB');
    trial.add('resident with them', residentMib, 'MiB');
    trial.add('of it the connections', growth, 'MiB', TARGETS.idleConnectionsMib);
    trial.add('resident peak', residentPeakMib, 'MiB');
    trial.add('a connection', (growth / connections) * KIB_PER_MIB, 'KiB');
    trial.add('CPU with them', cpu, '%');
  },
};
