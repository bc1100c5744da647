/** What a load run counted. Nothing that went wrong is left out. */
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { PREFIX_CHARS, readSequence } from './message-id.ts';

export interface Latency {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export interface ErrorCount {
  readonly what: string;
  readonly count: number;
}

const MICROSECONDS_PER_MS = 1000;
/** Different error texts that are kept apart; the rest is counted together. */
const ERROR_TEXTS_MAX = 20;

export class Latencies {
  readonly #histogram: RecordableHistogram = createHistogram({ figures: 3 });

  add(milliseconds: number): void {
    this.#histogram.record(Math.max(1, Math.round(milliseconds * MICROSECONDS_PER_MS)));
  }

  reset(): void {
    this.#histogram.reset();
  }

  /** Undefined when nothing was recorded. */
  report(): Latency | undefined {
    if (this.#histogram.count === 0) return undefined;
    return {
      p50Ms: this.#histogram.percentile(50) / MICROSECONDS_PER_MS,
      p99Ms: this.#histogram.percentile(99) / MICROSECONDS_PER_MS,
      maxMs: this.#histogram.max / MICROSECONDS_PER_MS,
    };
  }
}

export class Errors {
  readonly #counts = new Map<string, number>();
  total = 0;

  add(what: string): void {
    this.total++;
    const known = this.#counts.has(what) || this.#counts.size < ERROR_TEXTS_MAX;
    const key = known ? what : 'other errors';
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  report(): ErrorCount[] {
    return [...this.#counts].map(([what, count]) => ({ what, count }));
  }
}

/** Which messages came, by the process that sent them and their number there. */
export class Arrivals {
  readonly #seen = new Map<string, Uint8Array>();
  distinct = 0;
  again = 0;

  /** The id starts at `start` of `bytes`. False when it was there before. */
  add(bytes: Buffer, start: number): boolean {
    const sender = bytes.toString('latin1', start, start + PREFIX_CHARS);
    const sequence = readSequence(bytes, start);
    const seen = this.#seenOf(sender, sequence);
    const bit = 1 << (sequence & 7);
    if (((seen[sequence >> 3] ?? 0) & bit) !== 0) {
      this.again++;
      return false;
    }
    seen[sequence >> 3] = (seen[sequence >> 3] ?? 0) | bit;
    this.distinct++;
    return true;
  }

  #seenOf(sender: string, sequence: number): Uint8Array {
    const seen = this.#seen.get(sender);
    if (seen !== undefined && sequence >> 3 < seen.length) return seen;
    const grown = new Uint8Array(Math.max(64 * 1024, (sequence >> 3) * 2));
    if (seen !== undefined) grown.set(seen);
    this.#seen.set(sender, grown);
    return grown;
  }
}

/** When each message was sent, in ms of performance.now(), by its number. */
export class SendTimes {
  #times = new Float64Array(1024 * 1024);

  set(sequence: number, time: number): void {
    if (sequence >= this.#times.length) {
      const grown = new Float64Array(this.#times.length * 2);
      grown.set(this.#times);
      this.#times = grown;
    }
    this.#times[sequence] = time;
  }

  get(sequence: number): number {
    return this.#times[sequence] ?? 0;
  }
}
