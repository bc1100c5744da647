/** MessageQueueInstance: a fleet of name servers and brokers. */
import { z } from 'zod';
import type { InstanceStatus } from '#kube/api/instance-status';
import { listeners } from '#kube/api/listener';
import { podResources } from '#kube/api/pod-resources';
import {
  asSet,
  matches,
  matching,
  optionally,
  unchanging,
  valueOr,
  withRules,
  withValue,
} from '#kube/api/rules';
import type { Rule } from '#kube/api/rules';
import {
  INSTANCE_NAME,
  dnsLabel,
  labelValue,
  objectName,
  quantityFrom,
} from '#kube/api/text-fields';
import type { KubeObject, ObjectMeta } from '#kube/types';
import { KUBERNETES } from '#lib/kubernetes-limits';
import { EDITION } from '#lib/limits';

export { instanceStatus } from '#kube/api/instance-status';
export type { InstanceStatus, ShardState, ShardStatus } from '#kube/api/instance-status';
export type { ListenerSpec } from '#kube/api/listener';

export const EDITIONS = ['Standard', 'Platinum'] as const;
export type Edition = (typeof EDITIONS)[number];

const capacity = z.strictObject({
  tps: optionally(
    z.int().min(1).max(KUBERNETES.tpsMax),
    'Messages a second, sent and received together, that all brokers let through. For Platinum.',
    `no limit in Platinum, ${EDITION.standardTps} in Standard`,
  ),
  storage: optionally(
    quantityFrom(KUBERNETES.storageMin, 'the volume of a broker'),
    'Size of the volume of each broker. It can grow.',
    KUBERNETES.storage,
  ),
  storageClassName: optionally(
    objectName('the name of a storage class'),
    'Class of the volumes; cannot change.',
    "the cluster's default class",
  ),
});

const replicas = withRules(z.int().min(1).max(KUBERNETES.replicasMax), [
  {
    rule: 'self == 1',
    message: 'a shard has 1 replica for now: replicated shards come with a later version',
  },
]);

const version = matching(
  z.string().max(KUBERNETES.labelCharsMax),
  /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/,
  'a version is the tag of an image: letters, digits, _, . and - only, such as 1.4.0',
);

const image = matching(
  z.string().max(KUBERNETES.imageCharsMax),
  /^[A-Za-z0-9][A-Za-z0-9._:/-]*(@[a-z0-9]+:[a-f0-9]+)?$/,
  'an image is a repository with a tag or digest, such as registry.example.com/sluice:1.4.0',
);

const shards = valueOr('self', 'shards', KUBERNETES.shards);
const nameServers = valueOr('self', 'nameServers', KUBERNETES.nameServers);
const storage = valueOr('self', 'capacity.storage', KUBERNETES.storage);
const storageBefore = valueOr('oldSelf', 'capacity.storage', KUBERNETES.storage);

const SPEC_RULES: readonly Rule[] = [
  unchanging(
    'region',
    KUBERNETES.region,
    'the region cannot change; make an instance in the other region instead',
  ),
  unchanging(
    'capacity.storageClassName',
    '',
    'the storage class cannot change; make an instance with the other class instead',
  ),
  {
    rule:
      `!isQuantity(${storage}) || !isQuantity(${storageBefore}) || ` +
      `!quantity(${storage}).isLessThan(quantity(${storageBefore}))`,
    message: 'storage can grow, not shrink',
    messageExpression: `'storage can grow, not shrink: it is ' + ${storageBefore} + ' now'`,
    fieldPath: '.capacity.storage',
  },
  {
    rule: `self.edition == 'Platinum' || oldSelf.edition != 'Platinum'`,
    message:
      'an instance goes from Standard to Platinum, never back; make a Standard one beside it ' +
      'instead',
    fieldPath: '.edition',
  },
  {
    rule: `self.edition == 'Platinum' || !has(self.capacity) || !has(self.capacity.tps)`,
    message: `tps is for Platinum; Standard has ${EDITION.standardTps} messages a second`,
    fieldPath: '.capacity.tps',
  },
  {
    rule: `${nameServers} > 0 || ${shards} == 1`,
    message:
      'without name servers (0, for development) there is 1 shard only; several need 1 or more',
    fieldPath: '.nameServers',
  },
  {
    rule: '!has(self.version) || !has(self.image)',
    message: 'give version or image, not both: image has its own tag',
    fieldPath: '.version',
  },
];

