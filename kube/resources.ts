/**
 * Every resource of the API that the operator touches, with the verbs that it uses. The client
 * refuses others, and the operator's RBAC is made from this list (operator/rbac.ts).
 */
import type {
  V1ConfigMap,
  V1NetworkPolicy,
  V1Node,
  V1Namespace,
  V1PersistentVolumeClaim,
  V1Pod,
  V1PodDisruptionBudget,
  V1Secret,
  V1Service,
  V1ServiceAccount,
  V1StatefulSet,
  V1ValidatingWebhookConfiguration,
} from '@kubernetes/client-node';
import type { ConsumerGroup } from '#kube/api/group';
import type { Instance } from '#kube/api/instance';
import type { Topic } from '#kube/api/topic';
import { API_GROUP } from '#kube/names';
import type { KubeObject, ResourceType, Verb } from '#kube/types';

/** What the operator knows from its caches alone. */
const FOLLOW = ['list', 'watch'] as const satisfies readonly Verb[];
/**
 * What it also makes and puts right, and reads before, since others' objects of that name are not
 * in the caches; an apply that makes the object needs both rights.
 */
const OWN = [...FOLLOW, 'get', 'create', 'patch'] as const satisfies readonly Verb[];
/** What it also removes while the instance lives on. */
const OWN_AND_DELETE = [...OWN, 'delete'] as const satisfies readonly Verb[];

const OURS = { group: API_GROUP, version: 'v1beta1', namespaced: true } as const;
const CORE = { group: '', version: 'v1', namespaced: true } as const;

export const INSTANCES: ResourceType<Instance> = {
  ...OURS,
  plural: 'messagequeueinstances',
  kind: 'MessageQueueInstance',
  verbs: FOLLOW,
  statusVerbs: ['patch'],
};

/** `patch` of topics and groups themselves is for their finalizers. */
export const TOPICS: ResourceType<Topic> = {
  ...OURS,
  plural: 'topics',
  kind: 'Topic',
  verbs: [...FOLLOW, 'patch'],
  statusVerbs: ['patch'],
};

export const GROUPS: ResourceType<ConsumerGroup> = {
  ...OURS,
  plural: 'consumergroups',
  kind: 'ConsumerGroup',
  verbs: [...FOLLOW, 'patch'],
  statusVerbs: ['patch'],
};

/** Deleted when shards go, and, its pods kept, when volumes grow. */
export const STATEFUL_SETS: ResourceType<V1StatefulSet> = {
  group: 'apps',
  version: 'v1',
  namespaced: true,
  plural: 'statefulsets',
  kind: 'StatefulSet',
  verbs: OWN_AND_DELETE,
};

/** Deleted when shards and listeners go. */
export const SERVICES: ResourceType<V1Service> = {
  ...CORE,
  plural: 'services',
  kind: 'Service',
  verbs: OWN_AND_DELETE,
};

export const CONFIG_MAPS: ResourceType<V1ConfigMap> = {
  ...CORE,
  plural: 'configmaps',
  kind: 'ConfigMap',
  verbs: OWN,
};

/** Neither listed nor watched nor changed: the operator asks for its instances' own, by name. */
export const SECRETS: ResourceType<V1Secret> = {
  ...CORE,
  plural: 'secrets',
  kind: 'Secret',
  verbs: ['get', 'create'],
};

export const SERVICE_ACCOUNTS: ResourceType<V1ServiceAccount> = {
  ...CORE,
  plural: 'serviceaccounts',
  kind: 'ServiceAccount',
  verbs: OWN,
};

/** Deleted when an instance has no name servers any more. */
export const POD_DISRUPTION_BUDGETS: ResourceType<V1PodDisruptionBudget> = {
  group: 'policy',
  version: 'v1',
  namespaced: true,
  plural: 'poddisruptionbudgets',
  kind: 'PodDisruptionBudget',
  verbs: OWN_AND_DELETE,
};

export const NETWORK_POLICIES: ResourceType<V1NetworkPolicy> = {
  group: 'networking.k8s.io',
  version: 'v1',
  namespaced: true,
  plural: 'networkpolicies',
  kind: 'NetworkPolicy',
  verbs: OWN,
};

