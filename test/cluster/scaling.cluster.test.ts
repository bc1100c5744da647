/** Shards that come and go, volumes that grow, and an instance that is made again. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { PERSISTENT_VOLUME_CLAIMS, STATEFUL_SETS, TOPICS } from '#kube/resources';
import { unrestricted } from '#support/cluster';
import { until } from '#support/until';
import { NAME, PlatinumScene, TOPIC } from './platinum.ts';
import { describeOnNodes, kubectl, LONG_MS, WAIT_MS } from './scene.ts';

const SHARD = `${NAME}-shard-3`;
const SHARDS = 3;
const UNREAD = 100;
/** Longer than the operator takes for several looks. */
const LOOKS_MS = 8000;

describeOnNodes('an instance that is scaled', () => {
  const scene = new PlatinumScene('sluice-test-scaling');
  const { instance, load, namespace } = scene;
  const { client } = instance;

  beforeAll(() => scene.open(), LONG_MS);
  afterAll(() => scene.close(), LONG_MS);

  const shardSet = () => client.get(STATEFUL_SETS, { namespace, name: SHARD });
  const claim = (shard: number) =>
    client.get(unrestricted(PERSISTENT_VOLUME_CLAIMS), {
      namespace,
      name: `data-${NAME}-shard-${shard}-0`,
    });

  test(
    'a shard is added, and a topic that asks for it gets queues there',
    () =>
      scene.withoutFailedSends(async () => {
        const before = await instance.identities();
        await kubectl('scale', 'mqi', NAME, '-n', namespace, `--replicas=${SHARDS + 1}`);
        await instance.untilQuiesced();
        expect(await instance.identities()).toMatchObject(before);
        await until(WAIT_MS, async () => {
          const topic = await client.get(unrestricted(TOPICS), { namespace, name: TOPIC });
          return topic?.status?.shards?.some(({ name, queues }) => name === SHARD && queues > 0);
        });
        // A new one, since this client never looks at the routes of a topic again.
        await scene.stopProducer();
        await scene.startProducer();
        await until(
          WAIT_MS,
          () => load.history.queues.some((queue) => queue.startsWith(`${SHARD}.`)),
          () => `messages came from ${load.history.queues.join(', ')}`,
        );
      }),
    LONG_MS,
  );

  test(
    'a shard is removed once it is read to the end; its volume stays',
    () =>
      scene.withoutFailedSends(async () => {
        await scene.stopConsumer();
        await load.untilSent(UNREAD, WAIT_MS);
        await kubectl('scale', 'mqi', NAME, '-n', namespace, `--replicas=${SHARDS}`);
        const left = await until(WAIT_MS, async () => {
          const { status } = await instance.read();
          return status?.scaleIn?.unreadMessages;
        });
        expect(left).toBeGreaterThan(0);
        expect((await instance.condition('Reconciling'))?.message).toMatch(
          /messages are still to be read, by load-readers on load/,
        );
        await load.untilSent(1, WAIT_MS);
        await new Promise((resolve) => setTimeout(resolve, LOOKS_MS));
        expect(await shardSet()).toBeDefined();
        await scene.startConsumer();
        await until(WAIT_MS, async () => (await shardSet()) === undefined);
        await instance.untilQuiesced();
        expect(await claim(SHARDS)).toBeDefined();
        expect((await instance.read()).status).toMatchObject({ shards: 3, brokers: '3/3' });
      }),
    LONG_MS,
  );

  test(
    'volumes grow, and no broker restarts',
    async () => {
      const before = await instance.identities();
      const classPatch = JSON.stringify({ allowVolumeExpansion: true });
      await kubectl('patch', 'storageclass', 'standard', '-p', classPatch);
      await instance.patch({ capacity: { storage: '2Gi' } });
      for (let shard = 0; shard < SHARDS; shard++) {
        await until(WAIT_MS, async () => {
          const requests = (await claim(shard))?.spec?.resources?.requests;
          return requests?.['storage'] === '2Gi';
        });
        await grown(shard);
      }
      await instance.untilQuiesced();
      const sets = (await client.list(STATEFUL_SETS, { namespace })).items;
      const sizes = sets.flatMap(({ spec }) =>
        spec?.volumeClaimTemplates?.map((each) => each.spec?.resources?.requests?.['storage']),
      );
      expect(sizes.filter((size) => size !== undefined)).toEqual(['2Gi', '2Gi', '2Gi']);
      expect(await instance.identities()).toEqual(before);
      await scene.expectSound();
    },
    LONG_MS,
  );

  test(
    'an instance that is deleted and made again has its messages',
    async () => {
      await scene.stopConsumer();
      await load.untilSent(UNREAD, WAIT_MS);
      await scene.stopProducer();
      expect(load.missing().length).toBeGreaterThan(0);
      const volumes = await Promise.all([0, 1, 2].map(claim));
      await kubectl('delete', 'mqi', NAME, '-n', namespace, '--timeout=3m');
      await until(WAIT_MS, async () => (await instance.pods('broker')).length === 0);
      await scene.create();
      const again = await Promise.all([0, 1, 2].map(claim));
      expect(again.map((each) => each?.metadata?.uid)).toEqual(
        volumes.map((each) => each?.metadata?.uid),
      );
      await scene.startConsumer();
      await load.untilAllReceived(WAIT_MS);
      expect(load.history.violations).toEqual([]);
      await scene.startProducer();
      await scene.withoutFailedSends(() => scene.expectSound());
    },
    LONG_MS,
  );

  /** What the driver of a storage class does once it has made a volume larger. */
  async function grown(shard: number): Promise<void> {
    const patch = JSON.stringify({ status: { capacity: { storage: '2Gi' } } });
    const name = `data-${NAME}-shard-${shard}-0`;
    await kubectl('patch', 'pvc', name, '-n', namespace, '--subresource=status', '-p', patch);
  }
});
