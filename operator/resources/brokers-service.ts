/** Service `orders-brokers`: gives each broker's pod a name of its own, for the operator. */
import type { V1Service } from '@kubernetes/client-node';
import type { CompleteInstance } from '#kube/api/defaults';
import { childName, componentLabels, PORT } from '#kube/names';
import { SERVICES } from '#kube/resources';
import { servicePort } from '#operator/resources/listener-ports';
import { head } from '#operator/resources/object-head';

export function brokersService(instance: CompleteInstance): V1Service {
  const labels = componentLabels(instance.name, 'broker');
  return {
    ...head(SERVICES, instance, { name: childName.brokers(instance.name), labels }),
    spec: {
      type: 'ClusterIP',
      clusterIP: 'None',
      // The operator asks also those that are not ready what is wrong with them.
      publishNotReadyAddresses: true,
      selector: labels,
      ports: [servicePort('admin', PORT.admin), servicePort('metrics', PORT.metrics)],
    },
  };
}
