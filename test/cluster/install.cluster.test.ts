/** The chart on real nodes: the first message, and an upgrade of the operator. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { until } from '#support/until';
import { ClusterInstance } from './instance.ts';
import {
  apply,
  createNamespace,
  deleteNamespace,
  describeOnNodes,
  exampleManifests,
  installOperator,
  kubectl,
  LONG_MS,
  ROOT,
  run,
  testWithNextImage,
  uninstallOperator,
  WAIT_MS,
} from './scene.ts';

const NAMESPACE = 'sluice-test-install';
const FIRST_MESSAGE_MS = 60_000;
const DNS_PRELOAD = new URL('../support/dns-preload.ts', import.meta.url).href;

describeOnNodes('an installation', () => {
  let instance: ClusterInstance;

  beforeAll(async () => {
    await deleteNamespace(NAMESPACE);
    await uninstallOperator();
    await createNamespace(NAMESPACE);
    instance = new ClusterInstance(NAMESPACE, 'dev');
  }, LONG_MS);

  afterAll(async () => {
    await deleteNamespace(NAMESPACE);
    await instance.close();
  }, LONG_MS);

  test(
    'the first message is through within a minute of `helm install`',
    async () => {
      const startMs = performance.now();
      await installOperator();
      const installedMs = performance.now() - startMs;
      await apply(NAMESPACE, await exampleManifests('development.yaml'));
      const ready = ['mqi/dev', 'mqt/hello', 'mqg/hello-readers'];
      await kubectl('wait', '-n', NAMESPACE, '--for=condition=Ready', '--timeout=3m', ...ready);
      const readyMs = performance.now() - startMs;
      const endpoint = `dev-mq.${NAMESPACE}.svc.cluster.local:8081`;
      const args = ['check', endpoint, '--topic', 'hello', '--group', 'hello-readers'];
      await run(process.execPath, [`${ROOT}/cli/main.ts`, ...args], {
        env: { NODE_OPTIONS: `--import=${DNS_PRELOAD}` },
      });
      const tookMs = performance.now() - startMs;
      const seconds = [installedMs, readyMs, tookMs].map((ms) => (ms / 1000).toFixed(1));
      console.info(
        `chart installed after ${seconds[0]} s, instance ready after ${seconds[1]} s, ` +
          `first message after ${seconds[2]} s`,
      );
      expect(tookMs).toBeLessThan(FIRST_MESSAGE_MS);
    },
    LONG_MS,
  );

  testWithNextImage(
    'an upgrade of the operator restarts no broker',
    async () => {
      await instance.untilQuiesced();
      const before = await instance.identities();
      const { status } = await instance.read();
      await installOperator('SLUICE_IMAGE_NEXT');
      // A change that it has to act on, so that it is known to have looked.
      await apply(NAMESPACE, await withMoreQueues());
      const more = '--for=jsonpath={.status.queues}=4';
      await kubectl('wait', '-n', NAMESPACE, more, '--timeout=3m', 'mqt/hello');
      await instance.untilQuiesced();
      expect(await instance.identities()).toEqual(before);
      expect((await instance.read()).status?.image).toBe(status?.image);
      await installOperator();
    },
    LONG_MS,
  );

  test(
    'a namespace goes away with all that is in it, topics to be deleted too',
    async () => {
      const topics = await withMoreQueues();
      for (const { spec } of topics.slice(1)) spec['deletionPolicy'] = 'Delete';
      await apply(NAMESPACE, topics);
      await until(WAIT_MS, async () => {
        const template = 'jsonpath={.metadata.finalizers}';
        const found = await kubectl('get', 'mqt/hello', '-n', NAMESPACE, '-o', template);
        return found.includes('mq.sluice.dev/topic');
      });
      await deleteNamespace(NAMESPACE);
    },
    LONG_MS,
  );

  async function withMoreQueues() {
    const manifests = await exampleManifests('development.yaml');
    for (const { kind, spec } of manifests) if (kind === 'Topic') spec['queues'] = 4;
    return manifests;
  }
});
