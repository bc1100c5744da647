import { beforeEach, describe, expect, test } from '@jest/globals';
import { REGISTRY } from '#lib/fleet-limits';
import { TOPIC } from '#lib/limits';
import { QuotaLedger } from '#nameserver/quota-ledger';
import { Registrations } from '#nameserver/registrations';
import { RouteTable } from '#nameserver/route-table';
import {
  TopicKind,
  TopicPermission,
  type BrokerHoldings,
  type BrokerReport,
} from '#proto/fleet-types';
import { silentLog } from '#support/grpc-echo';
import { ManualClock } from '#support/manual-clock';

const SILENT_MS = REGISTRY.silentMs + REGISTRY.lastCallMs;

let clock: ManualClock;
let table: RouteTable;
let registrations: Registrations;
let quota: number | undefined;

beforeEach(() => {
  clock = new ManualClock();
  table = new RouteTable();
  quota = undefined;
  registrations = new Registrations({
    table,
    ledger: new QuotaLedger(),
    quota: () => quota,
    clock,
    log: silentLog,
  });
});

const holdings: BrokerHoldings = {
  listeners: [{ name: 'internal', host: 'b.example', port: 8081 }],
  topics: [topicOf('t', TopicKind.NORMAL, 2)],
  orderedGroups: [],
};

function report(changes: Partial<BrokerReport> = {}): BrokerReport {
  const known = { broker: 'b', identity: 'volume-1', generation: 1, version: 1 };
  const periodMs = REGISTRY.reportMs;
  return { ...known, holdings, demand: 0, leaving: false, periodMs, ...changes };
}

function topicOf(name: string, kind: number, queues: number) {
  return { name, kind, queues, permission: TopicPermission.READ_WRITE };
}

const holding = (changes: Partial<BrokerHoldings>) => ({ holdings: { ...holdings, ...changes } });
const keepAlive = (changes: Partial<BrokerReport> = {}) => report({ holdings: null, ...changes });
const isRouted = () => table.find('t').length > 0;

describe('a broker is gone', () => {
  test('after some silence, not before, and keep-alives put that off', () => {
    const stream = {};
    registrations.report(stream, report());
    clock.advance(SILENT_MS - 1);
    expect(isRouted()).toBe(true);
    expect(registrations.report(stream, keepAlive())).toEqual({ holdingsWanted: false });
    clock.advance(SILENT_MS - 1);
    expect(isRouted()).toBe(true);
    clock.advance(1);
    expect(isRouted()).toBe(false);
    expect(clock.pendingTimers).toBe(0);
  });

  test.each([
    [0, REGISTRY.silentUnsaidMs],
    [2 * REGISTRY.reportMs, 2 * REGISTRY.silentMs],
    [1, REGISTRY.silentMs],
    [2 ** 31 - 1, REGISTRY.silentUnsaidMs],
  ])('that says a period of %d ms: after %d ms of silence', (periodMs, silentMs) => {
    registrations.report({}, report({ periodMs }));
    clock.advance(silentMs + REGISTRY.lastCallMs - 1);
    expect(isRouted()).toBe(true);
    clock.advance(1);
    expect(isRouted()).toBe(false);
  });

  test('at once when it says that it leaves, and may come back at once', () => {
    const stream = {};
    registrations.report(stream, report());
    const goodbye = keepAlive({ leaving: true });
    expect(registrations.report(stream, goodbye)).toEqual({ holdingsWanted: false });
    expect([isRouted(), clock.pendingTimers]).toEqual([false, 0]);
    registrations.streamEnded(stream);
    registrations.report({}, report({ identity: 'volume-2' }));
    expect(isRouted()).toBe(true);
  });

  test('but not by the good-bye of an earlier start, or of another broker', () => {
    registrations.report({}, report({ generation: 2 }));
    for (const other of [{ generation: 1 }, { identity: 'volume-2', generation: 2 }]) {
      const goodbye = keepAlive({ ...other, leaving: true });
      expect(registrations.report({}, goodbye)).toEqual({ holdingsWanted: false });
    }
    expect(registrations.report({}, keepAlive({ broker: 'nobody', leaving: true }))).toEqual({
      holdingsWanted: false,
    });
    expect(isRouted()).toBe(true);
  });

  test('but not when its reports came while the name server itself stood still', () => {
    const stream = {};
    registrations.report(stream, report());
    clock.advance(REGISTRY.silentMs + REGISTRY.lastCallMs - 1);
    registrations.report(stream, keepAlive());
    clock.advance(REGISTRY.lastCallMs);
    expect(isRouted()).toBe(true);
  });

  test('soon after its stream broke', () => {
    const stream = {};
    registrations.report(stream, report());
    registrations.streamEnded(stream);
    clock.advance(REGISTRY.brokenStreamMs + REGISTRY.lastCallMs - 1);
    expect(isRouted()).toBe(true);
    clock.advance(1);
    expect(isRouted()).toBe(false);
  });

  test('but not when a new stream came, before or after the old one broke', () => {
    const [first, second, third] = [{}, {}, {}];
    registrations.report(first, report());
    registrations.report(second, keepAlive());
    registrations.streamEnded(first);
    clock.advance(REGISTRY.brokenStreamMs);
    expect(isRouted()).toBe(true);
    registrations.streamEnded(second);
    clock.advance(REGISTRY.brokenStreamMs - 1);
    registrations.report(third, keepAlive());
    clock.advance(REGISTRY.brokenStreamMs);
    expect(isRouted()).toBe(true);
  });
});

