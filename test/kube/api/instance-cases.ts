import type { SpecCase } from './spec-case.ts';

const LABEL = 'has lower-case letters, digits and - only, and a letter or digit at both ends';
const OBJECT = 'has lower-case letters, digits, - and . only, and a letter or digit at both ends';
const NAME =
  'metadata.name: Forbidden: the name of an instance starts with a letter, has lower-case ' +
  'letters, digits and - only, and at most 40 characters, since Services are named after it';

const NAMES: readonly SpecCase[] = [
  {
    what: 'a name that no Service can have',
    name: '9-orders',
    bad: {},
    message: `${NAME}, not "9-orders"`,
    goodName: 'orders-9',
    good: {},
  },
  {
    what: 'a name with a dot',
    name: 'orders.eu',
    bad: {},
    message: `${NAME}, not "orders.eu"`,
    goodName: 'orders-eu',
    good: {},
  },
  {
    what: 'a long name',
    name: 'o'.repeat(41),
    bad: {},
    message: `${NAME}, not "${'o'.repeat(41)}"`,
    goodName: 'o'.repeat(40),
    good: {},
  },
];

const EDITIONS: readonly SpecCase[] = [
  {
    what: 'no edition',
    bad: { edition: undefined },
    message: 'spec.edition: Required value',
    good: { edition: 'Platinum' },
  },
  {
    what: 'an edition that there is not',
    bad: { edition: 'Gold' },
    message: 'spec.edition: Unsupported value: "Gold": supported values: "Standard", "Platinum"',
    good: { edition: 'Standard' },
  },
  {
    what: 'tps in Standard',
    bad: { edition: 'Standard', capacity: { tps: 100 } },
    message:
      'spec.capacity.tps: Forbidden: tps is for Platinum; Standard has 5000 messages a second',
    good: { edition: 'Platinum', capacity: { tps: 100 } },
  },
  {
    what: 'tps of nothing',
    bad: { capacity: { tps: 0 } },
    message:
      'spec.capacity.tps: Invalid value: 0: spec.capacity.tps in body should be greater than or ' +
      'equal to 1',
    good: { capacity: { tps: 1 } },
  },
  {
    what: 'from Platinum to Standard',
    before: { edition: 'Platinum' },
    bad: { edition: 'Standard' },
    message:
      'spec.edition: Forbidden: an instance goes from Standard to Platinum, never back; make a ' +
      'Standard one beside it instead',
    good: { edition: 'Platinum', shards: 2 },
  },
];

const PLACES: readonly SpecCase[] = [
  {
    what: 'a region with capitals',
    bad: { region: 'EU-West' },
    message: `spec.region: Forbidden: a region ${LABEL}, not "EU-West"`,
    good: { region: 'eu-west-1' },
  },
  {
    what: 'another region',
    before: { region: 'eu-west-1' },
    bad: { region: 'eu-west-2' },
    message:
      'spec.region: Forbidden: the region cannot change; make an instance in the other region ' +
      'instead',
    good: { region: 'eu-west-1' },
  },
  {
    what: 'a region where there was none',
    before: {},
    bad: { region: 'eu-west-1' },
    message:
      'spec.region: Forbidden: the region cannot change; make an instance in the other region ' +
      'instead',
    good: { region: 'default' },
  },
  {
    what: 'a zone that is no label value',
    bad: { zones: ['zone-a', 'zone b'] },
    message:
      'spec.zones[1]: Forbidden: a zone has letters, digits, -, _ and . only, and a letter or ' +
      'digit at both ends, not "zone b"',
    good: { zones: ['zone-a', 'Zone_b.1'] },
  },
  {
    what: 'a zone twice',
    bad: { zones: ['zone-a', 'zone-a'] },
    message: 'spec.zones[1]: Duplicate value: "zone-a"',
    good: { zones: ['zone-a', 'zone-b'] },
  },
  {
    what: 'an empty list of zones',
    bad: { zones: [] },
    message: 'spec.zones: Invalid value: 0: spec.zones in body should have at least 1 items',
    good: { zones: ['zone-a'] },
  },
];

