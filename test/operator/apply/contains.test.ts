import { describe, expect, test } from '@jest/globals';
import { contains } from '#operator/apply/contains';

const service = {
  metadata: { name: 'a', resourceVersion: '7', labels: { mine: '1', theirs: '2' } },
  spec: {
    clusterIP: '10.0.0.1',
    ports: [
      { name: 'other', port: 1, protocol: 'TCP', targetPort: 1 },
      { name: 'clients', port: 8081, protocol: 'TCP', targetPort: 8081, nodePort: 30_001 },
    ],
  },
  status: {},
};

describe('a Service', () => {
  test('with what the API server and others added is as wanted', () => {
    const ports = [{ name: 'clients', port: 8081, protocol: 'TCP', targetPort: 8081 }];
    const wanted = { metadata: { name: 'a', labels: { mine: '1' } }, spec: { ports } };
    expect(contains(service, wanted)).toBe(true);
  });

  test.each([
    ['a label is gone', { metadata: { labels: { gone: '1' } } }],
    ['a label is another', { metadata: { labels: { mine: '2' } } }],
    ['a port is gone', { spec: { ports: [{ port: 8082, protocol: 'TCP' }] } }],
    ['a port is of another protocol', { spec: { ports: [{ port: 8081, protocol: 'UDP' }] } }],
    ['a port is another', { spec: { ports: [{ port: 8081, protocol: 'TCP', nodePort: 30_002 }] } }],
    ['a map is a text', { spec: { clusterIP: { a: 1 } } }],
    ['a text is a list', { spec: { clusterIP: ['10.0.0.1'] } }],
    ['what is inherited is asked for', { metadata: { labels: { constructor: '1' } } }],
    ['a whole part is gone', { data: {} }],
  ])('is not when %s', (_what, wanted) => {
    expect(contains(service, wanted)).toBe(false);
  });
});

describe('lists', () => {
  test('of a name are compared by it, in any order, with more between', () => {
    const live = { containers: [{ name: 'sidecar' }, { name: 'a', image: 'x', env: [] }] };
    expect(contains(live, { containers: [{ name: 'a', image: 'x' }] })).toBe(true);
    expect(contains(live, { containers: [{ name: 'a', image: 'y' }] })).toBe(false);
  });

  test('of texts are compared as a whole', () => {
    expect(contains({ args: ['a', 'b'] }, { args: ['a', 'b'] })).toBe(true);
    expect(contains({ args: ['a', 'b', 'c'] }, { args: ['a', 'b'] })).toBe(false);
    expect(contains({ args: ['b', 'a'] }, { args: ['a', 'b'] })).toBe(false);
    expect(contains({ args: ['a'] }, { args: ['a', 'b'] })).toBe(false);
  });

  test('of ports are by number and protocol, but one value in a NetworkPolicy', () => {
    const [http, dns] = [
      { containerPort: 80, protocol: 'TCP' },
      { containerPort: 53, protocol: 'UDP' },
    ];
    const container = { name: 'a', ports: [dns, http] };
    const wanted = { containers: [{ name: 'a', ports: [http] }] };
    expect(contains({ containers: [container] }, wanted)).toBe(true);
    const [open, added] = [
      { port: 80, protocol: 'TCP' },
      { port: 22, protocol: 'TCP' },
    ];
    const policy = { spec: { ingress: [{ ports: [open, added] }] } };
    expect(contains(policy, { spec: { ingress: [{ ports: [open] }] } })).toBe(false);
    expect(contains(policy, policy)).toBe(true);
  });

  test('of claim templates are in order, each with its defaults', () => {
    const live = { volumeClaimTemplates: [{ metadata: { name: 'data' }, status: {} }] };
    expect(contains(live, { volumeClaimTemplates: [{ metadata: { name: 'data' } }] })).toBe(true);
    expect(contains(live, { volumeClaimTemplates: [] })).toBe(false);
  });
});

test('what is undefined is not wanted', () => {
  expect(contains({ a: 1 }, { a: 1, b: undefined })).toBe(true);
  expect(contains({ a: 1, b: null }, { b: null })).toBe(true);
  expect(contains(undefined, { a: 1 })).toBe(false);
});
