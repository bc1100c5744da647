/** What an edition allows, also where no webhook was asked; and objects that are left alone. */
import { expect, test } from '@jest/globals';
import { EVENTS, GROUPS, INSTANCES, PODS, STATEFUL_SETS, TOPICS } from '#kube/resources';
import { EDITION } from '#lib/limits';
import { describeOnHollowNodes, TEST_MS, ZONES } from '#support/reconcile-stand';
import { until } from '#support/until';

const PAUSED = 'mq.sluice.dev/paused';
const paused = (value: string | null) => ({ metadata: { annotations: { [PAUSED]: value } } });

describeOnHollowNodes('the edition Standard', (stand) => {
  const spec = { edition: 'Standard', region: 'north', nameServers: 0, zones: ZONES } as const;

  test(
    'has so many instances a region: one more is told why, and made when there is room',
    async () => {
      const { desk } = stand();
      const max = EDITION.standardInstancesPerRegion;
      const names = Array.from({ length: max }, (_, number) => `standard-${number}`);
      for (const name of names) await desk.instance(name, spec);
      await desk.instance('too-many', spec);
      await desk.instance('elsewhere', { ...spec, region: 'south' });
      const ninth = await desk.untilCondition(
        INSTANCES,
        'too-many',
        'Stalled',
        'True',
        'InstanceLimit',
      );
      const stalled = ninth.status?.conditions?.find(({ type }) => type === 'Stalled');
      expect(stalled?.message).toMatch(/the region north has 8 Standard instances already/);
      for (const name of [...names, 'elsewhere']) {
        await desk.untilCondition(INSTANCES, name, 'Ready', 'True');
      }
      expect(await desk.get(STATEFUL_SETS, 'too-many-shard-0')).toBeUndefined();
      expect((await desk.list(PODS)).length).toBe(max + 1);
      await until(TEST_MS, async () =>
        (await desk.list(EVENTS)).some(
          ({ type, reason, regarding }) =>
            type === 'Warning' && reason === 'InstanceLimit' && regarding.name === 'too-many',
        ),
      );
      await desk.remove(INSTANCES, 'standard-3');
      await desk.untilCondition(INSTANCES, 'too-many', 'Ready', 'True');
    },
    TEST_MS,
  );

  test(
    'is left: the place goes to the next one',
    async () => {
      const { desk } = stand();
      await desk.instance('waiting', spec);
      await desk.untilCondition(INSTANCES, 'waiting', 'Stalled', 'True', 'InstanceLimit');
      await desk.patch(INSTANCES, 'standard-0', { spec: { edition: 'Platinum' } });
      await desk.untilCondition(INSTANCES, 'waiting', 'Ready', 'True');
    },
    TEST_MS,
  );
});

describeOnHollowNodes('the annotation that pauses', (stand) => {
  const ref = { instanceRef: { name: 'orders' } };

  test(
    'keeps an instance as it is, says so, and lets it go on',
    async () => {
      const { desk } = stand();
      await desk.instance('orders', { edition: 'Platinum', nameServers: 0, zones: ZONES });
      await desk.untilCondition(INSTANCES, 'orders', 'Quiesced', 'True');
      await desk.patch(INSTANCES, 'orders', paused('true'));
      await desk.untilCondition(INSTANCES, 'orders', 'Quiesced', 'False', 'Paused');
      const before = await desk.get(STATEFUL_SETS, 'orders-shard-0');
      await desk.patch(INSTANCES, 'orders', { spec: { image: 'example.org/sluice:3.0.0' } });
      const { status } = await desk.untilCondition(INSTANCES, 'orders', 'Reconciling', 'False');
      expect(status?.conditions?.find(({ type }) => type === 'Ready')?.status).toBe('True');
      expect(status?.image).not.toBe('example.org/sluice:3.0.0');
      const now = await desk.get(STATEFUL_SETS, 'orders-shard-0');
      expect(now?.metadata?.generation).toBe(before?.metadata?.generation);
      await desk.patch(INSTANCES, 'orders', paused(null));
      const done = await desk.untilCondition(INSTANCES, 'orders', 'Quiesced', 'True');
      expect(done.status?.image).toBe('example.org/sluice:3.0.0');
    },
    TEST_MS,
  );

  test(
    'keeps a topic and a group as they are',
    async () => {
      const { desk, site } = stand();
      await desk.topic('placed', { ...ref, queues: 2 });
      await desk.group('readers', { ...ref, retry: { maxAttempts: 3 } });
      await desk.untilCondition(TOPICS, 'placed', 'Ready', 'True');
      await desk.untilCondition(GROUPS, 'readers', 'Ready', 'True');
      await desk.patch(TOPICS, 'placed', { ...paused('true'), spec: { queues: 4 } });
      await desk.patch(GROUPS, 'readers', {
        ...paused('true'),
        spec: { retry: { maxAttempts: 5 } },
      });
      await desk.untilCondition(TOPICS, 'placed', 'Reconciling', 'False', 'Paused');
      await desk.untilCondition(GROUPS, 'readers', 'Reconciling', 'False', 'Paused');
      const topic = () => site.call('orders', 0, 'DescribeTopic', { name: 'placed' });
      const group = () => site.call('orders', 0, 'DescribeGroup', { name: 'readers' });
      expect((await topic()).topic?.queues).toBe(2);
      expect((await group()).group?.maxAttempts).toBe(3);
      await desk.patch(TOPICS, 'placed', paused(null));
      await desk.patch(GROUPS, 'readers', paused(null));
      await desk.untilCondition(TOPICS, 'placed', 'Ready', 'True', 'Applied');
      await desk.untilCondition(GROUPS, 'readers', 'Ready', 'True', 'Applied');
      expect((await topic()).topic?.queues).toBe(4);
      expect((await group()).group?.maxAttempts).toBe(5);
    },
    TEST_MS,
  );
});
