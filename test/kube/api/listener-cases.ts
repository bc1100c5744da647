import type { SpecCase } from './spec-case.ts';

const LABEL = 'has lower-case letters, digits and - only, and a letter or digit at both ends';
const OBJECT = 'has lower-case letters, digits, - and . only, and a letter or digit at both ends';
const NAME =
  'spec.listeners[0].name: Forbidden: the name of a listener starts with a letter, has ' +
  'lower-case letters, digits and - only, and ends with a letter or digit';

const NODE_PORT = { name: 'external', type: 'NodePort' };
const LOAD_BALANCER = { name: 'external', type: 'LoadBalancer' };
const AT_GATEWAY = { name: 'edge', route: 'TLSRoute', port: 443 };
const GATEWAY = {
  name: 'external',
  type: 'Gateway',
  host: 'mq.example.com',
  gateway: AT_GATEWAY,
};

function listenerCase(what: string, bad: object, message: string, good: object): SpecCase {
  return { what, bad: { listeners: [bad] }, message, good: { listeners: [good] } };
}

function gatewayCase(what: string, bad: object, message: string, good: object): SpecCase {
  const withGateway = (change: object) => ({ ...GATEWAY, gateway: { ...AT_GATEWAY, ...change } });
  return listenerCase(what, withGateway(bad), message, withGateway(good));
}

const AT_ANNOTATIONS = 'spec.listeners[0].annotations: Forbidden: ';

export const LISTENER_CASES: readonly SpecCase[] = [
  listenerCase(
    'a listener without a name',
    { type: 'NodePort' },
    'spec.listeners[0].name: Required value',
    NODE_PORT,
  ),
  listenerCase(
    'a listener of a type that there is not',
    { name: 'external', type: 'ClusterIP' },
    'spec.listeners[0].type: Unsupported value: "ClusterIP": supported values: "NodePort", ' +
      '"LoadBalancer", "Gateway"',
    LOAD_BALANCER,
  ),
  listenerCase(
    'a listener called internal',
    { ...NODE_PORT, name: 'internal' },
    'spec.listeners[0].name: Forbidden: the listener internal is always there; give this one ' +
      'another name',
    { ...NODE_PORT, name: 'internal-2' },
  ),
  listenerCase(
    'a listener with a name that no Service can have',
    { ...NODE_PORT, name: 'Outside' },
    `${NAME}, not "Outside"`,
    { ...NODE_PORT, name: 'outside' },
  ),
  listenerCase(
    'a listener with a long name',
    { ...NODE_PORT, name: 'from-anywhere' },
    'spec.listeners[0].name: Too long: may not be more than 12 bytes',
    { ...NODE_PORT, name: 'from-outside' },
  ),
  {
    what: 'two listeners of one name',
    bad: { listeners: [NODE_PORT, LOAD_BALANCER] },
    message: 'spec.listeners[1]: Duplicate value: map[string]interface {}{"name":"external"}',
    good: { listeners: [NODE_PORT, { ...LOAD_BALANCER, name: 'cloud' }] },
  },
  {
    what: 'five listeners',
    bad: { listeners: ['a', 'b', 'c', 'd', 'e'].map((name) => ({ ...NODE_PORT, name })) },
    message: 'spec.listeners: Too many: 5: must have at most 4 items',
    good: { listeners: ['a', 'b', 'c', 'd'].map((name) => ({ ...NODE_PORT, name })) },
  },
  listenerCase(
    'a host with a port',
    { ...NODE_PORT, host: '192.0.2.1:8081' },
    'spec.listeners[0].host: Forbidden: a host is an IPv4 address or a DNS name, without a ' +
      'port, not "192.0.2.1:8081"',
    { ...NODE_PORT, host: '192.0.2.1' },
  ),
  listenerCase(
    'a host of a load balancer',
    { ...LOAD_BALANCER, host: 'mq.example.com' },
    'spec.listeners[0].host: Forbidden: a load balancer has an address of its own: host is for ' +
      'the types NodePort and Gateway',
    LOAD_BALANCER,
  ),
  listenerCase(
    'a node port of a load balancer',
    { ...LOAD_BALANCER, bootstrapNodePort: 30_081 },
    'spec.listeners[0].bootstrapNodePort: Forbidden: bootstrapNodePort is for listeners of ' +
      'type NodePort only',
    { ...NODE_PORT, bootstrapNodePort: 30_081 },
  ),
  listenerCase(
    'a Gateway that is not named',
    { ...GATEWAY, gateway: undefined },
    'spec.listeners[0].gateway: Required value: a listener of type Gateway needs its Gateway: ' +
      'name, route and port',
    GATEWAY,
  ),
  listenerCase(
    'a Gateway without a domain',
    { ...GATEWAY, host: undefined },
    'spec.listeners[0].host: Required value: a listener of type Gateway needs the domain that ' +
      'clients dial, as mq.example.com',
    GATEWAY,
  ),
  listenerCase(
    'a Gateway with an address',
    { ...GATEWAY, host: '192.0.2.1' },
    'spec.listeners[0].host: Forbidden: the host of a listener of type Gateway is a domain in ' +
      'lower case, as mq.example.com, not "192.0.2.1"',
    { ...GATEWAY, host: 'mq.eu-1.example.com' },
  ),
  listenerCase(
    'a Gateway of a node port',
    { ...NODE_PORT, gateway: AT_GATEWAY },
    'spec.listeners[0].gateway: Forbidden: gateway is for listeners of type Gateway only',
    NODE_PORT,
  ),
  gatewayCase(
    'a Gateway that nothing can be called',
    { name: 'Edge' },
    `spec.listeners[0].gateway.name: Forbidden: the name of a Gateway ${OBJECT}, not "Edge"`,
    { name: 'edge.v1' },
  ),
  gatewayCase(
    'a Gateway in a namespace that there cannot be',
    { namespace: 'edge.v1' },
    `spec.listeners[0].gateway.namespace: Forbidden: a namespace ${LABEL}, not "edge.v1"`,
    { namespace: 'edge-v1' },
  ),
  gatewayCase(
    'a section of a Gateway that nothing can be called',
    { sectionName: 'TLS' },
    'spec.listeners[0].gateway.sectionName: Forbidden: the name of a listener of a Gateway ' +
      `${OBJECT}, not "TLS"`,
    { sectionName: 'tls' },
  ),
  gatewayCase(
    'a route that there is not',
    { route: 'HTTPRoute' },
    'spec.listeners[0].gateway.route: Unsupported value: "HTTPRoute": supported values: ' +
      '"TLSRoute", "GRPCRoute"',
    { route: 'GRPCRoute' },
  ),
  listenerCase(
    'an annotation with a key that there cannot be',
    { ...LOAD_BALANCER, annotations: { 'a key': 'x' } },
    `${AT_ANNOTATIONS}the key of an annotation has letters, digits, -, _ and . only, with or ` +
      'without a domain and / before it',
    { ...LOAD_BALANCER, annotations: { 'example.com/a_Key': 'x y', plain: '' } },
  ),
  listenerCase(
    'an annotation that is the operator its own',
    { ...LOAD_BALANCER, annotations: { 'mq.sluice.dev/applied': 'x' } },
    `${AT_ANNOTATIONS}annotations of mq.sluice.dev are the operator's own`,
    { ...LOAD_BALANCER, annotations: { 'mq.example.com/applied': 'x' } },
  ),
];
