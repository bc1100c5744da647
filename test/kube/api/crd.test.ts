import { expect, test } from '@jest/globals';
import { CUSTOM_KINDS, customResourceDefinition } from '#kube/api/crd';
import { completeGroup, completeInstance, completeTopic } from '#kube/api/defaults';
import type { ConsumerGroup } from '#kube/api/group';
import type { Edition, Instance } from '#kube/api/instance';
import { UNSET, optionally } from '#kube/api/rules';
import { schemaNode, structural, type SchemaNode } from '#kube/api/structural';
import { topicSpec, type Topic } from '#kube/api/topic';
import { SluiceError } from '#lib/errors';
import { assertTopicName, splitName } from '#proto/names';
import { z } from 'zod';
import { crdFiles } from '../../../scripts/crd-files.ts';
import { isCurrent } from '../../../scripts/generated-file.ts';
import {
  KUBERNETES_API_DOC,
  fieldsOf,
  kubernetesApiDoc,
} from '../../../scripts/kubernetes-api-doc.ts';

test.each(crdFiles())('$path is current', async ({ path, text }) => {
  expect(await isCurrent(path, text)).toBe(true);
  expect(await isCurrent(path, text.replace('served: true', 'served: false'))).toBe(false);
});

test('the page of the custom resources is current', async () => {
  expect(await isCurrent(KUBERNETES_API_DOC, kubernetesApiDoc())).toBe(true);
  expect(await isCurrent(KUBERNETES_API_DOC, `${kubernetesApiDoc()}more`)).toBe(false);
});

test.each(CUSTOM_KINDS)('every field of $shortName is described', ({ spec, status }) => {
  const fields = [...fieldsOf(schemaNode(spec)), ...fieldsOf(schemaNode(status))];
  const bare = fields.filter(({ node }) => !/^[A-Zh].*\.$/s.test(node.description ?? ''));
  expect(bare.map(({ path }) => path)).toEqual([]);
});

test.each(CUSTOM_KINDS)('nothing that a person writes in $shortName is unbounded', ({ spec }) => {
  expect(unbounded(structural(spec), 'spec')).toEqual([]);
  expect(unbounded({ type: 'array', items: { type: 'string' } }, 'x')).toEqual(['x', 'x[]']);
});

function unbounded(node: SchemaNode, path: string): string[] {
  const isBounded = {
    string: node.maxLength !== undefined || node.enum !== undefined,
    integer: node.minimum !== undefined && node.maximum !== undefined,
    array: node.maxItems !== undefined,
    object: node.properties !== undefined || node.maxProperties !== undefined,
    boolean: true,
  }[node.type];
  const fields = Object.entries(node.properties ?? {}).map(
    ([name, field]) => [field, `${path}.${name}`] as const,
  );
  const below = [
    ...fields,
    ...(node.items ? [[node.items, `${path}[]`] as const] : []),
    ...(node.additionalProperties ? [[node.additionalProperties, `${path}{}`] as const] : []),
  ];
  return [...(isBounded ? [] : [path]), ...below.flatMap(([each, at]) => unbounded(each, at))];
}

test.each(CUSTOM_KINDS)('no default of $shortName is ever stored', (kind) => {
  expect(JSON.stringify(customResourceDefinition(kind))).not.toContain('"default":');
});

test('what a CRD has no place for is found', () => {
  expect(() => structural(z.strictObject({ a: z.union([z.string(), z.int()]) }))).toThrow(
    '.a: no place in a CRD for anyOf',
  );
  expect(() => structural(z.strictObject({ a: z.string().default('x') }))).toThrow(
    '.a: no place in a CRD for default',
  );
});

test('integers get a format, and what holds without a field gets into its description', () => {
  const schema = z.strictObject({
    small: z.int().min(1).max(9),
    large: optionally(z.int(), 'Large.', 7),
  });
  expect(structural(schema)).toEqual({
    type: 'object',
    required: ['small'],
    properties: {
      small: { type: 'integer', format: 'int32', minimum: 1, maximum: 9 },
      large: { description: 'Large. Without it: 7.', type: 'integer', format: 'int64' },
    },
  });
});

