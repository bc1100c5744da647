/** The settings of an instance's fleet, from its spec and from where its brokers can be reached. */
import type { V1Service } from '@kubernetes/client-node';
import { fleetBroker, parseFleetSettings, type FleetSettings } from '#proto/fleet-settings';
import { childName, FLEET_FILE, INTERNAL_LISTENER, registryAddresses } from '#kube/names';
import { CONFIG_MAPS, SERVICES } from '#kube/resources';
import { SluiceError } from '#lib/errors';
import { hashOfValue } from '#operator/apply/wanted-hash';
import { advertisedAddress } from '#operator/resources/addresses';
import type { Pass, Tools } from '#operator/reconcile/pass';
import type { ShardFacts } from '#operator/reconcile/facts';

export interface NamedSettings {
  readonly settings: FleetSettings;
  /** Listeners whose address is not known yet, with the reason. */
  readonly missing: readonly string[];
}

/** `readOnly`: numbers of the shards that take no more messages. */
export function fleetSettings(
  pass: Pass,
  tools: Tools,
  readOnly: ReadonlySet<number>,
): NamedSettings {
  const { instance, facts } = pass;
  const { clusterDomain } = tools;
  const missing: string[] = [];
  const brokers: FleetSettings['brokers'] = {};
  const before = settingsBefore(pass, tools);
  for (const shard of facts.shards) {
    const told = before && fleetBroker(before, shard.broker);
    const addresses = listenerAddresses(pass, tools, shard, told?.listeners ?? {});
    missing.push(...addresses.missing);
    brokers[shard.broker] = { readOnly: readOnly.has(shard.number), listeners: addresses.known };
  }
  const settings = {
    nameServers: registryAddresses(instance, instance.nameServers, clusterDomain),
    edition: instance.edition === 'Standard' ? ('standard' as const) : ('platinum' as const),
    ...(instance.tps === undefined ? {} : { tps: instance.tps }),
    brokers,
  };
  return { settings: { revision: hashOfValue(settings), ...settings }, missing };
}

/** Undefined where there are none yet, or none that can be read. */
function settingsBefore({ instance }: Pass, { caches }: Tools): FleetSettings | undefined {
  const { namespace, name } = instance;
  const text = caches.get(CONFIG_MAPS, { namespace, name: childName.fleet(name) })?.data?.[
    FLEET_FILE
  ];
  try {
    return text === undefined ? undefined : parseFleetSettings(text);
  } catch (error) {
    // Changed by somebody else: it is about to be put right.
    if (error instanceof SluiceError) return undefined;
    throw error;
  }
}

/** `before`: what clients were told; it holds while the shard's pod is between two nodes. */
function listenerAddresses(
  { instance }: Pass,
  { caches, clusterDomain }: Tools,
  { number, node }: ShardFacts,
  before: Readonly<Record<string, string>>,
): { known: Record<string, string>; missing: string[] } {
  const known: Record<string, string> = {};
  const missing: string[] = [];
  for (const listener of [INTERNAL_LISTENER, ...instance.listeners.map(({ name }) => name)]) {
    const service: V1Service | undefined = caches.get(SERVICES, {
      namespace: instance.namespace,
      name: childName.shardListener(instance.name, number, listener),
    });
    const address = advertisedAddress(instance, number, listener, { service, node, clusterDomain });
    const told = node === undefined ? own(before, listener) : undefined;
    if ('address' in address) known[listener] = address.address;
    else if (told !== undefined) known[listener] = told;
    else missing.push(address.reason);
  }
  return { known, missing };
}

function own(listeners: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(listeners, name) ? listeners[name] : undefined;
}
