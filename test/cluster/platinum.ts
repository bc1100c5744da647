/** The example of an instance over three zones, smaller, with clients that send and receive. */
import { expect } from '@jest/globals';
import { ClientLoad, type LoadClient } from '#support/client-load';
import { until } from '#support/until';
import { ClusterInstance, type PodIdentities } from './instance.ts';
import {
  apply,
  createNamespace,
  deleteNamespace,
  exampleManifests,
  installOperator,
  kubectl,
  manifest,
  WAIT_MS,
  type Manifest,
} from './scene.ts';
import { watchReadiness } from './readiness-watch.ts';

export const NAME = 'trades';
export const TOPIC = 'load';
export const GROUP = 'load-readers';
const QUEUES = 8;
/** As fast as is of use here; the machine has other things to do. */
const SEND_EACH_MS = 40;
/** So many sends show that things go on. */
const SENDS = 50;

export class PlatinumScene {
  readonly namespace: string;
  readonly instance: ClusterInstance;
  readonly load = new ClientLoad();
  #consumer: LoadClient | undefined;
  #producer: LoadClient | undefined;

  constructor(namespace: string) {
    this.namespace = namespace;
    this.instance = new ClusterInstance(namespace, NAME);
  }

  async open(): Promise<void> {
    await installOperator();
    await createNamespace(this.namespace);
    await this.create();
    await this.startConsumer();
    await this.startProducer();
  }

  async close(): Promise<void> {
    this.load.kill();
    await deleteNamespace(this.namespace);
    await this.instance.close();
  }

  /** Applies the example and waits until it serves. */
  async create(): Promise<void> {
    await apply(this.namespace, await manifests());
    await this.instance.untilQuiesced();
    const all = ['mqi', 'mqt', 'mqg'].map((kind) => [kind, '--all']);
    for (const each of all) {
      const wait = ['wait', '--for=condition=Ready', '--timeout=3m', '-n', this.namespace];
      await kubectl(...wait, ...each);
    }
  }

  async startConsumer(): Promise<void> {
    const endpoints = await this.instance.address('internal');
    this.#consumer = await this.load.consumer({ endpoints, topic: TOPIC, group: GROUP });
  }

  async startProducer(): Promise<void> {
    const endpoints = await this.instance.address('internal');
    const options = { endpoints, topic: TOPIC, intervalMs: SEND_EACH_MS };
    this.#producer = await this.load.producer(options);
  }

  async stopConsumer(): Promise<void> {
    await this.#consumer?.stop();
  }

  async stopProducer(): Promise<void> {
    await this.#producer?.stop();
  }

  /** Sends go on, and all that was sent is received; nothing so far went wrong. */
  async expectSound(): Promise<void> {
    await this.load.untilSent(SENDS, WAIT_MS);
    await this.load.untilAllReceived(WAIT_MS);
    expect(this.load.history.violations).toEqual([]);
  }

  /** Changes something under load: no send fails, and all is received. */
  async withoutFailedSends(change: () => Promise<void>): Promise<void> {
    const { history } = this.load;
    const before = history.failures.length;
    await change();
    await this.expectSound();
    expect(history.failures.slice(before)).toEqual([]);
  }

  /** A change that replaces every broker: one at a time, and no send fails. */
  async rolled(change: () => Promise<unknown>): Promise<void> {
    const { instance } = this;
    const before = await instance.identities();
    const watch = await watchReadiness(instance, 'broker');
    await this.withoutFailedSends(async () => {
      await change();
      await until(
        2 * WAIT_MS,
        async () => allDiffer(before, await instance.identities()),
        () => 'not every broker was replaced',
      );
      await instance.untilQuiesced();
    });
    expect(await watch.stop()).toEqual([]);
  }
}

function allDiffer(before: PodIdentities, now: PodIdentities): boolean {
  return Object.entries(before).every(([pod, identity]) => now[pod] && now[pod] !== identity);
}

/** Nodes of tests have little room. */
async function manifests(): Promise<Manifest[]> {
  const example = await exampleManifests('platinum-three-zones.yaml');
  for (const { kind, spec } of example) {
    if (kind !== 'MessageQueueInstance') continue;
    spec['capacity'] = { tps: 30_000, storage: '1Gi' };
    spec['brokerResources'] = { cpuRequest: '50m', memoryRequest: '128Mi' };
  }
  const instanceRef = { name: NAME };
  return [
    ...example,
    manifest('Topic', TOPIC, { instanceRef, queues: QUEUES, spread: 'AllShards' }),
    manifest('ConsumerGroup', GROUP, { instanceRef }),
  ];
}
