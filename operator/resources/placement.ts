/** Where pods may run: in the zones of the spec, spread over zones and nodes. */
import type { V1Affinity, V1TopologySpreadConstraint } from '@kubernetes/client-node';
import type { CompleteInstance } from '#kube/api/defaults';
import { componentLabels, type Component } from '#kube/names';

const ZONE = 'topology.kubernetes.io/zone';
const NODE = 'kubernetes.io/hostname';

/** Undefined: any zone. */
export function affinity({ zones }: CompleteInstance): V1Affinity | undefined {
  if (zones.length === 0) return undefined;
  // Sorted, so that the same zones in another order restart nothing.
  const values = [...zones].sort();
  return {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: ZONE, operator: 'In', values }] }],
      },
    },
  };
}

/**
 * Over all pods of the component, whichever their StatefulSet. Only the zones that a platinum
 * instance asks for are a promise; else a pod in the wrong place is better than none.
 */
export function spread(
  { name, edition, zones }: CompleteInstance,
  component: Component,
): V1TopologySpreadConstraint[] {
  const isPromised = edition === 'Platinum' && zones.length > 0;
  const labelSelector = { matchLabels: componentLabels(name, component) };
  const over = (topologyKey: string, isStrict: boolean): V1TopologySpreadConstraint => ({
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable: isStrict ? 'DoNotSchedule' : 'ScheduleAnyway',
    labelSelector,
  });
  return [over(ZONE, isPromised), over(NODE, false)];
}
