/** What happens to an instance day by day, while clients send and receive. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { PORT } from '#kube/names';
import { until } from '#support/until';
import { NAME, PlatinumScene, GROUP, TOPIC } from './platinum.ts';
import { describeOnNodes, imageOf, kubectl, LONG_MS, testWithNextImage, WAIT_MS } from './scene.ts';

const SENDS = 50;

describeOnNodes('an instance under load', () => {
  const scene = new PlatinumScene('sluice-test-operations');
  const { instance, load, namespace } = scene;

  beforeAll(() => scene.open(), LONG_MS);
  afterAll(() => scene.close(), LONG_MS);

  test(
    'clients inside send and receive, by the names of Services',
    () => scene.withoutFailedSends(() => load.untilSent(SENDS, WAIT_MS)),
    LONG_MS,
  );

  test(
    'clients outside send and receive by node ports',
    async () => {
      const endpoints = await instance.address('external');
      expect(endpoints).toMatch(/:30081$/);
      await scene.stopConsumer();
      const consumer = await load.consumer({ endpoints, topic: TOPIC, group: GROUP });
      const producer = await load.producer({ endpoints, topic: TOPIC, intervalMs: 40 });
      await scene.withoutFailedSends(() => load.untilSent(4 * SENDS, WAIT_MS));
      await producer.stop();
      await load.untilAllReceived(WAIT_MS);
      await consumer.stop();
      const outside = load.history.queues.filter((queue) => !queue.includes('cluster.local'));
      expect(outside.length).toBeGreaterThan(0);
      await scene.startConsumer();
    },
    LONG_MS,
  );

  test(
    'a restart by annotation replaces one broker after the other, and no send fails',
    () =>
      scene.rolled(() =>
        kubectl('annotate', 'mqi', NAME, '-n', namespace, 'mq.sluice.dev/restart=once'),
      ),
    LONG_MS,
  );

  test(
    'a change of configuration does the same',
    () => scene.rolled(() => instance.patch({ retentionHours: 48 })),
    LONG_MS,
  );

  testWithNextImage(
    'another version does the same',
    async () => {
      const { tag, repository } = imageOf('SLUICE_IMAGE_NEXT');
      await scene.rolled(() => instance.patch({ version: tag }));
      const { status } = await instance.read();
      expect(status).toMatchObject({ version: tag, image: `${repository}:${tag}` });
      const images = status?.shardStatuses?.map(({ image }) => image);
      expect(images).toEqual(images?.map(() => `${repository}:${tag}`));
    },
    LONG_MS,
  );

  test(
    'name servers become fewer and more, and no broker restarts',
    async () => {
      const before = await instance.identities();
      await scene.withoutFailedSends(async () => {
        for (const nameServers of [2, 3]) {
          await instance.patch({ nameServers });
          await until(WAIT_MS, async () => {
            const pods = await instance.pods('nameserver');
            return pods.length === nameServers;
          });
          await instance.untilQuiesced();
          expect((await instance.read()).status?.nameServers).toBe(`${nameServers}/${nameServers}`);
        }
      });
      expect(await instance.identities()).toEqual(before);
    },
    LONG_MS,
  );

  test(
    'a quota is kept to at once, and told in metrics and status',
    async () => {
      const before = await instance.identities();
      const failuresBefore = load.history.failures.length;
      await instance.patch({ capacity: { tps: 10 } });
      await instance.untilCondition('QuotaExceeded', 'True');
      expect((await instance.read()).status?.quota).toMatchObject({ throttled: true });
      expect(await throttledMessages()).toBeGreaterThan(0);
      await instance.patch({ capacity: { tps: null } });
      await instance.untilCondition('QuotaExceeded', 'False');
      await instance.untilQuiesced();
      const failures = load.history.failures.slice(failuresBefore);
      expect(failures.filter(({ error }) => !error.includes('TooManyRequests'))).toEqual([]);
      await scene.expectSound();
      expect(await instance.identities()).toEqual(before);
    },
    LONG_MS,
  );

  async function throttledMessages(): Promise<number> {
    let sum = 0;
    for (const { status } of await instance.pods('broker')) {
      const answer = await fetch(`http://${status?.podIP}:${PORT.metrics}/metrics`);
      const samples = (await answer.text()).matchAll(
        /^sluice_throttled_messages_total\S* (\d+)$/gm,
      );
      for (const [, value] of samples) sum += Number(value);
    }
    return sum;
  }
});
