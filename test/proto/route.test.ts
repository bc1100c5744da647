import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { codec } from '#proto/messages';
import { dialledEndpoints, endpointsOf, routeEntries } from '#proto/route';
import { MessageType } from '#proto/types';
import { printSeed, runs } from '#support/property';

printSeed();

const response = codec('QueryRouteResponse');
const scheme = { ipv4: 1, ipv6: 2, domain: 3 };

describe('endpoints', () => {
  test.each([
    ['10.0.0.1', scheme.ipv4],
    ['::1', scheme.ipv6],
    ['fe80::1', scheme.ipv6],
    ['broker-0.sluice.svc', scheme.domain],
    ['localhost', scheme.domain],
    ['999.0.0.1', scheme.domain],
  ])('%s has the scheme %i', (host, expected) => {
    const endpoints = { scheme: expected, addresses: [{ host, port: 8081 }] };
    expect(endpointsOf({ host, port: 8081 })).toEqual(endpoints);
    expect(dialledEndpoints({ scheme: 0, addresses: [{ host, port: 8081 }] })).toEqual(endpoints);
  });

  test('none were dialled when the request has none', () => {
    expect(dialledEndpoints(null)).toBeUndefined();
    expect(dialledEndpoints({ scheme: 1, addresses: [] })).toBeUndefined();
  });

  test.each([
    ['', 8081],
    ['a'.repeat(254), 8081],
    ['host', 0],
    ['host', -1],
    ['host', 65_536],
  ])('%j:%i is no address', (host, port) => {
    expect(() => dialledEndpoints({ scheme: 1, addresses: [{ host, port }] })).toThrow(
      expect.objectContaining({ code: 'BAD_REQUEST' }),
    );
  });
});

describe('routes', () => {
  test.each([
    ['normal', MessageType.NORMAL],
    ['fifo', MessageType.FIFO],
    ['global-fifo', MessageType.FIFO],
    ['delay', MessageType.DELAY],
    ['transaction', MessageType.TRANSACTION],
  ] as const)('a topic of kind %s takes messages of type %i', (kind, type) => {
    const endpoints = endpointsOf({ host: 'h', port: 1 });
    const topic = { kind, queues: 1, permission: 'read-write' } as const;
    const [entry] = routeEntries({ namespace: '', name: 't' }, topic, 'b', endpoints);
    expect(entry?.acceptMessageTypes).toEqual([type]);
  });

  test('there is one entry a queue, in order, readable and writable, at the master', () => {
    const check = (namespace: string, name: string, queues: number, brokerName: string): void => {
      const endpoints = endpointsOf({ host: '10.0.0.1', port: 8081 });
      const topic = { kind: 'normal', queues, permission: 'read-write' } as const;
      const entries = routeEntries({ namespace, name }, topic, brokerName, endpoints);
      const { messageQueues } = response.decode(response.encode({ messageQueues: entries }));
      expect(messageQueues.map(({ id }) => id)).toEqual([...Array(queues).keys()]);
      for (const { topic: named, permission, broker } of messageQueues) {
        expect(named).toEqual({ resourceNamespace: namespace, name });
        expect(permission).toBe(4);
        expect(broker).toMatchObject({ name: brokerName, id: 0, endpoints });
      }
    };
    const text = fc.string({ unit: 'grapheme' });
    fc.assert(fc.property(text, text, fc.integer({ min: 1, max: 20 }), text, check), runs(60));
  });
});
