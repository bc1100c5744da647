/** How much of everything: a sanity run, the usual, and what the targets speak of. */

export interface Sizes {
  readonly name: 'quick' | 'default' | 'full';
  /** Of timed runs; both at least. */
  readonly warmupSeconds: number;
  readonly warmupMessages: number;
  readonly seconds: number;
  /** Messages that a drain warms up on, and on which it is then measured. */
  readonly drainWarmup: number;
  readonly drainMessages: number;
  readonly backlogMessages: number;
  /** Queues of the scenario with many; a topic holds at most 1,000 of them. */
  readonly manyQueues: number;
  readonly memoryMessages: number;
  readonly logBytes: number;
  readonly idleSeconds: number;
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
  drainWarmup: 10_000,
  drainMessages: 50_000,
  backlogMessages: MILLION,
  manyQueues: 10_000,
  memoryMessages: MILLION,
  logBytes: GIB,
  idleSeconds: 20,
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
    drainWarmup: 2000,
    drainMessages: 10_000,
    backlogMessages: 30_000,
    manyQueues: 2000,
    memoryMessages: 50_000,
    logBytes: GIB / 16,
    idleSeconds: 4,
    operatorInstances: 10,
    operatorTopics: 100,
    operatorChanges: 10,
    operatorIdleSeconds: 10,
  },
  default: usual,
  full: { ...usual, name: 'full', backlogMessages: 10 * MILLION, logBytes: 10 * GIB },
};
