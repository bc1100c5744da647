/** Service `orders-mq`: where clients inside the cluster start. */
import type { V1Service } from '@kubernetes/client-node';
import type { CompleteInstance } from '#kube/api/defaults';
import { childName, componentLabels, PORT } from '#kube/names';
import { SERVICES } from '#kube/resources';
import { portName, servicePort } from '#operator/resources/listener-ports';
import { head } from '#operator/resources/object-head';

export function clientsService(instance: CompleteInstance): V1Service {
  return {
    ...head(SERVICES, instance, { name: childName.clients(instance.name) }),
    spec: {
      type: 'ClusterIP',
      selector: bootstrapSelector(instance),
      ports: [servicePort(portName(PORT.clients), PORT.clients)],
    },
  };
}

/** Who answers for routes: name servers, or the one broker where there are none. */
export function bootstrapSelector({ name, nameServers }: CompleteInstance): Record<string, string> {
  return componentLabels(name, nameServers > 0 ? 'nameserver' : 'broker');
}