const STORAGE: readonly SpecCase[] = [
  {
    what: 'storage that is no quantity',
    bad: { capacity: { storage: '10 GB' } },
    message:
      'spec.capacity.storage: Forbidden: a quantity is a number with or without a unit, such as ' +
      '500m, 2, 256Mi or 10Gi, not "10 GB"',
    good: { capacity: { storage: '10G' } },
  },
  {
    what: 'storage that is a number',
    bad: { capacity: { storage: 10 } },
    message:
      'spec.capacity.storage: Invalid value: "integer": spec.capacity.storage in body must be ' +
      'of type string: "integer"',
    good: { capacity: { storage: '10000000000' } },
  },
  {
    what: 'too little storage',
    bad: { capacity: { storage: '1023Mi' } },
    message: 'spec.capacity.storage: Forbidden: the volume of a broker is at least 1Gi',
    good: { capacity: { storage: '1024Mi' } },
  },
  {
    what: 'less storage',
    before: { capacity: { storage: '20Gi' } },
    bad: { capacity: { storage: '19.5Gi' } },
    message: 'spec.capacity.storage: Forbidden: storage can grow, not shrink: it is 20Gi now',
    good: { capacity: { storage: '21Gi' } },
  },
  {
    what: 'less storage than by default',
    before: {},
    bad: { capacity: { storage: '5Gi' } },
    message: 'spec.capacity.storage: Forbidden: storage can grow, not shrink: it is 10Gi now',
    good: { capacity: { storage: '10240Mi' } },
  },
  {
    what: 'a storage class that nothing can be called',
    bad: { capacity: { storageClassName: 'Fast SSD' } },
    message:
      'spec.capacity.storageClassName: Forbidden: the name of a storage class ' +
      `${OBJECT}, not "Fast SSD"`,
    good: { capacity: { storageClassName: 'fast-ssd' } },
  },
  {
    what: 'another storage class',
    before: { capacity: { storageClassName: 'fast' } },
    bad: { capacity: { storageClassName: 'slow' } },
    message:
      'spec.capacity.storageClassName: Forbidden: the storage class cannot change; make an ' +
      'instance with the other class instead',
    good: { capacity: { storageClassName: 'fast', storage: '30Gi' } },
  },
];

const SIZES: readonly SpecCase[] = [
  {
    what: 'no shards',
    bad: { shards: 0 },
    message:
      'spec.shards: Invalid value: 0: spec.shards in body should be greater than or equal to 1',
    good: { shards: 1 },
  },
  {
    what: 'too many shards',
    bad: { shards: 65 },
    message:
      'spec.shards: Invalid value: 65: spec.shards in body should be less than or equal to 64',
    good: { shards: 64 },
  },
  {
    what: 'two replicas',
    bad: { replicas: 2 },
    message:
      'spec.replicas: Forbidden: a shard has 1 replica for now: replicated shards come with a ' +
      'later version',
    good: { replicas: 1 },
  },
  {
    what: 'several shards without a name server',
    bad: { shards: 2, nameServers: 0 },
    message:
      'spec.nameServers: Forbidden: without name servers (0, for development) there is 1 shard ' +
      'only; several need 1 or more',
    good: { shards: 1, nameServers: 0 },
  },
  {
    what: 'more than three days of retention',
    bad: { retentionHours: 73 },
    message:
      'spec.retentionHours: Invalid value: 73: spec.retentionHours in body should be less than ' +
      'or equal to 72',
    good: { retentionHours: 72 },
  },
  {
    what: 'a durability that there is not',
    bad: { durability: 'fast' },
    message: 'spec.durability: Unsupported value: "fast": supported values: "Sync", "Fast"',
    good: { durability: 'Fast' },
  },
  {
    what: 'a deletion policy that there is not',
    bad: { deletionPolicy: 'Keep' },
    message: 'spec.deletionPolicy: Unsupported value: "Keep": supported values: "Retain", "Delete"',
    good: { deletionPolicy: 'Delete' },
  },
];

