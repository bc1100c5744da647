/**
 * A broker's place in its fleet: it follows the settings of the fleet as they change, keeps its
 * name servers up to date, and keeps to its share of the quota.
 */
import type { Clock } from '#lib/clock';
import { isWildcard, parseHostPort } from '#lib/host-port';
import type { HostPort } from '#lib/host-port';
import type { Log } from '#lib/log';
import { INTERNAL_LISTENER } from '#proto/fleet';
import { fleetBroker } from '#proto/fleet-settings';
import type { FleetBroker, FleetSettings, FleetSettingsSource } from '#proto/fleet-settings';
import { withoutWriting } from '#proto/route';

import type { Core } from '#broker/core';
import { FleetQuota } from '#broker/register/fleet-quota';
import { Registration } from '#broker/register/registration';
import type { Holdings } from '#broker/register/report-source';

export interface FleetMemberOptions {
  readonly name: string;
  readonly core: Core;
  readonly fleet: FleetSettingsSource;
  /** Where the broker itself listens, once it does. */
  readonly door: () => HostPort;
  /** The secret of the fleet, if name servers ask for one. */
  readonly token: string | undefined;
  readonly log: Log;
  readonly clock: Clock;
}

type HeldTopic = Holdings['topics'] extends Iterable<infer T> ? T : never;

/** The settings of a broker outside of a fleet, or of one whose fleet has none. */
export function fixedSettings(
  name: string,
  nameServers: readonly string[],
  internal: string | undefined,
): FleetSettingsSource {
  const listeners = internal === undefined ? {} : { [INTERNAL_LISTENER]: internal };
  const current: FleetSettings = {
    revision: '',
    nameServers: [...nameServers],
    edition: 'platinum',
    brokers: { [name]: { readOnly: false, listeners } },
  };
  return { current, onChange: () => undefined };
}

export class FleetMember {
  readonly #options: FleetMemberOptions;
  readonly #quota: FleetQuota;
  readonly #registration: Registration;
  /** What name servers were told of this broker's own settings. */
  #told = '';

  /** The settings are in force from here on; name servers hear of the broker from `start` on. */
  constructor(options: FleetMemberOptions) {
    const { name, core, fleet, token, log, clock } = options;
    this.#options = options;
    this.#quota = new FleetQuota(core.quota, clock);
    this.#registration = new Registration({
      self: { name, identity: core.identity.id, generation: clock.nowMs() },
      holdings: () => this.#holdings(),
      demand: () => this.#quota.demand(),
      onShare: () => this.#followQuota(),
      nameServers: [],
      log,
      clock,
      ...(token === undefined ? {} : { token }),
    });
    this.#follow(fleet.current);
  }

  start(): void {
    const { core, fleet } = this.#options;
    core.topics.onChange = () => this.#registration.changed();
    core.groups.onChange = () => this.#registration.changed();
    fleet.onChange = (settings) => this.#follow(settings);
    this.#registration.start();
  }

  /** Resolves when name servers route nobody here any more, or after some time. */
  stop(): Promise<void> {
    this.#options.fleet.onChange = () => undefined;
    return this.#registration.stop();
  }

  /** Why clients can't find this broker, and what to do about it; undefined when they can. */
  get problem(): string | undefined {
    const { name, fleet } = this.#options;
    const { nameServers } = fleet.current;
    if (!this.#own) {
      return `the fleet settings do not have this broker: add "${name}" to their "brokers"`;
    }
    if (nameServers.length === 0) return undefined;
    if (this.#listeners.length === 0) {
      return (
        'the fleet settings do not say where clients reach this broker: ' +
        `add an address "${INTERNAL_LISTENER}" to the "listeners" of "${name}"`
      );
    }
    if (this.#registration.registeredAt.length > 0) return undefined;
    return `not registered at a name server: none of ${nameServers.join(', ')} answers`;
  }

  /** The address that the settings have of a listener. */
  advertised(listener: string): HostPort | undefined {
    const listeners = this.#own?.listeners ?? {};
    const address = Object.hasOwn(listeners, listener) ? listeners[listener] : undefined;
    return address === undefined ? undefined : parseHostPort(address);
  }

  get #own(): FleetBroker | undefined {
    return fleetBroker(this.#options.fleet.current, this.#options.name);
  }

  #follow(settings: FleetSettings): void {
    const { name, core } = this.#options;
    const own = fleetBroker(settings, name);
    const { edition, nameServers, revision } = settings;
    const readOnly = own?.readOnly ?? false;
    core.mode.set({ edition, readOnly, revision: revision === '' ? undefined : revision });
    this.#followQuota();
    const canRegister = own !== undefined && this.#listeners.length > 0;
    const told = JSON.stringify(own);
    if (told !== this.#told) this.#registration.changed();
    this.#told = told;
    this.#registration.setNameServers(canRegister ? nameServers : []);
  }

  #followQuota(): void {
    this.#quota.follow(this.#options.fleet.current, this.#registration.share);
  }

  #holdings(): Holdings {
    const { topics, groups } = this.#options.core;
    return {
      listeners: this.#listeners,
      topics: [...topics.all].flatMap(({ definition }) => this.#held(definition)),
      orderedGroups: [...groups.all].filter(({ ordered }) => ordered).map(({ name }) => name),
    };
  }

  #held(topic: HeldTopic): readonly HeldTopic[] {
    if (!this.#options.core.mode.readOnly) return [topic];
    const permission = withoutWriting(topic.permission);
    return permission === undefined ? [] : [{ ...topic, permission }];
  }

  /** Every way in that clients are told of. */
  get #listeners(): { name: string; host: string; port: number }[] {
    const names = Object.keys(this.#own?.listeners ?? {});
    const told = names.flatMap((name) => {
      const address = this.advertised(name);
      return address ? [{ name, ...address }] : [];
    });
    const door = this.#options.door();
    if (names.includes(INTERNAL_LISTENER) || isWildcard(door.host)) return told;
    return [{ name: INTERNAL_LISTENER, ...door }, ...told];
  }
}
