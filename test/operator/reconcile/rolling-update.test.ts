/** Pods are brought up to date one at a time, and only by what the spec or a person asks for. */
import { expect, test } from '@jest/globals';
import type { V1Pod } from '@kubernetes/client-node';
import { INSTANCES, PODS } from '#kube/resources';
import { Informer } from '#kube/watch';
import { silentLog } from '#support/core';
import { until } from '#support/until';
import { describeOnHollowNodes, TEST_MS, ZONES, type Site } from '#support/reconcile-stand';

const OTHER_IMAGE = 'example.org/sluice:2.0.0';

/** How many pods were not ready at the same time, at most, while `work` ran. */
async function mostUnready(
  { client, namespace }: Site,
  expected: number,
  work: () => Promise<unknown>,
): Promise<number> {
  const pods = new Informer({ client, type: PODS, namespaces: [namespace], log: silentLog });
  let most = 0;
  pods.onChange(() => {
    if (!pods.isSynced) return;
    const ready = [...pods.values()].filter((pod) => isReady(pod)).length;
    most = Math.max(most, expected - ready);
  });
  pods.start();
  await pods.synced;
  await work();
  await pods.stop();
  return most;
}

function isReady({ metadata, status }: V1Pod): boolean {
  if (metadata?.deletionTimestamp !== undefined) return false;
  return (
    status?.conditions?.some((each) => each.type === 'Ready' && each.status === 'True') ?? false
  );
}

describeOnHollowNodes('a rolling update', (stand) => {
  const uids = async (): Promise<Record<string, string>> => {
    const pods = await stand().desk.list(PODS);
    return Object.fromEntries(
      pods.map(({ metadata }) => [metadata?.name ?? '', metadata?.uid ?? '']).sort(),
    );
  };
  const imagesOf = async (): Promise<(string | undefined)[]> =>
    (await stand().desk.list(PODS)).map(({ spec }) => spec?.containers[0]?.image);
  const quiesced = () => stand().desk.untilCondition(INSTANCES, 'orders', 'Quiesced', 'True');

  test(
    'a new image: one pod at a time, name servers first',
    async () => {
      await stand().desk.instance('orders', {
        edition: 'Platinum',
        shards: 3,
        nameServers: 2,
        zones: ZONES,
        image: 'example.org/sluice:1.0.0',
      });
      await quiesced();
      const most = await mostUnready(stand().site, 5, async () => {
        await stand().desk.patch(INSTANCES, 'orders', { spec: { image: OTHER_IMAGE } });
        await quiesced();
      });
      expect(most).toBe(1);
      expect(new Set(await imagesOf())).toEqual(new Set([OTHER_IMAGE]));
      const { status } = await quiesced();
      expect(status).toMatchObject({ image: OTHER_IMAGE, version: '2.0.0' });
    },
    TEST_MS,
  );

  test(
    'the annotation restarts every pod, one at a time; another annotation restarts none',
    async () => {
      const before = await uids();
      const most = await mostUnready(stand().site, 5, async () => {
        const annotations = { 'mq.sluice.dev/restart': 'now' };
        await stand().desk.patch(INSTANCES, 'orders', { metadata: { annotations } });
        await untilAllDiffer(before, uids);
        await quiesced();
      });
      expect(most).toBe(1);
    },
    TEST_MS,
  );

  test(
    'one that fails stops after the first pod, says why, and a further change cures it',
    async () => {
      const { desk, nodes } = stand();
      const before = await uids();
      const first = 'orders-shard-0-0';
      const bad = 'example.org/sluice:9.9.9';
      nodes.failPod(first, 'ImagePullBackOff');
      await desk.patch(INSTANCES, 'orders', { spec: { image: bad } });
      await desk.until(PODS, first, ({ spec }) => spec?.containers[0]?.image === bad);
      const { status } = await desk.until(INSTANCES, 'orders', (object) => {
        const messages = object.status?.conditions?.map(({ message }) => message) ?? [];
        return /1 of 3 are up to date; .*ImagePullBackOff/.test(messages.join());
      });
      const told = (type: string) => status?.conditions?.find((each) => each.type === type);
      expect(told('Ready')).toMatchObject({ status: 'False', reason: 'BrokersNotReady' });
      expect(told('Ready')?.message).toMatch(/2 of 3 brokers.*orders-shard-0-0: ImagePullBackOff/);
      expect(told('Reconciling')).toMatchObject({ status: 'True', reason: 'RollingUpdate' });
      expect(told('SafeToRestart')?.status).toBe('False');
      expect(status?.brokers).toBe('2/3');
      const now = await uids();
      for (const shard of [1, 2]) {
        expect(now[`orders-shard-${shard}-0`]).toBe(before[`orders-shard-${shard}-0`]);
      }
      // The next pod of that name can run.
      await desk.patch(INSTANCES, 'orders', { spec: { image: OTHER_IMAGE } });
      await desk.until(PODS, first, ({ spec }) => spec?.containers[0]?.image === OTHER_IMAGE);
      nodes.heal(first);
      await quiesced();
      const after = await uids();
      // Those that had the good image all along were left alone.
      expect(after['orders-shard-1-0']).toBe(before['orders-shard-1-0']);
      expect(after['orders-shard-2-0']).toBe(before['orders-shard-2-0']);
    },
    TEST_MS,
  );
});

