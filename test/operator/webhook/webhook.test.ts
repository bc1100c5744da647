import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { KubeError } from '#kube/client';
import type { Instance } from '#kube/api/instance';
import type { Topic } from '#kube/api/topic';
import { INSTANCES, TOPICS } from '#kube/resources';
import { WEBHOOK } from '#lib/kubernetes-limits';
import { describeWithCluster, unrestricted } from '#support/kube';
import { ManualClock } from '#support/manual-clock';
import { until } from '#support/until';
import {
  Configuration,
  createReplica,
  freshName,
  World,
  type Replica,
} from '#support/webhook-replica';

const ALL_INSTANCES = unrestricted(INSTANCES);
const ALL_TOPICS = unrestricted(TOPICS);
const PROPAGATION_MS = 15_000;

describeWithCluster('the webhook, asked by the API server', (cluster) => {
  let world: World;
  let replica: Replica;
  let configuration: Configuration;
  let clock: ManualClock;
  let isStopped: boolean;

  beforeEach(() => {
    world = new World();
    clock = new ManualClock(Date.now());
    isStopped = false;
    const name = freshName();
    configuration = new Configuration(cluster(), name);
    replica = createReplica({
      cluster: cluster(),
      configuration: name,
      known: world,
      clock,
    });
  });

  afterEach(async () => {
    await configuration.delete();
    if (!isStopped) await replica.webhook.stop();
    const { client, namespace } = cluster();
    const { items } = await client.list(ALL_INSTANCES, { namespace });
    for (const { metadata } of items) await client.delete(ALL_INSTANCES, metadata);
  });

  /** Starts it as an installation does: the configuration is there, without a certificate. */
  async function start(): Promise<void> {
    // The port is known only once it listens.
    await replica.webhook.start();
    await configuration.create([`https://127.0.0.1:${replica.webhook.port}/validate`]);
    await until(PROPAGATION_MS, () => replica.webhook.readiness() === undefined);
    clock.advance(WEBHOOK.checkMs);
    await until(PROPAGATION_MS, async () => (await configuration.trusted())[0] !== '');
  }

  test('a ninth Standard instance is refused, and let in once there is room', async () => {
    await start();
    for (let number = 0; number < 8; number += 1) {
      world.allInstances.push(await cluster().client.create(ALL_INSTANCES, instance(`i${number}`)));
    }
    const refusal = await refused(() => cluster().client.create(ALL_INSTANCES, instance('ninth')));
    expect(refusal).toMatchObject({ status: 403, reason: 'Forbidden' });
    expect(refusal.message).toMatch(
      /^admission webhook "validate-0.*" denied the request: the region default has 8 Standard/,
    );
    world.allInstances.pop();
    await cluster().client.create(ALL_INSTANCES, instance('ninth'));
    expect(await replica.registry.metrics()).toMatch(
      /webhook_requests_total\{kind="MessageQueueInstance",allowed="false"\} [1-9]/,
    );
  }, 90_000);

  test('queues of a Standard topic stay; its labels and its end do not matter', async () => {
    await start();
    world.allInstances.push(instance('orders'));
    const made = await until(PROPAGATION_MS, async () => {
      // Until the API server asks, anything goes.
      const wrong = topic(freshName(), { spread: 'AllShards' });
      return (await outcome(() => cluster().client.create(ALL_TOPICS, wrong))) instanceof KubeError
        ? cluster().client.create(ALL_TOPICS, topic('t', { queues: 4 }))
        : undefined;
    });
    const changed = { ...made, spec: { ...made.spec, queues: 5 } };
    const refusal = await outcome(() => cluster().client.replace(ALL_TOPICS, changed));
    expect(refusal).toMatchObject({ status: 422, reason: 'Invalid' });
    expect((refusal as Error).message).toContain('the queues of a topic cannot change: it has 4');
    const patch = { metadata: { labels: { a: 'b' }, finalizers: ['mq.sluice.dev/topic'] } };
    await cluster().client.mergePatch(ALL_TOPICS, made.metadata, patch);
    await cluster().client.delete(ALL_TOPICS, made.metadata);
    await cluster().client.mergePatch(ALL_TOPICS, made.metadata, {
      metadata: { finalizers: null },
    });
    expect(await cluster().client.get(ALL_TOPICS, made.metadata)).toBeUndefined();
  }, 90_000);

  test('with the webhook down, objects are let in', async () => {
    await start();
    for (let number = 0; number < 8; number += 1) world.allInstances.push(instance(`i${number}`));
    await refused(() => cluster().client.create(ALL_INSTANCES, instance(freshName())));
    isStopped = true;
    await replica.webhook.stop();
    await cluster().client.create(ALL_INSTANCES, instance('ninth'));
  }, 90_000);

  /** The API server hears of a configuration a little later: until then it lets all in. */
  function refused(call: () => Promise<unknown>): Promise<KubeError> {
    return until(PROPAGATION_MS, async () => {
      const result = await outcome(call);
      if (result instanceof KubeError) return result;
      await cluster().client.delete(ALL_INSTANCES, (result as Instance).metadata);
      return undefined;
    });
  }

  function instance(name: string): Instance {
    return {
      metadata: { name, namespace: cluster().namespace },
      spec: { edition: 'Standard' },
    };
  }

  function topic(name: string, spec: Partial<Topic['spec']>): Topic {
    const instanceRef = { name: 'orders' };
    return {
      metadata: { name, namespace: cluster().namespace },
      spec: { instanceRef, ...spec },
    };
  }
});

async function outcome(call: () => Promise<unknown>): Promise<unknown> {
  try {
    return await call();
  } catch (error) {
    return error;
  }
}
