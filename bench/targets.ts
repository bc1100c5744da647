/** What Sluice is to reach. */

/**
 * Times and rates are set for a machine on which a bare unary call of grpc-js takes this long: the
 * clients' door on grpc-js with nothing behind it. What it takes here is measured along with them.
 */
export const BARE_CALL_MICROS = 40;

export interface Target {
  /** The figure is to be at most this in its own unit, or at least. */
  readonly bound: number;
  readonly is: 'max' | 'min';
  /** A machine on which a bare call takes twice as long may take twice as long for this. */
  readonly scales: boolean;
  readonly source: string;
}

const FIRST = 'version 0.1';
const WIRE = 'version 0.2';
const KINDS = 'version 0.3';

function atMost(bound: number, source: string): Target {
  return { bound, is: 'max', scales: false, source };
}

function timeAtMost(bound: number, source: string): Target {
  return { bound, is: 'max', scales: true, source };
}

function rateAtLeast(bound: number, source: string): Target {
  return { bound, is: 'min', scales: true, source };
}

export const TARGETS = {
  /** With fdatasync before every answer, 1 KiB, 64 in flight on 4 connections. */
  produceCpuMicros: timeAtMost(22, WIRE),
  receiveAckCpuMicros: timeAtMost(30, WIRE),
  /** The generator on the same two cores. */
  producePerSecond: rateAtLeast(25_000, WIRE),
  produceP99Ms: timeAtMost(10, WIRE),
  /** 150 MB for 10,000 of them, on top of what the server takes without. */
  idleConnectionsMib: atMost(150e6 / 2 ** 20, WIRE),
  /** Everything but the transport, sending as well as receiving. */
  coreCpuMicros: timeAtMost(15, FIRST),
  residentMibAfterMillion: atMost(180, FIRST),
  residentMibManyQueues: atMost(250, FIRST),
  startSecondsEmpty: atMost(1, FIRST),
  /** With 10 GB of log. */
  startSecondsFull: atMost(3, FIRST),
  idleCpuPercent: atMost(0.5, FIRST),
  /** Cost with 10,000,000 messages behind, or 10,000 queues, against the cost without. */
  flatRatio: atMost(1.2, FIRST),
  /** Cost of an ordered message against that of a normal one. */
  orderedRatio: atMost(1.2, KINDS),
  /** With 10,000 due a second. */
  scheduledLateMs: atMost(1000, KINDS),
  /** 1,000,000 pending timers: beyond what the same messages take when they are not scheduled. */
  timersDiskMib: atMost(300e6 / 2 ** 20, KINDS),
  timersResidentMib: atMost(50e6 / 2 ** 20, KINDS),
  /** With 200 instances and 5,000 topics. */
  topicChangeMs: atMost(1000, FIRST),
  operatorResyncSeconds: atMost(60, FIRST),
  operatorResidentMib: atMost(300, FIRST),
  operatorIdleCalls: atMost(60, FIRST),
} as const;

/** The bound of a target on a machine whose bare call takes `bareCallMicros`. */
export function boundHere({ bound, is, scales }: Target, bareCallMicros: number): number {
  if (!scales) return bound;
  const factor = bareCallMicros / BARE_CALL_MICROS;
  return is === 'max' ? bound * factor : bound / factor;
}

export function isMet({ is }: Target, bound: number, value: number): boolean {
  return is === 'max' ? value <= bound : value >= bound;
}