/** Deleted to be made anew from a changed template; patched to see changed settings at once. */
export const PODS: ResourceType<V1Pod> = {
  ...CORE,
  plural: 'pods',
  kind: 'Pod',
  verbs: [...FOLLOW, 'patch', 'delete'],
};

/** Patched to grow. Never deleted here: the StatefulSet does that where it was asked for. */
export const PERSISTENT_VOLUME_CLAIMS: ResourceType<V1PersistentVolumeClaim> = {
  ...CORE,
  plural: 'persistentvolumeclaims',
  kind: 'PersistentVolumeClaim',
  verbs: [...FOLLOW, 'patch'],
};

/** For their zones. */
export const NODES: ResourceType<V1Node> = {
  ...CORE,
  namespaced: false,
  plural: 'nodes',
  kind: 'Node',
  verbs: ['list', 'watch'],
};

/** Read to see whether one is on its way out. */
export const NAMESPACES: ResourceType<V1Namespace> = {
  ...CORE,
  namespaced: false,
  plural: 'namespaces',
  kind: 'Namespace',
  verbs: ['get'],
};

/** Times are strings, as in all that comes from the API server. */
export interface KubeEvent extends KubeObject {
  eventTime: string;
  type: 'Normal' | 'Warning';
  reason: string;
  action: string;
  note: string;
  reportingController: string;
  reportingInstance: string;
  regarding: {
    apiVersion?: string;
    kind?: string;
    namespace?: string;
    name?: string;
    uid?: string;
    resourceVersion?: string;
  };
  series?: { count: number; lastObservedTime: string };
}

export const EVENTS: ResourceType<KubeEvent> = {
  group: 'events.k8s.io',
  version: 'v1',
  namespaced: true,
  plural: 'events',
  kind: 'Event',
  verbs: ['create', 'patch'],
};

export interface Lease extends KubeObject {
  spec?: {
    holderIdentity?: string;
    leaseDurationSeconds?: number;
    acquireTime?: string;
    renewTime?: string;
    leaseTransitions?: number;
  };
}

/** Of the operator itself, in its own namespace. Not renewed in time, it is lost. */
export const LEASES: ResourceType<Lease> = {
  group: 'coordination.k8s.io',
  version: 'v1',
  namespaced: true,
  plural: 'leases',
  kind: 'Lease',
  verbs: ['get', 'create', 'update'],
  isUrgent: true,
};

/** The operator's certificate, in its own namespace: replicas swap it by resourceVersion. */
export const OPERATOR_SECRETS: ResourceType<V1Secret> = {
  ...SECRETS,
  verbs: ['get', 'create', 'update'],
};

/** Made by whoever installs the operator, which only puts its certificate in. */
export const VALIDATING_WEBHOOKS: ResourceType<V1ValidatingWebhookConfiguration> = {
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  namespaced: false,
  plural: 'validatingwebhookconfigurations',
  kind: 'ValidatingWebhookConfiguration',
  verbs: ['get', 'patch'],
};

/** A route of the Gateway API, as far as its kinds are alike. */
export interface GatewayRoute extends KubeObject {
  spec?: object;
  status?: object;
}

const GATEWAY = { group: 'gateway.networking.k8s.io', version: 'v1', namespaced: true } as const;

/** Not followed: a cluster may be without the Gateway API. */
export const GRPC_ROUTES: ResourceType<GatewayRoute> = {
  ...GATEWAY,
  plural: 'grpcroutes',
  kind: 'GRPCRoute',
  verbs: ['get', 'create', 'patch', 'delete'],
};

export const TLS_ROUTES: ResourceType<GatewayRoute> = {
  ...GATEWAY,
  plural: 'tlsroutes',
  kind: 'TLSRoute',
  verbs: ['get', 'create', 'patch', 'delete'],
};

/** Those in the namespaces of instances. */
export const INSTANCE_RESOURCES: readonly ResourceType<KubeObject>[] = [
  INSTANCES,
  TOPICS,
  GROUPS,
  STATEFUL_SETS,
  SERVICES,
  CONFIG_MAPS,
  SECRETS,
  SERVICE_ACCOUNTS,
  POD_DISRUPTION_BUDGETS,
  NETWORK_POLICIES,
  PODS,
  PERSISTENT_VOLUME_CLAIMS,
  NAMESPACES,
  EVENTS,
  GRPC_ROUTES,
  TLS_ROUTES,
];
