/** What a generator prints: one JSON object a line. */
import type { ErrorCount, Latency } from './tally.ts';

export interface LoadReport {
  /** Messages sent, or received and acknowledged, in the measured time. */
  readonly messages: number;
  readonly seconds: number;
  /** CPU time of the generator itself over the measured time. */
  readonly generatorCpuMicros: number;
  /** Over the whole run, warm-up included. */
  readonly sent: number;
  readonly acked: number;
  readonly arrivedDistinct: number;
  readonly arrivedAgain: number;
  /** Sent with success, or expected, and not received. */
  readonly lost: number;
  readonly errors: readonly ErrorCount[];
  readonly sendLatency?: Latency | undefined;
  readonly ackLatency?: Latency | undefined;
  readonly endToEndLatency?: Latency | undefined;
  readonly firedLatency?: Latency | undefined;
}

export type LoadEvent =
  /** Connected, routes and settings known: the load starts now. */
  | { readonly event: 'started' }
  /** The measured time starts, and ends. */
  | { readonly event: 'measuring' }
  | { readonly event: 'measured' }
  | { readonly event: 'done'; readonly report: LoadReport };
