import { setTimeout as delay } from 'node:timers/promises';
import { drain, fill } from '../drain.ts';
import type { Scenario, Trial } from '../scenario.ts';
import type { RunningServer } from '../servers/contender.ts';
import { TARGETS } from '../targets.ts';

const QUEUES = 8;
/** So slow may a server be in taking them that they are still all there before the first is due. */
const SENDS_PER_SECOND_MIN = 3000;
/** A consumer that starts, and one that waits for its first message, which may not be too long. */
const BEFORE_MS = 5000;

export const scheduled: Scenario = {
  name: 'scheduled',
  about: 'scheduled messages, 10,000 of them due each second, against normal ones',
  async run(trial) {
    const server = await trial.start();
    await server.createTopics(['bench-normal'], QUEUES);
    await server.createTopics(['bench-scheduled'], QUEUES, 'delay');
    const { scheduledMessages: messages } = trial.sizes;
    const normal = { topics: ['bench-normal'], group: 'group-normal', messages };
    // What a process costs in its first seconds belongs to neither side.
    await fill(trial, server, { ...normal, messages: trial.sizes.drainMessages });
    const warm = { ...normal, messages: trial.sizes.drainMessages, warmupMessages: 0 };
    await drain(trial, server, { ...warm, ack: 'batch' });
    const sent = await fill(trial, server, normal);
    const received = await drain(trial, server, { ...normal, warmupMessages: 0, ack: 'batch' });
    const timed = await schedule(trial, server);
    const [of, against] = [timed.sent, sent].map((each) => each.serverMicrosPerMessage);
    trial.add('server CPU a send, normal', against ?? NaN, 'µs');
    trial.add('server CPU a send, scheduled', of ?? NaN, 'µs');
    trial.add('send, scheduled ÷ normal', (of ?? NaN) / (against ?? NaN), '×');
    const come = timed.received.serverMicrosPerMessage;
    trial.add('server CPU a receive, normal', received.serverMicrosPerMessage, 'µs');
    trial.add('server CPU to fire and receive, scheduled', come, 'µs');
    trial.add('due a second', trial.sizes.scheduledPerSecond, '/s');
    const late = timed.received.endToEndLatency;
    trial.add('late p50', late?.p50Ms ?? NaN, 'ms');
    trial.add('late p99', late?.p99Ms ?? NaN, 'ms');
    trial.add('late max', late?.maxMs ?? NaN, 'ms', TARGETS.scheduledLateMs);
  },
};

/** All are stored before the first is due; then they are received as they come. */
async function schedule(trial: Trial, server: RunningServer) {
  const { scheduledMessages: messages, scheduledPerSecond: duePerSecond } = trial.sizes;
  const sendMs = (messages / SENDS_PER_SECOND_MIN) * 1000;
  const dueAt = Math.ceil(Date.now() + sendMs + BEFORE_MS);
  const load = {
    topics: ['bench-scheduled'],
    group: 'group-scheduled',
    kind: 'scheduled',
    messages,
    dueAt,
    duePerSecond,
  } as const;
  const sent = await fill(trial, server, load);
  if (Date.now() > dueAt) trial.problems.push('the first were due before all were sent');
  await delay(Math.max(0, dueAt - BEFORE_MS - Date.now()));
  const received = await drain(trial, server, { ...load, warmupMessages: 0, ack: 'batch' });
  return { sent, received };
}
