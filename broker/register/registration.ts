/** Keeps a broker known to every name server: at the start, on each change, and in between. */
import { NameServerLink, type LinkOptions } from '#broker/register/name-server-link';
import { ReportSource, type BrokerSelf, type Holdings } from '#broker/register/report-source';
import { systemClock, type Clock, type Timer } from '#lib/clock';
import type { Part } from '#lib/lifecycle';
import { REGISTRY } from '#lib/limits';
import type { Log } from '#lib/log';

export interface RegistrationOptions {
  readonly self: BrokerSelf;
  /** Asked each time a full report goes out. */
  readonly holdings: () => Holdings;
  /** `host:port` of the registry listener of each. */
  readonly nameServers: readonly string[];
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
    token,
    log,
    clock = systemClock,
  }: RegistrationOptions) {
    this.#reports = new ReportSource(self, holdings);
    this.#linkOptions = { reports: this.#reports, clock, log, token };
    this.#clock = clock;
    this.#nameServers = nameServers;
  }

  /** Returns at once: a broker serves its clients whether or not a name server is there. */
  start(): void {
    this.#isRunning = true;
    this.setNameServers(this.#nameServers);
  }

  /** The broker leaves: name servers forget it once its streams are closed for a while. */
  stop(): void {
    this.#isRunning = false;
    this.#pendingChange?.cancel();
    for (const link of this.#links.values()) link.close();
    this.#links.clear();
  }

  /** Topics, ordered groups or addresses changed; several changes make one report. */
  changed(): void {
    this.#reports.changed();
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
}
