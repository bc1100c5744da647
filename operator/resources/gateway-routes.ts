/**
 * Routes of the Gateway API to the Services of a listener: `<domain>` to where clients start,
 * `shard-N.<domain>` to each shard. Both kinds are v1 since Gateway API 1.5.
 */
import type { CompleteInstance } from '#kube/api/defaults';
import type { ListenerSpec } from '#kube/api/instance';
import { childName, instanceLabels, LABEL, shardLabels } from '#kube/names';
import { GRPC_ROUTES, TLS_ROUTES, type GatewayRoute } from '#kube/resources';
import type { Wanted } from '#operator/apply/applier';
import { shardHost } from '#operator/resources/addresses';
import type { ListenerPort } from '#operator/resources/listener-ports';
import { head } from '#operator/resources/object-head';

export function listenerRoute(
  instance: CompleteInstance,
  at: ListenerPort,
): Wanted<GatewayRoute> | undefined {
  const { listener } = at;
  const name = childName.listener(instance.name, listener.name);
  const labels = { ...instanceLabels(instance.name), [LABEL.listener]: listener.name };
  return route(instance, at, { name, labels, host: listener.host });
}

export function shardListenerRoute(
  instance: CompleteInstance,
  shard: number,
  at: ListenerPort,
): Wanted<GatewayRoute> | undefined {
  const { listener } = at;
  const name = childName.shardListener(instance.name, shard, listener.name);
  const labels = { ...shardLabels(instance.name, shard), [LABEL.listener]: listener.name };
  return route(instance, at, { name, labels, host: shardHost(listener, shard) });
}

interface RouteOptions {
  /** Also of the Service that it leads to. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly host: string | undefined;
}

/** Undefined for a listener of another type, which has no Gateway. */
function route(
  instance: CompleteInstance,
  { listener: { type, gateway }, port }: ListenerPort,
  { name, labels, host }: RouteOptions,
): Wanted<GatewayRoute> | undefined {
  if (type !== 'Gateway' || gateway === undefined || host === undefined) return undefined;
  const resource = gateway.route === 'TLSRoute' ? TLS_ROUTES : GRPC_ROUTES;
  const object = {
    ...head(resource, instance, { name, labels }),
    spec: {
      parentRefs: [parentOf(gateway)],
      hostnames: [host],
      rules: [{ backendRefs: [{ name, port }] }],
    },
  };
  return { type: resource, object };
}

function parentOf({ name, namespace, sectionName }: NonNullable<ListenerSpec['gateway']>): object {
  return {
    group: GRPC_ROUTES.group,
    kind: 'Gateway',
    name,
    ...(namespace !== undefined && { namespace }),
    ...(sectionName !== undefined && { sectionName }),
  };
}
