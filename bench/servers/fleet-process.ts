/**
 * Real brokers, many of them in one process, for instances on a cluster whose nodes run nothing:
 * `fleet-process.ts DATA-DIRECTORY TOKEN INSTANCE...`, each instance as `namespace/name`. It
 * follows their settings as brokers in pods do, and prints a ready line with the admin ports.
 */
import { join } from 'node:path';
import type { V1ConfigMap } from '@kubernetes/client-node';
import { Broker } from '#broker/main';
import { connect } from '#kube/http-client';
import { childName, FLEET_FILE, LABEL, MANAGER } from '#kube/names';
import { CONFIG_MAPS } from '#kube/resources';
import { Informer } from '#kube/watch';
import { systemClock } from '#lib/clock';
import { CONFIG } from '#lib/limits';
import { createLog } from '#lib/log';
import { createRegistry } from '#lib/metrics';
import { parseFleetSettings, type FleetSettings } from '#proto/fleet-settings';

const HOST = '127.0.0.1';
const HOUR_MS = 3_600_000;
const log = createLog({ level: 'error', format: 'json' });

interface Followed {
  readonly address: string;
  follow(settings: FleetSettings): void;
}

async function main(data: string, token: string, instances: readonly string[]): Promise<void> {
  const brokers = new Map<string, Followed>();
  for (const instance of instances) brokers.set(instance, await start(data, token, instance));
  const informer = new Informer<V1ConfigMap>({
    client: connect(),
    type: CONFIG_MAPS,
    labelSelector: `${LABEL.managedBy}=${MANAGER}`,
    log,
  });
  informer.onChange((map) => {
    const text = map?.data?.[FLEET_FILE];
    if (text === undefined) return;
    const { namespace, labels } = map?.metadata ?? {};
    brokers.get(`${namespace}/${labels?.[LABEL.instance]}`)?.follow(parseFleetSettings(text));
  });
  informer.start();
  await informer.synced;
  const admin = Object.fromEntries([...brokers].map(([key, { address }]) => [key, address]));
  process.stdout.write(`${JSON.stringify({ event: 'ready', admin })}\n`);
}

/** The broker of the only shard. */
async function start(data: string, token: string, instance: string): Promise<Followed> {
  const [, name = ''] = instance.split('/');
  const source = {
    current: { revision: '0', nameServers: [], edition: 'platinum', brokers: {} } as FleetSettings,
    onChange: (_settings: FleetSettings): void => undefined,
  };
  const broker = new Broker({
    config: {
      name: childName.shard(name, 0),
      data: join(data, ...instance.split('/')),
      host: HOST,
      grpcPort: 0,
      transport: CONFIG.transport,
      listeners: [],
      proxied: [],
      advertised: undefined,
      certificate: undefined,
      adminHost: HOST,
      adminPort: 0,
      adminToken: token,
      durability: 'fast',
      retentionMs: HOUR_MS,
      diskWatermark: 1,
      autoCreate: false,
      nameServers: [],
      fleetToken: undefined,
    },
    fleet: source,
    log,
    registry: createRegistry(),
    clock: systemClock,
  });
  await broker.start();
  return {
    address: broker.adminAddress,
    follow(settings) {
      source.current = settings;
      source.onChange(settings);
    },
  };
}

const [data = '', token = '', ...instances] = process.argv.slice(2);
await main(data, token, instances);
