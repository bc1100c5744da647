/** What each broker asks of the quota of the fleet, and what it was given. */
import { FLEET } from '#lib/fleet-limits';
import type { Sample } from '#lib/metrics';
import { sharesOf } from '#nameserver/quota-shares';

interface Entry {
  /** Messages a second that its clients want to send and receive. */
  demand: number;
  /** Messages a second that it was last told to let through. */
  share: number | undefined;
}

export class QuotaLedger {
  readonly #entries = new Map<string, Entry>();

  /**
   * Takes the demand of a broker down, and says its share of the quota. It gets more than it has
   * only as far as others were told to let less through, so that all together keep to the quota
   * while load moves from one to another. A broker that is new gets its share at once: it has to
   * serve its clients, and the others hear of it within a second.
   */
  shareOf(broker: string, demand: number, quota: number | undefined): number | undefined {
    const entry = this.#entries.get(broker) ?? { demand, share: undefined };
    this.#entries.set(broker, entry);
    entry.demand = demand;
    entry.share = quota === undefined ? undefined : this.#grant(broker, entry, quota);
    return entry.share;
  }

  /** The broker is gone; its share is for the others. */
  forget(broker: string): void {
    this.#entries.delete(broker);
  }

  *demands(): Iterable<Sample> {
    for (const [broker, { demand }] of this.#entries) yield [{ broker }, demand];
  }

  *shares(): Iterable<Sample> {
    for (const [broker, { share }] of this.#entries) {
      if (share !== undefined) yield [{ broker }, share];
    }
  }

  #grant(broker: string, { share }: Entry, quota: number): number {
    const names = [...this.#entries.keys()];
    const entries = [...this.#entries.values()];
    const idle = (FLEET.idleShare * quota) / entries.length;
    const needs = entries.map(({ demand }) => demand * (1 + FLEET.demandHeadroom) + idle);
    const fair = sharesOf(quota, needs)[names.indexOf(broker)] ?? 0;
    if (share === undefined) return fair;
    const ofAll = entries.reduce((sum, entry) => sum + (entry.share ?? 0), 0);
    const free = quota - (ofAll - share);
    return Math.min(fair, Math.max(share, free));
  }
}
