/** What a broker tells name servers of itself. */
import { REGISTRY } from '#lib/fleet-limits';
import { kindNumber, permissionNumber } from '#proto/fleet';
import type { BrokerReportInput } from '#proto/fleet-types';
import type { RoutedTopic } from '#proto/route';

/** Who reports; the same for the life of the process. */
export interface BrokerSelf {
  /** Name in the routes. */
  readonly name: string;
  /** Of the volume: stays when the address or the process changes. */
  readonly identity: string;
  /** Grows with each start, e.g. its time in ms. */
  readonly generation: number;
}

/** What clients can reach at this broker now. Names carry their namespace. */
export interface Holdings {
  /** The addresses by which clients reach each listener. */
  readonly listeners: Iterable<{ name: string; host: string; port: number }>;
  readonly topics: Iterable<RoutedTopic & { name: string }>;
  /** Consumer groups that get their messages in order. */
  readonly orderedGroups: Iterable<string>;
}

/** The reports of one broker, the same for all name servers. */
export class ReportSource {
  readonly #self: BrokerSelf;
  readonly #holdings: () => Holdings;
  readonly #demand: () => number;
  #version = 1;

  /** `holdings` is asked each time a full report goes out, `demand` (messages/s) with each. */
  constructor(self: BrokerSelf, holdings: () => Holdings, demand: () => number) {
    this.#self = self;
    this.#holdings = holdings;
    this.#demand = demand;
  }

  /** The holdings are not what they were. */
  changed(): void {
    this.#version++;
  }

  full(): BrokerReportInput {
    const { listeners, topics, orderedGroups } = this.#holdings();
    return {
      ...this.keepAlive(),
      holdings: {
        listeners: [...listeners],
        topics: [...topics].map(({ name, kind, queues, permission }) => ({
          name,
          kind: kindNumber(kind),
          queues,
          permission: permissionNumber(permission),
        })),
        orderedGroups: [...orderedGroups],
      },
    };
  }

  keepAlive(): BrokerReportInput {
    const { name, identity, generation } = this.#self;
    const demand = this.#demand();
    const periodMs = REGISTRY.reportMs;
    return { broker: name, identity, generation, version: this.#version, demand, periodMs };
  }

  goodbye(): BrokerReportInput {
    return { ...this.keepAlive(), leaving: true };
  }
}
