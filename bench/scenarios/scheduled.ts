import { setTimeout as delay } from 'node:timers/promises';
import { drain, fill } from '../drain.ts';
import type { Scenario, Trial } from '../scenario.ts';
import type { RunningServer } from '../servers/contender.ts';
import { TARGETS } from '../targets.ts';

const QUEUES = 8;
/** So many times longer than for normal ones: all are to be stored before the first is due. */
const SEND_TIMES = 3;
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
    const timed = await schedule(trial, server, SEND_TIMES * sent.seconds * 1000);
    const [of, against] = [timed.sent, sent].map((each) => each.serverMicrosPerMessage);
    trial.add('server CPU a send, normal', against ?? NaN, 'µs');
    trial.add('server CPU a send, scheduled', of ?? NaN, 'µs');
    trial.add('send, scheduled ÷ normal', (of ?? NaN) / (against ?? NaN), '×');
    const both = timed.received.serverMicrosPerMessage;
    trial.add('server CPU a receive, normal', received.serverMicrosPerMessage, 'µs');
    trial.add('server CPU to fire and receive, scheduled', both, 'µs');
    trial.add('due a second', trial.sizes.scheduledPerSecond, '/s');
    const { firedLatency: fired, endToEndLatency: come } = timed.received;
    trial.add('fired late, p50', fired?.p50Ms ?? NaN, 'ms');
    trial.add('fired late, p99', fired?.p99Ms ?? NaN, 'ms');
    trial.add('fired late, max', fired?.maxMs ?? NaN, 'ms', TARGETS.scheduledLateMs);
    trial.add('received late, p99', come?.p99Ms ?? NaN, 'ms');
    trial.add('received a second', timed.received.perSecond, '/s');
  },
};

/** All are stored before the first is due; then they are received as they come. */
async function schedule(trial: Trial, server: RunningServer, sendMs: number) {
  const { scheduledMessages: messages, scheduledPerSecond: duePerSecond } = trial.sizes;
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
