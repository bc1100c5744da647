/** Bytes that no honest client sends: a value or a SluiceError, never anything else. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { SluiceError } from '#lib/errors';
import { CONSUME, MESSAGE } from '#lib/limits';
import { WIRE } from '#lib/transport-limits';
import { codec } from '#proto/messages';
import { decodeAckMessage } from '#proto/wire/ack-message';
import { decodeChangeInvisibleDuration } from '#proto/wire/change-invisible-duration';
import { decodeHeartbeat } from '#proto/wire/heartbeat';
import { decodeReceiveMessage } from '#proto/wire/receive-message';
import { decodeSendMessage } from '#proto/wire/send-message';
import * as any from './arbitraries.ts';
import { readable } from './expected.ts';
import { fieldsOf } from './rewriter.ts';

console.info(`PROPERTY_SEED=${any.seed}`);

/** Bounded by a count and not by time, so that a seed repeats a run. */
const fuzz = { seed: any.seed, numRuns: 5_000 } as const;

const name = { resourceNamespace: 'MQ_INST', name: 'näme' };
const time = { seconds: 12, nanos: 34_000_000 };
const messageQueue = {
  topic: name,
  id: -1,
  permission: 4,
  broker: { name: 'broker', endpoints: { scheme: 1, addresses: [{ host: '::1', port: 1 }] } },
  acceptMessageTypes: [1, 2],
};
const message = {
  topic: name,
  userProperties: { key: 'value', '': '' },
  systemProperties: {
    tag: 'tag',
    keys: ['a', 'b'],
    messageId: '01'.repeat(17),
    bodyDigest: { type: 2, checksum: 'AB'.repeat(16) },
    bodyEncoding: 1,
    messageType: 4,
    bornTimestamp: time,
    bornHost: 'host',
    deliveryTimestamp: time,
    queueId: -3,
    messageGroup: 'group',
    traceContext: 'trace',
    orphanedTransactionRecoveryDuration: time,
    liteTopic: 'lite',
    priority: -1,
  },
  body: Buffer.from('body'),
};

const DECODERS = [
  {
    request: 'SendMessage',
    decode: decodeSendMessage,
    sample: codec('SendMessageRequest').encode({ messages: [message, message] }),
  },
  {
    request: 'ReceiveMessage',
    decode: decodeReceiveMessage,
    sample: codec('ReceiveMessageRequest').encode({
      group: name,
      messageQueue,
      filterExpression: { type: 1, expression: 'a || b' },
      batchSize: 32,
      invisibleDuration: time,
      autoRenew: true,
      longPollingTimeout: time,
      attemptId: 'attempt',
    }),
  },
  {
    request: 'AckMessage',
    decode: decodeAckMessage,
    sample: codec('AckMessageRequest').encode({
      group: name,
      topic: name,
      entries: [{ messageId: 'id', receiptHandle: 'handle', liteTopic: 'lite' }, {}],
    }),
  },
  {
    request: 'ChangeInvisibleDuration',
    decode: decodeChangeInvisibleDuration,
    sample: codec('ChangeInvisibleDurationRequest').encode({
      group: name,
      topic: name,
      receiptHandle: 'handle',
      invisibleDuration: time,
      messageId: 'id',
      liteTopic: 'lite',
      suspend: true,
    }),
  },
  {
    request: 'Heartbeat',
    decode: decodeHeartbeat,
    sample: codec('HeartbeatRequest').encode({ group: name, clientType: 2 }),
  },
] as const;

/** The error's code, or undefined when there was a value; anything else is thrown on. */
function refusal(decode: (bytes: Buffer) => unknown, bytes: Buffer): string | undefined {
  try {
    decode(bytes);
    return undefined;
  } catch (error) {
    if (error instanceof SluiceError) return error.code;
    throw error;
  }
}

/** Of a varint that never ends. */
const ELEVEN_BYTES = Array.from({ length: 11 }, () => 0x80);
/** Tags of a field that nobody knows. */
const [LENGTH, GROUP, GROUP_END, NUMBER] = [0x7a, 0x7b, 0x7c, 0x78];

/** What no request may have in it, at its end. */
const MALFORMED: readonly [what: string, bytes: readonly number[]][] = [
  ['a tag of eleven bytes', ELEVEN_BYTES],
  ['a number of eleven bytes', [NUMBER, ...ELEVEN_BYTES]],
  ['a length of eleven bytes', [LENGTH, ...ELEVEN_BYTES]],
  ['a length past the end', [LENGTH, 2, 0]],
  ['a length of 2^63', [LENGTH, ...ELEVEN_BYTES.slice(2), 0x01]],
  ['a group that does not end', [GROUP, NUMBER, 1]],
  ['a group that ends as another one', [GROUP, GROUP_END + 8]],
  ['an end without a group', [GROUP_END]],
  ['eight bytes that are seven', [0x79, 1, 2, 3, 4, 5, 6, 7]],
  ['four bytes that are three', [0x7d, 1, 2, 3]],
  ['wire type 6', [0x7e]],
  ['wire type 7', [0x7f]],
  ['field number 0', [0x00, 0]],
];

