/** ConfigMap `orders-fleet`: the settings that brokers and name servers follow while they run. */
import type { V1ConfigMap } from '@kubernetes/client-node';
import type { CompleteInstance } from '#kube/api/defaults';
import { childName, FLEET_FILE } from '#kube/names';
import { CONFIG_MAPS } from '#kube/resources';
import { canonicalJson } from '#operator/apply/canonical-json';
import { head } from '#operator/resources/object-head';
import type { FleetSettings } from '#proto/fleet-settings';

export function fleetConfigMap(instance: CompleteInstance, settings: FleetSettings): V1ConfigMap {
  return {
    ...head(CONFIG_MAPS, instance, { name: childName.fleet(instance.name) }),
    data: { [FLEET_FILE]: canonicalJson(settings) },
  };
}
