/** Volumes of hollow nodes: each claim gets one as soon as its pod has a node, and they grow. */
import type {
  V1PersistentVolume,
  V1PersistentVolumeClaim,
  V1StorageClass,
} from '@kubernetes/client-node';
import { KubeError, type KubeClient } from '#kube/client';
import { PERSISTENT_VOLUME_CLAIMS } from '#kube/resources';
import type { ResourceType } from '#kube/types';
import { unrestricted } from '#support/cluster';

const STORAGE_CLASS = 'hollow';
const SELECTED_NODE = 'volume.kubernetes.io/selected-node';
const DEFAULT_CLASS = 'storageclass.kubernetes.io/is-default-class';
const ALREADY_EXISTS = 409;

const CLAIMS = unrestricted(PERSISTENT_VOLUME_CLAIMS);

const STORAGE_CLASSES: ResourceType<V1StorageClass> = unrestricted({
  group: 'storage.k8s.io',
  version: 'v1',
  namespaced: false,
  plural: 'storageclasses',
  kind: 'StorageClass',
  verbs: [],
});

const VOLUMES: ResourceType<V1PersistentVolume> = unrestricted({
  group: '',
  version: 'v1',
  namespaced: false,
  plural: 'persistentvolumes',
  kind: 'PersistentVolume',
  verbs: [],
});

export async function createStorageClass(client: KubeClient): Promise<void> {
  await client.apply(
    STORAGE_CLASSES,
    {
      metadata: { name: STORAGE_CLASS, annotations: { [DEFAULT_CLASS]: 'true' } },
      provisioner: 'sluice.dev/hollow',
      volumeBindingMode: 'WaitForFirstConsumer',
      allowVolumeExpansion: true,
    },
    { force: true },
  );
}

/** Gives the claim what it waits for, if anything. */
export async function serveClaim(
  client: KubeClient,
  claim: V1PersistentVolumeClaim,
  isOurs: (node: string) => boolean,
): Promise<void> {
  const { spec, status, metadata } = claim;
  const node = metadata?.annotations?.[SELECTED_NODE] ?? '';
  if (spec?.storageClassName !== STORAGE_CLASS || metadata?.deletionTimestamp) return;
  const asked = spec.resources?.requests?.['storage'] ?? '';
  if (status?.phase === 'Pending' && isOurs(node)) await createVolume(client, claim, node, asked);
  const isBound = status?.phase === 'Bound';
  if (isBound && status.capacity?.['storage'] !== asked) await grow(client, claim, asked);
}

/** Those of claims that are gone, too. */
export async function deleteVolumes(client: KubeClient): Promise<void> {
  for (const { metadata, spec } of (await client.list(VOLUMES)).items) {
    if (spec?.storageClassName !== STORAGE_CLASS) continue;
    await client.delete(VOLUMES, { name: metadata?.name ?? '' });
  }
}

async function createVolume(
  client: KubeClient,
  { metadata, spec }: V1PersistentVolumeClaim,
  node: string,
  storage: string,
): Promise<void> {
  const { name = '', namespace = '', uid = '' } = metadata ?? {};
  const onNode = { key: 'kubernetes.io/hostname', operator: 'In', values: [node] };
  try {
    await client.create(VOLUMES, {
      metadata: { name: volumeName(uid) },
      spec: {
        capacity: { storage },
        accessModes: spec?.accessModes ?? [],
        storageClassName: STORAGE_CLASS,
        persistentVolumeReclaimPolicy: 'Retain',
        hostPath: { path: `/hollow/${uid}` },
        claimRef: { apiVersion: 'v1', kind: CLAIMS.kind, namespace, name, uid },
        nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [onNode] }] } },
      },
    });
  } catch (error) {
    // It was made already, and the cache has not heard that the claim is bound.
    const isMade = error instanceof KubeError && error.status === ALREADY_EXISTS;
    if (!isMade) throw error;
  }
}

async function grow(
  client: KubeClient,
  { metadata }: V1PersistentVolumeClaim,
  storage: string,
): Promise<void> {
  const { name = '', namespace = '', uid = '' } = metadata ?? {};
  await client.mergePatch(VOLUMES, { name: volumeName(uid) }, { spec: { capacity: { storage } } });
  await client.applyStatus(CLAIMS, {
    metadata: { name, namespace, uid },
    status: { capacity: { storage } },
  });
}

function volumeName(claimUid: string): string {
  return `pvc-${claimUid}`;
}
