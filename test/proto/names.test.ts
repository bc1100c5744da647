import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { SluiceError } from '#lib/errors';
import { NAME } from '#lib/limits';
import {
  assertGroupName,
  assertReadableTopicName,
  assertTopicName,
  deadLetterTopic,
  fullName,
  isDeadLetterTopic,
  splitName,
} from '#proto/names';
import { printSeed, runs } from '#support/property';

printSeed();

const legal = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/);

function outcome(check: (resource: { namespace: string; name: string }) => void) {
  return (name: string, namespace = ''): string => {
    try {
      check({ namespace, name });
      return 'OK';
    } catch (error) {
      if (error instanceof SluiceError) return error.code;
      throw error;
    }
  };
}

const topic = outcome(assertTopicName);
const readable = outcome(assertReadableTopicName);
const group = outcome(assertGroupName);

describe('names', () => {
  test('namespace and name come apart as they were put together', () => {
    const check = (namespace: string, name: string): void => {
      expect(splitName(fullName({ namespace, name }))).toEqual({ namespace, name });
    };
    fc.assert(fc.property(fc.oneof(fc.constant(''), legal), legal, check), runs(300));
  });

  test('the dead letters of a group are told by their name', () => {
    const check = (name: string): void => {
      expect(isDeadLetterTopic(deadLetterTopic(name))).toBe(true);
      expect(isDeadLetterTopic(name)).toBe(false);
      expect(splitName(deadLetterTopic(name)).name).toContain(name);
    };
    fc.assert(fc.property(legal, check), runs(100));
  });

  test.each(['a', 'A-b_9', 'a'.repeat(NAME.topicCharsMax), '0'])(
    '%j is a topic and a group',
    (name) => {
      expect([topic(name), readable(name), group(name)]).toEqual(['OK', 'OK', 'OK']);
      expect([topic(name, 'MQ_INST_1'), group(name, 'MQ_INST_1')]).toEqual(['OK', 'OK']);
    },
  );

  const malformed = [
    '',
    ' ',
    'a b',
    'a%b',
    'a|b',
    'a.b',
    'a/b',
    '../etc',
    'имя',
    'a\n',
    'a\x00',
    '😀',
  ];
  const reserved = [
    'TBW102',
    'SELF_TEST_TOPIC',
    'OFFSET_MOVED_EVENT',
    'SCHEDULE_TOPIC_XXXX',
    'rmq_sys_a',
  ];

  test.each([...malformed, ...reserved, 'a'.repeat(NAME.topicCharsMax + 1)])(
    '%j is neither',
    (name) => {
      expect([topic(name), readable(name), group(name)]).toEqual([
        'ILLEGAL_TOPIC',
        'ILLEGAL_TOPIC',
        'ILLEGAL_CONSUMER_GROUP',
      ]);
    },
  );

  test.each(['a b', 'a%b', 'n'.repeat(NAME.topicCharsMax + 1)])(
    '%j is no namespace',
    (namespace) => {
      expect([topic('a', namespace), group('a', namespace)]).toEqual([
        'ILLEGAL_TOPIC',
        'ILLEGAL_CONSUMER_GROUP',
      ]);
    },
  );

  test('dead letters can be read, not written', () => {
    expect([topic('%DLQ%billing'), readable('%DLQ%billing')]).toEqual(['ILLEGAL_TOPIC', 'OK']);
    expect(readable('%DLQ%MQ_INST%billing')).toBe('OK');
    const inNamespace = { namespace: 'MQ_INST', name: '%DLQ%billing' };
    expect(fullName(inNamespace)).toBe(deadLetterTopic('MQ_INST%billing'));
    expect(splitName(deadLetterTopic('MQ_INST%billing'))).toEqual(inNamespace);
    expect([readable('%DLQ%'), readable('%DLQ%a b')]).toEqual(['ILLEGAL_TOPIC', 'ILLEGAL_TOPIC']);
    expect(group('%DLQ%billing')).toBe('ILLEGAL_CONSUMER_GROUP');
  });

  test('the message says the limit and the length', () => {
    const name = 'a'.repeat(70);
    expect(() => assertTopicName({ namespace: '', name })).toThrow(/at most 64 characters.* 70/);
  });
});
