/** The CustomResourceDefinitions, made from the schemas. */
import { groupRules, groupSpec, groupStatus } from '#kube/api/group';
import { instanceRules, instanceSpec, instanceStatus } from '#kube/api/instance';
import { VALIDATIONS, validations } from '#kube/api/rules';
import type { Rule } from '#kube/api/rules';
import { structural } from '#kube/api/structural';
import type { SchemaNode } from '#kube/api/structural';
import { topicRules, topicSpec, topicStatus } from '#kube/api/topic';
import { GROUPS, INSTANCES, TOPICS } from '#kube/resources';
import type { KubeObject, ResourceType } from '#kube/types';
import { KUBERNETES } from '#lib/kubernetes-limits';
import type { z } from 'zod';

/** A column of `kubectl get`; those with a priority above 0 only with `--output wide`. */
export interface Column {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'boolean' | 'date';
  readonly jsonPath: string;
  readonly description: string;
  readonly priority?: number;
}

export interface CustomKind {
  readonly type: ResourceType<KubeObject>;
  readonly shortName: string;
  readonly description: string;
  readonly spec: z.ZodType;
  readonly status: z.ZodType;
  /** Of the whole object. */
  readonly rules: readonly Rule[];
  readonly columns: readonly Column[];
  readonly scale?: Readonly<Record<string, string>>;
}

const ofReady = (field: string): string => `.status.conditions[?(@.type=="Ready")].${field}`;

const READY: readonly Column[] = [
  {
    name: 'Ready',
    type: 'string',
    jsonPath: ofReady('status'),
    description: 'Whether all of it is there and works.',
  },
  {
    name: 'Status',
    type: 'string',
    jsonPath: ofReady('reason'),
    description: 'Why, in one word.',
  },
];

const LAST: readonly Column[] = [
  {
    name: 'Message',
    type: 'string',
    jsonPath: ofReady('message'),
    description: 'Why, and what to do if anything.',
    priority: 1,
  },
  {
    name: 'Age',
    type: 'date',
    jsonPath: '.metadata.creationTimestamp',
    description: 'How long ago it was made.',
  },
];

function column(
  name: string,
  type: Column['type'],
  jsonPath: string,
  description: string,
  priority = 0,
): Column {
  return { name, type, jsonPath, description, ...(priority > 0 && { priority }) };
}

const INSTANCE: Column = column(
  'Instance',
  'string',
  '.spec.instanceRef.name',
  'The instance that it belongs to.',
);

const CLIENT_NAME: Column = column('Name', 'string', '.status.name', 'Its name for clients.', 1);

const KIND_OF_INSTANCE: CustomKind = {
  type: INSTANCES,
  shortName: 'mqi',
  description: 'A fleet of brokers and name servers: a message queue for RocketMQ clients.',
  spec: instanceSpec,
  status: instanceStatus,
  rules: instanceRules,
  columns: [
    column('Edition', 'string', '.spec.edition', 'Standard or Platinum.'),
    ...READY,
    column('Shards', 'integer', '.status.shards', 'Shards that there are.'),
    column('Brokers', 'string', '.status.brokers', 'Brokers that are ready, of those wanted.'),
    column('Version', 'string', '.status.version', 'Version of the brokers.'),
    column('Endpoint', 'string', '.status.endpoint', 'Where clients in the cluster start.', 1),
    ...LAST,
  ],
  scale: {
    specReplicasPath: '.spec.shards',
    statusReplicasPath: '.status.shards',
    labelSelectorPath: '.status.selector',
  },
};

const KIND_OF_TOPIC: CustomKind = {
  type: TOPICS,
  shortName: 'mqt',
  description: 'A topic of an instance.',
  spec: topicSpec,
  status: topicStatus,
  rules: topicRules,
  columns: [
    INSTANCE,
    column('Kind', 'string', '.status.kind', 'Kind of its messages.'),
    column('Queues', 'integer', '.status.queues', 'Queues that there are.'),
    ...READY,
    CLIENT_NAME,
    ...LAST,
  ],
};

const KIND_OF_GROUP: CustomKind = {
  type: GROUPS,
  shortName: 'mqg',
  description: 'A consumer group of an instance.',
  spec: groupSpec,
  status: groupStatus,
  rules: groupRules,
  columns: [
    INSTANCE,
    column('Ordered', 'boolean', '.status.ordered', 'Whether it is an ordered group.'),
    column('Lag', 'integer', '.status.lag', 'Messages not yet done with.'),
    ...READY,
    CLIENT_NAME,
    ...LAST,
  ],
};

export const CUSTOM_KINDS = [KIND_OF_INSTANCE, KIND_OF_TOPIC, KIND_OF_GROUP] as const;

export interface CustomResourceDefinition extends KubeObject {
  readonly spec: object;
}

export function customResourceDefinition(kind: CustomKind): CustomResourceDefinition {
  const { type, columns, scale } = kind;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${type.plural}.${type.group}` },
    spec: {
      group: type.group,
      scope: 'Namespaced',
      names: {
        kind: type.kind,
        listKind: `${type.kind}List`,
        plural: type.plural,
        singular: type.kind.toLowerCase(),
        shortNames: [kind.shortName],
        categories: ['sluice'],
      },
      versions: [
        {
          name: type.version,
          served: true,
          storage: true,
          additionalPrinterColumns: columns,
          subresources: { status: {}, ...(scale && { scale }) },
          schema: { openAPIV3Schema: schemaOf(kind) },
        },
      ],
    },
  };
}

function schemaOf({ description, spec, status, rules }: CustomKind): object {
  const name = { type: 'string', maxLength: KUBERNETES.nameCharsMax };
  return {
    description,
    type: 'object',
    [VALIDATIONS]: validations(rules),
    required: ['spec'],
    properties: {
      apiVersion: { type: 'string', description: 'Version of the API that this object is of.' },
      kind: { type: 'string', description: 'What this object is.' },
      // Named so that rules can be about it; bounded so that they are cheap.
      metadata: { type: 'object', properties: { name } },
      spec: structural(spec),
      status: structural(status),
    } satisfies Record<string, SchemaNode | object>,
  };
}
