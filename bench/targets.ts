/** What Sluice is to reach, set for a machine on which a bare unary call of grpc-js takes 40 µs. */

export interface Target {
  /** The figure is to be at most this, in its own unit. */
  readonly max: number;
  readonly source: string;
}

const SOURCE = 'version 0.1';

function atMost(max: number): Target {
  return { max, source: SOURCE };
}

export const TARGETS = {
  /** With fdatasync before every answer. */
  produceCpuMicros: atMost(65),
  receiveAckCpuMicros: atMost(80),
  /** 65 µs against the 40 µs of the transport alone: holds on a machine of any speed. */
  produceOverTransport: atMost(65 / 40),
  /** Everything but the transport, sending as well as receiving. */
  coreCpuMicros: atMost(15),
  residentMibAfterMillion: atMost(180),
  residentMibManyQueues: atMost(250),
  startSecondsEmpty: atMost(1),
  /** With 10 GB of log. */
  startSecondsFull: atMost(3),
  idleCpuPercent: atMost(0.5),
  /** Cost with 10,000,000 messages behind, or 10,000 queues, against the cost without. */
  flatRatio: atMost(1.2),
  /** With 200 instances and 5,000 topics. */
  topicChangeMs: atMost(1000),
  operatorResyncSeconds: atMost(60),
  operatorResidentMib: atMost(300),
  operatorIdleCalls: atMost(60),
} as const;
