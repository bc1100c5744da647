/** Shards come and go: topics spread onto new ones, and leave old ones only when they are read. */
import { expect, test } from '@jest/globals';
import type { V1ConfigMap } from '@kubernetes/client-node';
import { FLEET_FILE } from '#kube/names';
import {
  CONFIG_MAPS,
  GROUPS,
  INSTANCES,
  PERSISTENT_VOLUME_CLAIMS,
  SERVICES,
  STATEFUL_SETS,
  TOPICS,
} from '#kube/resources';
import { spreadQueues } from '#operator/reconcile/spread';
import { parseFleetSettings } from '#proto/fleet-settings';
import { describeOnHollowNodes, TEST_MS, ZONES, type Site } from '#support/reconcile-stand';
import { until } from '#support/until';

/** Longer than clients take to look at the routes, and than a shard is seen empty. */
const WHILE_MS = 60_000;

const ref = (name: string) => ({ instanceRef: { name } });

/** What the condition Reconciling says once it matches. */
async function untilTold({ desk }: Site, instance: string, pattern: RegExp): Promise<void> {
  await desk.until(INSTANCES, instance, ({ status }) => {
    const found = status?.conditions?.find(({ type }) => type === 'Reconciling');
    return pattern.test(found?.message ?? '');
  });
}

function settingsOf(map: V1ConfigMap) {
  return parseFleetSettings(map.data?.[FLEET_FILE] ?? '');
}

async function topicsAt(site: Site, instance: string, shard: number): Promise<string[]> {
  const { topics } = await site.call(instance, shard, 'ListTopics', {});
  return topics.map(({ name, queues }) => `${name} ${queues}`).sort();
}

