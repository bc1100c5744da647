/** Topics: what an object asks for, what brokers have, and who is in the way. */
import { expect, test } from '@jest/globals';
import { GROUPS, INSTANCES, NAMESPACES, TOPICS } from '#kube/resources';
import { TopicKind, TopicPermission } from '#proto/admin-types';
import { unrestricted } from '#support/kube';
import { describeOnHollowNodes, TEST_MS, ZONES, type Site } from '#support/reconcile-stand';
import { until } from '#support/until';

const ORDERS = { instanceRef: { name: 'orders' } };
const DELETE = { deletionPolicy: 'Delete' } as const;

/** Queues of the topic at each of both shards; none where it is not. */
async function queuesAt(site: Site, name: string): Promise<(number | undefined)[]> {
  const shards = [0, 1].map(async (shard) => {
    const { topics } = await site.call('orders', shard, 'ListTopics', {});
    return topics.find((topic) => topic.name === name)?.queues;
  });
  return Promise.all(shards);
}

const touch = (site: Site, name: string, value: string) =>
  site.desk.patch(TOPICS, name, { metadata: { annotations: { touched: value } } });

describeOnHollowNodes('a topic', (stand) => {
  test(
    'gets more queues in an instance of the edition Platinum, and another permission',
    async () => {
      const { desk, site } = stand();
      await desk.instance('orders', {
        edition: 'Platinum',
        shards: 2,
        nameServers: 1,
        zones: ZONES,
      });
      await desk.topic('placed', { ...ORDERS, queues: 4 });
      await desk.untilCondition(TOPICS, 'placed', 'Ready', 'True');
      expect(await queuesAt(site, 'placed')).toEqual([2, 2]);
      await desk.patch(TOPICS, 'placed', { spec: { queues: 7, permission: 'ReadOnly' } });
      const { status } = await desk.untilCondition(TOPICS, 'placed', 'Ready', 'True');
      expect(status?.queues).toBe(7);
      expect((await queuesAt(site, 'placed')).sort()).toEqual([3, 4]);
      const { topic } = await site.call('orders', 1, 'DescribeTopic', { name: 'placed' });
      expect(topic?.permission).toBe(TopicPermission.READ_ONLY);
    },
    TEST_MS,
  );

  test(
    'keeps its queues in an instance of the edition Standard',
    async () => {
      const { desk } = stand();
      await desk.instance('basic', { edition: 'Standard', nameServers: 0, zones: ZONES });
      await desk.topic('fixed', { instanceRef: { name: 'basic' }, queues: 4 });
      await desk.untilCondition(TOPICS, 'fixed', 'Ready', 'True');
      await desk.patch(TOPICS, 'fixed', { spec: { queues: 6 } });
      const refused = await desk.untilCondition(TOPICS, 'fixed', 'Stalled', 'True', 'QueuesFixed');
      expect(refused.status?.queues).toBe(4);
      await desk.patch(TOPICS, 'fixed', { spec: { queues: 4 } });
      await desk.untilCondition(TOPICS, 'fixed', 'Ready', 'True');
    },
    TEST_MS,
  );

  test(
    'that a client made is adopted with the queues it has; one of another kind is not',
    async () => {
      const { desk, site } = stand();
      await site.call('orders', 0, 'CreateTopic', {
        name: 'made',
        kind: TopicKind.NORMAL,
        queues: 6,
      });
      await desk.topic('made', { ...ORDERS, queues: 4 });
      const { status } = await desk.untilCondition(TOPICS, 'made', 'Ready', 'True');
      expect(status?.shards).toContainEqual({ name: 'orders-shard-0', queues: 6 });
      expect((await queuesAt(site, 'made'))[0]).toBe(6);
      await site.call('orders', 1, 'CreateTopic', { name: 'other', kind: TopicKind.FIFO });
      await desk.topic('other', { ...ORDERS, queues: 4 });
      await desk.untilCondition(TOPICS, 'other', 'Stalled', 'True', 'KindConflict');
      await site.call('orders', 1, 'DeleteTopic', { name: 'other' });
      // The lists of brokers are some seconds old.
      let touches = 0;
      await until(TEST_MS, async () => {
        const { status: now } = await touch(site, 'other', String((touches += 1)));
        return now?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True');
      });
      expect(await queuesAt(site, 'other')).toEqual([2, 2]);
    },
    TEST_MS,
  );

  test(
    'whose name an older object has waits until that is gone',
    async () => {
      const { desk } = stand();
      await desk.topic('first', { ...ORDERS, name: 'same' });
      await desk.untilCondition(TOPICS, 'first', 'Ready', 'True');
      await desk.topic('second', { ...ORDERS, name: 'same' });
      await desk.untilCondition(TOPICS, 'second', 'Stalled', 'True', 'NameTaken');
      await desk.remove(TOPICS, 'first');
      await desk.untilCondition(TOPICS, 'second', 'Ready', 'True');
    },
    TEST_MS,
  );

  test(
    'is finished by another operator where the first one got half-way',
    async () => {
      const site = await stand().openSite();
      const first = await site.startOperator();
      await site.desk.instance('orders', { edition: 'Platinum', shards: 2, zones: ZONES });
      await site.desk.topic('before', ORDERS);
      await site.desk.untilCondition(TOPICS, 'before', 'Ready', 'True');
      await site.brokers.halt(site.namespace, 'orders-shard-1');
      await site.desk.topic('half', { ...ORDERS, queues: 8 });
      await site.desk.untilCondition(TOPICS, 'half', 'Ready', 'False', 'BrokerUnreachable');
      await site.stopOperator(first);
      await site.startOperator();
      await site.brokers.resume(site.namespace, 'orders-shard-1');
      await site.desk.untilCondition(TOPICS, 'half', 'Ready', 'True');
      expect(await queuesAt(site, 'half')).toEqual([4, 4]);
    },
    TEST_MS,
  );

  test(
    'that is deleted stays on the brokers, or leaves them as soon as all answer',
    async () => {
      const { desk, site } = stand();
      await desk.topic('kept', ORDERS);
      await desk.topic('passing', { ...ORDERS, ...DELETE });
      await desk.untilCondition(TOPICS, 'kept', 'Ready', 'True');
      await desk.untilCondition(TOPICS, 'passing', 'Ready', 'True');
      await site.brokers.halt(site.namespace, 'orders-shard-1');
      await desk.remove(TOPICS, 'kept');
      await desk.remove(TOPICS, 'passing');
      await desk.untilGone(TOPICS, 'kept');
      await desk.untilCondition(TOPICS, 'passing', 'Ready', 'False', 'BrokerUnreachable');
      await site.brokers.resume(site.namespace, 'orders-shard-1');
      await desk.untilGone(TOPICS, 'passing');
      expect(await queuesAt(site, 'passing')).toEqual([undefined, undefined]);
      expect((await queuesAt(site, 'kept')).filter((queues) => queues !== undefined)).not.toEqual(
        [],
      );
    },
    TEST_MS,
  );

  test(
    'does not keep its namespace from being deleted, whatever became of the brokers',
    async () => {
      const site = await stand().openSite();
      const { namespace: operatorNamespace } = await stand().openSite();
      await site.startOperator({ operatorNamespace });
      const { desk, client, namespace, brokers } = site;
      await desk.instance('orders', { edition: 'Platinum', nameServers: 0, zones: ZONES });
      await desk.topic('passing', { ...ORDERS, ...DELETE });
      await desk.group('readers', { ...ORDERS, ...DELETE });
      await desk.untilCondition(TOPICS, 'passing', 'Ready', 'True');
      await desk.untilCondition(GROUPS, 'readers', 'Ready', 'True');
      await brokers.halt(namespace, 'orders-shard-0');
      await client.delete(unrestricted(NAMESPACES), { name: namespace });
      await until(
        TEST_MS,
        async () => (await client.get(NAMESPACES, { name: namespace })) === undefined,
        () => 'the namespace is still there',
      );
    },
    TEST_MS,
  );

  test(
    'of an instance that is deleted goes without it',
    async () => {
      const { desk } = stand();
      await desk.topic('last', { ...ORDERS, ...DELETE });
      await desk.untilCondition(TOPICS, 'last', 'Ready', 'True');
      await desk.remove(INSTANCES, 'orders');
      await desk.untilCondition(TOPICS, 'last', 'Ready', 'False', 'InstanceNotFound');
      await desk.remove(TOPICS, 'last');
      await desk.untilGone(TOPICS, 'last');
    },
    TEST_MS,
  );
});