const IMAGES: readonly SpecCase[] = [
  {
    what: 'version and image',
    bad: { version: '1.4.0', image: 'registry.example.com/sluice:1.4.0' },
    message: 'spec.version: Forbidden: give version or image, not both: image has its own tag',
    good: { image: 'registry.example.com:5000/sluice:1.4.0' },
  },
  {
    what: 'a version that is no tag',
    bad: { version: 'sluice:1.4.0' },
    message:
      'spec.version: Forbidden: a version is the tag of an image: letters, digits, _, . and - ' +
      'only, such as 1.4.0, not "sluice:1.4.0"',
    good: { version: '1.4.0-rc.1' },
  },
  {
    what: 'an image with a blank',
    bad: { image: 'sluice: 1.4.0' },
    message:
      'spec.image: Forbidden: an image is a repository with a tag or digest, such as ' +
      'registry.example.com/sluice:1.4.0, not "sluice: 1.4.0"',
    good: { image: `sluice@sha256:${'0'.repeat(64)}` },
  },
  {
    what: 'a pull secret that nothing can be called',
    bad: { imagePullSecrets: ['My_Secret'] },
    message: `spec.imagePullSecrets[0]: Forbidden: the name of a Secret ${OBJECT}, not "My_Secret"`,
    good: { imagePullSecrets: ['my-secret'] },
  },
];

/** `cpu` and `memory` are what is asked for where the spec says nothing. */
function resourceCases(component: string, cpu: string, memory: string): SpecCase[] {
  const at = `spec.${component}`;
  const quantity =
    'Forbidden: a quantity is a number with or without a unit, such as 500m, 2, 256Mi or 10Gi';
  const formats = ['cpuRequest', 'cpuLimit', 'memoryRequest', 'memoryLimit'].map((field) => ({
    what: `${component}: ${field} that is no quantity`,
    bad: { [component]: { [field]: '1 of it' } },
    message: `${at}.${field}: ${quantity}, not "1 of it"`,
    good: { [component]: { [field]: field.startsWith('cpu') ? '0.5' : '256Mi' } },
  }));
  return [
    ...formats,
    {
      what: `${component}: no processor time`,
      bad: { [component]: { cpuRequest: '0' } },
      message: `${at}.cpuRequest: Forbidden: processor time is at least 1m`,
      good: { [component]: { cpuRequest: '1m' } },
    },
    {
      what: `${component}: hardly any memory`,
      bad: { [component]: { memoryRequest: '63Mi' } },
      message: `${at}.memoryRequest: Forbidden: memory is at least 64Mi`,
      good: { [component]: { memoryRequest: '64Mi' } },
    },
    {
      what: `${component}: less processor time than is asked for`,
      bad: { [component]: { cpuLimit: '20m' } },
      message: `${at}: Forbidden: cpuRequest is more than cpuLimit: ${cpu} to 20m`,
      good: { [component]: { cpuLimit: cpu } },
    },
    {
      what: `${component}: less memory than is asked for`,
      bad: { [component]: { memoryRequest: '8Gi' } },
      message: `${at}: Forbidden: memoryRequest is more than memoryLimit: 8Gi to ${memory}`,
      good: { [component]: { memoryRequest: '8Gi', memoryLimit: '8192Mi' } },
    },
  ];
}

export const INSTANCE_CASES: readonly SpecCase[] = [
  ...NAMES,
  ...EDITIONS,
  ...PLACES,
  ...STORAGE,
  ...SIZES,
  ...IMAGES,
  ...resourceCases('brokerResources', '100m', '1Gi'),
  ...resourceCases('nameServerResources', '50m', '256Mi'),
];
