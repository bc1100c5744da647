import type { SpecCase } from './spec-case.ts';

const FEWER =
  'spec.queues: Forbidden: queues can become more, not fewer, since they may hold messages';
const INSTANCE =
  'the name of an instance starts with a letter and has lower-case letters, digits and - only';
const TO = { instanceRef: { name: 'orders' } };

/** Topics and groups have these alike. */
function namedCases(what: 'topic' | 'group'): SpecCase[] {
  const name =
    `spec.name: Forbidden: a ${what} name has letters, digits, _ and - only, at most 64 of ` +
    'them; a namespace and % may stand before it';
  const change = `make another ${what} instead: the name of a ${what} cannot change`;
  const asName =
    `metadata.name: Forbidden: without spec.name the name of the object is the name of the ` +
    `${what}, which has at most 64 letters, digits and -: set spec.name`;
  const kept = ['rmq_sys_x', 'team%SCHEDULE_TOPIC_9', 'TBW102', 'OFFSET_MOVED_EVENT'];
  return [
    {
      what: 'no instance',
      bad: { instanceRef: undefined },
      message: 'spec.instanceRef: Required value',
      good: TO,
    },
    {
      what: 'an instance that nothing can be called',
      bad: { instanceRef: { name: 'Orders' } },
      message: `spec.instanceRef.name: Forbidden: ${INSTANCE}, not "Orders"`,
      good: { instanceRef: { name: 'orders-2' } },
    },
    {
      what: 'an instance with a long name',
      bad: { instanceRef: { name: 'o'.repeat(41) } },
      message: 'spec.instanceRef.name: Too long: may not be more than 40 bytes',
      good: { instanceRef: { name: 'o'.repeat(40) } },
    },
    {
      what: 'another instance',
      before: TO,
      bad: { instanceRef: { name: 'other' } },
      message:
        'spec.instanceRef.name: Forbidden: it cannot move to another instance; make one there ' +
        'instead',
      good: { ...TO, deletionPolicy: 'Delete' },
    },
    {
      what: 'a name with a blank',
      bad: { name: 'two words' },
      message: `${name}, not "two words"`,
      good: { name: 'two_Words' },
    },
    {
      what: 'a dead-letter name',
      bad: { name: '%DLQ%readers' },
      message: `${name}, not "%DLQ%readers"`,
      good: { name: 'DLQ%readers' },
    },
    {
      what: 'a name of 65 characters',
      bad: { name: 'n'.repeat(65) },
      message: `${name}, not "${'n'.repeat(65)}"`,
      good: { name: `${'n'.repeat(64)}%${'n'.repeat(64)}` },
    },
    ...kept.map((reserved) => ({
      what: `the name ${reserved}`,
      bad: { name: reserved },
      message:
        `spec.name: Forbidden: this ${what} name is kept for the system: choose another, ` +
        `not "${reserved}"`,
      good: { name: reserved.replace(/[^%]+$/, 'my_$&') },
    })),
    {
      what: 'another name',
      before: { name: 'Old' },
      bad: { name: 'New' },
      message: `spec.name: Forbidden: ${change}, it is "Old"`,
      good: { name: 'Old', deletionPolicy: 'Delete' },
    },
    {
      what: 'another name than that of the object',
      name: `same-${what}`,
      before: {},
      bad: { name: 'New' },
      message: `spec.name: Forbidden: ${change}, it is "same-${what}"`,
      good: { name: `same-${what}` },
    },
    {
      what: 'the name of an object with a dot',
      name: `${what}.v1`,
      bad: {},
      message: `${asName}, not "${what}.v1"`,
      goodName: `${what}.v1`,
      good: { name: 'v1' },
    },
    {
      what: 'the name of an object that is too long for a name',
      name: 'n'.repeat(65),
      bad: {},
      message: `${asName}, not "${'n'.repeat(65)}"`,
      goodName: 'n'.repeat(64),
      good: {},
    },
  ];
}