export const instanceSpec = withRules(
  z.strictObject({
    edition: z
      .enum(EDITIONS)
      .describe(
        `Standard: ${EDITION.standardTps} messages a second and ` +
          `${EDITION.standardInstancesPerRegion} instances a region. Platinum: by capacity. ` +
          'Standard can become Platinum, not the other way round.',
      ),
    region: optionally(
      dnsLabel('a region'),
      'Region that the instance counts in; cannot change.',
      KUBERNETES.region,
    ),
    capacity: optionally(capacity, 'How much the instance may take.'),
    shards: optionally(
      z.int().min(1).max(KUBERNETES.shardsMax),
      'Number of shards: brokers that share the queues of each topic. `kubectl scale` changes it ' +
        'where it is given.',
      KUBERNETES.shards,
    ),
    replicas: optionally(replicas, 'Copies of each shard; 1 for now.', 1),
    nameServers: optionally(
      z.int().min(0).max(KUBERNETES.nameServersMax),
      'Number of name servers. 0, for development: the one broker answers for itself.',
      KUBERNETES.nameServers,
    ),
    zones: optionally(
      asSet(z.array(labelValue('a zone')).min(1).max(KUBERNETES.zonesMax)),
      'Zones (values of the node label topology.kubernetes.io/zone) to spread over.',
      'all zones of the cluster',
    ),
    listeners: optionally(listeners, 'Ways in for clients beside the internal one.'),
    durability: optionally(
      z.enum(['Sync', 'Fast']),
      'Sync: a send is answered after fsync. Fast: before it.',
      'Sync',
    ),
    retentionHours: optionally(
      z.int().min(1).max(KUBERNETES.retentionHoursMax),
      'How long messages are kept, in hours.',
      KUBERNETES.retentionHoursMax,
    ),
    autoCreate: optionally(
      z.boolean(),
      'Whether clients may make topics and groups by using them.',
      false,
    ),
    version: optionally(
      version,
      'Version of the brokers and name servers: the tag of the image.',
      'the version that the instance was made with',
    ),
    image: optionally(
      image,
      'Image of the brokers and name servers, with its tag; instead of version.',
      'the image that the instance was made with',
    ),
    imagePullSecrets: optionally(
      asSet(z.array(objectName('the name of a Secret')).max(KUBERNETES.pullSecretsMax)),
      'Names of Secrets, in the same namespace, for the registry of the image.',
    ),
    brokerResources: optionally(
      podResources(KUBERNETES.brokerResources),
      'Processor time and memory of each broker.',
    ),
    nameServerResources: optionally(
      podResources(KUBERNETES.nameServerResources),
      'Processor time and memory of each name server.',
    ),
    deletionPolicy: optionally(
      z.enum(['Retain', 'Delete']),
      'What becomes of the volumes when the instance is deleted. Retain: an instance of the same ' +
        'name finds its data.',
      'Retain',
    ),
  }),
  SPEC_RULES,
).describe('What is wanted.');

const NAME_MESSAGE =
  'the name of an instance starts with a letter, has lower-case letters, digits and - only, and ' +
  `at most ${KUBERNETES.instanceNameCharsMax} characters, since Services are named after it`;

/** Of the whole object. */
export const instanceRules: readonly Rule[] = [
  {
    rule:
      `self.metadata.name.size() <= ${KUBERNETES.instanceNameCharsMax} && ` +
      matches('self.metadata.name', INSTANCE_NAME),
    message: NAME_MESSAGE,
    messageExpression: withValue(NAME_MESSAGE, 'self.metadata.name'),
    fieldPath: '.metadata.name',
  },
];

export type InstanceSpec = z.output<typeof instanceSpec>;

export interface Instance extends KubeObject {
  metadata: ObjectMeta & { name: string; namespace: string };
  spec: InstanceSpec;
  status?: InstanceStatus;
}
