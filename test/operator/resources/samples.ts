/** Instances of the shapes that people start from, and everything that is made of them. */
import { completeInstance, type CompleteInstance } from '#kube/api/defaults';
import type { Instance, InstanceSpec } from '#kube/api/instance';
import { childName, registryAddresses } from '#kube/names';
import type { FleetSettings } from '#proto/fleet-settings';
import type { Wanted } from '#operator/apply/applier';
import { wantedObjects, type WantedFacts } from '#operator/resources/all';

export const CLUSTER_DOMAIN = 'cluster.local';

export type Owner = Pick<Instance['metadata'], 'name' | 'namespace' | 'uid' | 'annotations'>;

const OWNER: Owner = {
  name: 'orders',
  namespace: 'shop',
  uid: '4f9f0c5e-3b1a-4d0e-9d63-0a5f8f3f6a11',
};

export const SPECS = {
  development: { edition: 'Standard', shards: 1, nameServers: 0, autoCreate: true },
  standard: { edition: 'Standard', shards: 2, retentionHours: 24 },
  platinum: {
    edition: 'Platinum',
    capacity: { tps: 20_000, storage: '1024Gi', storageClassName: 'fast' },
    shards: 3,
    nameServers: 3,
    zones: ['zone-c', 'zone-a', 'zone-b'],
    durability: 'Fast',
    imagePullSecrets: ['registry'],
    brokerResources: { cpuRequest: '1000m', memoryRequest: '1024Mi', memoryLimit: '4096Mi' },
    listeners: [
      { name: 'nodes', type: 'NodePort', bootstrapNodePort: 30_081 },
      {
        name: 'balanced',
        type: 'LoadBalancer',
        annotations: { 'cloud.example.com/internal': 'true' },
      },
      {
        name: 'passed',
        type: 'Gateway',
        host: 'mq.example.com',
        gateway: {
          name: 'public',
          namespace: 'gateways',
          sectionName: 'tls',
          route: 'TLSRoute',
          port: 443,
        },
      },
      {
        name: 'ended',
        type: 'Gateway',
        host: 'grpc.example.com',
        gateway: { name: 'public', route: 'GRPCRoute', port: 8443 },
      },
    ],
  },
} satisfies Record<string, InstanceSpec>;

export type Sample = keyof typeof SPECS;
export const SAMPLES = Object.keys(SPECS) as Sample[];

export function complete(spec: InstanceSpec, owner: Partial<Owner> = {}): CompleteInstance {
  const metadata = { ...OWNER, ...owner };
  return completeInstance({ metadata, spec }, 'registry.example.com/sluice:0.1.0');
}

function factsOf(instance: CompleteInstance, facts: Partial<WantedFacts> = {}): WantedFacts {
  return {
    operatorNamespace: 'sluice-system',
    settings: settingsOf(instance),
    shards: Array.from({ length: instance.shards }, (_, number) => ({ number })),
    ...facts,
  };
}

export function objectsOf(
  instance: CompleteInstance,
  facts: Partial<WantedFacts> = {},
): readonly Wanted[] {
  return wantedObjects(instance, factsOf(instance, facts));
}

function settingsOf(instance: CompleteInstance): FleetSettings {
  const internal = (broker: string): string =>
    `${broker}.${instance.namespace}.svc.${CLUSTER_DOMAIN}:8081`;
  const brokers = Array.from({ length: instance.shards }, (_, shard) =>
    childName.shard(instance.name, shard),
  );
  return {
    revision: '1',
    nameServers: registryAddresses(instance, instance.nameServers, CLUSTER_DOMAIN),
    edition: instance.edition === 'Standard' ? 'standard' : 'platinum',
    ...(instance.tps !== undefined && { tps: instance.tps }),
    brokers: Object.fromEntries(
      brokers.map((name) => [name, { readOnly: false, listeners: { internal: internal(name) } }]),
    ),
  };
}
