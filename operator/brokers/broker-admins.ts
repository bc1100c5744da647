/** The admin ports of all brokers of all instances, opened when they are first asked. */
import type { Clock } from '#lib/clock';
import { brokerPod, childName, PORT } from '#kube/names';
import { BrokerAdmin } from '#operator/brokers/broker-admin';
import type { InstanceName, Tokens } from '#operator/brokers/tokens';

/** `host:port` of the admin port of a shard's broker. */
export type AdminAddress = (instance: InstanceName, shard: number) => string;

/** By the name of the pod, which outlives it. */
export function adminAddressIn(clusterDomain: string): AdminAddress {
  return ({ namespace, name }, shard) => {
    const host = `${brokerPod(name, shard)}.${childName.brokers(name)}.${namespace}`;
    return `${host}.svc.${clusterDomain}:${PORT.admin}`;
  };
}

export class BrokerAdmins {
  readonly #tokens: Tokens;
  readonly #address: AdminAddress;
  readonly #clock: Clock;
  readonly #byShard = new Map<string, BrokerAdmin>();

  constructor(tokens: Tokens, address: AdminAddress, clock: Clock) {
    this.#tokens = tokens;
    this.#address = address;
    this.#clock = clock;
  }

  of(instance: InstanceName, shard: number): BrokerAdmin {
    const key = keyOf(instance, shard);
    let admin = this.#byShard.get(key);
    if (!admin) {
      admin = new BrokerAdmin({
        broker: childName.shard(instance.name, shard),
        address: () => this.#address(instance, shard),
        token: () => this.#tokens.adminToken(instance),
        onUnauthorized: () => this.#tokens.forget(instance),
        clock: this.#clock,
      });
      this.#byShard.set(key, admin);
    }
    return admin;
  }

  /** The instance is gone. */
  forget({ namespace, name }: InstanceName): void {
    this.#tokens.forget({ namespace, name });
    for (const [key, admin] of this.#byShard) {
      if (!key.startsWith(`${namespace}/${name}/`)) continue;
      admin.close();
      this.#byShard.delete(key);
    }
  }

  close(): void {
    for (const admin of this.#byShard.values()) admin.close();
    this.#byShard.clear();
  }
}

function keyOf({ namespace, name }: InstanceName, shard: number): string {
  return `${namespace}/${name}/${shard}`;
}
