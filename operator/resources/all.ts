/** Every object of an instance, in the order in which they are made. */
import type { V1StatefulSet } from '@kubernetes/client-node';
import type { CompleteInstance } from '#kube/api/defaults';
import {
  CONFIG_MAPS,
  NETWORK_POLICIES,
  POD_DISRUPTION_BUDGETS,
  SERVICE_ACCOUNTS,
  SERVICES,
  STATEFUL_SETS,
} from '#kube/resources';
import type { KubeObject, ResourceType } from '#kube/types';
import type { Wanted } from '#operator/apply/applier';
import { brokersService } from '#operator/resources/brokers-service';
import { clientsService } from '#operator/resources/clients-service';
import { brokersBudget, nameServersBudget } from '#operator/resources/disruption-budgets';
import { fleetConfigMap } from '#operator/resources/fleet-config-map';
import { listenerRoute, shardListenerRoute } from '#operator/resources/gateway-routes';
import { listenerPorts } from '#operator/resources/listener-ports';
import { listenerService, shardListenerService } from '#operator/resources/listener-services';
import { nameServerService } from '#operator/resources/name-server-service';
import { nameServerSet } from '#operator/resources/name-server-set';
import { networkPolicy } from '#operator/resources/network-policy';
import { serviceAccount } from '#operator/resources/service-account';
import { shardService } from '#operator/resources/shard-service';
import { shardSet } from '#operator/resources/shard-set';
import type { FleetSettings } from '#proto/fleet-settings';

/** What the builders can't see from the instance. */
export interface WantedFacts {
  /** Undefined: it does not run in this cluster. */
  readonly operatorNamespace: string | undefined;
  readonly settings: FleetSettings;
  /** Those of the spec, and those that are being drained. */
  readonly shards: readonly WantedShard[];
}

/** A shard, with what its StatefulSet has otherwise than the spec of the instance. */
export interface WantedShard {
  readonly number: number;
  /** The size that the claim template was made with: it can't be changed. */
  readonly storage?: string | undefined;
  /** It is on its way out, and must not take its volume along. */
  readonly isLeaving?: boolean;
}

/**
 * What pods mount and what lets them in comes before them; name servers come before brokers. The
 * Secret is not here: it is made once, before all of these.
 */
export function wantedObjects(instance: CompleteInstance, facts: WantedFacts): readonly Wanted[] {
  const { operatorNamespace, settings } = facts;
  const shards = facts.shards.map(({ number }) => number);
  const hasNameServers = instance.nameServers > 0;
  return [
    wanted(CONFIG_MAPS, fleetConfigMap(instance, settings)),
    wanted(SERVICE_ACCOUNTS, serviceAccount(instance)),
    wanted(NETWORK_POLICIES, networkPolicy(instance, operatorNamespace)),
    ...(hasNameServers ? [wanted(SERVICES, nameServerService(instance))] : []),
    wanted(SERVICES, brokersService(instance)),
    wanted(SERVICES, clientsService(instance)),
    ...shards.map((shard) => wanted(SERVICES, shardService(instance, shard))),
    ...listenerObjects(instance, shards),
    ...(hasNameServers ? [wanted(POD_DISRUPTION_BUDGETS, nameServersBudget(instance))] : []),
    wanted(POD_DISRUPTION_BUDGETS, brokersBudget(instance)),
    ...(hasNameServers ? [wanted(STATEFUL_SETS, nameServerSet(instance))] : []),
    ...facts.shards.map((shard) => wanted(STATEFUL_SETS, setOf(instance, shard))),
  ];
}

function setOf(
  instance: CompleteInstance,
  { number, storage, isLeaving }: WantedShard,
): V1StatefulSet {
  return shardSet(
    {
      ...instance,
      storage: storage ?? instance.storage,
      deletionPolicy: isLeaving === true ? 'Retain' : instance.deletionPolicy,
    },
    number,
  );
}

function listenerObjects(instance: CompleteInstance, shards: readonly number[]): Wanted[] {
  return listenerPorts(instance).flatMap((at) => [
    wanted(SERVICES, listenerService(instance, at)),
    ...present(listenerRoute(instance, at)),
    ...shards.flatMap((shard) => [
      wanted(SERVICES, shardListenerService(instance, shard, at)),
      ...present(shardListenerRoute(instance, shard, at)),
    ]),
  ]);
}

function wanted<T extends KubeObject>(type: ResourceType<T>, object: T): Wanted {
  return { type, object };
}

function present(route: Wanted | undefined): Wanted[] {
  return route === undefined ? [] : [route];
}
