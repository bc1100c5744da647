/** A fleet of processes that follows one file of settings, and what its routes say. */
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAdminClient } from '#proto/admin-client';
import { TopicKind } from '#proto/admin-types';
import type { FleetSettings } from '#proto/fleet-settings';
import { Code } from '#proto/types';
import { until } from '#support/until';
import { RawClient } from '../conformance/raw-client.ts';

/** What each file begins with. */
const NO_BROKERS: FleetSettings = {
  revision: '0',
  nameServers: [],
  edition: 'standard',
  brokers: {},
};

/** A file of settings that changes as a mounted ConfigMap does. */
export class FleetFile {
  readonly path: string;
  readonly #directory: string;
  #settings = NO_BROKERS;
  #version = 0;

  private constructor(directory: string) {
    this.#directory = directory;
    this.path = join(directory, 'fleet.json');
  }

  static async create(): Promise<FleetFile> {
    const file = new FleetFile(await mkdtemp(join(tmpdir(), 'sluice-fleet-')));
    await file.change({});
    await symlink('..data/fleet.json', file.path);
    return file;
  }

  get settings(): FleetSettings {
    return this.#settings;
  }

  change(changes: Partial<FleetSettings>): Promise<void> {
    return this.replace({ ...this.#settings, ...changes });
  }

  async replace(settings: FleetSettings): Promise<void> {
    const revision = String(++this.#version);
    this.#settings = { ...settings, revision };
    const version = join(this.#directory, `..${revision}`);
    await mkdir(version);
    await writeFile(join(version, 'fleet.json'), JSON.stringify(this.#settings));
    await symlink(version, join(this.#directory, '..data_tmp'));
    await rename(join(this.#directory, '..data_tmp'), join(this.#directory, '..data'));
  }

  remove(): Promise<void> {
    return rm(this.#directory, { recursive: true, force: true });
  }
}

/** One broker in a route. */
export interface RoutedBroker {
  readonly name: string;
  /** `host:port` */
  readonly address: string;
  /** apache.rocketmq.v2.Permission */
  readonly permission: number;
}

/** The brokers that a name server, or a broker, has in its route, each once, by name. */
export async function routed(address: string, topic: string): Promise<RoutedBroker[]> {
  const client = new RawClient(address);
  try {
    const { status, messageQueues } = await client.unary('QueryRoute', { topic: { name: topic } });
    if (status?.code !== Code.OK) return [];
    const brokers = new Map<string, RoutedBroker>();
    for (const { broker, permission } of messageQueues) {
      const at = broker?.endpoints?.addresses[0];
      const name = broker?.name ?? '';
      brokers.set(name, { name, address: `${at?.host}:${at?.port}`, permission });
    }
    return [...brokers.values()];
  } finally {
    client.close();
  }
}

/** Asks until the route is as it should be; says how long that took, in ms. */
export async function untilRouted(
  address: string,
  topic: string,
  isRight: (brokers: readonly RoutedBroker[]) => boolean,
  timeoutMs: number,
): Promise<number> {
  const startedMs = performance.now();
  let latest: readonly RoutedBroker[] = [];
  await until(
    timeoutMs,
    async () => {
      latest = await routed(address, topic);
      return isRight(latest);
    },
    () => `the route has ${JSON.stringify(latest)}`,
  );
  return performance.now() - startedMs;
}

export const namesOf = (brokers: readonly RoutedBroker[]): string =>
  brokers.map(({ name }) => name).join();

/** Makes a topic at the broker of this admin port. */
export async function defineTopic(address: string, name: string, queues: number): Promise<void> {
  const admin = createAdminClient({ address });
  await admin.call('CreateTopic', { name, kind: TopicKind.NORMAL, queues });
  admin.close();
}
