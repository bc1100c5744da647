/**
 * The brokers that are alive. One that says that it leaves, that is silent, or whose stream broke
 * and did not come back, is taken out of the routes; so is nothing else.
 */
import type { Clock, Timer } from '#lib/clock';
import { SluiceError } from '#lib/errors';
import { REGISTRY } from '#lib/fleet-limits';
import type { Log } from '#lib/log';
import { checkReport, routesOf } from '#nameserver/broker-routes';
import type { QuotaLedger } from '#nameserver/quota-ledger';
import type { RouteTable } from '#nameserver/route-table';
import type { BrokerReport, RegistryAnswerInput } from '#proto/fleet-types';

/** Stands for one stream of reports; compared by identity. */
export type ReportStream = object;

interface Registration {
  readonly identity: string;
  readonly generation: number;
  /** Undefined until the holdings came. */
  version: number | undefined;
  /** The latest that reported; undefined once it broke. */
  stream: ReportStream | undefined;
  /** Takes the broker out. */
  expiry: Timer;
}

export interface RegistrationsOptions {
  readonly table: RouteTable;
  readonly ledger: QuotaLedger;
  /** Messages a second to be shared out; undefined when there is nothing to say about it. */
  readonly quota: () => number | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

export class Registrations {
  readonly #options: RegistrationsOptions;
  readonly #byBroker = new Map<string, Registration>();

  constructor(options: RegistrationsOptions) {
    this.#options = options;
  }

  /** Takes one report in. Throws BAD_REQUEST, ALREADY_EXISTS or TOO_MANY_REQUESTS. */
  report(stream: ReportStream, report: BrokerReport): RegistryAnswerInput {
    checkReport(report);
    const { broker, version, demand, leaving } = report;
    if (leaving) return this.#leave(report);
    const routes = report.holdings && routesOf(report.holdings);
    const registration = this.#admit(stream, report);
    this.#expireAfter(registration, broker, silenceOf(report), 'it was silent');
    const { table, ledger, quota } = this.#options;
    // A stream that is about to be replaced may bring what the newer one has already changed.
    if (routes && version >= (registration.version ?? 0)) {
      registration.version = version;
      table.set(broker, routes);
    }
    const share = ledger.shareOf(broker, demand, quota());
    const holdingsWanted = !routes && registration.version !== version;
    return share === undefined ? { holdingsWanted } : { holdingsWanted, share };
  }

  /** Whether the broker has reported of late. */
  has(broker: string): boolean {
    return this.#byBroker.has(broker);
  }

  /** The stream broke or was closed; a newer one of the same broker is not touched. */
  streamEnded(stream: ReportStream): void {
    for (const [broker, registration] of this.#byBroker) {
      if (registration.stream !== stream) continue;
      registration.stream = undefined;
      this.#expireAfter(registration, broker, REGISTRY.brokenStreamMs, 'its stream broke');
    }
  }

  /** Forgets all timers; the routes stay as they are. */
  stop(): void {
    for (const { expiry } of this.#byBroker.values()) expiry.cancel();
  }

  #admit(stream: ReportStream, { broker, identity, generation }: BrokerReport): Registration {
    const known = this.#byBroker.get(broker);
    if (known?.identity === identity && known.generation === generation) {
      known.stream = stream;
      return known;
    }
    if (known) refuseUnlessSuccessor(broker, known, identity, generation);
    if (!known && this.#byBroker.size >= REGISTRY.brokersMax) {
      throw new SluiceError(
        'TOO_MANY_REQUESTS',
        `a name server knows at most ${REGISTRY.brokersMax} brokers`,
      );
    }
    known?.expiry.cancel();
    const expiry = { cancel: () => undefined };
    const registration = { identity, generation, version: undefined, stream, expiry };
    this.#byBroker.set(broker, registration);
    this.#options.log.info({ broker, identity, generation }, 'a broker registered');
    return registration;
  }

  /** A good-bye of an earlier start, or of another broker of the same name, changes nothing. */
  #leave({ broker, identity, generation }: BrokerReport): RegistryAnswerInput {
    const known = this.#byBroker.get(broker);
    if (known?.identity === identity && known.generation === generation) {
      known.expiry.cancel();
      this.#forget(broker);
      this.#options.log.info({ broker }, 'a broker has left');
    }
    return { holdingsWanted: false };
  }

  #expireAfter(registration: Registration, broker: string, delayMs: number, reason: string): void {
    const { clock, log } = this.#options;
    registration.expiry.cancel();
    registration.expiry = clock.setTimeout(() => {
      registration.expiry = clock.setTimeout(() => {
        this.#forget(broker);
        log.warn({ broker, afterMs: delayMs }, `a broker is gone: ${reason}`);
      }, REGISTRY.lastCallMs);
    }, delayMs);
  }

  #forget(broker: string): void {
    const { table, ledger } = this.#options;
    this.#byBroker.delete(broker);
    table.remove(broker);
    ledger.forget(broker);
  }
}

/** A broker of another version may report less often; it may miss as many reports as any. */
function silenceOf({ periodMs }: BrokerReport): number {
  const { reportMs, silentMs, silentUnsaidMs } = REGISTRY;
  if (periodMs <= 0) return silentUnsaidMs;
  return Math.min(Math.max(silentMs, (periodMs * silentMs) / reportMs), silentUnsaidMs);
}

/** A broker that is alive is replaced only by a later start of itself. */
function refuseUnlessSuccessor(
  broker: string,
  known: Registration,
  identity: string,
  generation: number,
): void {
  if (known.identity !== identity) {
    if (!known.stream) return;
    throw new SluiceError(
      'ALREADY_EXISTS',
      `another broker is registered as ${broker}; names of brokers are unique`,
    );
  }
  if (generation < known.generation) {
    throw new SluiceError(
      'ALREADY_EXISTS',
      `${broker} is registered with generation ${known.generation}, after ${generation}`,
    );
  }
}
