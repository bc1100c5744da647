/** Service `orders-nameserver`: gives each name server a name of its own, for brokers. */
import type { V1Service } from '@kubernetes/client-node';
import type { CompleteInstance } from '#kube/api/defaults';
import { childName, componentLabels, PORT } from '#kube/names';
import { SERVICES } from '#kube/resources';
import { servicePort } from '#operator/resources/listener-ports';
import { head } from '#operator/resources/object-head';

export function nameServerService(instance: CompleteInstance): V1Service {
  const labels = componentLabels(instance.name, 'nameserver');
  return {
    ...head(SERVICES, instance, { name: childName.nameServers(instance.name), labels }),
    spec: {
      type: 'ClusterIP',
      clusterIP: 'None',
      // Brokers register before clients may ask: a name server is ready once they have.
      publishNotReadyAddresses: true,
      selector: labels,
      ports: [servicePort('registry', PORT.registry), servicePort('metrics', PORT.metrics)],
    },
  };
}
