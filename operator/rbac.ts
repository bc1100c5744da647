/**
 * The rights that the operator needs, from what it declares to use (kube/resources.ts). The chart
 * grants exactly these.
 */
import {
  INSTANCE_RESOURCES,
  LEASES,
  NODES,
  OPERATOR_SECRETS,
  VALIDATING_WEBHOOKS,
} from '#kube/resources';
import type { KubeObject, ResourceType, Verb } from '#kube/types';

export interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly Verb[];
}

export interface OperatorRules {
  /** Of what is in no namespace: needed however many namespaces the operator looks after. */
  readonly clusterRules: readonly PolicyRule[];
  /** In each namespace that it looks after; in a ClusterRole when that is all of them. */
  readonly namespaceRules: readonly PolicyRule[];
  /** In its own namespace. */
  readonly leaderRules: readonly PolicyRule[];
}

/** Names that only the installation knows; it puts its own in their places. */
export const PLACE = {
  webhookConfiguration: 'WEBHOOK_CONFIGURATION',
  leaderLease: 'LEADER_LEASE',
  certificateSecret: 'CERTIFICATE_SECRET',
} as const;

type Type = ResourceType<KubeObject>;

export function operatorRules(): OperatorRules {
  return {
    clusterRules: [...rulesFor([NODES]), ...named(VALIDATING_WEBHOOKS, PLACE.webhookConfiguration)],
    namespaceRules: rulesFor(INSTANCE_RESOURCES),
    leaderRules: [
      ...named(LEASES, PLACE.leaderLease),
      ...named(OPERATOR_SECRETS, PLACE.certificateSecret),
    ],
  };
}

/** One rule for all resources of a group that have the same verbs. */
function rulesFor(types: readonly Type[]): PolicyRule[] {
  const rules = new Map<string, { group: string; resources: string[]; verbs: readonly Verb[] }>();
  const add = (group: string, resource: string, verbs: readonly Verb[]): void => {
    const key = `${group} ${verbs.join()}`;
    const rule = rules.get(key) ?? { group, resources: [], verbs };
    rules.set(key, rule);
    rule.resources.push(resource);
  };
  for (const { group, plural, verbs, statusVerbs } of types) {
    add(group, plural, verbs);
    if (statusVerbs) add(group, `${plural}/status`, statusVerbs);
  }
  return [...rules.values()].map(({ group, resources, verbs }) => ({
    apiGroups: [group],
    resources,
    verbs,
  }));
}

/** Of one object; making it can't be limited to a name, since RBAC does not know it by then. */
function named({ group, plural, verbs }: Type, name: string): PolicyRule[] {
  const target = { apiGroups: [group], resources: [plural] };
  const others = verbs.filter((verb) => verb !== 'create');
  const create: PolicyRule[] = verbs.includes('create') ? [{ ...target, verbs: ['create'] }] : [];
  return [...create, { ...target, resourceNames: [name], verbs: others }];
}