const metadata = { name: 'a', namespace: 'b' };
const instanceRef = { name: 'orders' };

function instance(edition: Edition): Instance {
  return { metadata, spec: { edition } };
}

/** Documented values by path, without those that are said in words. */
function documented(schema: z.ZodType): Record<string, unknown> {
  const fields = fieldsOf(schemaNode(schema));
  return Object.fromEntries(
    fields.flatMap(({ path, node }) => {
      const unset = node[UNSET];
      return unset === undefined || String(unset).includes(' ') ? [] : [[path, unset]];
    }),
  );
}

test('what the pages say of fields that are not given is what is done', () => {
  const [ofInstance, ofTopic, ofGroup] = CUSTOM_KINDS.map(({ spec }) => documented(spec));
  const standard = completeInstance(instance('Standard'), 'sluice:1');
  expect(ofInstance).toEqual({
    region: standard.region,
    'capacity.storage': standard.storage,
    shards: standard.shards,
    replicas: 1,
    nameServers: standard.nameServers,
    durability: standard.durability,
    retentionHours: standard.retentionHours,
    autoCreate: standard.autoCreate,
    deletionPolicy: standard.deletionPolicy,
    ...under('brokerResources', standard.brokerResources),
    ...under('nameServerResources', standard.nameServerResources),
  });
  expect(standard.tps).toBe(5000);
  expect(completeInstance(instance('Platinum'), 'sluice:1').tps).toBeUndefined();

  const topic: Topic = { metadata, spec: { instanceRef } };
  const { kind, permission, spread, deletionPolicy, queues } = completeTopic(topic);
  expect(ofTopic).toEqual({ name: 'metadata.name', kind, permission, spread, deletionPolicy });
  const ordered: Topic = { metadata, spec: { instanceRef, kind: 'GlobalFifo' } };
  expect([queues, completeTopic(ordered).queues]).toEqual([8, 1]);
  expect(topicSpec.shape.queues.meta()?.[UNSET]).toBe('8; 1 for GlobalFifo');

  const group: ConsumerGroup = { metadata, spec: { instanceRef } };
  const complete = completeGroup(group, 'Platinum');
  expect(ofGroup).toEqual({
    name: 'metadata.name',
    ordered: complete.ordered,
    broadcast: complete.broadcast,
    'retry.maxAttempts': complete.maxAttempts,
    deletionPolicy: complete.deletionPolicy,
  });
  const seconds = complete.backoffMs.map((ms) => ms / 1000).join(', ');
  const retry = fieldsOf(schemaNode(CUSTOM_KINDS[2].spec));
  expect(retry.find(({ path }) => path === 'retry.backoffSeconds')?.node[UNSET]).toBe(seconds);
  expect([complete.pullAllowed, completeGroup(group, 'Standard').pullAllowed]).toEqual([
    true,
    false,
  ]);
});

function under(prefix: string, fields: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [`${prefix}.${name}`, value]),
  );
}

/** The API server says the same by CEL, as the invalid specs show. */
test.each([
  'orders',
  'Orders_v1',
  'team%orders',
  'a'.repeat(64),
  'a'.repeat(65),
  `${'n'.repeat(64)}%${'a'.repeat(64)}`,
  `${'n'.repeat(65)}%a`,
  '',
  '%',
  'a%',
  'a%b%c',
  'a b',
  'a.b',
  'ü',
  '%DLQ%g',
  '%DLQ%n%g',
])('a broker and a schema agree on the name %j', (name) => {
  const isLegal = topicSpec.shape.name.safeParse(name).success;
  expect(isLegal).toBe(brokerTakes(name));
});

function brokerTakes(name: string): boolean {
  try {
    assertTopicName(splitName(name));
    return true;
  } catch (error) {
    if (error instanceof SluiceError) return false;
    throw error;
  }
}
