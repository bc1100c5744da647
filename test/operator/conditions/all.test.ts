import { expect, test } from '@jest/globals';
import type { BrokerStatusResponse } from '#proto/admin-types';
import { findings } from '#operator/conditions/all';
import type { ConditionFacts } from '#operator/conditions/facts';
import { stalled, waiting } from '#operator/reconcile/blocked';
import { complete, facts, nameServer, shard } from '#support/instance-facts';

const ZONES = new Map([
  ['zone-a', 1],
  ['zone-b', 1],
  ['zone-c', 1],
]);
const SPREAD = [shard(0), shard(1, { zone: 'zone-b' }), shard(2, { zone: 'zone-c' })];
const NAME_SERVERS = [nameServer(0, { zone: 'zone-a' }), nameServer(1, { zone: 'zone-b' })];

function conditionFacts(more: Partial<ConditionFacts> = {}): ConditionFacts {
  return {
    instance: complete({ shards: 3 }),
    facts: facts(SPREAD, { readyNodesByZone: ZONES, nameServers: NAME_SERVERS }),
    brokers: new Map(),
    notes: [],
    blocked: undefined,
    isPaused: false,
    ...more,
  };
}

/** `type status reason` of each condition. */
function said(more: Partial<ConditionFacts> = {}): Record<string, string> {
  return Object.fromEntries(
    findings(conditionFacts(more)).map(({ type, status, reason }) => [type, `${status} ${reason}`]),
  );
}

function messageOf(type: string, more: Partial<ConditionFacts>): string {
  return findings(conditionFacts(more)).find((each) => each.type === type)?.message ?? '';
}

function broker(more: Partial<BrokerStatusResponse>): ConditionFacts['brokers'] {
  return new Map([[1, more as BrokerStatusResponse]]);
}

test('all is well', () => {
  expect(said()).toEqual({
    Ready: 'True Serving',
    Reconciling: 'False Done',
    Stalled: 'False NotStalled',
    Quiesced: 'True Done',
    SafeToRestart: 'True AllReady',
    ZonesSatisfied: 'True Spread',
    QuotaExceeded: 'False Unlimited',
    DiskPressure: 'False EnoughRoom',
  });
});

test('a broker that is down makes it not ready, and nothing else may be restarted', () => {
  const shards = [SPREAD[0]!, SPREAD[1]!, shard(2, { zone: 'zone-c', isReady: false })];
  const now = facts(shards, { readyNodesByZone: ZONES, nameServers: NAME_SERVERS });
  expect(said({ facts: now })).toMatchObject({
    Ready: 'False BrokersNotReady',
    Quiesced: 'False PodsNotReady',
    SafeToRestart: 'False PodsNotReady',
    ZonesSatisfied: 'False NotSpread',
  });
  expect(messageOf('Ready', { facts: now })).toContain(
    '2 of 3 brokers are ready; orders-shard-2-0',
  );
});

test('one name server that is down does no harm, all of them do', () => {
  const one = [nameServer(0), nameServer(1, { isReady: false })];
  const all = one.map((each) => ({ ...each, isReady: false }));
  expect(said({ facts: facts([shard(0)], { nameServers: one }) })['Ready']).toBe('True Serving');
  expect(said({ facts: facts([shard(0)], { nameServers: all }) })['Ready']).toBe(
    'False NameServersNotReady',
  );
});

test('what only a person can change is stalled, what is waited for is reconciling', () => {
  expect(said({ blocked: stalled('NameClash', 'rename it') })).toMatchObject({
    Ready: 'False NameClash',
    Stalled: 'True NameClash',
    Reconciling: 'False Done',
    Quiesced: 'False NameClash',
  });
  expect(said({ blocked: waiting('PreviousInstance', 'wait') })).toMatchObject({
    Ready: 'False PreviousInstance',
    Stalled: 'False NotStalled',
    Reconciling: 'True PreviousInstance',
  });
});

test('what is under way is told, all of it', () => {
  const notes = [
    { reason: 'GrowingStorage', message: 'a volume grows' },
    { reason: 'RollingUpdate', message: '1 of 3 are up to date' },
  ];
  expect(said({ notes })).toMatchObject({
    Reconciling: 'True GrowingStorage',
    Quiesced: 'False GrowingStorage',
    Ready: 'True Serving',
  });
  expect(messageOf('Reconciling', { notes })).toBe('a volume grows; 1 of 3 are up to date');
});

test('a pause is told', () => {
  expect(said({ isPaused: true })).toMatchObject({
    Reconciling: 'False Paused',
    Quiesced: 'False Paused',
  });
});

test('zones are what is so, not what was asked for', () => {
  const together = facts([shard(0), shard(1), shard(2)], { readyNodesByZone: ZONES });
  expect(said({ facts: together })['ZonesSatisfied']).toBe('False NotSpread');
  const none = facts(SPREAD, { readyNodesByZone: new Map() });
  expect(said({ facts: none })['ZonesSatisfied']).toBe('Unknown NoZones');
  const lost = new Map([...ZONES, ['zone-c', 0]]);
  const now = facts(SPREAD, { readyNodesByZone: lost, nameServers: NAME_SERVERS });
  expect(messageOf('ZonesSatisfied', { facts: now })).toContain(
    'zone-c (brokers 1, name servers 0, no ready node)',
  );
});

test('throttling says what to do, by edition', () => {
  const quota = { throttledPerSecond: 12 } as BrokerStatusResponse['quota'];
  const platinum = complete({ capacity: { tps: 100 } });
  const brokers = broker({ quota });
  expect(said({ instance: platinum, brokers })['QuotaExceeded']).toBe('True Throttled');
  expect(messageOf('QuotaExceeded', { instance: platinum, brokers })).toContain('capacity.tps');
  const standard = complete({ edition: 'Standard' });
  expect(messageOf('QuotaExceeded', { instance: standard, brokers })).toContain('platinum');
  expect(said({ instance: standard })['QuotaExceeded']).toBe('False WithinQuota');
});

test('a full volume, and one that is nearly full', () => {
  const full = broker({ readOnlyReason: 'the disk is full' });
  expect(said({ brokers: full })['DiskPressure']).toBe('True WritesRefused');
  const disk = { usedBytes: 90, freeBytes: 10, totalBytes: 100 };
  expect(said({ brokers: broker({ disk }) })['DiskPressure']).toBe('True NearlyFull');
  expect(messageOf('DiskPressure', { brokers: broker({ disk }) })).toContain(
    'the volume of orders-shard-1 is 90 % full',
  );
});
