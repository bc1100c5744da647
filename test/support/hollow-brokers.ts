/**
 * Real brokers, in this process, for the shards of instances on a cluster whose nodes run nothing:
 * the operator speaks to their admin ports, and they follow the settings that it writes.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { V1ConfigMap } from '@kubernetes/client-node';
import { Broker } from '#broker/main';
import type { KubeClient } from '#kube/client';
import { childName, FLEET_FILE, LABEL, MANAGER } from '#kube/names';
import { CONFIG_MAPS, SECRETS } from '#kube/resources';
import { Informer } from '#kube/watch';
import { systemClock } from '#lib/clock';
import { CONFIG } from '#lib/limits';
import { createRegistry } from '#lib/metrics';
import type { AdminAddress } from '#operator/brokers/broker-admins';
import { parseFleetSettings, type FleetSettings } from '#proto/fleet-settings';
import { silentLog } from '#support/core';

const NOBODY_THERE = '127.0.0.1:1';

interface HollowBroker {
  readonly broker: Broker;
  readonly instance: string;
  readonly source: { current: FleetSettings; onChange: (settings: FleetSettings) => void };
}

export class HollowBrokers {
  readonly #client: KubeClient;
  readonly #informer: Informer<V1ConfigMap>;
  readonly #brokers = new Map<string, HollowBroker>();
  readonly #data: string;
  /** How each of them is started again, by its name. */
  readonly #halted = new Map<string, () => Promise<void>>();
  /** One change after the other. */
  #work: Promise<void> = Promise.resolve();

  static async start(client: KubeClient, namespace: string): Promise<HollowBrokers> {
    const data = await mkdtemp(join(tmpdir(), 'sluice-hollow-'));
    return new HollowBrokers(client, namespace, data);
  }

  private constructor(client: KubeClient, namespace: string, data: string) {
    this.#client = client;
    this.#data = data;
    this.#informer = new Informer({
      client,
      type: CONFIG_MAPS,
      namespaces: [namespace],
      labelSelector: `${LABEL.managedBy}=${MANAGER}`,
      log: silentLog,
    });
    this.#informer.onChange((map, before) => {
      const instance = (map ?? before)?.metadata?.labels?.[LABEL.instance] ?? '';
      const text = map?.data?.[FLEET_FILE];
      if (text !== undefined) void this.#then(() => this.#follow(namespace, instance, text));
      else if (!map) void this.#then(() => this.#stopOthers(namespace, instance, {}));
    });
    this.#informer.start();
  }

  /** Where the operator finds the admin port of a shard. */
  readonly adminAddress: AdminAddress = ({ namespace, name }, shard) => {
    const key = `${namespace}/${childName.shard(name, shard)}`;
    return this.#brokers.get(key)?.broker.adminAddress ?? NOBODY_THERE;
  };

  adminOf(namespace: string, broker: string): string {
    return this.#brokers.get(`${namespace}/${broker}`)?.broker.adminAddress ?? NOBODY_THERE;
  }

  /** As when its process hangs: its pod still seems well. Until `resume`. */
  halt(namespace: string, broker: string): Promise<void> {
    return this.#then(async () => {
      const key = `${namespace}/${broker}`;
      const running = this.#brokers.get(key);
      if (!running) throw new Error(`there is no broker ${broker}`);
      const { instance, source } = running;
      this.#halted.set(key, () => this.#start(namespace, instance, broker, source.current));
      await running.broker.stop();
      this.#brokers.delete(key);
    });
  }

  resume(namespace: string, broker: string): Promise<void> {
    return this.#then(async () => {
      const start = this.#halted.get(`${namespace}/${broker}`);
      this.#halted.delete(`${namespace}/${broker}`);
      await start?.();
    });
  }

  async stop(): Promise<void> {
    await this.#informer.stop();
    await this.#work;
    await Promise.all([...this.#brokers.values()].map(({ broker }) => broker.stop()));
    await rm(this.#data, { recursive: true, force: true });
  }

  /** Each broker of the settings runs; one that is in them no more stops, and keeps its data. */
  async #follow(namespace: string, instance: string, text: string): Promise<void> {
    const settings = parseFleetSettings(text);
    await this.#stopOthers(namespace, instance, settings.brokers);
    for (const name of Object.keys(settings.brokers)) {
      const key = `${namespace}/${name}`;
      const known = this.#brokers.get(key);
      const start = (): Promise<void> => this.#start(namespace, instance, name, settings);
      if (this.#halted.has(key)) this.#halted.set(key, start);
      else if (!known) await start();
      if (!known) continue;
      known.source.current = settings;
      known.source.onChange(settings);
    }
  }

  async #stopOthers(namespace: string, instance: string, wanted: object): Promise<void> {
    const prefix = `${namespace}/${instance}-shard-`;
    for (const [key, { broker }] of this.#brokers) {
      const name = key.slice(namespace.length + 1);
      if (!key.startsWith(prefix) || Object.hasOwn(wanted, name)) continue;
      this.#brokers.delete(key);
      await broker.stop();
    }
  }

  #then(work: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(work);
    return this.#work;
  }

  async #start(
    namespace: string,
    instance: string,
    name: string,
    settings: FleetSettings,
  ): Promise<void> {
    const secret = await this.#client.get(SECRETS, { namespace, name: childName.fleet(instance) });
    const token = Buffer.from(secret?.data?.['admin-token'] ?? '', 'base64').toString();
    const source = { current: settings, onChange: () => undefined };
    const broker = new Broker({
      config: {
        name,
        data: join(this.#data, name),
        host: '127.0.0.1',
        grpcPort: 0,
        transport: CONFIG.transport,
        listeners: [],
        proxied: [],
        advertised: undefined,
        certificate: undefined,
        adminHost: '127.0.0.1',
        adminPort: 0,
        adminToken: token,
        durability: 'fast',
        retentionMs: 3_600_000,
        diskWatermark: 1,
        autoCreate: false,
        nameServers: [],
        fleetToken: undefined,
      },
      // Name servers do not run here; everything else of the settings is followed.
      fleet: source,
      log: silentLog,
      registry: createRegistry(),
      clock: systemClock,
    });
    await broker.start();
    this.#brokers.set(`${namespace}/${name}`, { broker, instance, source });
  }
}
