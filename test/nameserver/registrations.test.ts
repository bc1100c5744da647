import { beforeEach, describe, expect, test } from '@jest/globals';
import { REGISTRY, TOPIC } from '#lib/limits';
import { Registrations } from '#nameserver/registrations';
import { RouteTable } from '#nameserver/route-table';
import { TopicKind, type BrokerHoldings, type BrokerReport } from '#proto/fleet-types';
import { silentLog } from '#support/grpc-echo';
import { ManualClock } from '#support/manual-clock';

let clock: ManualClock;
let table: RouteTable;
let registrations: Registrations;

beforeEach(() => {
  clock = new ManualClock();
  table = new RouteTable();
  registrations = new Registrations({ table, clock, log: silentLog });
});

const holdings: BrokerHoldings = {
  listeners: [{ name: 'internal', host: 'b.example', port: 8081 }],
  topics: [{ name: 't', kind: TopicKind.NORMAL, queues: 2 }],
  orderedGroups: [],
};

function report(changes: Partial<BrokerReport> = {}): BrokerReport {
  return { broker: 'b', identity: 'volume-1', generation: 1, version: 1, holdings, ...changes };
}

const holding = (changes: Partial<BrokerHoldings>) => ({ holdings: { ...holdings, ...changes } });
const keepAlive = (changes: Partial<BrokerReport> = {}) => report({ holdings: null, ...changes });
const isRouted = () => table.find('t').length > 0;

describe('a broker is gone', () => {
  test('after 30 s of silence, not before, and keep-alives put that off', () => {
    const stream = {};
    registrations.report(stream, report());
    clock.advance(REGISTRY.silentMs - 1);
    expect(isRouted()).toBe(true);
    expect(registrations.report(stream, keepAlive())).toEqual({ holdingsWanted: false });
    clock.advance(REGISTRY.silentMs - 1);
    expect(isRouted()).toBe(true);
    clock.advance(1);
    expect(isRouted()).toBe(false);
    expect(clock.pendingTimers).toBe(0);
  });

  test('5 s after its stream broke', () => {
    const stream = {};
    registrations.report(stream, report());
    registrations.streamEnded(stream);
    clock.advance(REGISTRY.brokenStreamMs - 1);
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
    clock.advance(REGISTRY.silentMs);
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
    const topics = [{ name: 'other', kind: TopicKind.FIFO, queues: 1 }];
    registrations.report(restarted, report({ generation: 2, holdings: { ...holdings, topics } }));
    expect(isRouted()).toBe(false);
    expect(table.find('other')).toHaveLength(1);
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
    ['a negative generation', { generation: -1 }],
    ['a version beyond what is exact', { version: 2 ** 53 }],
    ['a host with a path', holding({ listeners: [{ name: 'i', host: 'a/b', port: 1 }] })],
    ['an empty host', holding({ listeners: [{ name: 'i', host: '', port: 1 }] })],
    ['port 0', holding({ listeners: [{ name: 'i', host: 'a', port: 0 }] })],
    ['a topic without queues', holding({ topics: [{ name: 't', kind: 1, queues: 0 }] })],
    ['a topic of no kind', holding({ topics: [{ name: 't', kind: 0, queues: 1 }] })],
    ['a topic without a name', holding({ topics: [{ name: '', kind: 1, queues: 1 }] })],
    ['too many queues', holding({ topics: [{ name: 't', kind: 1, queues: TOPIC.queuesMax + 1 }] })],
    ['a group with a long name', holding({ orderedGroups: ['g'.repeat(1000)] })],
  ])('%s, and nothing is changed by it', (_name, change) => {
    expect(() => registrations.report({}, report(change))).toThrow(
      expect.objectContaining({ code: 'BAD_REQUEST' }),
    );
    expect(table.brokerCount).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });
});