function groups(depth: number): Buffer {
  return Buffer.alloc(2 * depth, GROUP).fill(GROUP_END, depth);
}

describe.each(DECODERS)('$request, hostile', ({ decode, sample }) => {
  test.each(MALFORMED)('%s is refused', (_what, bytes) => {
    expect(refusal(decode, Buffer.from(bytes))).toBe('BAD_REQUEST');
    expect(refusal(decode, Buffer.concat([sample, Buffer.from(bytes)]))).toBe('BAD_REQUEST');
  });

  test('groups are passed over up to a depth', () => {
    const deep = Buffer.concat([sample, groups(WIRE.groupsMax)]);
    expect(readable(decode(deep))).toEqual(readable(decode(sample)));
    for (const depth of [WIRE.groupsMax + 1, 1_000_000]) {
      expect(refusal(decode, groups(depth))).toBe('BAD_REQUEST');
    }
  });

  test('cut off at every byte: refused, unless between two fields', () => {
    const ends = [0, ...fieldsOf(sample).map(({ end }) => end)];
    for (let bytes = 0; bytes <= sample.length; bytes += 1) {
      // What follows in memory must not be seen: a view that ends here, inside of the whole.
      const code = refusal(decode, sample.subarray(0, bytes));
      expect([bytes, code]).toEqual([bytes, ends.includes(bytes) ? undefined : 'BAD_REQUEST']);
    }
  });

  test('every byte replaced by each of the values that matter', () => {
    const values = [0x00, 0x01, 0x07, 0x0b, 0x0c, 0x7f, 0x80, 0xff];
    let refused = 0;
    for (let index = 0; index < sample.length; index += 1) {
      for (const value of values) {
        const bytes = Buffer.from(sample);
        bytes[index] = value;
        if (refusal(decode, bytes)) refused += 1;
      }
    }
    expect(refused).toBeGreaterThan(0);
  });

  test('mutated at random', () => {
    const at = fc.nat({ max: sample.length - 1 });
    const edit = fc.record({ at, bytes: fc.uint8Array({ maxLength: 12 }), remove: fc.nat(12) });
    let refused = 0;
    const check = (edits: readonly { at: number; bytes: Uint8Array; remove: number }[]): void => {
      let bytes = sample;
      for (const { at: start, bytes: inserted, remove } of edits) {
        bytes = Buffer.concat([bytes.subarray(0, start), inserted, bytes.subarray(start + remove)]);
      }
      if (refusal(decode, bytes)) refused += 1;
    };
    fc.assert(fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), check), fuzz);
    expect(refused).toBeGreaterThan(fuzz.numRuns / 10);
  });

  test('random bytes', () => {
    const check = (bytes: Uint8Array): void => {
      refusal(decode, Buffer.from(bytes));
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), check), fuzz);
  });
});

describe('bounded counts', () => {
  const repeated = (field: Buffer, times: number): Buffer =>
    Buffer.concat(Array.from({ length: times }, () => field));
  const nested = (tag: number, content: Buffer): Buffer => {
    const length = content.length;
    const head = [tag, (length & 0x7f) | 0x80, ((length >> 7) & 0x7f) | 0x80, length >> 14];
    return Buffer.concat([Buffer.from(head), content]);
  };
  const empty = (tag: number): Buffer => Buffer.from([tag, 0]);

  test('messages of a call', () => {
    const most = repeated(empty(0x0a), MESSAGE.messagesPerSendMax);
    expect(decodeSendMessage(most)).toHaveLength(MESSAGE.messagesPerSendMax);
    const bytes = Buffer.concat([most, empty(0x0a)]);
    expect(refusal(decodeSendMessage, bytes)).toBe('BAD_REQUEST');
  });

  test('user properties and keys of a message', () => {
    const properties = (count: number): Buffer => nested(0x0a, repeated(empty(0x12), count));
    const most = MESSAGE.userPropertiesMax;
    expect(decodeSendMessage(properties(most))[0]?.userProperties).toHaveLength(2 * most);
    expect(refusal(decodeSendMessage, properties(most + 1))).toBe('MESSAGE_PROPERTIES_TOO_LARGE');
    const keys = (count: number): Buffer =>
      nested(0x0a, nested(0x1a, repeated(empty(0x12), count)));
    expect(refusal(decodeSendMessage, keys(MESSAGE.propertiesBytesMax / 2))).toBeUndefined();
    expect(refusal(decodeSendMessage, keys(MESSAGE.propertiesBytesMax / 2 + 1))).toBe(
      'MESSAGE_PROPERTIES_TOO_LARGE',
    );
  });

  test('entries of an ack', () => {
    const most = CONSUME.ackEntriesMax;
    expect(refusal(decodeAckMessage, repeated(empty(0x1a), most))).toBeUndefined();
    expect(refusal(decodeAckMessage, repeated(empty(0x1a), most + 1))).toBe('BAD_REQUEST');
  });
});
