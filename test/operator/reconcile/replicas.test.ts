/** Two replicas of the operator, of which one works; and an API server that is hard to reach. */
import { expect, test } from '@jest/globals';
import type { KubeClient } from '#kube/client';
import { INSTANCES, STATEFUL_SETS, TOPICS } from '#kube/resources';
import type { Operator } from '#operator/main';
import { InterruptedClient } from '#support/interrupted-client';
import { connectThrough } from '#support/kube';
import { describeOnHollowNodes, TEST_MS, ZONES, type Stand } from '#support/reconcile-stand';
import { TcpProxy } from '#support/tcp-proxy';
import { until } from '#support/until';

const NEVER = { at: Number.POSITIVE_INFINITY, isDone: true };
const SMALL = { edition: 'Platinum', nameServers: 1, zones: ZONES } as const;

/** A client of its own, through a proxy that fails as networks do. */
async function proxied({ cluster }: Stand) {
  const proxies: TcpProxy[] = [];
  const client = await connectThrough(cluster, async (target) => {
    const proxy = await TcpProxy.start(target);
    proxies.push(proxy);
    return proxy;
  });
  const [proxy] = proxies;
  if (!proxy) throw new Error('no proxy was made');
  const close = async (): Promise<void> => {
    await client.close();
    await proxy.stop();
  };
  return { client, proxy, close };
}

describeOnHollowNodes('two replicas', (stand) => {
  const leads = (operator: Operator) => until(TEST_MS, () => operator.isLeader);

  test(
    'only one of them writes; when it stops the other one goes on',
    async () => {
      const site = await stand().openSite();
      const counted = (client: KubeClient) => new InterruptedClient(client, NEVER);
      const [first, second] = [counted(site.client), counted(site.client)];
      const one = await site.startOperator({ client: first, identity: 'one' });
      await leads(one);
      await site.startOperator({ client: second, identity: 'two' });
      await site.desk.instance('orders', SMALL);
      await site.desk.untilCondition(INSTANCES, 'orders', 'Quiesced', 'True');
      expect(first.writes.length).toBeGreaterThan(5);
      expect(second.writes).toEqual([]);
      await site.stopOperator(one);
      const before = first.writes.length;
      await site.desk.patch(INSTANCES, 'orders', { spec: { shards: 2 } });
      await site.desk.untilCondition(INSTANCES, 'orders', 'Quiesced', 'True');
      expect(second.writes.length).toBeGreaterThan(5);
      expect(first.writes.length).toBe(before);
    },
    TEST_MS,
  );

  test(
    'one that is cut off stops, and the other one takes over; never do both lead',
    async () => {
      const site = await stand().openSite();
      const { client, proxy, close } = await proxied(stand());
      const one = await site.startOperator({ client, identity: 'one' });
      await leads(one);
      const two = await site.startOperator({ identity: 'two' });
      await site.desk.instance('orders', SMALL);
      await site.desk.untilCondition(INSTANCES, 'orders', 'Quiesced', 'True');
      // What is open carries nothing any more, and nothing new is let in.
      proxy.swallow();
      proxy.refuse(true);
      let isBoth = false;
      await until(TEST_MS, () => {
        isBoth ||= one.isLeader && two.isLeader;
        return two.isLeader;
      });
      expect(isBoth).toBe(false);
      await site.desk.patch(INSTANCES, 'orders', { spec: { shards: 2 } });
      await site.desk.untilCondition(INSTANCES, 'orders', 'Quiesced', 'True');
      expect(one.isLeader).toBe(false);
      proxy.refuse(false);
      await site.stopOperator(one);
      await close();
      expect(two.isLeader).toBe(true);
    },
    TEST_MS,
  );

  test(
    'watches that break again and again hide nothing',
    async () => {
      const site = await stand().openSite();
      const { client, proxy, close } = await proxied(stand());
      const operator = await site.startOperator({ client });
      await leads(operator);
      const cutting = setInterval(() => proxy.cut(), 700);
      try {
        await site.desk.instance('orders', { ...SMALL, shards: 2 });
        await site.desk.topic('placed', { instanceRef: { name: 'orders' }, queues: 4 });
        await site.desk.until(STATEFUL_SETS, 'orders-shard-1', () => true);
        await site.desk.patch(INSTANCES, 'orders', { spec: { shards: 3 } });
        await site.desk.untilCondition(INSTANCES, 'orders', 'Quiesced', 'True');
        await site.desk.untilCondition(TOPICS, 'placed', 'Ready', 'True');
      } finally {
        clearInterval(cutting);
      }
      const { status } = await site.desk.untilCondition(INSTANCES, 'orders', 'Quiesced', 'True');
      expect(status?.brokers).toBe('3/3');
      await site.stopOperator(operator);
      await close();
    },
    TEST_MS,
  );
});
