import { join } from 'node:path';
import { fill } from '../drain.ts';
import { diskMib, memory } from '../measure.ts';
import type { Scenario } from '../scenario.ts';
import { TARGETS } from '../targets.ts';

const QUEUES = 8;
const BODY_BYTES = 100;
const DAY_MS = 86_400_000;
/** The product allows 40 days. */
const FIRST_DAY = 1;
const SPREAD_DAYS = 38;

export const timers: Scenario = {
  name: 'timers',
  about:
    'disk and memory of many pending scheduled messages, over what they take when not scheduled',
  onDemand: true,
  async run(trial) {
    const server = await trial.start();
    await server.createTopics(['bench-normal'], QUEUES);
    await server.createTopics(['bench-scheduled'], QUEUES, 'delay');
    const data = join(await trial.scratch(), 'data');
    const { pendingTimers: messages } = trial.sizes;
    const look = () => ({ disk: diskMib(data), resident: memory(server.pids).residentMib });
    const empty = look();
    await fill(trial, server, { topics: ['bench-normal'], messages, bodyBytes: BODY_BYTES });
    const normal = look();
    await fill(trial, server, {
      topics: ['bench-scheduled'],
      messages,
      bodyBytes: BODY_BYTES,
      kind: 'scheduled',
      dueAt: Date.now() + FIRST_DAY * DAY_MS,
      duePerSecond: (messages * 1000) / (SPREAD_DAYS * DAY_MS),
    });
    const pending = look();
    trial.add('pending', messages, '');
    const disk = pending.disk - normal.disk - (normal.disk - empty.disk);
    trial.add('disk, normal messages', normal.disk - empty.disk, 'MiB');
    trial.add('disk, scheduled messages', pending.disk - normal.disk, 'MiB');
    trial.add('disk, beyond the normal ones', disk, 'MiB', TARGETS.timersDiskMib);
    trial.add('resident with the normal ones', normal.resident, 'MiB');
    const resident = pending.resident - normal.resident;
    trial.add('resident, what timers add', resident, 'MiB', TARGETS.timersResidentMib);
  },
};
