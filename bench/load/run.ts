/** What the parts of one load run share. */
import { Arrivals, Errors, Latencies, SendTimes } from './tally.ts';

/** After an error a sender or receiver waits this long, so that errors do not become a flood. */
export const ERROR_PAUSE_MS = 100;

export class Run {
  readonly errors = new Errors();
  readonly arrivals = new Arrivals();
  readonly sendTimes = new SendTimes();
  /** From a send to its answer. */
  readonly sendLatency = new Latencies();
  /** From an ack to its answer. */
  readonly ackLatency = new Latencies();
  /** From a send to the arrival at a consumer; in a drain, from the time when it was due. */
  readonly endToEndLatency = new Latencies();
  /** Of scheduled messages: from when it was due to when it was stored to be read. */
  readonly firedLatency = new Latencies();
  sent = 0;
  acked = 0;

  /** From here on it counts: what was before was to warm up. Errors and arrivals always count. */
  startMeasuring(): void {
    this.sendLatency.reset();
    this.ackLatency.reset();
    this.endToEndLatency.reset();
    this.firedLatency.reset();
  }
}
