/** What the API server refuses, and exactly what it says then. */
import { expect, test } from '@jest/globals';
import { CUSTOM_KINDS, type CustomKind } from '#kube/api/crd';
import { VALIDATIONS } from '#kube/api/rules';
import { schemaNode, type SchemaNode } from '#kube/api/structural';
import type { TopicStatus } from '#kube/api/topic';
import { KubeError } from '#kube/client';
import { TOPICS } from '#kube/resources';
import type { KubeObject } from '#kube/types';
import { describeWithCluster, unrestricted } from '#support/kube';
import { INSTANCE_CASES } from './instance-cases.ts';
import { LISTENER_CASES } from './listener-cases.ts';
import type { Change, SpecCase } from './spec-case.ts';
import { GROUP_CASES, TOPIC_CASES } from './topic-cases.ts';

interface Suite {
  readonly kind: CustomKind;
  /** Every case is a change of this. */
  readonly valid: Change;
  readonly cases: readonly SpecCase[];
}

const [INSTANCE, TOPIC, GROUP] = CUSTOM_KINDS;
const OF_ORDERS = { instanceRef: { name: 'orders' } };

const SUITES: readonly Suite[] = [
  {
    kind: INSTANCE,
    valid: { edition: 'Platinum' },
    cases: [...INSTANCE_CASES, ...LISTENER_CASES],
  },
  { kind: TOPIC, valid: OF_ORDERS, cases: TOPIC_CASES },
  { kind: GROUP, valid: OF_ORDERS, cases: GROUP_CASES },
];

interface Declared extends KubeObject {
  spec: Change;
  status?: TopicStatus;
}

for (const { kind, valid, cases } of SUITES) {
  describeWithCluster(`a ${kind.type.kind} is refused with`, (cluster) => {
    const type = unrestricted(kind.type as typeof kind.type & { object?: Declared });

    function declared(name: string, change: Change): Declared {
      const { namespace } = cluster();
      return { metadata: { name, namespace }, spec: { ...valid, ...change } };
    }

    test.each(cases.map((each, index) => ({ ...each, index })))('$what', async (each) => {
      const { client } = cluster();
      const { name = `case-${each.index}`, goodName = name, before, bad, good, message } = each;
      const refusal = `${kind.type.kind}.mq.sluice.dev "${name}" is invalid: ${message}`;
      if (before === undefined) {
        expect(await refusalOf(client.create(type, declared(name, bad)))).toBe(refusal);
        await client.create(type, declared(goodName, good));
        return;
      }
      const stored = await client.create(type, declared(name, before));
      const changed = (change: Change) => ({ ...stored, spec: { ...valid, ...change } });
      expect(await refusalOf(client.replace(type, changed(bad)))).toBe(refusal);
      await client.replace(type, changed(good));
    });
  });
}

/** After what keeps it from checking further, the API server says so, each time in these words. */
const NOT_ALL =
  /: \[(.*), <nil>: Invalid value: "[^"]*": some validation rules were not checked [^\]]*\]$/;

async function refusalOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    if (error instanceof KubeError && error.reason === 'Invalid') {
      return error.message.replace(NOT_ALL, ': $1');
    }
    throw error;
  }
  return 'it was taken';
}

test('there are enough of them, and each rule has one', () => {
  expect(SUITES.flatMap(({ cases }) => cases).length).toBeGreaterThan(80);
  for (const { kind, cases } of SUITES) {
    const untested = rulesOf(kind).filter(
      (rule) => !cases.some(({ message }) => says(message, rule)),
    );
    expect(untested).toEqual([]);
  }
});

interface PlacedRule {
  /** Where the API server says it is, without numbers of list entries. */
  readonly path: string;
  readonly message: string;
}

function says(text: string, { path, message }: PlacedRule): boolean {
  const [at = ''] = text.split(':');
  return at.replaceAll(/\[\d+\]/g, '[]') === path && text.includes(message);
}

function rulesOf({ rules, spec }: CustomKind): PlacedRule[] {
  const below = placedRules(schemaNode(spec), 'spec');
  return [...rules.map(({ fieldPath = '', message }) => placed(fieldPath, message)), ...below];
}

function placed(path: string, message: string): PlacedRule {
  return { path: path.replace(/^\./, ''), message };
}

function placedRules(node: SchemaNode, path: string): PlacedRule[] {
  const own = (node[VALIDATIONS] ?? []).map(({ fieldPath = '', message }) =>
    placed(`${path}${fieldPath}`, message),
  );
  const fields = Object.entries(node.properties ?? {}).flatMap(([name, field]) =>
    placedRules(field, `${path}.${name}`),
  );
  return [...own, ...fields, ...(node.items ? placedRules(node.items, `${path}[]`) : [])];
}

describeWithCluster('queues', (cluster) => {
  const type = unrestricted(TOPICS);

  test('may become fewer than were asked for, when those were never made', async () => {
    const { client, namespace } = cluster();
    const metadata = { name: 'too-many', namespace };
    const stored = await client.create(type, { metadata, spec: { ...OF_ORDERS, queues: 8 } });
    await client.applyStatus(type, { ...stored, status: { queues: 8 } });
    await client.mergePatch(type, metadata, { spec: { queues: 16 } });
    await client.mergePatch(type, metadata, { spec: { queues: 8 } });
    await expect(client.mergePatch(type, metadata, { spec: { queues: 7 } })).rejects.toThrow(
      'spec.queues: Forbidden: queues can become more, not fewer',
    );
  });
});