export const TOPIC_CASES: readonly SpecCase[] = [
  ...namedCases('topic'),
  {
    what: 'a kind that there is not',
    bad: { kind: 'Ordered' },
    message:
      'spec.kind: Unsupported value: "Ordered": supported values: "Normal", "Fifo", ' +
      '"GlobalFifo", "Delay", "Transaction"',
    good: { kind: 'Fifo' },
  },
  {
    what: 'another kind',
    before: { kind: 'Fifo' },
    bad: { kind: 'Normal' },
    message: 'spec.kind: Forbidden: the kind cannot change; make another topic instead',
    good: { kind: 'Fifo', remark: 'x' },
  },
  {
    what: 'a kind where there was none',
    before: {},
    bad: { kind: 'Delay' },
    message: 'spec.kind: Forbidden: the kind cannot change; make another topic instead',
    good: { kind: 'Normal' },
  },
  {
    what: 'several queues of a GlobalFifo topic',
    bad: { kind: 'GlobalFifo', queues: 2 },
    message:
      'spec.queues: Forbidden: a GlobalFifo topic has exactly 1 queue: one order for all messages',
    good: { kind: 'GlobalFifo', queues: 1 },
  },
  {
    what: 'a GlobalFifo topic on all shards',
    bad: { kind: 'GlobalFifo', spread: 'AllShards' },
    message:
      'spec.spread: Forbidden: a GlobalFifo topic has 1 queue, which cannot be on all shards: ' +
      'leave out spread',
    good: { kind: 'GlobalFifo' },
  },
  {
    what: 'no queues',
    bad: { queues: 0 },
    message:
      'spec.queues: Invalid value: 0: spec.queues in body should be greater than or equal to 1',
    good: { queues: 1 },
  },
  {
    what: 'queues in words',
    bad: { queues: 'eight' },
    message:
      'spec.queues: Invalid value: "string": spec.queues in body must be of type integer: "string"',
    good: { queues: 8 },
  },
  {
    what: 'fewer queues',
    before: { queues: 12 },
    bad: { queues: 11 },
    message: FEWER,
    good: { queues: 13 },
  },
  {
    what: 'fewer queues than by default',
    before: {},
    bad: { queues: 7 },
    message: FEWER,
    good: { queues: 8 },
  },
  {
    what: 'fewer queues by leaving them out',
    before: { queues: 12 },
    bad: {},
    message: FEWER,
    good: { queues: 12 },
  },
  {
    what: 'a permission that there is not',
    bad: { permission: 'RW' },
    message:
      'spec.permission: Unsupported value: "RW": supported values: "ReadWrite", "ReadOnly", ' +
      '"WriteOnly"',
    good: { permission: 'ReadOnly' },
  },
  {
    what: 'a long remark',
    bad: { remark: 'r'.repeat(257) },
    message: 'spec.remark: Too long: may not be more than 256 bytes',
    good: { remark: 'r'.repeat(256) },
  },
];

export const GROUP_CASES: readonly SpecCase[] = [
  ...namedCases('group'),
  {
    what: 'endless retries',
    bad: { retry: { maxAttempts: 1001 } },
    message:
      'spec.retry.maxAttempts: Invalid value: 1001: spec.retry.maxAttempts in body should be ' +
      'less than or equal to 1000',
    good: { retry: { maxAttempts: 0 } },
  },
  {
    what: 'a wait of a day',
    bad: { retry: { backoffSeconds: [1, 86_400] } },
    message:
      'spec.retry.backoffSeconds[1]: Invalid value: 86400: spec.retry.backoffSeconds[1] in body ' +
      'should be less than or equal to 43200',
    good: { retry: { backoffSeconds: [1, 43_200] } },
  },
  {
    what: 'broadcast and ordered at once',
    bad: { broadcast: true, ordered: true },
    message:
      'spec.ordered: Forbidden: a broadcast group is not ordered: each member reads each queue ' +
      'in its order anyway',
    good: { broadcast: true },
  },
  {
    what: 'broadcast where it was not',
    before: {},
    bad: { broadcast: true },
    message:
      'spec.broadcast: Forbidden: a group is broadcast, or is not, for good; make another one',
    good: { broadcast: false },
  },
  {
    what: 'ordered in words',
    bad: { ordered: 'yes' },
    message:
      'spec.ordered: Invalid value: "string": spec.ordered in body must be of type boolean: ' +
      '"string"',
    good: { ordered: true },
  },
];
