/**
 * Service `orders-shard-0`: the address of a shard in routes. It stays when the pod gets another
 * IP; clients look a name up again only every 30 s.
 */
import type { V1Service } from '@kubernetes/client-node';
import type { CompleteInstance } from '#kube/api/defaults';
import { childName, PORT, shardLabels } from '#kube/names';
import { SERVICES } from '#kube/resources';
import { portName, servicePort } from '#operator/resources/listener-ports';
import { head } from '#operator/resources/object-head';

export function shardService(instance: CompleteInstance, shard: number): V1Service {
  const labels = shardLabels(instance.name, shard);
  return {
    ...head(SERVICES, instance, { name: childName.shard(instance.name, shard), labels }),
    spec: {
      type: 'ClusterIP',
      // While it drains it is not ready, and calls under way still have to reach it.
      publishNotReadyAddresses: true,
      selector: labels,
      ports: [servicePort(portName(PORT.clients), PORT.clients)],
    },
  };
}
