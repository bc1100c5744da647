import { expect, test } from '@jest/globals';
import { RouteTable, type BrokerRoutes } from '#nameserver/route-table';

function routes(topics: Record<string, number>, orderedGroups: string[] = []): BrokerRoutes {
  return {
    listeners: new Map([['internal', { host: 'a.example', port: 8081 }]]),
    topics: new Map(
      Object.entries(topics).map(([name, queues]) => [
        name,
        { kind: 'normal' as const, queues, permission: 'read-write' as const },
      ]),
    ),
    orderedGroups: new Set(orderedGroups),
  };
}

const brokersOf = (table: RouteTable, topic: string) =>
  table.find(topic).map(({ broker }) => broker);

test('brokers of a topic come in order of their names, however they came in', () => {
  const table = new RouteTable();
  for (const broker of ['b-2', 'b-10', 'b-1']) table.set(broker, routes({ t: 1 }));
  expect(brokersOf(table, 't')).toEqual(['b-1', 'b-10', 'b-2']);
});

test('a new report takes the place of the old one', () => {
  const table = new RouteTable();
  table.set('b', routes({ stays: 1, goes: 1 }));
  table.set('b', routes({ stays: 4, comes: 1 }));
  expect(table.find('stays')).toMatchObject([{ broker: 'b', topic: { queues: 4 } }]);
  expect(brokersOf(table, 'goes')).toEqual([]);
  expect(brokersOf(table, 'comes')).toEqual(['b']);
});

test('a broker that is gone leaves nothing behind; the others stay', () => {
  const table = new RouteTable();
  table.set('a', routes({ t: 1 }, ['g']));
  table.set('b', routes({ t: 1, own: 1 }));
  table.remove('a');
  table.remove('unknown');
  expect(brokersOf(table, 't')).toEqual(['b']);
  expect(table.isOrdered('g')).toBe(false);
  table.remove('b');
  expect(brokersOf(table, 't')).toEqual([]);
  expect([table.brokerCount, table.topicCount]).toEqual([0, 0]);
});

test('a group is ordered when any broker says so', () => {
  const table = new RouteTable();
  table.set('a', routes({}));
  table.set('b', routes({}, ['g']));
  expect(table.isOrdered('g')).toBe(true);
  expect(table.isOrdered('other')).toBe(false);
});
