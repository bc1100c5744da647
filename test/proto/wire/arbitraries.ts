/** Arbitrary messages for the hot codecs, within what protobuf can carry. */
import fc from 'fast-check';
import type { Arbitrary } from 'fast-check';
import { Text } from '#proto/text';
import type { SystemPropertiesInput } from '#proto/types';
import type { DeliveredMessage } from '#proto/wire/message';

/** Printed, and may be given by PROPERTY_SEED to repeat a run. */
export const seed = Number(process.env['PROPERTY_SEED'] ?? Date.now() & 0x7fffffff);
export const property = { seed, numRuns: 300, verbose: 1 } as const;

/** Every code point but lone surrogates; lengths around the bounds of the writer's short cuts. */
export const text: Arbitrary<string> = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: 'binary-ascii', maxLength: 60 }),
  fc.constantFrom('', 'a', 'é', '\ufffd', '\u0000', '😀'.repeat(21), 'x'.repeat(24)),
  fc.constantFrom('x'.repeat(25), 'x'.repeat(42), '漢'.repeat(42), '漢'.repeat(43)),
  fc.constantFrom('y'.repeat(127), 'y'.repeat(128), 'y'.repeat(20_000)),
);

export const int32: Arbitrary<number> = fc.oneof(
  fc.integer(),
  fc.constantFrom(0, -1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152, 2 ** 28 - 1, 2 ** 28),
  fc.constantFrom(2 ** 31 - 1, -(2 ** 31)),
);

export const int64: Arbitrary<number> = fc.oneof(
  fc.maxSafeInteger(),
  int32,
  fc.constantFrom(2 ** 35 - 1, 2 ** 35, 2 ** 42, 2 ** 49 - 1, 2 ** 49, -(2 ** 53) + 1),
);

/** Ten thousand years to both sides, and the time of this decade. */
export const milliseconds: Arbitrary<number> = fc.oneof(
  fc.integer({ min: -315_576_000_000_000, max: 315_576_000_000_000 }),
  fc.integer({ min: 1_700_000_000_000, max: 2_000_000_000_000 }),
  fc.constantFrom(0, 1, -1, 999, -999, 1000),
);

const seconds = fc.integer({ min: -315_576_000_000, max: 315_576_000_000 });
const nanos = fc.integer({ min: -999_999_999, max: 999_999_999 });
/** Also what the definition of Timestamp and Duration does not allow. */
export const time = fc.record({ seconds, nanos });

const ascii = fc.string({ unit: 'binary-ascii', maxLength: 150 });

/** As the text lies in a request. */
export const inPlace: Arbitrary<Text> = text.map(Text.of);
const body = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.constantFrom(new Uint8Array(0), new Uint8Array(70_000).fill(7)),
);
export const resource = fc.record({ resourceNamespace: text, name: text }, { requiredKeys: [] });

/** Protobuf.js can't have this key in a map: it would set the prototype of the object. */
const properties = fc.dictionary(
  text.filter((key) => key !== '__proto__'),
  text,
  { maxKeys: 8, noNullPrototype: true },
);

const systemProperties: Arbitrary<SystemPropertiesInput> = fc.record(
  {
    tag: text,
    keys: fc.array(text, { maxLength: 5 }),
    messageId: text,
    bodyDigest: fc.record({ type: int32, checksum: text }, { requiredKeys: [] }),
    bodyEncoding: int32,
    messageType: int32,
    bornTimestamp: time,
    bornHost: text,
    storeTimestamp: time,
    storeHost: text,
    deliveryTimestamp: time,
    receiptHandle: text,
    queueId: int32,
    queueOffset: int64,
    invisibleDuration: time,
    deliveryAttempt: int32,
    messageGroup: text,
    traceContext: text,
    orphanedTransactionRecoveryDuration: time,
    deadLetterQueue: fc.record({ topic: text, messageId: text }),
    liteTopic: text,
    priority: int32,
  },
  { requiredKeys: [] },
);

export const message = fc.record(
  { topic: resource, userProperties: properties, systemProperties, body },
  { requiredKeys: [] },
);

export const delivered: Arbitrary<DeliveredMessage> = fc.record(
  {
    topic: fc.record({ namespace: text, name: text }),
    userProperties: properties.map((map) => Object.entries(map).flat().map(Text.of)),
    body,
    tag: inPlace,
    keys: fc.array(inPlace, { maxLength: 5 }),
    messageId: inPlace,
    bodyDigestMd5Hex: ascii,
    bodyEncoding: int32,
    messageType: int32,
    bornTimestampMs: milliseconds,
    bornHost: inPlace,
    storeTimestampMs: milliseconds,
    storeHost: inPlace,
    deliveryTimestampMs: milliseconds,
    receiptHandle: ascii,
    queueId: int32,
    queueOffset: int64,
    invisibleDurationMs: milliseconds,
    deliveryAttempt: int32,
    messageGroup: inPlace,
    traceContext: inPlace,
    deadLetterQueue: fc.record({ topic: inPlace, messageId: inPlace }),
    liteTopic: inPlace,
    priority: int32,
  },
  {
    requiredKeys: [
      'topic',
      'userProperties',
      'body',
      'keys',
      'messageId',
      'bodyDigestMd5Hex',
      'bodyEncoding',
      'messageType',
      'bornTimestampMs',
      'bornHost',
      'storeTimestampMs',
      'storeHost',
      'queueId',
      'queueOffset',
    ],
  },
);

export const status = fc.record({ code: int32, message: text });