describeOnHollowNodes('scaling', (stand) => {
  test(
    'out: a topic of all shards gets queues on the new one, others stay where they are',
    async () => {
      const { desk, site } = stand();
      await desk.instance('orders', { edition: 'Platinum', nameServers: 1, zones: ZONES });
      await desk.topic('wide', { ...ref('orders'), queues: 4, spread: 'AllShards' });
      await desk.topic('narrow', { ...ref('orders'), queues: 4 });
      await desk.untilCondition(TOPICS, 'wide', 'Ready', 'True');
      await desk.untilCondition(TOPICS, 'narrow', 'Ready', 'True');
      await desk.patch(INSTANCES, 'orders', { spec: { shards: 2 } });
      const { status } = await desk.untilCondition(INSTANCES, 'orders', 'Quiesced', 'True');
      expect(status).toMatchObject({ shards: 2, brokers: '2/2' });
      const wide = await desk.until(TOPICS, 'wide', (topic) => topic.status?.shards?.length === 2);
      expect(wide.status?.queues).toBe(6);
      const narrow = await desk.get(TOPICS, 'narrow');
      expect(narrow?.status?.shards).toEqual([{ name: 'orders-shard-0', queues: 4 }]);
      expect(await topicsAt(site, 'orders', 0)).toEqual(['narrow 4', 'wide 4']);
      expect(await topicsAt(site, 'orders', 1)).toEqual(['wide 2']);
    },
    TEST_MS,
  );

  test(
    'in: waits until everything is read, says for whom, and leaves the volume',
    async () => {
      const { desk, site } = stand();
      await desk.group('readers', ref('orders'));
      await desk.untilCondition(GROUPS, 'readers', 'Ready', 'True');
      const claim = await desk.get(PERSISTENT_VOLUME_CLAIMS, 'data-orders-shard-1-0');
      for (const body of ['one', 'two', 'three']) {
        await site.call('orders', 1, 'SendMessage', { topic: 'wide', body: Buffer.from(body) });
      }
      await receive(site, 1);
      await desk.patch(INSTANCES, 'orders', { spec: { shards: 1 } });
      await untilTold(site, 'orders', /clients are learning of the shards that stay/);
      const before = await desk.get(CONFIG_MAPS, 'orders-fleet');
      expect(before && settingsOf(before).brokers['orders-shard-1']?.readOnly).toBe(false);
      site.clock.forward(WHILE_MS);
      const { status } = await desk.until(
        INSTANCES,
        'orders',
        (object) => object.status?.scaleIn !== undefined,
      );
      expect(status?.scaleIn).toEqual({
        shard: 'orders-shard-1',
        unreadMessages: 2,
        deadLetters: 0,
        waitingFor: [{ group: 'readers', topic: 'wide', messages: 2 }],
      });
      const found = status?.conditions?.find(({ type }) => type === 'Reconciling');
      expect(found?.reason).toBe('ScalingIn');
      expect(found?.message).toMatch(/2 messages are still to be read, by readers on wide \(2\)/);
      const shard = status?.shardStatuses?.find(({ name }) => name === 'orders-shard-1');
      expect(shard).toMatchObject({ state: 'Draining', readOnly: true });
      const send = site.call('orders', 1, 'SendMessage', { topic: 'wide', body: Buffer.of(1) });
      await expect(send).rejects.toThrow();
      site.clock.forward(WHILE_MS);
      await untilTold(site, 'orders', /2 messages are still to be read/);
      await receive(site, 2);
      await untilTold(site, 'orders', /everything is read; looking once more/);
      site.clock.forward(WHILE_MS);
      await desk.untilGone(STATEFUL_SETS, 'orders-shard-1');
      const done = await desk.untilCondition(INSTANCES, 'orders', 'Quiesced', 'True');
      expect(done.status).toMatchObject({ shards: 1, brokers: '1/1' });
      expect(done.status?.scaleIn).toBeUndefined();
      expect(await desk.get(SERVICES, 'orders-shard-1')).toBeUndefined();
      const left = await desk.get(PERSISTENT_VOLUME_CLAIMS, 'data-orders-shard-1-0');
      expect(left?.metadata?.uid).toBe(claim?.metadata?.uid);
      const wide = await desk.until(TOPICS, 'wide', (topic) => topic.status?.shards?.length === 1);
      expect(wide.status?.shards).toEqual([{ name: 'orders-shard-0', queues: 4 }]);
    },
    TEST_MS,
  );

  test(
    'out again during the drain: it ends, and the shard takes messages as before',
    async () => {
      const { desk, site } = stand();
      await desk.patch(INSTANCES, 'orders', { spec: { shards: 2 } });
      await desk.untilCondition(INSTANCES, 'orders', 'Quiesced', 'True');
      await desk.until(TOPICS, 'wide', (topic) => topic.status?.shards?.length === 2);
      await site.call('orders', 1, 'SendMessage', { topic: 'wide', body: Buffer.from('four') });
      await desk.patch(INSTANCES, 'orders', { spec: { shards: 1 } });
      await untilTold(site, 'orders', /clients are learning/);
      site.clock.forward(WHILE_MS);
      await untilTold(site, 'orders', /1 messages are still to be read/);
      await desk.patch(INSTANCES, 'orders', { spec: { shards: 2 } });
      const { status } = await desk.untilCondition(INSTANCES, 'orders', 'Quiesced', 'True');
      expect(status?.scaleIn).toBeUndefined();
      const map = await desk.get(CONFIG_MAPS, 'orders-fleet');
      expect(map && settingsOf(map).brokers['orders-shard-1']?.readOnly).toBe(false);
      await site.call('orders', 1, 'SendMessage', { topic: 'wide', body: Buffer.from('five') });
      const set = await desk.get(STATEFUL_SETS, 'orders-shard-1');
      const marks = Object.keys(set?.metadata?.annotations ?? {});
      expect(marks.filter((mark) => /read-only|empty/.test(mark))).toEqual([]);
    },
    TEST_MS,
  );

  test(
    'in, where volumes go with the instance: that of the shard stays, also afterwards',
    async () => {
      const { desk } = stand();
      const claims = ['data-temporary-shard-0-0', 'data-temporary-shard-1-0'] as const;
      const owners = async (name: string): Promise<number | undefined> => {
        const claim = await desk.get(PERSISTENT_VOLUME_CLAIMS, name);
        return claim && (claim.metadata?.ownerReferences ?? []).length;
      };
      await desk.instance('temporary', {
        edition: 'Platinum',
        shards: 2,
        nameServers: 1,
        zones: ZONES,
        deletionPolicy: 'Delete',
      });
      await desk.untilCondition(INSTANCES, 'temporary', 'Quiesced', 'True');
      await until(TEST_MS, async () => (await owners(claims[1])) === 1);
      await desk.patch(INSTANCES, 'temporary', { spec: { shards: 1 } });
      await untilTold(stand().site, 'temporary', /everything is read/);
      stand().site.clock.forward(WHILE_MS);
      await desk.untilGone(STATEFUL_SETS, 'temporary-shard-1');
      await desk.untilCondition(INSTANCES, 'temporary', 'Quiesced', 'True');
      expect(await owners(claims[1])).toBe(0);
      expect(await owners(claims[0])).toBe(1);
      await desk.remove(INSTANCES, 'temporary');
      await desk.untilGone(PERSISTENT_VOLUME_CLAIMS, claims[0]);
      expect(await owners(claims[1])).toBe(0);
    },
    TEST_MS,
  );

  test(
    'in: topics that are nowhere else move before, ordered ones after the last message',
    async () => {
      const { desk, site } = stand();
      const [plain, ordered] = [nameOnShard(1, 'plain'), nameOnShard(1, 'ordered')];
      await desk.instance('ledger', {
        edition: 'Platinum',
        shards: 2,
        nameServers: 1,
        zones: ZONES,
      });
      await desk.untilCondition(INSTANCES, 'ledger', 'Quiesced', 'True');
      await desk.topic(plain, { ...ref('ledger'), queues: 1 });
      await desk.topic(ordered, { ...ref('ledger'), kind: 'GlobalFifo' });
      await desk.untilCondition(TOPICS, plain, 'Ready', 'True');
      await desk.untilCondition(TOPICS, ordered, 'Ready', 'True');
      expect(await topicsAt(site, 'ledger', 1)).toEqual([`${ordered} 1`, `${plain} 1`]);
      await desk.patch(INSTANCES, 'ledger', { spec: { shards: 1 } });
      await desk.until(TOPICS, plain, ({ status }) => {
        return status?.shards?.map(({ name }) => name).join() === 'ledger-shard-0';
      });
      expect(await topicsAt(site, 'ledger', 0)).toEqual([`${plain} 1`]);
      await desk.untilCondition(TOPICS, ordered, 'Ready', 'False', 'WaitingForDrain');
      await untilTold(site, 'ledger', /clients are learning/);
      site.clock.forward(WHILE_MS);
      await untilTold(site, 'ledger', /everything is read/);
      site.clock.forward(WHILE_MS);
      await desk.untilCondition(INSTANCES, 'ledger', 'Quiesced', 'True');
      const moved = await desk.untilCondition(TOPICS, ordered, 'Ready', 'True');
      expect(moved.status?.shards).toEqual([{ name: 'ledger-shard-0', queues: 1 }]);
      expect(await topicsAt(site, 'ledger', 0)).toEqual([`${ordered} 1`, `${plain} 1`]);
    },
    TEST_MS,
  );
});

/** A topic of one queue that goes to that shard of two. */
function nameOnShard(shard: number, prefix: string): string {
  const names = Array.from({ length: 64 }, (_, number) => `${prefix}-${number}`);
  const found = names.find((name) => spreadQueues(name, 1, [0, 1]).has(shard));
  if (found === undefined) throw new Error('no such name');
  return found;
}

async function receive(site: Site, count: number): Promise<void> {
  let left = count;
  while (left > 0) {
    const { messages } = await site.call('orders', 1, 'ReceiveMessages', {
      group: 'readers',
      topic: 'wide',
      count: left,
      waitMs: 1000,
      invisibleMs: 30_000,
      ack: true,
    });
    left -= messages.length;
  }
}
