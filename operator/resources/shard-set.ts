/**
 * StatefulSet `orders-shard-0`: the broker of a shard and its volume. The operator decides when
 * its pod is replaced.
 */
import type { V1PersistentVolumeClaim, V1StatefulSet } from '@kubernetes/client-node';
import type { CompleteInstance } from '#kube/api/defaults';
import { childName, PORT, shardLabels } from '#kube/names';
import { STATEFUL_SETS } from '#kube/resources';
import { POD } from '#lib/kubernetes-limits';
import { head } from '#operator/resources/object-head';
import { DATA_VOLUME, podTemplate } from '#operator/resources/pod-template';
import { canonicalQuantity } from '#operator/resources/quantity';

export function shardSet(instance: CompleteInstance, shard: number): V1StatefulSet {
  const name = childName.shard(instance.name, shard);
  const labels = shardLabels(instance.name, shard);
  return {
    ...head(STATEFUL_SETS, instance, { name, labels }),
    spec: {
      replicas: 1,
      serviceName: childName.brokers(instance.name),
      podManagementPolicy: 'Parallel',
      updateStrategy: { type: 'OnDelete' },
      minReadySeconds: POD.minReadySeconds,
      selector: { matchLabels: labels },
      persistentVolumeClaimRetentionPolicy: {
        whenDeleted: instance.deletionPolicy,
        whenScaled: 'Retain',
      },
      volumeClaimTemplates: [dataClaim(instance, labels)],
      template: podTemplate(instance, {
        component: 'broker',
        labels,
        command: ['broker', 'start'],
        options: brokerOptions(instance, name),
        port: { name: 'admin', number: PORT.admin },
        secrets: ['fleetToken', 'adminToken'],
        resources: instance.brokerResources,
        volumes: [],
      }),
    },
  };
}

function brokerOptions(instance: CompleteInstance, name: string): string[] {
  const { durability, retentionHours, autoCreate } = instance;
  return [
    `--name=${name}`,
    '--admin-host=0.0.0.0',
    `--admin-port=${PORT.admin}`,
    `--durability=${durability.toLowerCase()}`,
    `--retention-hours=${retentionHours}`,
    ...(autoCreate ? [] : ['--no-auto-create-topics']),
  ];
}

/** Without an owner: volumes outlive their instance, unless its deletionPolicy is Delete. */
function dataClaim(
  { storage, storageClassName }: CompleteInstance,
  labels: Readonly<Record<string, string>>,
): V1PersistentVolumeClaim {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: DATA_VOLUME, labels: { ...labels } },
    spec: {
      accessModes: ['ReadWriteOnce'],
      ...(storageClassName !== undefined && { storageClassName }),
      resources: { requests: { storage: canonicalQuantity(storage) } },
    },
  };
}