describeOnHollowNodes('an operator of another version', (stand) => {
  test(
    'restarts nothing by itself; spec.version does',
    async () => {
      const { desk, ...site } = await siteWith('example.org/sluice:1.0.0');
      const before = await site.uids();
      await site.changeOperator('registry.example.com/sluice:7.0.0');
      await desk.patch(INSTANCES, 'orders', { spec: { capacity: { tps: 77 } } });
      await desk.untilCondition(INSTANCES, 'orders', 'Quiesced', 'True');
      expect(await site.uids()).toEqual(before);
      await desk.patch(INSTANCES, 'orders', { spec: { version: '7.0.0' } });
      await desk.untilCondition(INSTANCES, 'orders', 'Quiesced', 'True');
      const [pod] = await desk.list(PODS);
      expect(pod?.spec?.containers[0]?.image).toBe('example.org/sluice:7.0.0');
    },
    TEST_MS,
  );

  test(
    'the next pod goes when clients have found the last one again',
    async () => {
      const { desk, clock } = await siteWith('example.org/sluice:1.0.0');
      clock.reset();
      await desk.patch(INSTANCES, 'orders', { spec: { image: OTHER_IMAGE } });
      await desk.until(INSTANCES, 'orders', ({ status }) => {
        const found = status?.conditions?.find(({ type }) => type === 'Reconciling');
        return /waiting until clients have found orders-shard-\d-0 again/.test(
          found?.message ?? '',
        );
      });
      clock.forward(60_000);
      await desk.untilCondition(INSTANCES, 'orders', 'Quiesced', 'True');
    },
    TEST_MS,
  );

  async function siteWith(image: string) {
    const site = await stand().openSite();
    const { desk, clock } = site;
    let operator = await site.startOperator({ image });
    await desk.instance('orders', { edition: 'Platinum', shards: 2, zones: ZONES });
    await desk.untilCondition(INSTANCES, 'orders', 'Quiesced', 'True');
    return {
      desk,
      clock,
      uids: async () => (await desk.list(PODS)).map(({ metadata }) => metadata?.uid).sort(),
      changeOperator: async (other: string) => {
        await site.stopOperator(operator);
        operator = await site.startOperator({ image: other });
      },
    };
  }
});

async function untilAllDiffer(
  before: Record<string, string>,
  uids: () => Promise<Record<string, string>>,
): Promise<void> {
  await until(TEST_MS, async () => {
    const now = await uids();
    return Object.entries(before).every(([name, uid]) => now[name] !== uid);
  });
}
