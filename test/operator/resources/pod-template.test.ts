import { describe, expect, test } from '@jest/globals';
import type { InstanceSpec } from '#kube/api/instance';
import { ANNOTATION } from '#kube/names';
import { nameServerSet } from '#operator/resources/name-server-set';
import { shardSet } from '#operator/resources/shard-set';
import { complete, SPECS, type Owner } from './samples.ts';

const BEFORE: InstanceSpec = { edition: 'Standard', shards: 2, zones: undefined };

function templates(spec: InstanceSpec, owner: Partial<Owner> = {}) {
  const instance = complete(spec, owner);
  return {
    broker: shardSet(instance, 1).spec?.template,
    nameServer: nameServerSet(instance).spec?.template,
  };
}

describe('no pod is restarted by', () => {
  test.each<[string, InstanceSpec, Partial<Owner>]>([
    ['the edition and its TPS', { ...BEFORE, edition: 'Platinum', capacity: { tps: 9 } }, {}],
    ['more shards', { ...BEFORE, shards: 8 }, {}],
    ['more name servers', { ...BEFORE, nameServers: 5 }, {}],
    ['larger volumes', { ...BEFORE, capacity: { storage: '1Ti' } }, {}],
    ['another deletion policy', { ...BEFORE, deletionPolicy: 'Delete' }, {}],
    ['another region', { ...BEFORE, region: 'north' }, {}],
    [
      'the same resources in other words',
      { ...BEFORE, brokerResources: { cpuLimit: '2000m' } },
      {},
    ],
    ['annotations of the instance', BEFORE, { annotations: { [ANNOTATION.paused]: 'true' } }],
    ['another instance of the same name', BEFORE, { uid: 'another' }],
  ])('%s', (_what, spec, owner) => {
    expect(templates(spec, owner)).toEqual(templates(BEFORE));
  });

  test('its zones in another order, nor how a listener is reached', () => {
    const { platinum } = SPECS;
    const [nodes, ...listeners] = platinum.listeners;
    const zones = [...platinum.zones].reverse();
    const moved = { ...nodes!, host: 'nodes.example.com', bootstrapNodePort: 30_999 };
    const spec: InstanceSpec = { ...platinum, zones, listeners: [moved, ...listeners] };
    expect(templates(spec)).toEqual(templates(platinum));
  });
});

describe('pods are restarted by', () => {
  test.each<[string, InstanceSpec, Partial<Owner>]>([
    ['the version', { ...BEFORE, version: '0.2.0' }, {}],
    ['zones', { ...BEFORE, zones: ['zone-a'] }, {}],
    ['a further listener', { ...BEFORE, listeners: [{ name: 'out', type: 'NodePort' }] }, {}],
    ['the annotation', BEFORE, { annotations: { [ANNOTATION.restart]: 'now' } }],
  ])('%s, all of them', (_what, spec, owner) => {
    const [before, after] = [templates(BEFORE), templates(spec, owner)];
    expect(after.broker).not.toEqual(before.broker);
    expect(after.nameServer).not.toEqual(before.nameServer);
  });

  test.each<[string, InstanceSpec]>([
    ['durability', { ...BEFORE, durability: 'Fast' }],
    ['retention', { ...BEFORE, retentionHours: 1 }],
    ['autoCreate', { ...BEFORE, autoCreate: true }],
    ['resources', { ...BEFORE, brokerResources: { memoryLimit: '2Gi' } }],
  ])('%s, only brokers', (_what, spec) => {
    const [before, after] = [templates(BEFORE), templates(spec)];
    expect(after.broker).not.toEqual(before.broker);
    expect(after.nameServer).toEqual(before.nameServer);
  });
});

describe('zones are', () => {
  const zoneRule = (spec: InstanceSpec) =>
    templates(spec).broker?.spec?.topologySpreadConstraints?.[0]?.whenUnsatisfiable;

  test('a promise to those of a platinum instance that asks for them', () => {
    expect(zoneRule(SPECS.platinum)).toBe('DoNotSchedule');
  });

  test.each<InstanceSpec>([
    { edition: 'Platinum' },
    { edition: 'Standard', zones: ['zone-a', 'zone-b'] },
  ])('a wish to %j', (spec) => {
    expect(zoneRule(spec)).toBe('ScheduleAnyway');
  });
});
