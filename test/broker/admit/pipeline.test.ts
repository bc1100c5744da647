import { describe, expect, test } from '@jest/globals';

import { admit } from '#broker/admit/pipeline';
import type { Candidate, MessageKind } from '#broker/admit/pipeline';
import { Topic } from '#broker/topic/topics';
import type { TopicKind, TopicPermission } from '#proto/route';
import { SluiceError } from '#lib/errors';
import { MESSAGE } from '#lib/limits';
import { Text } from '#proto/text';

function topicOf(kind: TopicKind, permission: TopicPermission = 'read-write'): Topic {
  return new Topic({ id: 1, name: 'orders', kind, queues: 1, permission, createdMs: 0 });
}

/** A message with strings for its texts, its topic, and what its sender says it is. */
interface Sent {
  topic: Topic;
  kind: MessageKind;
  body: Buffer;
  tag: string | undefined;
  keys: string[];
  messageId: string;
  messageGroup: string | undefined;
  deliveryTimestampMs?: number;
  userProperties: string[];
  traceContext?: string;
  bornHost?: string;
}

const plain: Sent = {
  topic: topicOf('normal'),
  kind: 'normal',
  body: Buffer.from('x'),
  tag: undefined,
  keys: [],
  messageId: 'A',
  messageGroup: undefined,
  userProperties: [],
};

/** `code: message` of the refusal; OK for a message that is admitted. */
function outcome(change: Partial<Sent>): string {
  const { topic, kind, body, ...texts } = { ...plain, ...change };
  const { tag, messageGroup, traceContext, bornHost } = texts;
  const candidate: Candidate = {
    body,
    tag: tag === undefined ? undefined : Text.of(tag),
    keys: texts.keys.map(Text.of),
    messageId: Text.of(texts.messageId),
    messageGroup: messageGroup === undefined ? undefined : Text.of(messageGroup),
    deliveryTimestampMs: texts.deliveryTimestampMs,
    userProperties: texts.userProperties.map(Text.of),
    ...(traceContext === undefined ? {} : { traceContext: Text.of(traceContext) }),
    ...(bornHost === undefined ? {} : { bornHost: Text.of(bornHost) }),
  };
  try {
    admit(candidate, topic, kind);
    return 'OK';
  } catch (error) {
    if (error instanceof SluiceError) return `${error.code}: ${error.message}`;
    throw error;
  }
}

const delay = { topic: topicOf('delay'), kind: 'delay', deliveryTimestampMs: 1 } as const;
const transaction = { topic: topicOf('transaction'), kind: 'transaction' } as const;

function properties(count: number): string[] {
  return Array.from({ length: count }, (_, i) => [`p${i}`, 'v']).flat();
}

/** A limit: what is just within it, and what is one above, with the code and the numbers told. */
const limits: [string, number, (size: number) => Partial<Sent>, string][] = [
  [
    'the body of a normal message',
    MESSAGE.bodyBytesMax,
    (size) => ({ body: Buffer.alloc(size) }),
    'MESSAGE_BODY_TOO_LARGE',
  ],
  [
    'user properties',
    MESSAGE.userPropertiesMax,
    (size) => ({ userProperties: properties(size) }),
    'MESSAGE_PROPERTIES_TOO_LARGE',
  ],
  [
    'the bytes of all user properties',
    MESSAGE.propertiesBytesMax,
    (size) => ({ userProperties: ['name', 'v'.repeat(size - 4)] }),
    'MESSAGE_PROPERTIES_TOO_LARGE',
  ],
  [
    'the bytes of properties that are not ASCII',
    MESSAGE.propertiesBytesMax,
    (size) => ({ userProperties: ['näme'.slice(0, 2), 'v'.repeat(size - 3)] }),
    'MESSAGE_PROPERTIES_TOO_LARGE',
  ],
  [
    'tag, keys and properties together',
    MESSAGE.propertiesBytesMax,
    (size) => ({ tag: 'tag', keys: ['key'], userProperties: ['n', 'v'.repeat(size - 8)] }),
    'MESSAGE_PROPERTIES_TOO_LARGE',
  ],
  [
    'the trace context',
    MESSAGE.propertiesBytesMax,
    (size) => ({ traceContext: 't'.repeat(size) }),
    'MESSAGE_PROPERTIES_TOO_LARGE',
  ],
  [
    'the born host',
    MESSAGE.propertiesBytesMax,
    (size) => ({ bornHost: 'h'.repeat(size) }),
    'MESSAGE_PROPERTIES_TOO_LARGE',
  ],
  ['a tag', MESSAGE.tagBytesMax, (size) => ({ tag: 't'.repeat(size) }), 'ILLEGAL_MESSAGE_TAG'],
  ['a key', MESSAGE.keyBytesMax, (size) => ({ keys: ['k'.repeat(size)] }), 'ILLEGAL_MESSAGE_KEY'],
  [
    'a message group',
    MESSAGE.messageGroupBytesMax,
    (size) => ({ messageGroup: 'g'.repeat(size) }),
    'ILLEGAL_MESSAGE_GROUP',
  ],
  [
    'a message id',
    MESSAGE.idBytesMax,
    (size) => ({ messageId: 'i'.repeat(size) }),
    'ILLEGAL_MESSAGE_ID',
  ],
];

