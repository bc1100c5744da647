import type { V1PersistentVolumeClaim, V1Pod, V1StatefulSet } from '@kubernetes/client-node';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { NODES, PERSISTENT_VOLUME_CLAIMS, PODS, STATEFUL_SETS } from '#kube/resources';
import { HollowNodes } from '#support/hollow-nodes';
import { describeWithCluster, unrestricted } from '#support/kube';
import { until } from '#support/until';

const SETS = unrestricted(STATEFUL_SETS);
const ALL_PODS = unrestricted(PODS);
const CLAIMS = unrestricted(PERSISTENT_VOLUME_CLAIMS);
const ALL_NODES = unrestricted(NODES);
const ZONES = ['zone-a', 'zone-b', 'zone-c'];
const WAIT_MS = 30_000;
const TURN_MS = 600_000;

describeWithCluster('a control plane with hollow nodes', (cluster) => {
  let hollow: HollowNodes;

  beforeAll(async () => {
    hollow = await HollowNodes.start({ client: cluster().client, zones: ZONES });
    await cluster().client.create(SETS, setOf('web', 3, cluster().namespace));
  }, TURN_MS);

  afterAll(() => hollow.stop(), WAIT_MS);

  const pod = (name: string): Promise<V1Pod | undefined> =>
    cluster().client.get(ALL_PODS, { namespace: cluster().namespace, name });
  const claim = (name: string): Promise<V1PersistentVolumeClaim | undefined> =>
    cluster().client.get(CLAIMS, { namespace: cluster().namespace, name });
  const set = (): Promise<V1StatefulSet | undefined> =>
    cluster().client.get(SETS, { namespace: cluster().namespace, name: 'web' });

  const whenReady = (count: number): Promise<boolean> =>
    until(
      WAIT_MS,
      async () => ((await set())?.status?.readyReplicas ?? 0) === count,
      () => `not ${count} replicas are ready`,
    );

  test('three replicas with claims become ready, one in each zone', async () => {
    await whenReady(3);
    const pods = await Promise.all(['web-0', 'web-1', 'web-2'].map(pod));
    const nodes = pods.map((each) => each?.spec?.nodeName ?? '');
    expect(new Set(nodes)).toEqual(new Set(hollow.nodes.map(({ name }) => name)));
    expect(new Set(pods.map((each) => each?.status?.podIP)).size).toBe(3);
    expect(pods[0]?.status).toMatchObject({
      phase: 'Running',
      containerStatuses: [{ name: 'main', image: 'example/none:1', ready: true, restartCount: 0 }],
    });
    const bound = await claim('data-web-0');
    expect(bound?.status).toMatchObject({ phase: 'Bound', capacity: { storage: '1Gi' } });
    expect(ZONES.map((zone) => hollow.inZone(zone).length)).toEqual([1, 1, 1]);
  }, 60_000);

  test('a claim grows', async () => {
    const { namespace, client } = cluster();
    const patch = { spec: { resources: { requests: { storage: '2Gi' } } } };
    await client.mergePatch(CLAIMS, { namespace, name: 'data-web-0' }, patch);
    await until(
      WAIT_MS,
      async () => (await claim('data-web-0'))?.status?.capacity?.['storage'] === '2Gi',
    );
  }, 60_000);

  test('a deleted pod ends; the next one has its volume and another address', async () => {
    const before = await pod('web-1');
    await cluster().client.delete(ALL_PODS, before?.metadata as { name: string });
    const after = await until(WAIT_MS, async () => {
      const now = await pod('web-1');
      return now?.metadata?.uid !== before?.metadata?.uid && isReady(now) ? now : undefined;
    });
    expect(after.spec?.nodeName).toBe(before?.spec?.nodeName);
    expect(after.status?.podIP).not.toBe(before?.status?.podIP);
  }, 60_000);

  test('pods are held and fail as wished, also new ones', async () => {
    hollow.holdReady('web-0');
    await until(WAIT_MS, async () => !isReady(await pod('web-0')));
    expect((await pod('web-0'))?.status?.phase).toBe('Running');
    const before = (await pod('web-2'))?.metadata?.uid;
    hollow.failPod('web-2', 'ImagePullBackOff');
    await cluster().client.delete(ALL_PODS, { namespace: cluster().namespace, name: 'web-2' });
    const failing = await until(WAIT_MS, async () => {
      const now = await pod('web-2');
      const isNew = now?.metadata?.uid !== before;
      return isNew && now?.status?.containerStatuses ? now.status : undefined;
    });
    expect(failing.containerStatuses?.[0]?.state?.waiting?.reason).toBe('ImagePullBackOff');
    expect(failing.phase).toBe('Pending');
    await whenReady(1);
    hollow.heal('web-0');
    hollow.heal('web-2');
    await whenReady(3);
  }, 60_000);

  test('a node that is lost is NotReady with its pods, and comes back with them', async () => {
    const name = (await pod('web-0'))?.spec?.nodeName ?? '';
    const before = (await pod('web-0'))?.metadata?.uid;
    hollow.killNode(name);
    await until(WAIT_MS, async () => !isReady(await cluster().client.get(ALL_NODES, { name })));
    await until(WAIT_MS, async () => !isReady(await pod('web-0')));
    await cluster().client.delete(ALL_PODS, { namespace: cluster().namespace, name: 'web-0' });
    expect((await pod('web-0'))?.metadata?.uid).toBe(before);
    await hollow.startNode(name);
    await whenReady(3);
    expect((await pod('web-0'))?.metadata?.uid).not.toBe(before);
    expect((await pod('web-0'))?.spec?.nodeName).toBe(name);
  }, 90_000);
});

interface WithConditions {
  status?: { conditions?: { type: string; status: string }[] };
}

function isReady(object: WithConditions | undefined): boolean {
  const conditions = object?.status?.conditions ?? [];
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
}

function setOf(name: string, replicas: number, namespace: string): V1StatefulSet {
  const labels = { app: name };
  const spread = {
    maxSkew: 1,
    topologyKey: 'topology.kubernetes.io/zone',
    whenUnsatisfiable: 'DoNotSchedule',
    labelSelector: { matchLabels: labels },
  };
  return {
    metadata: { name, namespace },
    spec: {
      replicas,
      serviceName: name,
      podManagementPolicy: 'Parallel',
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          containers: [{ name: 'main', image: 'example/none:1' }],
          topologySpreadConstraints: [spread],
        },
      },
      volumeClaimTemplates: [
        {
          metadata: { name: 'data' },
          spec: {
            accessModes: ['ReadWriteOnce'],
            resources: { requests: { storage: '1Gi' } },
          },
        },
      ],
    },
  };
}
