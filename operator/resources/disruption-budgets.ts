/** PodDisruptionBudgets: nodes are drained without taking two of the same kind at once. */
import type { V1PodDisruptionBudget } from '@kubernetes/client-node';
import type { CompleteInstance } from '#kube/api/defaults';
import { childName, componentLabels, type Component } from '#kube/names';
import { POD_DISRUPTION_BUDGETS } from '#kube/resources';
import { head } from '#operator/resources/object-head';

export function brokersBudget(instance: CompleteInstance): V1PodDisruptionBudget {
  return budget(instance, 'broker', childName.brokers(instance.name));
}

export function nameServersBudget(instance: CompleteInstance): V1PodDisruptionBudget {
  return budget(instance, 'nameserver', childName.nameServers(instance.name));
}

function budget(
  instance: CompleteInstance,
  component: Component,
  name: string,
): V1PodDisruptionBudget {
  const labels = componentLabels(instance.name, component);
  return {
    ...head(POD_DISRUPTION_BUDGETS, instance, { name, labels }),
    spec: {
      maxUnavailable: 1,
      // A pod that does not get ready must not keep its node from being drained.
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
      selector: { matchLabels: labels },
    },
  };
}