describeOnHollowNodes('a group', (stand) => {
  test(
    'has all that its object says, follows its changes, and tells its lag',
    async () => {
      const { desk, site } = stand();
      await desk.instance('orders', { edition: 'Platinum', nameServers: 0, zones: ZONES });
      await desk.topic('placed', { ...ORDERS, queues: 1 });
      await desk.group('readers', {
        ...ORDERS,
        name: 'Readers',
        ordered: true,
        retry: { maxAttempts: 3, backoffSeconds: [1, 20] },
        pullAllowed: false,
      });
      await desk.untilCondition(TOPICS, 'placed', 'Ready', 'True');
      await desk.untilCondition(GROUPS, 'readers', 'Ready', 'True');
      const group = async () =>
        (await site.call('orders', 0, 'DescribeGroup', { name: 'Readers' })).group;
      expect(await group()).toMatchObject({
        ordered: true,
        maxAttempts: 3,
        backoffMs: [1000, 20_000],
        pullAllowed: false,
      });
      await desk.patch(GROUPS, 'readers', {
        spec: { ordered: false, retry: { maxAttempts: 5, backoffSeconds: [2] }, pullAllowed: true },
      });
      await desk.untilCondition(GROUPS, 'readers', 'Ready', 'True');
      expect(await group()).toMatchObject({
        ordered: false,
        maxAttempts: 5,
        backoffMs: [2000],
        pullAllowed: true,
      });
      for (const body of ['one', 'two', 'three']) {
        await site.call('orders', 0, 'SendMessage', { topic: 'placed', body: Buffer.from(body) });
      }
      await site.call('orders', 0, 'ReceiveMessages', {
        group: 'Readers',
        topic: 'placed',
        count: 1,
        waitMs: 1000,
        invisibleMs: 30_000,
        ack: true,
      });
      let touches = 0;
      await until(TEST_MS, async () => {
        const annotations = { touched: String((touches += 1)) };
        const { status } = await desk.patch(GROUPS, 'readers', { metadata: { annotations } });
        return status?.lag === 2;
      });
    },
    TEST_MS,
  );

  test(
    'is deleted on the brokers where its object asks for it',
    async () => {
      const { desk, site } = stand();
      await desk.patch(GROUPS, 'readers', { spec: { deletionPolicy: 'Delete' } });
      await desk.until(
        GROUPS,
        'readers',
        ({ metadata }) => (metadata.finalizers ?? []).length === 1,
      );
      await desk.remove(GROUPS, 'readers');
      await desk.untilGone(GROUPS, 'readers');
      const { groups } = await site.call('orders', 0, 'ListGroups', {});
      expect(groups.map(({ group }) => group?.name)).not.toContain('Readers');
    },
    TEST_MS,
  );
});
