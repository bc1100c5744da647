/** An instance's life on a real control plane; its pods run on nodes without kubelets. */
import { expect, test } from '@jest/globals';
import type { V1ConfigMap } from '@kubernetes/client-node';
import { GROUPS, INSTANCES, SERVICES, STATEFUL_SETS, TOPICS } from '#kube/resources';
import { FLEET_FILE } from '#kube/names';
import { CONFIG_MAPS, PODS } from '#kube/resources';
import { parseFleetSettings } from '#proto/fleet-settings';
import { unrestricted } from '#support/kube';
import { describeOnHollowNodes, TEST_MS, ZONES } from '#support/reconcile-stand';

describeOnHollowNodes('an instance', (stand) => {
  test(
    'is made, becomes ready, and gets its topics and groups',
    async () => {
      await stand().desk.instance('orders', {
        edition: 'Platinum',
        shards: 3,
        nameServers: 2,
        zones: ZONES,
      });
      await stand().desk.topic('placed', { instanceRef: { name: 'orders' }, queues: 8 });
      await stand().desk.group('billing', { instanceRef: { name: 'orders' } });
      const { status } = await stand().desk.untilCondition(INSTANCES, 'orders', 'Quiesced', 'True');
      expect(status).toMatchObject({ brokers: '3/3', nameServers: '2/2', shards: 3 });
      expect(status?.shardStatuses?.map(({ zone }) => zone).sort()).toEqual(ZONES);
      await stand().desk.untilCondition(INSTANCES, 'orders', 'ZonesSatisfied', 'True');
      const topic = await stand().desk.untilCondition(TOPICS, 'placed', 'Ready', 'True');
      expect(topic.status?.queues).toBe(8);
      expect(topic.status?.shards?.map(({ queues }) => queues).sort()).toEqual([2, 3, 3]);
      await stand().desk.untilCondition(GROUPS, 'billing', 'Ready', 'True');
    },
    TEST_MS,
  );

  test(
    'an idle pass writes nothing',
    async () => {
      await stand().desk.untilCondition(INSTANCES, 'orders', 'Quiesced', 'True');
      const writes = (): number =>
        stand().cluster.calls.filter(({ verb, type, code }) => {
          const isOurs = type.kind !== 'Lease' && type.kind !== 'Node' && type.kind !== 'Pod';
          return ['patch', 'create', 'update', 'delete'].includes(verb) && isOurs && code < 400;
        }).length;
      const before = writes();
      await stand().desk.patch(INSTANCES, 'orders', {
        metadata: { annotations: { any: 'change' } },
      });
      const { metadata } = await stand().desk.until(
        INSTANCES,
        'orders',
        (object) => object.metadata.annotations?.['any'] === 'change',
      );
      expect(metadata.generation).toBe(1);
      await stand().desk.topic('later', { instanceRef: { name: 'orders' }, queues: 1 });
      await stand().desk.untilCondition(TOPICS, 'later', 'Ready', 'True');
      // The change itself, the topic, and what its status took.
      expect(writes() - before).toBeLessThanOrEqual(6);
    },
    TEST_MS,
  );

  test(
    'drift is put right, and what others added stays',
    async () => {
      const name = 'orders-shard-1';
      await stand().desk.patch(unrestricted(SERVICES), name, {
        metadata: { labels: { 'somebody/else': 'yes' } },
        spec: { selector: { 'app.kubernetes.io/instance': 'wrong' } },
      });
      const service = await stand().desk.until(SERVICES, name, ({ spec }) => {
        return spec?.selector?.['app.kubernetes.io/instance'] === 'orders';
      });
      expect(service.metadata?.labels?.['somebody/else']).toBe('yes');
      await stand().desk.remove(STATEFUL_SETS, 'orders-shard-2');
      await stand().desk.until(
        STATEFUL_SETS,
        'orders-shard-2',
        ({ metadata }) => !metadata?.deletionTimestamp,
      );
      await stand().desk.untilCondition(INSTANCES, 'orders', 'Quiesced', 'True');
    },
    TEST_MS,
  );

  test(
    'a quota that changes reaches the brokers without a restart',
    async () => {
      const pods = (await stand().desk.list(PODS)).map(({ metadata }) => metadata?.uid).sort();
      await stand().desk.patch(INSTANCES, 'orders', { spec: { capacity: { tps: 1234 } } });
      await stand().desk.until<V1ConfigMap>(CONFIG_MAPS, 'orders-fleet', ({ data }) => {
        return parseFleetSettings(data?.[FLEET_FILE] ?? '').tps === 1234;
      });
      await stand().desk.untilCondition(INSTANCES, 'orders', 'Quiesced', 'True');
      expect((await stand().desk.list(PODS)).map(({ metadata }) => metadata?.uid).sort()).toEqual(
        pods,
      );
    },
    TEST_MS,
  );
});