describe('holdings are wanted', () => {
  test('when a broker is not known, or is known with another version', () => {
    const stream = {};
    expect(registrations.report(stream, keepAlive())).toEqual({ holdingsWanted: true });
    expect(registrations.report(stream, report())).toEqual({ holdingsWanted: false });
    expect(registrations.report(stream, keepAlive({ version: 2 }))).toEqual({
      holdingsWanted: true,
    });
    expect(isRouted()).toBe(true);
  });

  test('when the broker was gone for its silence', () => {
    const stream = {};
    registrations.report(stream, report());
    clock.advance(SILENT_MS);
    expect(registrations.report(stream, keepAlive())).toEqual({ holdingsWanted: true });
    registrations.report(stream, report());
    expect(isRouted()).toBe(true);
  });

  test('when the broker was started again: its versions count anew', () => {
    registrations.report({}, report({ version: 7 }));
    const restarted = {};
    expect(registrations.report(restarted, keepAlive({ generation: 2, version: 7 }))).toEqual({
      holdingsWanted: true,
    });
    const topics = [topicOf('other', TopicKind.FIFO, 1)];
    registrations.report(restarted, report({ generation: 2, holdings: { ...holdings, topics } }));
    expect(isRouted()).toBe(false);
    expect(table.find('other')).toHaveLength(1);
  });
});

describe('the share of the quota', () => {
  const shareOf = (broker: string, demand: number) =>
    registrations.report({}, report({ broker, demand })).share;

  test('comes with each answer, by the demands of all', () => {
    quota = 1000;
    expect(shareOf('a', 0)).toBe(1000);
    shareOf('b', 5000);
    expect(shareOf('a', 100)).toBeCloseTo(107);
    expect(shareOf('b', 5000)).toBeCloseTo(893);
  });

  test('is missing when there is no quota', () => {
    expect(registrations.report({}, report({ demand: 5 }))).toEqual({ holdingsWanted: false });
  });

  test('of a broker that is gone is for the others', () => {
    quota = 1000;
    for (const broker of ['a', 'b']) shareOf(broker, 5000);
    expect([shareOf('a', 5000), shareOf('b', 5000)]).toEqual([500, 500]);
    registrations.report({}, keepAlive({ broker: 'b', leaving: true }));
    expect(shareOf('a', 5000)).toBe(1000);
  });
});

describe('what clients may do with a topic', () => {
  const permissionOf = (permission: number) => {
    registrations.report({}, report(holding({ topics: [{ ...topicOf('t', 1, 1), permission }] })));
    return table.find('t')[0]?.topic.permission;
  };

  test.each([
    [TopicPermission.READ_WRITE, 'read-write'],
    [TopicPermission.READ_ONLY, 'read-only'],
    [TopicPermission.WRITE_ONLY, 'write-only'],
    [TopicPermission.TOPIC_PERMISSION_UNSPECIFIED, 'read-write'],
    [77, 'read-write'],
  ])('%i is %s', (number, permission) => {
    expect(permissionOf(number)).toBe(permission);
  });
});

describe('refused are', () => {
  test('a second broker of the same name, as long as the first is there', () => {
    const stream = {};
    registrations.report(stream, report());
    const other = report({ identity: 'volume-2' });
    expect(() => registrations.report({}, other)).toThrow('another broker is registered as b');
    registrations.streamEnded(stream);
    expect(registrations.report({}, other)).toEqual({ holdingsWanted: false });
  });

  test('an older generation of the same broker', () => {
    registrations.report({}, report({ generation: 5 }));
    expect(() => registrations.report({}, report({ generation: 4 }))).toThrow('generation 5');
  });

  test('more brokers than allowed', () => {
    for (let index = 0; index < REGISTRY.brokersMax; index++) {
      registrations.report({}, report({ broker: `b-${index}` }));
    }
    expect(() => registrations.report({}, report())).toThrow(
      expect.objectContaining({ code: 'TOO_MANY_REQUESTS' }),
    );
  });

  test.each<[string, Partial<BrokerReport>]>([
    ['a broker without a name', { broker: '' }],
    ['a broker with blanks in its name', { broker: 'a b' }],
    ['a long name', { broker: 'b'.repeat(REGISTRY.brokerNameCharsMax + 1) }],
    ['no identity', { identity: '' }],
    ['a negative demand', { demand: -1 }],
    ['a demand that is no number', { demand: NaN }],
    ['an endless demand', { demand: Infinity }],
    ['a negative generation', { generation: -1 }],
    ['a version beyond what is exact', { version: 2 ** 53 }],
    ['a host with a path', holding({ listeners: [{ name: 'i', host: 'a/b', port: 1 }] })],
    ['an empty host', holding({ listeners: [{ name: 'i', host: '', port: 1 }] })],
    ['port 0', holding({ listeners: [{ name: 'i', host: 'a', port: 0 }] })],
    ['a topic without queues', holding({ topics: [topicOf('t', 1, 0)] })],
    ['a topic of no kind', holding({ topics: [topicOf('t', 0, 1)] })],
    ['a topic without a name', holding({ topics: [topicOf('', 1, 1)] })],
    ['too many queues', holding({ topics: [topicOf('t', 1, TOPIC.queuesMax + 1)] })],
    ['a group with a long name', holding({ orderedGroups: ['g'.repeat(1000)] })],
  ])('%s, and nothing is changed by it', (_name, change) => {
    expect(() => registrations.report({}, report(change))).toThrow(
      expect.objectContaining({ code: 'BAD_REQUEST' }),
    );
    expect(table.brokerCount).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });
});
