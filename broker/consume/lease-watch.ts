/**
 * Watches the deadlines of all leases with one timer; renews those that the server is to keep
 * alive.
 */
import type { Clock, Timer } from '#lib/clock';
import { Heap } from '#lib/heap';
import { CONSUME } from '#lib/limits';

import type { Lease } from '#broker/consume/progress';

/**
 * The heap is cleaned of settled leases when it has grown to this, and to twice what was left then.
 */
const CLEAN_AT_LEAST = 1024;

export interface LeaseWatchOptions {
  clock: Clock;
  /** Whether the client for which leases are renewed is still there. */
  isConnected: (clientId: string) => boolean;
  onRenewed: (lease: Lease) => void;
  onExpired: (lease: Lease) => void;
}

export class LeaseWatch {
  readonly #options: LeaseWatchOptions;
  readonly #heap = new Heap<Lease>((a, b) => a.deadlineMs < b.deadlineMs);
  #cleanAt = CLEAN_AT_LEAST;
  #timer: Timer | undefined;
  #timerDueMs = Infinity;
  #started = false;

  constructor(options: LeaseWatchOptions) {
    this.#options = options;
  }

  watch(lease: Lease): void {
    this.#heap.push(lease);
    if (this.#heap.size >= this.#cleanAt) {
      this.#heap.filter(({ live, expired }) => live && !expired);
      this.#cleanAt = Math.max(CLEAN_AT_LEAST, this.#heap.size * 2);
    }
    if (lease.deadlineMs < this.#timerDueMs) this.#arm();
  }

  /** Before this, while the state is being restored, nothing expires. */
  start(): void {
    this.#started = true;
    this.#arm();
  }

  #arm(): void {
    if (!this.#started) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#timerDueMs = this.#heap.peek()?.deadlineMs ?? Infinity;
    if (this.#timerDueMs === Infinity) return;
    const { clock } = this.#options;
    const delayMs = Math.max(0, this.#timerDueMs - clock.nowMs());
    this.#timer = clock.setTimeout(() => this.#onTimer(), delayMs);
  }

  #onTimer(): void {
    const nowMs = this.#options.clock.nowMs();
    for (let lease = this.#heap.peek(); lease; lease = this.#heap.peek()) {
      if (lease.live && lease.deadlineMs > nowMs) break;
      this.#heap.pop();
      if (lease.live && !lease.expired) this.#end(lease, nowMs);
    }
    this.#arm();
  }

  #end(lease: Lease, nowMs: number): void {
    const { renewal } = lease;
    const renews =
      renewal && nowMs < renewal.untilMs && this.#options.isConnected(renewal.clientId);
    if (!renews) return this.#options.onExpired(lease);
    lease.deadlineMs = Math.min(nowMs + CONSUME.autoRenewSliceMs, renewal.untilMs);
    this.#heap.push(lease);
    this.#options.onRenewed(lease);
  }

  /** The client is gone: what the server kept hidden for it is free at once. */
  release(clientId: string): void {
    const held: Lease[] = [];
    this.#heap.filter((lease) => {
      const frees = lease.live && !lease.expired && lease.renewal?.clientId === clientId;
      if (frees) held.push(lease);
      return !frees;
    });
    for (const lease of held) this.#options.onExpired(lease);
  }

  stop(): void {
    this.#started = false;
    this.#timer?.cancel();
  }
}
