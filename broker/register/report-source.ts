/** What a broker tells name servers of itself. */
import { kindNumber } from '#proto/fleet';
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
  #version = 1;

  /** `holdings` is asked each time a full report goes out. */
  constructor(self: BrokerSelf, holdings: () => Holdings) {
    this.#self = self;
    this.#holdings = holdings;
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
        topics: [...topics].map(({ name, kind, queues }) => ({
          name,
          kind: kindNumber(kind),
          queues,
        })),
        orderedGroups: [...orderedGroups],
      },
    };
  }

  keepAlive(): BrokerReportInput {
    const { name, identity, generation } = this.#self;
    return { broker: name, identity, generation, version: this.#version };
  }
}
