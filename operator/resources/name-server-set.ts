/** StatefulSet `orders-nameserver`: all name servers. They keep nothing, and roll by themselves. */
import type { V1StatefulSet } from '@kubernetes/client-node';
import type { CompleteInstance } from '#kube/api/defaults';
import { childName, componentLabels, PORT } from '#kube/names';
import { STATEFUL_SETS } from '#kube/resources';
import { POD } from '#lib/kubernetes-limits';
import { head } from '#operator/resources/object-head';
import { DATA_VOLUME, podTemplate } from '#operator/resources/pod-template';

export function nameServerSet(instance: CompleteInstance): V1StatefulSet {
  const name = childName.nameServers(instance.name);
  const labels = componentLabels(instance.name, 'nameserver');
  return {
    ...head(STATEFUL_SETS, instance, { name, labels }),
    spec: {
      replicas: instance.nameServers,
      serviceName: name,
      podManagementPolicy: 'Parallel',
      updateStrategy: { type: 'RollingUpdate' },
      minReadySeconds: POD.minReadySeconds,
      selector: { matchLabels: labels },
      template: podTemplate(instance, {
        component: 'nameserver',
        labels,
        command: ['nameserver'],
        options: ['--registry-host=0.0.0.0', `--registry-port=${PORT.registry}`],
        port: { name: 'registry', number: PORT.registry },
        secrets: ['fleetToken'],
        resources: instance.nameServerResources,
        volumes: [{ name: DATA_VOLUME, emptyDir: { sizeLimit: POD.nameServerData } }],
      }),
    },
  };
}
