/**
 * The brokers that are alive. One that is silent, or whose stream broke and did not come back, is
 * taken out of the routes; so is nothing else.
 */
import type { Clock, Timer } from '#lib/clock';
import { SluiceError } from '#lib/errors';
import { REGISTRY } from '#lib/limits';
import type { Log } from '#lib/log';
import { checkIdentity, routesOf } from '#nameserver/broker-routes';
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
  readonly clock: Clock;
  readonly log: Log;
}

export class Registrations {
  readonly #table: RouteTable;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #byBroker = new Map<string, Registration>();

  constructor({ table, clock, log }: RegistrationsOptions) {
    this.#table = table;
    this.#clock = clock;
    this.#log = log;
  }

  /** Takes one report in. Throws BAD_REQUEST, ALREADY_EXISTS or TOO_MANY_REQUESTS. */
  report(stream: ReportStream, report: BrokerReport): RegistryAnswerInput {
    checkIdentity(report);
    const routes = report.holdings && routesOf(report.holdings);
    const registration = this.#admit(stream, report);
    this.#expireAfter(registration, report.broker, REGISTRY.silentMs, 'it was silent');
    if (routes) {
      // A stream that is about to be replaced may bring what the newer one has already changed.
      if (report.version >= (registration.version ?? 0)) {
        registration.version = report.version;
        this.#table.set(report.broker, routes);
      }
      return { holdingsWanted: false };
    }
    return { holdingsWanted: registration.version !== report.version };
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
    this.#log.info({ broker, identity, generation }, 'a broker registered');
    return registration;
  }

  #expireAfter(registration: Registration, broker: string, delayMs: number, reason: string): void {
    registration.expiry.cancel();
    registration.expiry = this.#clock.setTimeout(() => {
      this.#byBroker.delete(broker);
      this.#table.remove(broker);
      this.#log.warn({ broker, afterMs: delayMs }, `a broker is gone: ${reason}`);
    }, delayMs);
  }
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
