/** Ways in for clients that are not in the cluster. */
import { z } from 'zod';
import { keyedBy, matches, matching, optionally, withRules, withValue } from '#kube/api/rules';
import type { Rule } from '#kube/api/rules';
import { dnsLabel, objectName } from '#kube/api/text-fields';
import { API_GROUP, INTERNAL_LISTENER } from '#kube/names';
import { KUBERNETES } from '#lib/kubernetes-limits';
import { LISTENER_NAME } from '#proto/names';

const ADDRESS = /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/;
/** What a Gateway takes as a host name. */
const DOMAIN = /^[a-z]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)+$/;
const ANNOTATION_KEY = /^([a-z0-9][-a-z0-9.]*\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;

const port = z.int().min(1).max(65535);

const gateway = z.strictObject({
  name: objectName('the name of a Gateway').describe('Name of the Gateway.'),
  namespace: optionally(dnsLabel('a namespace'), 'Its namespace.', 'that of the instance'),
  sectionName: optionally(
    objectName('the name of a listener of a Gateway'),
    'Which of the listeners of the Gateway.',
    'all of them',
  ),
  route: z
    .enum(['TLSRoute', 'GRPCRoute'])
    .describe('TLSRoute passes TLS through to the brokers; GRPCRoute lets the Gateway end it.'),
  port: port.describe('Port of the Gateway that clients dial.'),
});

const annotations = withRules(
  z.record(z.string().max(KUBERNETES.nameCharsMax), z.string().max(KUBERNETES.annotationCharsMax)),
  [
    {
      rule: `self.all(key, ${matches('key', ANNOTATION_KEY)})`,
      message:
        'the key of an annotation has letters, digits, -, _ and . only, with or without a domain ' +
        'and / before it',
    },
    {
      rule: `!self.exists(key, key.startsWith('${API_GROUP}/'))`,
      message: `annotations of ${API_GROUP} are the operator's own`,
    },
  ],
).meta({ maxProperties: KUBERNETES.listenerAnnotationsMax });

const name = withRules(
  matching(
    z.string().max(KUBERNETES.listenerNameCharsMax),
    LISTENER_NAME,
    'the name of a listener starts with a letter, has lower-case letters, digits and - only, ' +
      'and ends with a letter or digit',
  ),
  [
    {
      rule: `self != '${INTERNAL_LISTENER}'`,
      message: `the listener ${INTERNAL_LISTENER} is always there; give this one another name`,
    },
  ],
);

const DOMAIN_MESSAGE =
  'the host of a listener of type Gateway is a domain in lower case, as mq.example.com';

const RULES: readonly Rule[] = [
  {
    rule: `self.type != 'Gateway' || has(self.gateway)`,
    message: 'a listener of type Gateway needs its Gateway: name, route and port',
    reason: 'FieldValueRequired',
    fieldPath: '.gateway',
  },
  {
    rule: `self.type != 'Gateway' || has(self.host)`,
    message: 'a listener of type Gateway needs the domain that clients dial, as mq.example.com',
    reason: 'FieldValueRequired',
    fieldPath: '.host',
  },
  {
    rule: `self.type != 'Gateway' || !has(self.host) || ${matches('self.host', DOMAIN)}`,
    message: DOMAIN_MESSAGE,
    messageExpression: withValue(DOMAIN_MESSAGE, 'self.host'),
    fieldPath: '.host',
  },
  {
    rule: `self.type != 'LoadBalancer' || !has(self.host)`,
    message:
      'a load balancer has an address of its own: host is for the types NodePort and Gateway',
    fieldPath: '.host',
  },
  {
    rule: `self.type == 'Gateway' || !has(self.gateway)`,
    message: 'gateway is for listeners of type Gateway only',
    fieldPath: '.gateway',
  },
  {
    rule: `self.type == 'NodePort' || !has(self.bootstrapNodePort)`,
    message: 'bootstrapNodePort is for listeners of type NodePort only',
    fieldPath: '.bootstrapNodePort',
  },
];

const listener = withRules(
  z.strictObject({
    name: name.describe(`Name of the listener; ${INTERNAL_LISTENER} is always there, unlisted.`),
    type: z
      .enum(['NodePort', 'LoadBalancer', 'Gateway'])
      .describe('How clients outside the cluster come in.'),
    host: optionally(
      matching(
        z.string().max(KUBERNETES.hostCharsMax),
        ADDRESS,
        'a host is an IPv4 address or a DNS name, without a port',
      ),
      'NodePort: the address of the nodes that clients dial. Gateway: the domain; clients start ' +
        'at it, brokers are at shard-N.DOMAIN.',
      'NodePort: the address of the node that a pod is on',
    ),
    bootstrapNodePort: optionally(
      port,
      'NodePort: the port that clients start at.',
      'one that the cluster picks',
    ),
    annotations: optionally(annotations, 'Put on the Services, e.g. for a load balancer.'),
    gateway: optionally(gateway, 'Gateway: where the routes are attached.'),
  }),
  RULES,
);

export const listeners = keyedBy(z.array(listener).max(KUBERNETES.listenersMax), 'name');

export type ListenerSpec = z.output<typeof listener>;
