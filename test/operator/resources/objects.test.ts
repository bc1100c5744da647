import type { V1Service, V1StatefulSet } from '@kubernetes/client-node';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { EDITIONS, type InstanceSpec, type ListenerSpec } from '#kube/api/instance';
import { childName, LABEL, PORT } from '#kube/names';
import { SERVICES, STATEFUL_SETS } from '#kube/resources';
import { keyOf, type KubeObject, type ResourceType } from '#kube/types';
import { KUBERNETES } from '#lib/kubernetes-limits';
import type { Wanted } from '#operator/apply/applier';
import { fleetSecret } from '#operator/resources/fleet-secret';
import { networkPolicy } from '#operator/resources/network-policy';
import { printSeed, runs } from '#support/property';
import { complete, objectsOf, SAMPLES, SPECS } from './samples.ts';

printSeed();

/** Names of Services have to start with a letter, those of others need not. */
const NAME = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/;
const LABEL_VALUE = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const PORT_NAME = /^(?=.{1,15}$)[a-z0-9]+(-[a-z0-9]+)*$/;

const word = (charsMax: number): fc.Arbitrary<string> =>
  fc.stringMatching(new RegExp(`^[a-z]([-a-z0-9]{0,${charsMax - 2}}[a-z0-9])?$`));

const listener: fc.Arbitrary<ListenerSpec> = fc.record({
  name: word(KUBERNETES.listenerNameCharsMax),
  type: fc.constantFrom('NodePort', 'LoadBalancer', 'Gateway'),
  host: fc.constant('mq.example.com'),
  gateway: fc.record({
    name: fc.constant('public'),
    route: fc.constantFrom('TLSRoute', 'GRPCRoute'),
    port: fc.constant(443),
  }),
});

const spec: fc.Arbitrary<InstanceSpec> = fc.record({
  edition: fc.constantFrom(...EDITIONS),
  nameServers: fc.integer({ min: 0, max: KUBERNETES.nameServersMax }),
  listeners: fc.uniqueArray(listener, {
    maxLength: KUBERNETES.listenersMax,
    selector: ({ name }) => name,
  }),
});

/** The first, and the one with the longest name. */
const SHARDS = [{ number: 0 }, { number: KUBERNETES.shardsMax - 1 }];

test('every object can be made: names, labels, ports, and nothing that is not sent back', () => {
  fc.assert(
    fc.property(word(KUBERNETES.instanceNameCharsMax), spec, (name, given) => {
      const objects = objectsOf(complete(given, { name }), { shards: SHARDS });
      expect(objects.flatMap(({ object }) => problemsOf(object))).toEqual([]);
      const ids = objects.map(({ type, object }) => `${type.plural}/${keyOf(object)}`);
      expect(new Set(ids).size).toBe(ids.length);
    }),
    runs(100),
  );
});

function problemsOf(object: KubeObject): string[] {
  const { name = '', namespace, labels = {}, ownerReferences } = object.metadata ?? {};
  const problems = everyField(object).flatMap(([key, value]) => {
    if (key === 'ports') return portProblems(value as readonly Port[]);
    return isLeftOut(value) ? [`${key} would not be sent back`] : [];
  });
  for (const [key, value] of Object.entries(labels)) {
    if (!LABEL_VALUE.test(value)) problems.push(`label ${key}: ${value}`);
  }
  if (!NAME.test(name)) problems.push('bad name');
  if (namespace !== 'shop') problems.push('in another namespace');
  if (ownerReferences?.[0]?.controller !== true) problems.push('without an owner');
  return problems.map((problem) => `${object.kind} ${name}: ${problem}`);
}

interface Port {
  readonly name?: string;
  readonly port?: number;
  readonly containerPort?: number;
}

function portProblems(ports: readonly Port[]): string[] {
  const seen = new Set<unknown>();
  return ports.flatMap(({ name, port, containerPort }) => {
    const number = port ?? containerPort;
    const isBad = seen.has(number) || (name !== undefined && !PORT_NAME.test(name));
    seen.add(number);
    return isBad ? [`port ${name} ${number}`] : [];
  });
}

/** The API server would not give it back, or as something else. */
function isLeftOut(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

function everyField(value: unknown): [string, unknown][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, field]) => [[key, field], ...everyField(field)]);
}

