/** Keeps a broker known to every name server: at the start, on each change, and in between. */
import { NameServerLink, type LinkOptions } from '#broker/register/name-server-link';
import { ReportSource, type BrokerSelf, type Holdings } from '#broker/register/report-source';
import { systemClock, type Clock, type Timer } from '#lib/clock';
import type { Part } from '#lib/lifecycle';
import { REGISTRY } from '#lib/fleet-limits';
import type { Log } from '#lib/log';

export interface RegistrationOptions {
  readonly self: BrokerSelf;
  /** Asked each time a full report goes out. */
  readonly holdings: () => Holdings;
  /** `host:port` of the registry listener of each. */
  readonly nameServers: readonly string[];
  /** Messages a second that clients want to send and receive. */
  readonly demand: () => number;
  /** `share` may be another one than before. */
  readonly onShare?: () => void;
  /** The secret of the fleet, if name servers ask for one. */
  readonly token?: string;
  readonly log: Log;
  readonly clock?: Clock;
}

export class Registration implements Required<Part> {
  readonly name = 'registration';
  readonly #reports: ReportSource;
  readonly #linkOptions: LinkOptions;
  readonly #clock: Clock;
  readonly #links = new Map<string, NameServerLink>();
  #nameServers: readonly string[];
  #isRunning = false;
  #pendingChange: Timer | undefined;

  constructor({
    self,
    holdings,
    nameServers,
    demand,
    onShare = () => undefined,
    token,
    log,
    clock = systemClock,
  }: RegistrationOptions) {
    this.#reports = new ReportSource(self, holdings, demand);
    this.#linkOptions = { reports: this.#reports, clock, log, token, onShare };
    this.#clock = clock;
    this.#nameServers = nameServers;
  }

  /** Returns at once: a broker serves its clients whether or not a name server is there. */
  start(): void {
    this.#isRunning = true;
    this.setNameServers(this.#nameServers);
  }

  /**
   * The broker leaves. Resolves when name servers have taken it out of the routes, or after a time
   * that is short for a process that is to end: those that did not answer find out by themselves.
   */
  async stop(): Promise<void> {
    this.#isRunning = false;
    this.#pendingChange?.cancel();
    const links = [...this.#links.values()];
    let patience: Timer | undefined;
    const late = new Promise<void>((resolve) => {
      patience = this.#clock.setTimeout(resolve, REGISTRY.goodbyeMs);
    });
    await Promise.race([late, Promise.all(links.map((link) => link.leave()))]);
    patience?.cancel();
    for (const link of links) link.close();
    this.#links.clear();
  }

  /** Topics, ordered groups or addresses changed; several changes make one report. */
  changed(): void {
    this.#reports.changed();
    if (!this.#isRunning) return;
    this.#pendingChange ??= this.#clock.setTimeout(() => {
      this.#pendingChange = undefined;
      for (const link of this.#links.values()) link.reportAll();
    }, REGISTRY.changeDelayMs);
  }

  /** Those that stay keep their streams. */
  setNameServers(addresses: readonly string[]): void {
    this.#nameServers = addresses;
    if (!this.#isRunning) return;
    for (const [address, link] of this.#links) {
      if (addresses.includes(address)) continue;
      link.close();
      this.#links.delete(address);
    }
    for (const address of addresses) {
      if (this.#links.has(address)) continue;
      this.#links.set(address, new NameServerLink(address, this.#linkOptions));
    }
  }

  /** Name servers that know this broker, for metrics and readiness. */
  get registeredAt(): readonly string[] {
    return [...this.#links].filter(([, link]) => link.isRegistered).map(([address]) => address);
  }

  /**
   * Messages a second that this broker may let through, as the first of the name servers says that
   * says anything; all brokers follow the same one as long as it is there.
   */
  get share(): number | undefined {
    for (const address of this.#nameServers) {
      const share = this.#links.get(address)?.share;
      if (share !== undefined) return share;
    }
    return undefined;
  }
}
