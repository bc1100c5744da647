import { once } from 'node:events';
import { connect } from 'node:tls';
import type { V1Secret } from '@kubernetes/client-node';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { KubeError, type KubeClient } from '#kube/client';
import { NAMESPACES, OPERATOR_SECRETS, TOPICS } from '#kube/resources';
import { WEBHOOK } from '#lib/kubernetes-limits';
import { describeWithCluster, unrestricted, type TestCluster } from '#support/kube';
import { ManualClock } from '#support/manual-clock';
import { until } from '#support/until';
import {
  Configuration,
  createReplica,
  freshName,
  SECRET,
  World,
  type Replica,
} from '#support/webhook-replica';

const WAIT_MS = 15_000;
const CALLS_PER_PHASE = 30;
const SECRETS = unrestricted(OPERATOR_SECRETS);
const ALL_TOPICS = unrestricted(TOPICS);

describeWithCluster("the webhook's certificates, on a cluster", (cluster) => {
  let startMs: number;
  let clocks: ManualClock[];
  let configuration: Configuration;
  let replicas: Replica[];
  let load: Load | undefined;

  beforeEach(() => {
    startMs = Date.now();
    configuration = new Configuration(cluster(), freshName());
    replicas = [];
    clocks = [];
  });

  afterEach(async () => {
    await load?.stop();
    load = undefined;
    await configuration.delete();
    await Promise.all(replicas.map(({ webhook }) => webhook.stop()));
    await cluster().client.delete(SECRETS, secretName(cluster()));
  });

  async function start(count: number): Promise<void> {
    await startOn(cluster(), count);
    await until(WAIT_MS, () => replicas.every(({ webhook }) => !webhook.readiness()));
  }

  async function startOn(on: TestCluster, count: number): Promise<void> {
    const { name } = configuration;
    clocks = Array.from({ length: count }, () => new ManualClock(startMs));
    replicas = clocks.map((clock) =>
      createReplica({ cluster: on, configuration: name, known: new World(), clock }),
    );
    await Promise.all(replicas.map(({ webhook }) => webhook.start()));
  }

  function urls(): string[] {
    return replicas.map(({ webhook }) => `https://127.0.0.1:${webhook.port}/validate`);
  }

  /** Lets time pass for the replicas until it is so. */
  function eventually(probe: () => Promise<boolean>): Promise<boolean> {
    return until(WAIT_MS, async () => {
      for (const clock of clocks) clock.advance(WEBHOOK.checkMs);
      return probe();
    });
  }

  async function certificatesInstalled(): Promise<number[]> {
    const trusted = await configuration.trusted();
    return trusted.map((pem) => pem.split('BEGIN CERTIFICATE').length - 1);
  }

  test('replicas that start at once agree on one, and it is trusted by every webhook', async () => {
    await start(4);
    const { type, data } = await secretOf(cluster());
    expect(type).toBe('kubernetes.io/tls');
    await configuration.create(urls());
    const served = Buffer.from(data?.['tls.crt'] ?? '', 'base64').toString();
    await eventually(async () => (await configuration.trusted()).every((pem) => pem === served));
    for (const { webhook, registry } of replicas) {
      expect(webhook.readiness()).toBeUndefined();
      expect(await registry.metrics()).toMatch(/operator_certificate_expiry_seconds 77\d{5}/);
    }
  });

  test('only that one field is written, put right, and then left alone', async () => {
    await start(1);
    await configuration.create(urls());
    const installed = await configuration.read();
    await eventually(async () => (await configuration.trusted())[0] !== '');
    const [before, after] = [installed, await configuration.read()].map(({ webhooks = [] }) =>
      webhooks.map(({ clientConfig, ...rest }) => ({ ...rest, url: clientConfig.url })),
    );
    expect(after).toEqual(before);
    await configuration.change(({ clientConfig }) => delete clientConfig.caBundle);
    await eventually(async () => (await configuration.trusted())[0] !== '');
    await configuration.change((webhook) => (webhook.timeoutSeconds = 3));
    const version = (await configuration.read()).metadata?.resourceVersion;
    const callsBefore = cluster().calls.length;
    await eventually(async () => cluster().calls.length >= callsBefore + 6);
    const { metadata, webhooks } = await configuration.read();
    expect(metadata?.resourceVersion).toBe(version);
    expect(webhooks?.[0]?.timeoutSeconds).toBe(3);
    const verbs = cluster()
      .calls.slice(callsBefore)
      .map(({ verb }) => verb);
    expect(new Set(verbs)).toEqual(new Set(['get']));
  });

  test('a Secret that was deleted is made anew', async () => {
    await start(2);
    await configuration.create(urls(), 'Fail');
    await eventually(async () => (await certificatesInstalled()).every((count) => count === 1));
    const [old] = await configuration.trusted();
    await cluster().client.delete(SECRETS, secretName(cluster()));
    await eventually(async () => (await configuration.trusted()).every((pem) => pem !== old));
    const [made] = await configuration.trusted();
    await until(WAIT_MS, async () => (await certificatesServed()).every((cert) => cert === made));
    await until(WAIT_MS, () => isAnswered(cluster()));
  });

  test('without a place for the Secret the operator runs, and goes on trying', async () => {
    const namespace = freshName();
    await startOn({ ...cluster(), namespace }, 1);
    const [replica] = replicas;
    const { calls } = cluster();
    await until(WAIT_MS, () => calls.some((call) => call.namespace === namespace));
    expect(replica?.webhook.readiness()).toBe('the webhook has no certificate yet');
    await cluster().client.create(unrestricted(NAMESPACES), { metadata: { name: namespace } });
    await eventually(() => Promise.resolve(replica?.webhook.readiness() === undefined));
    await cluster().client.delete(unrestricted(NAMESPACES), { name: namespace });
  });

  test('a configuration that changes under the hand is not overwritten', async () => {
    let isDisturbing = false;
    const client = new Proxy<KubeClient>(cluster().client, {
      get: (target, method: keyof KubeClient) =>
        method !== 'mergePatch'
          ? (target[method] as () => unknown).bind(target)
          : async (...args: Parameters<KubeClient['mergePatch']>) => {
              if (!isDisturbing) await configuration.change((each) => (each.timeoutSeconds = 2));
              isDisturbing = true;
              return target.mergePatch(...args);
            },
    });
    await startOn({ ...cluster(), client: client as TestCluster['client'] }, 1);
    await configuration.create(urls());
    await eventually(async () => (await configuration.trusted())[0] !== '');
    expect((await configuration.read()).webhooks?.[0]?.timeoutSeconds).toBe(2);
  });

  test('a rotation under load fails no call', async () => {
    // The first is made 60 days ago, less a moment, so that it is valid by the real clock too.
    startMs = Date.now() - WEBHOOK.rotateAfterMs;
    await start(2);
    await configuration.create(urls(), 'Fail');
    await eventually(async () => (await certificatesInstalled()).every((count) => count === 1));
    const old = await certificatesServed();
    await until(WAIT_MS, () => isAnswered(cluster()));

    load = new Load(cluster());
    for (const clock of clocks) clock.advance(Date.now() - clock.nowMs());
    await eventually(async () => (await certificatesInstalled()).every((count) => count === 2));
    await newConnections(load, 'both are trusted');
    expect(await certificatesServed()).toEqual(old);

    clocks[0]?.advance(WEBHOOK.adoptAfterMs);
    await until(WAIT_MS, async () => (await certificatesServed())[0] !== old[0]);
    await newConnections(load, 'one replica has the new one');
    expect((await certificatesServed())[1]).toBe(old[1]);

    clocks[1]?.advance(WEBHOOK.checkMs);
    await until(WAIT_MS, async () => (await certificatesServed())[1] !== old[1]);
    await newConnections(load, 'both have the new one');
    await load.stop();
    expect(load.failures).toEqual([]);
    expect(new Set(await certificatesServed()).size).toBe(1);
  }, 90_000);

  /** The API server keeps its connections by URL and bundle: a remark in it makes new ones. */
  async function newConnections(under: Load, phase: string): Promise<void> {
    await configuration.change(({ clientConfig }) => {
      const pem = Buffer.from(clientConfig.caBundle ?? '', 'base64');
      clientConfig.caBundle = Buffer.concat([pem, Buffer.from(`# ${phase}\n`)]).toString('base64');
    });
    const before = under.calls;
    await until(WAIT_MS, () => under.calls > before + CALLS_PER_PHASE);
  }

  function certificatesServed(): Promise<string[]> {
    return Promise.all(replicas.map(({ webhook }) => certificateAt(webhook.port)));
  }
});