test('a topic that is read only takes no message', () => {
  expect(outcome({ topic: topicOf('normal', 'write-only') })).toBe('OK');
  expect(outcome({ topic: topicOf('normal', 'read-only') })).toMatch(/^FORBIDDEN: .*read only/);
});

describe('admission', () => {
  test('lets a plain message through, and a full one', () => {
    expect(outcome({})).toBe('OK');
    const full = { tag: 'тег', keys: ['k1', 'k2'], userProperties: ['имя', 'значение', 'n', ''] };
    expect(outcome({ ...full, traceContext: '00-ab-cd-01', bornHost: 'host' })).toBe('OK');
  });

  test.each(limits)('%s: at most %i', (_what, limit, of, code) => {
    expect(outcome(of(limit))).toBe('OK');
    const refusal = outcome(of(limit + 1));
    expect(refusal).toMatch(new RegExp(`^${code}: .*\\b${limit}\\b.*\\b${limit + 1}\\b`));
  });

  test.each([delay, transaction])('$kind messages have smaller bodies', (timed) => {
    const limit = MESSAGE.timedBodyBytesMax;
    expect(outcome({ ...timed, body: Buffer.alloc(limit) })).toBe('OK');
    const refusal = outcome({ ...timed, body: Buffer.alloc(limit + 1) });
    expect(refusal).toMatch(/^MESSAGE_BODY_TOO_LARGE: .* 65536 bytes, this one has 65537/);
  });

  test('an empty body is refused', () => {
    expect(outcome({ body: Buffer.alloc(0) })).toMatch(/^MESSAGE_BODY_EMPTY/);
  });

  test.each<[string, Partial<Sent>, RegExp]>([
    ['a blank property name', { userProperties: [' ', 'v'] }, /^ILLEGAL_MESSAGE_PROPERTY_KEY/],
    ['an empty property name', { userProperties: ['', 'v'] }, /^ILLEGAL_MESSAGE_PROPERTY_KEY/],
    [
      'a name of the system',
      { userProperties: ['TAGS', 'v'] },
      /^ILLEGAL_.*PROPERTY_KEY: .*"TAGS"/,
    ],
    [
      'the id as a property',
      { userProperties: ['UNIQ_KEY', 'v'] },
      /^ILLEGAL_MESSAGE_PROPERTY_KEY/,
    ],
    ['a separator in a name', { userProperties: ['a\x01b', 'v'] }, /^ILLEGAL_MESSAGE_PROPERTY_KEY/],
    ['a separator in a value', { userProperties: ['a', 'v\x02'] }, /^ILLEGAL_MESSAGE_PROPERTY_KEY/],
    ['a separator in the trace', { traceContext: 'a\x02TAGS\x01b' }, /^ILLEGAL_.*PROPERTY_KEY/],
    ['a separator in the host', { bornHost: 'a\x02TAGS\x01b' }, /^ILLEGAL_MESSAGE_PROPERTY_KEY/],
    ['a blank tag', { tag: ' ' }, /^ILLEGAL_MESSAGE_TAG/],
    ['an empty tag', { tag: '' }, /^ILLEGAL_MESSAGE_TAG/],
    ['a | in a tag', { tag: 'a|b' }, /^ILLEGAL_MESSAGE_TAG: .*"a\|b"/],
    ['a control character in a tag', { tag: 'a\u0085' }, /^ILLEGAL_MESSAGE_TAG/],
    ['a blank key', { keys: ['k', ' '] }, /^ILLEGAL_MESSAGE_KEY/],
    ['a control character in a key', { keys: ['k\n'] }, /^ILLEGAL_MESSAGE_KEY/],
    ['a blank group', { messageGroup: ' ' }, /^ILLEGAL_MESSAGE_GROUP/],
    ['a control character in a group', { messageGroup: 'a\x00' }, /^ILLEGAL_MESSAGE_GROUP/],
    ['no message id', { messageId: '' }, /^ILLEGAL_MESSAGE_ID/],
    ['a control character in an id', { messageId: 'a\x7f' }, /^ILLEGAL_MESSAGE_ID/],
  ])('%s is refused', (_what, change, refusal) => {
    expect(outcome(change)).toMatch(refusal);
  });

  test('a scheduled message says when it is to be delivered, no other message does', () => {
    expect(outcome(delay)).toBe('OK');
    const { topic, kind } = delay;
    expect(outcome({ topic, kind })).toMatch(/^ILLEGAL_DELIVERY_TIME/);
    const refusal = outcome({ deliveryTimestampMs: 1 });
    expect(refusal).toMatch(/^MESSAGE_PROPERTY_CONFLICT_WITH_TYPE: a normal message has no/);
  });

  test.each<[TopicKind, MessageKind, RegExp]>([
    ['normal', 'fifo', /^MESSAGE_PROPERTY_CONFLICT_WITH_TYPE: orders takes normal messages.* fifo/],
    ['normal', 'delay', /^MESSAGE_PROPERTY_CONFLICT_WITH_TYPE/],
    ['normal', 'transaction', /^MESSAGE_PROPERTY_CONFLICT_WITH_TYPE/],
    ['fifo', 'normal', /^MESSAGE_PROPERTY_CONFLICT_WITH_TYPE/],
    ['fifo', 'fifo', /^ILLEGAL_MESSAGE_GROUP: orders orders by message group/],
    ['global-fifo', 'normal', /^MESSAGE_PROPERTY_CONFLICT_WITH_TYPE/],
    ['delay', 'normal', /^MESSAGE_PROPERTY_CONFLICT_WITH_TYPE/],
    ['transaction', 'delay', /^MESSAGE_PROPERTY_CONFLICT_WITH_TYPE/],
  ])('a topic of kind %s takes no %s message like this', (kind, sent, refusal) => {
    expect(outcome({ topic: topicOf(kind), kind: sent })).toMatch(refusal);
  });

  test('of several mistakes the first in the order of the protocol is told', () => {
    const all = {
      body: Buffer.alloc(0),
      userProperties: ['', 'v'],
      tag: '',
      keys: [''],
      messageGroup: '',
      messageId: '',
    };
    const mended: Partial<Sent>[] = [
      { body: Buffer.from('x') },
      { userProperties: [] },
      { tag: 't' },
      { keys: [] },
      { messageGroup: undefined },
      { messageId: 'A' },
    ];
    const seen = mended.map((_, i) => {
      const change = Object.assign({}, all, ...mended.slice(0, i)) as Partial<Sent>;
      return outcome(change).split(':')[0];
    });
    expect(seen).toEqual([
      'MESSAGE_BODY_EMPTY',
      'ILLEGAL_MESSAGE_PROPERTY_KEY',
      'ILLEGAL_MESSAGE_TAG',
      'ILLEGAL_MESSAGE_KEY',
      'ILLEGAL_MESSAGE_GROUP',
      'ILLEGAL_MESSAGE_ID',
    ]);
  });
});
