/** How much of everything: a sanity run, the usual, and what the targets speak of. */

export interface Sizes {
  readonly name: 'quick' | 'default' | 'full';
  /** Of timed runs; both at least. */
  readonly warmupSeconds: number;
  readonly warmupMessages: number;
  readonly seconds: number;
  /** Of what runs side by side: the servers take turns so often, each time this long. */
  readonly rounds: number;
  readonly roundSeconds: number;
  /** Of a generator whose server is warm. */
  readonly roundWarmupSeconds: number;
  /** Messages that a drain warms up on, and on which it is then measured. */
  readonly drainWarmup: number;
  readonly drainMessages: number;
  readonly backlogMessages: number;
  /** Queues of the scenario with many; a topic holds at most 1,000 of them. */
  readonly manyQueues: number;
  readonly memoryMessages: number;
  /** Due one after the other, `scheduledPerSecond` a second. */
  readonly scheduledMessages: number;
  readonly scheduledPerSecond: number;
  readonly pendingTimers: number;
  readonly logBytes: number;
  readonly idleSeconds: number;
  readonly idleConnections: number;
  /** After the last was opened, before memory is looked at. */
  readonly idleSettleSeconds: number;
  readonly idleConnectionsSeconds: number;
  readonly largeMessages: number;
  readonly idlePolls: number;
  readonly operatorInstances: number;
  readonly operatorTopics: number;
  /** Topics that are changed, one after the other. */
  readonly operatorChanges: number;
  readonly operatorIdleSeconds: number;
}

const MILLION = 1_000_000;
const GIB = 1024 ** 3;

const usual: Sizes = {
  name: 'default',
  warmupSeconds: 5,
  warmupMessages: 50_000,
  seconds: 20,
  rounds: 3,
  roundSeconds: 8,
  roundWarmupSeconds: 2,
  drainWarmup: 10_000,
  drainMessages: 50_000,
  backlogMessages: MILLION,
  manyQueues: 10_000,
  memoryMessages: MILLION,
  scheduledMessages: 100_000,
  scheduledPerSecond: 10_000,
  pendingTimers: MILLION,
  logBytes: GIB,
  idleSeconds: 20,
  idleConnections: 10_000,
  idleSettleSeconds: 15,
  idleConnectionsSeconds: 60,
  largeMessages: 256,
  idlePolls: 1000,
  operatorInstances: 200,
  operatorTopics: 5000,
  operatorChanges: 50,
  operatorIdleSeconds: 60,
};

export const SIZES: Readonly<Record<Sizes['name'], Sizes>> = {
  quick: {
    ...usual,
    name: 'quick',
    warmupSeconds: 1,
    warmupMessages: 0,
    seconds: 3,
    rounds: 2,
    roundSeconds: 2,
    roundWarmupSeconds: 1,
    drainWarmup: 2000,
    drainMessages: 10_000,
    backlogMessages: 30_000,
    manyQueues: 2000,
    memoryMessages: 50_000,
    scheduledMessages: 6000,
    scheduledPerSecond: 2000,
    pendingTimers: 50_000,
    logBytes: GIB / 16,
    idleSeconds: 4,
    idleConnections: 1000,
    idleSettleSeconds: 2,
    idleConnectionsSeconds: 4,
    largeMessages: 32,
    operatorInstances: 10,
    operatorTopics: 100,
    operatorChanges: 10,
    operatorIdleSeconds: 10,
  },
  default: usual,
  full: { ...usual, name: 'full', backlogMessages: 10 * MILLION, logBytes: 10 * GIB },
};
