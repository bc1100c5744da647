import type { V1Node, V1Service } from '@kubernetes/client-node';
import { describe, expect, test } from '@jest/globals';
import type { ListenerSpec } from '#kube/api/instance';
import { advertisedAddress, endpointOf } from '#operator/resources/addresses';
import { CLUSTER_DOMAIN as clusterDomain, complete } from './samples.ts';

const nodePort: ListenerSpec = { name: 'out', type: 'NodePort' };
const balanced: ListenerSpec = { name: 'out', type: 'LoadBalancer' };
const gateway: ListenerSpec = {
  name: 'out',
  type: 'Gateway',
  host: 'mq.example.com',
  gateway: { name: 'public', route: 'TLSRoute', port: 443 },
};

function instanceWith(listener: ListenerSpec) {
  return complete({ edition: 'Standard', listeners: [listener] });
}

function nodeWith(...addresses: [type: string, address: string][]): V1Node {
  const list = addresses.map(([type, address]) => ({ type, address }));
  return { metadata: { name: 'node-1' }, status: { addresses: list } };
}

function serviceWith(port: { port: number; nodePort?: number }, ...ingress: object[]): V1Service {
  return { spec: { ports: [port] }, status: { loadBalancer: { ingress } } };
}

const SERVICE = serviceWith({ port: 8082, nodePort: 31_000 });
const NODE = nodeWith(['InternalIP', '10.0.0.5'], ['ExternalIP', '203.0.113.5']);

test('internal: names of Services in the domain of the cluster, known at once', () => {
  const instance = complete({ edition: 'Standard' });
  const facts = { clusterDomain: 'k8s.example.com' };
  expect(advertisedAddress(instance, 3, 'internal', facts)).toEqual({
    address: 'orders-shard-3.shop.svc.k8s.example.com:8081',
  });
  expect(endpointOf(instance, 'internal', facts)).toEqual({
    address: 'orders-mq.shop.svc.k8s.example.com:8081',
  });
});

describe('NodePort', () => {
  test.each([
    ['the external address of the node', nodePort, NODE, '203.0.113.5:31000'],
    ['its internal one', nodePort, nodeWith(['InternalIP', '10.0.0.5']), '10.0.0.5:31000'],
    ['one of IPv6', nodePort, nodeWith(['InternalIP', 'fd00::5']), '[fd00::5]:31000'],
    ['the host that is given', { ...nodePort, host: 'n.example.com' }, NODE, 'n.example.com:31000'],
    ['that, without a node', { ...nodePort, host: '192.0.2.1' }, undefined, '192.0.2.1:31000'],
  ])('%s', (_what, listener, node, address) => {
    const facts = { clusterDomain, service: SERVICE, node };
    expect(advertisedAddress(instanceWith(listener), 0, 'out', facts)).toEqual({ address });
    expect(endpointOf(instanceWith(listener), 'out', facts)).toEqual({ address });
  });

  test.each([
    [undefined, NODE, 'the Service orders-shard-1-out has no node port yet'],
    [serviceWith({ port: 8082 }), NODE, 'the Service orders-shard-1-out has no node port yet'],
    [SERVICE, undefined, 'no pod of the Service orders-shard-1-out is on a node yet'],
    [SERVICE, nodeWith(['Hostname', 'n']), /node node-1 has neither .* nor an InternalIP/],
  ])('why it is not known yet (%#)', (service, node, reason) => {
    const facts = { clusterDomain, service, node };
    expect(advertisedAddress(instanceWith(nodePort), 1, 'out', facts)).toEqual({
      reason: expect.stringMatching(reason),
    });
  });
});

describe('LoadBalancer', () => {
  test.each([
    [[{ ip: '203.0.113.9' }], '203.0.113.9:8082'],
    [[{ ip: '203.0.113.9', hostname: 'lb.example.com' }], 'lb.example.com:8082'],
    [[{ hostname: 'lb.example.com' }, { ip: '203.0.113.9' }], 'lb.example.com:8082'],
  ])('%j', (ingress, address) => {
    const facts = { clusterDomain, service: serviceWith({ port: 8082 }, ...ingress) };
    expect(advertisedAddress(instanceWith(balanced), 0, 'out', facts)).toEqual({ address });
    expect(endpointOf(instanceWith(balanced), 'out', facts)).toEqual({ address });
  });

  test.each([undefined, {}, serviceWith({ port: 8082 })])('is waited for (%#)', (service) => {
    const reason = 'the Service orders-mq-out has no address of a load balancer yet';
    const facts = { clusterDomain, service };
    expect(endpointOf(instanceWith(balanced), 'out', facts)).toEqual({ reason });
  });
});

describe('Gateway', () => {
  test('a name for each shard below the domain, known at once', () => {
    const instance = instanceWith(gateway);
    expect(advertisedAddress(instance, 2, 'out', { clusterDomain })).toEqual({
      address: 'shard-2.mq.example.com:443',
    });
    expect(endpointOf(instance, 'out', { clusterDomain })).toEqual({
      address: 'mq.example.com:443',
    });
  });

  test('without a domain none', () => {
    const { host: _host, ...incomplete } = gateway;
    expect(endpointOf(instanceWith(incomplete), 'out', { clusterDomain })).toEqual({
      reason: 'the listener out needs a host and a gateway',
    });
  });
});

test('a listener that the instance does not have is a mistake', () => {
  const instance = complete({ edition: 'Standard' });
  expect(() => endpointOf(instance, 'out', { clusterDomain })).toThrow('has no listener out');
});