describe('order', () => {
  test.each(SAMPLES)('of %s: what pods need comes before them, brokers come last', (sample) => {
    const kinds = objectsOf(complete(SPECS[sample])).map(({ type }) => type.kind);
    const firstSet = kinds.indexOf('StatefulSet');
    for (const kind of ['ConfigMap', 'ServiceAccount', 'NetworkPolicy', 'Service']) {
      expect(kinds.lastIndexOf(kind)).toBeLessThan(firstSet);
      expect(kinds).toContain(kind);
    }
    expect(kinds.slice(firstSet).every((kind) => kind === 'StatefulSet')).toBe(true);
  });

  test('name servers before brokers', () => {
    const sets = namesOf(STATEFUL_SETS, objectsOf(complete(SPECS.standard)));
    expect(sets).toEqual(['orders-nameserver', 'orders-shard-0', 'orders-shard-1']);
  });

  test('shards that are being drained are still there', () => {
    const shards = [0, 1, 2, 5].map((number) => ({ number, isLeaving: number === 5 }));
    const objects = objectsOf(complete({ edition: 'Platinum', nameServers: 1 }), { shards });
    const expected = shards.map(({ number }) => `orders-shard-${number}`);
    expect(namesOf(STATEFUL_SETS, objects)).toEqual(['orders-nameserver', ...expected]);
    expect(namesOf(SERVICES, objects)).toEqual(expect.arrayContaining(expected));
  });

  test('a shard that leaves keeps its volume, whatever becomes of the others', () => {
    const shards = [{ number: 0 }, { number: 1, isLeaving: true, storage: '3Gi' }];
    const deleted = { edition: 'Platinum', deletionPolicy: 'Delete' } as const;
    const sets = objectsOf(complete(deleted), { shards })
      .filter(({ type }) => type.kind === STATEFUL_SETS.kind)
      .map(({ object }) => (object as V1StatefulSet).spec);
    const policies = sets.map((set) => set?.persistentVolumeClaimRetentionPolicy?.whenDeleted);
    expect(policies.slice(-2)).toEqual(['Delete', 'Retain']);
    const sizes = sets.map((set) => set?.volumeClaimTemplates?.[0]?.spec?.resources?.requests);
    expect(sizes.slice(-2)).toEqual([{ storage: '10Gi' }, { storage: '3Gi' }]);
  });
});

describe('without name servers', () => {
  const objects = objectsOf(complete(SPECS.development));

  test('nothing is made for them', () => {
    expect(objects.filter(({ object }) => object.metadata?.name?.includes('nameserver'))).toEqual(
      [],
    );
  });

  test('clients start at the broker', () => {
    const service = find(SERVICES, childName.clients('orders'), objects) as V1Service;
    expect(service.spec?.selector?.[LABEL.component]).toBe('broker');
  });
});

test('Services reach the ports of the pods that they select', () => {
  const objects = objectsOf(complete(SPECS.platinum));
  const sets = objects.flatMap(({ type, object }) =>
    type.kind === STATEFUL_SETS.kind ? [object as V1StatefulSet] : [],
  );
  const services = objects.flatMap(({ type, object }) =>
    type.kind === SERVICES.kind ? [object as V1Service] : [],
  );
  for (const { metadata, spec: service } of services) {
    const selector = Object.entries(service?.selector ?? {});
    const selected = sets.filter(({ spec: set }) =>
      selector.every(([key, value]) => set?.template.metadata?.labels?.[key] === value),
    );
    expect([metadata?.name, selected.length]).not.toEqual([metadata?.name, 0]);
    for (const set of selected) {
      const ports = set.spec?.template.spec?.containers[0]?.ports?.map(
        (each) => each.containerPort,
      );
      for (const port of service?.ports ?? []) expect(ports).toContain(port.targetPort);
    }
  }
});

test('an operator outside of the cluster may come from anywhere', () => {
  const policy = networkPolicy(complete(SPECS.standard), undefined);
  expect(policy.spec?.ingress?.[1]).toEqual({ ports: [{ port: PORT.admin, protocol: 'TCP' }] });
});

test('volumes go with the instance only where that was asked for', () => {
  const policyOf = (deletionPolicy: 'Retain' | 'Delete' | undefined) => {
    const objects = objectsOf(complete({ edition: 'Standard', deletionPolicy }));
    const set = find(STATEFUL_SETS, 'orders-shard-0', objects) as V1StatefulSet;
    return set.spec?.persistentVolumeClaimRetentionPolicy;
  };
  expect(policyOf(undefined)).toEqual({ whenDeleted: 'Retain', whenScaled: 'Retain' });
  expect(policyOf('Delete')).toEqual({ whenDeleted: 'Delete', whenScaled: 'Retain' });
});

test('the tokens are in the Secret and nowhere else', () => {
  const instance = complete(SPECS.platinum);
  const tokens = { adminToken: 'one-secret', fleetToken: 'another-secret' };
  const secret = fleetSecret(instance, tokens);
  const data = Object.entries(secret.data ?? {}).map(([key, value]) => [key, atob(value)]);
  expect(Object.fromEntries(data)).toEqual({
    'admin-token': 'one-secret',
    'fleet-token': 'another-secret',
  });
});

function namesOf<T extends KubeObject>(
  { kind }: ResourceType<T>,
  objects: readonly Wanted[],
): (string | undefined)[] {
  return objects
    .filter(({ type }) => type.kind === kind)
    .map(({ object }) => object.metadata?.name);
}

function find<T extends KubeObject>(
  { kind }: ResourceType<T>,
  name: string,
  objects: readonly Wanted[],
): KubeObject | undefined {
  return objects.find(({ type, object }) => type.kind === kind && object.metadata?.name === name)
    ?.object;
}
