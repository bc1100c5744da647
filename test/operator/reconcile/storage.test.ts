/** Volumes grow, where their storage class can, and keep their pods. */
import { expect, test } from '@jest/globals';
import type { V1StorageClass } from '@kubernetes/client-node';
import type { KubeObject, ResourceType } from '#kube/types';
import { INSTANCES, PERSISTENT_VOLUME_CLAIMS, PODS, STATEFUL_SETS, TOPICS } from '#kube/resources';
import { unrestricted } from '#support/kube';
import { describeOnHollowNodes, TEST_MS, ZONES } from '#support/reconcile-stand';

const STORAGE_CLASSES: ResourceType<V1StorageClass & KubeObject> = unrestricted({
  group: 'storage.k8s.io',
  version: 'v1',
  namespaced: false,
  plural: 'storageclasses',
  kind: 'StorageClass',
  verbs: [],
});

/** Of the hollow nodes. */
const STORAGE_CLASS = 'hollow';

describeOnHollowNodes('storage', (stand) => {
  const uids = async (type: ResourceType<KubeObject>): Promise<(string | undefined)[]> =>
    (await stand().desk.list(type)).map(({ metadata }) => metadata?.uid).sort();
  const growable = (allowVolumeExpansion: boolean) => {
    const patch = { allowVolumeExpansion };
    return stand().site.client.mergePatch(STORAGE_CLASSES, { name: STORAGE_CLASS }, patch);
  };

  test(
    'grows: the claims and their template, around the same pods',
    async () => {
      const { desk } = stand();
      await desk.instance('orders', {
        edition: 'Platinum',
        shards: 2,
        nameServers: 1,
        zones: ZONES,
        deletionPolicy: 'Delete',
      });
      await desk.untilCondition(INSTANCES, 'orders', 'Quiesced', 'True');
      const [pods, claims] = [await uids(PODS), await uids(PERSISTENT_VOLUME_CLAIMS)];
      const sets = await uids(STATEFUL_SETS);
      await desk.patch(INSTANCES, 'orders', { spec: { capacity: { storage: '20Gi' } } });
      const { status } = await desk.untilCondition(INSTANCES, 'orders', 'Quiesced', 'True');
      expect(status?.shardStatuses?.map(({ volume }) => volume)).toEqual(['20Gi', '20Gi']);
      for (const shard of [0, 1]) {
        const set = await desk.get(STATEFUL_SETS, `orders-shard-${shard}`);
        const [template] = set?.spec?.volumeClaimTemplates ?? [];
        expect(template?.spec?.resources?.requests).toEqual({ storage: '20Gi' });
      }
      expect(await uids(PODS)).toEqual(pods);
      expect(await uids(PERSISTENT_VOLUME_CLAIMS)).toEqual(claims);
      expect(await uids(STATEFUL_SETS)).not.toEqual(sets);
      // Owned by the new StatefulSets: they go with the instance.
      const owned = await desk.until(
        PERSISTENT_VOLUME_CLAIMS,
        'data-orders-shard-1-0',
        ({ metadata }) => metadata?.ownerReferences?.length === 1,
      );
      const set = await desk.get(STATEFUL_SETS, 'orders-shard-1');
      expect(owned.metadata?.ownerReferences?.[0]?.uid).toBe(set?.metadata?.uid);
    },
    TEST_MS,
  );

  test(
    'that can not grow stalls the instance, with the reason, and not its topics',
    async () => {
      const { desk } = stand();
      await growable(false);
      await desk.patch(INSTANCES, 'orders', { spec: { capacity: { storage: '30Gi' } } });
      const { status } = await desk.untilCondition(
        INSTANCES,
        'orders',
        'Stalled',
        'True',
        'StorageCannotGrow',
      );
      const stalled = status?.conditions?.find(({ type }) => type === 'Stalled');
      expect(stalled?.message).toMatch(/data-orders-shard-0-0 can't grow to 30Gi: .*storageclass/);
      await desk.topic('placed', { instanceRef: { name: 'orders' } });
      await desk.untilCondition(TOPICS, 'placed', 'Ready', 'True');
      await growable(true);
      await desk.patch(INSTANCES, 'orders', { metadata: { annotations: { touched: 'yes' } } });
      const done = await desk.untilCondition(INSTANCES, 'orders', 'Quiesced', 'True');
      expect(done.status?.shardStatuses?.map(({ volume }) => volume)).toEqual(['30Gi', '30Gi']);
    },
    TEST_MS,
  );
});
