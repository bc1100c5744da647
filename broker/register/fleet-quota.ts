/** Keeps a broker to its share of the fleet's quota, and measures what its clients want of it. */
import type { Clock } from '#lib/clock';
import { FLEET, REGISTRY } from '#lib/fleet-limits';
import type { FleetSettings } from '#proto/fleet-settings';

import type { Quota } from '#broker/admit/quota';

const SECOND_MS = 1000;
/** Of `reportMs`: name servers that ask in turn within one period get the same number. */
const LEAST_WINDOW = 0.9;

export class FleetQuota {
  readonly #quota: Quota;
  readonly #clock: Clock;
  /** The share that a name server said last, as a part of the whole. */
  #part: number | undefined;
  #demand = 0;
  #measuredMs: number;
  #receivesRefused: number;
  #wasHungry = false;

  constructor(quota: Quota, clock: Clock) {
    this.#quota = quota;
    this.#clock = clock;
    this.#measuredMs = clock.monotonicMs();
    this.#receivesRefused = quota.received.throttled;
  }

  /** `share` is what a name server says now; undefined keeps the broker to what was said last. */
  follow({ tps, nameServers, brokers }: FleetSettings, share: number | undefined): void {
    if (tps !== undefined && share !== undefined) this.#part = Math.min(1, share / tps);
    const part = this.#part ?? 1 / Math.max(1, Object.keys(brokers).length);
    const rate = tps === undefined || nameServers.length === 0 ? tps : tps * part;
    this.#quota.setRate(rate, tps);
  }

  /** Messages a second that clients wanted to send and receive of late. */
  demand(): number {
    const nowMs = this.#clock.monotonicMs();
    const elapsedMs = nowMs - this.#measuredMs;
    if (elapsedMs < LEAST_WINDOW * REGISTRY.reportMs) return this.#demand;
    const { received, perSecond = 0 } = this.#quota;
    const wanted = (this.#quota.takeDemand() * SECOND_MS) / elapsedMs;
    const isHungry = received.throttled > this.#receivesRefused;
    // A receiver that was refused pauses for a second or so before it tells again that it is there.
    const atLeast = isHungry ? perSecond * FLEET.hungryFactor : this.#wasHungry ? this.#demand : 0;
    this.#demand = Math.min(Math.max(wanted, atLeast), FLEET.demandMax);
    this.#wasHungry = isHungry;
    this.#measuredMs = nowMs;
    this.#receivesRefused = received.throttled;
    return this.#demand;
  }
}
