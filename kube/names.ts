/** Names, labels and annotations on Kubernetes: what an instance's objects are called. */

export const API_GROUP = 'mq.sluice.dev';
export const API_VERSION = `${API_GROUP}/v1beta1`;

export const LABEL = {
  name: 'app.kubernetes.io/name',
  instance: 'app.kubernetes.io/instance',
  component: 'app.kubernetes.io/component',
  managedBy: 'app.kubernetes.io/managed-by',
  partOf: 'app.kubernetes.io/part-of',
  /** Of a shard's objects: its number. */
  shard: `${API_GROUP}/shard`,
  /** Of a listener's objects: its name. */
  listener: `${API_GROUP}/listener`,
} as const;

/** Value of the label managed-by, and the field manager of every apply. */
export const MANAGER = 'sluice-operator';
export const PRODUCT = 'sluice';

export const ANNOTATION = {
  /** On an object: "true" stops its reconciling. */
  paused: `${API_GROUP}/paused`,
  /** On an instance: a new value restarts its pods, one after the other. */
  restart: `${API_GROUP}/restart`,
  /** On a child: hash of what was applied. */
  applied: `${API_GROUP}/applied`,
  /** On a listener's Service: kind of the route that leads to it. */
  route: `${API_GROUP}/route`,
  /** On a pod: a new value makes its node refresh mounted settings at once. */
  fleetRevision: `${API_GROUP}/fleet-revision`,
} as const;

export const FINALIZER = {
  topic: `${API_GROUP}/topic`,
  group: `${API_GROUP}/consumer-group`,
} as const;

export type Component = 'broker' | 'nameserver';

/** Container ports; listeners beside `internal` come after it, by position. */
export const PORT = {
  clients: 8081,
  firstExternal: 8082,
  admin: 8091,
  registry: 8091,
  metrics: 9090,
} as const;

export const INTERNAL_LISTENER = 'internal';
export const FLEET_FILE = 'fleet.json';

/** Every object of an instance has these; a selector for all of them. */
export function instanceLabels(instance: string): Record<string, string> {
  return { [LABEL.name]: PRODUCT, [LABEL.instance]: instance, [LABEL.managedBy]: MANAGER };
}

export function componentLabels(instance: string, component: Component): Record<string, string> {
  return { ...instanceLabels(instance), [LABEL.component]: component };
}

export function shardLabels(instance: string, shard: number): Record<string, string> {
  return { ...componentLabels(instance, 'broker'), [LABEL.shard]: String(shard) };
}

/** Names of an instance's objects, from its own name. */
export const childName = {
  /** ConfigMap of settings, Secret of tokens. */
  fleet: (instance: string): string => `${instance}-fleet`,
  /** ServiceAccount, NetworkPolicy and the Service that clients start at. */
  clients: (instance: string): string => `${instance}-mq`,
  /** StatefulSet, headless Service and disruption budget of the name servers. */
  nameServers: (instance: string): string => `${instance}-nameserver`,
  /** Headless Service and disruption budget of all brokers. */
  brokers: (instance: string): string => `${instance}-brokers`,
  /** StatefulSet and Service of a shard; also the broker's name in routes. */
  shard: (instance: string, shard: number): string => `${instance}-shard-${shard}`,
  /** The Service that clients of a listener start at. */
  listener: (instance: string, listener: string): string => `${instance}-mq-${listener}`,
  /** The Service of a shard for clients of a listener. */
  shardListener: (instance: string, shard: number, listener: string): string =>
    `${instance}-shard-${shard}-${listener}`,
} as const;

/** The pod of a shard: one replica until shards are replicated. */
export function brokerPod(instance: string, shard: number): string {
  return `${childName.shard(instance, shard)}-0`;
}

export function nameServerPod(instance: string, ordinal: number): string {
  return `${childName.nameServers(instance)}-${ordinal}`;
}

/** `host:port` of the registry of each name server, by names that outlive their pods. */
export function registryAddresses(
  { namespace, name }: { namespace: string; name: string },
  count: number,
  clusterDomain: string,
): string[] {
  return Array.from({ length: count }, (_, ordinal) => {
    const host = `${nameServerPod(name, ordinal)}.${childName.nameServers(name)}`;
    return `${host}.${namespace}.svc.${clusterDomain}:${PORT.registry}`;
  });
}