/** Objects that come and go, a few at a time, until it is stopped. */
class Load {
  readonly failures: unknown[] = [];
  calls = 0;
  #isStopped = false;
  readonly #workers: Promise<void>[];

  constructor(cluster: TestCluster) {
    this.#workers = Array.from({ length: 4 }, () => this.#work(cluster));
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#workers);
  }

  async #work(cluster: TestCluster): Promise<void> {
    while (!this.#isStopped && this.failures.length === 0) {
      try {
        await makeTopic(cluster);
        this.calls += 1;
      } catch (error) {
        this.failures.push(error);
      }
    }
  }
}

async function isAnswered(cluster: TestCluster): Promise<boolean> {
  try {
    await makeTopic(cluster);
    return true;
  } catch (error) {
    if (error instanceof KubeError) return false;
    throw error;
  }
}

async function makeTopic({ client, namespace }: TestCluster): Promise<void> {
  const metadata = { name: freshName(), namespace };
  await client.create(ALL_TOPICS, { metadata, spec: { instanceRef: { name: 'orders' } } });
  await client.delete(ALL_TOPICS, metadata);
}

function secretName({ namespace }: TestCluster): { namespace: string; name: string } {
  return { namespace, name: SECRET };
}

async function secretOf(cluster: TestCluster): Promise<V1Secret> {
  const secret = await cluster.client.get(SECRETS, secretName(cluster));
  if (!secret) throw new Error('there is no Secret');
  return secret;
}

/** PEM of the certificate that is shown there. */
async function certificateAt(port: number): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
  try {
    await once(socket, 'secureConnect');
    return socket.getPeerX509Certificate()?.toString() ?? '';
  } finally {
    socket.destroy();
  }
}
