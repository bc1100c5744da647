/** Bytes and texts that nobody honest made: a value, or the error that is promised. */
import fs from 'node:fs/promises';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { AcksPayload, LeasesPayload } from '#broker/consume/progress-records';
import { decodeAcks, decodeLeases } from '#broker/consume/progress-records';
import { RECEIPT_KEY_BYTES, Receipts } from '#broker/consume/receipt';
import { TagFilter } from '#broker/consume/filter-tag';
import { keepIdentity } from '#broker/identity';
import { HEAD_BYTES, bytesPayload, isIntact, peekHead, writeRecord } from '#broker/store/record';
import type { Payload } from '#broker/store/record';
import { decodeMember } from '#broker/store/members';
import { SluiceError } from '#lib/errors';
import type { ErrorCode } from '#lib/errors';
import { STORE } from '#lib/limits';
import { MessagePayload, StoredMessage, parseIPv4 } from '#proto/message';
import {
  assertGroupName,
  assertReadableTopicName,
  assertTopicName,
  fullName,
  splitName,
} from '#proto/names';
import { lookupKeys, parseProperties, propertiesBytes, writeProperties } from '#proto/properties';
import { Text } from '#proto/text';
import { temporaryDirectory } from '#support/core';
import { printSeed, runs } from '#support/property';

printSeed();

function bytesOf(payload: Payload): Buffer {
  const bytes = Buffer.alloc(payload.bytes);
  payload.write(bytes, 0, 0, 0);
  return bytes;
}

const draft = {
  body: Buffer.from('hello'),
  compressed: false,
  bornTimeMs: 3,
  bornHost: { ip: 1, port: 2 },
  properties: ['TAGS', 'a', 'KEYS', 'b c', 'user', 'value'].map(Text.of),
};
const target = {
  topic: Text.of('orders'),
  queueId: 1,
  queueOffset: 2,
  storeHost: { ip: 3, port: 4 },
};
const place = { groupId: 1, topicId: 2, queueId: 3 };
const lease = { offset: 4, deadlineMs: 5, attempt: 6, sequence: 7 };

const goodMessage = bytesOf(new MessagePayload(draft, target));
const goodLeases = bytesOf(new LeasesPayload(place, 9, [lease, lease]));
const goodAcks = bytesOf(new AcksPayload(place, [1, 2, 3], { cause: 6, member: 42 }));
const goodRecord = Buffer.alloc(HEAD_BYTES + 10);
const head = { type: 1, epoch: 1, timestampMs: 1, batchOffset: 0 } as const;
writeRecord(goodRecord, 0, 77, head, bytesPayload(Buffer.from('0123456789')));

/** Good bytes with some changed, the end cut off, or something behind; or any bytes at all. */
function hostile(good: Buffer): fc.Arbitrary<Buffer> {
  const change = fc.tuple(fc.nat(good.length - 1), fc.nat(255));
  const mutated = fc
    .tuple(fc.array(change, { maxLength: 6 }), fc.nat(good.length), fc.uint8Array({ maxLength: 8 }))
    .map(([changes, length, tail]) => {
      const bytes = Buffer.from(good);
      for (const [at, value] of changes) bytes[at] = value;
      return Buffer.concat([bytes.subarray(0, length), tail]);
    });
  const changed = fc.array(change, { minLength: 1, maxLength: 6 }).map((changes) => {
    const bytes = Buffer.from(good);
    for (const [at, value] of changes) bytes[at] = value;
    return bytes;
  });
  const any = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
  return fc.oneof(changed, mutated, any);
}

/** Runs it: undefined when it threw what it may throw, everything else goes up. */
function valueOf<T>(work: () => T, ...codes: ErrorCode[]): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof SluiceError && codes.includes(error.code)) return undefined;
    throw error;
  }
}

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 100 }),
  fc.string({ unit: fc.constantFrom('%', 'D', 'L', 'Q', 'a', '\x01', '\x02', '|', ' ', '*') }),
);

describe('hostile bytes', () => {
  test('as a stored message', () => {
    const check = (bytes: Buffer): void => {
      valueOf(() => {
        const message = new StoredMessage(bytes);
        const { topic, properties, body, bornHost, storeHost } = message;
        const numbers = [message.queueId, message.queueOffset, message.position];
        expect(lookupKeys(parseProperties(properties)).length).toBeGreaterThan(0);
        expect(body.length + topic.length + bornHost.length + storeHost.length).toBeDefined();
        expect([...numbers, message.bornTimeMs, message.storeTimeMs].every(Number.isFinite)).toBe(
          true,
        );
      }, 'INTERNAL_ERROR');
    };
    fc.assert(fc.property(hostile(goodMessage), check), runs(4000));
  });

  test('as records of consuming', () => {
    const decoders = [
      { decode: decodeLeases, good: goodLeases, bytesMin: 27 },
      { decode: decodeAcks, good: goodAcks, bytesMin: 21 },
    ];
    for (const { decode, good, bytesMin } of decoders) {
      const check = (bytes: Buffer): void => {
        const decoded = valueOf(() => decode(bytes), 'INTERNAL_ERROR');
        expect(decoded === undefined).toBe(bytes.length < bytesMin);
      };
      fc.assert(fc.property(hostile(good), check), runs(3000));
    }
  });

  test('as a member of the log', () => {
    const good = Buffer.from('\x03abc\x0c10.0.0.1:400\x04JAVA');
    const check = (bytes: Buffer): void => {
      const member = valueOf(() => decodeMember(bytes), 'INTERNAL_ERROR');
      const chars = Object.values(member ?? {}).join('').length;
      expect(chars).toBeLessThanOrEqual(bytes.length);
    };
    fc.assert(fc.property(hostile(good), check), runs(2000));
    expect(decodeMember(good)).toEqual({ clientId: 'abc', peer: '10.0.0.1:400', language: 'JAVA' });
  });

  test('as a record of the log', () => {
    const position = fc.oneof(fc.constant(77), fc.nat(2 ** 48));
    const check = (bytes: Buffer, at: number, where: number): void => {
      const seen = peekHead(bytes, at);
      if (!seen) return;
      expect(seen.length).toBeGreaterThanOrEqual(HEAD_BYTES);
      expect(seen.length).toBeLessThanOrEqual(STORE.recordBytesMax);
      const intact = isIntact(bytes, at, seen.length, where);
      const same = bytes.subarray(at, at + seen.length).equals(goodRecord) && where === 77;
      expect(intact).toBe(same);
    };
    const start = fc.oneof(fc.constant(0), fc.nat(220));
    fc.assert(fc.property(hostile(goodRecord), start, position, check), runs(4000));
    check(goodRecord, 0, 77);
    expect(isIntact(goodRecord, 0, goodRecord.length, 77)).toBe(true);
  });

  test('as a receipt handle', () => {
    const receipts = new Receipts(Buffer.alloc(RECEIPT_KEY_BYTES, 1));
    const good = receipts.sign({ ...place, offset: 1, sequence: 1 });
    const handle = fc.oneof(
      anyText,
      hostile(Buffer.from(good, 'base64url')).map((bytes) => bytes.toString('base64url')),
      hostile(Buffer.from(good, 'latin1')).map((bytes) => bytes.toString('latin1')),
    );
    const check = (text: string): void => {
      const receipt = valueOf(() => receipts.verify(text), 'INVALID_RECEIPT_HANDLE');
      if (receipt) expect(receipt).toEqual({ ...place, offset: 1, sequence: 1 });
    };
    fc.assert(fc.property(handle, check), runs(4000));
  });
});

describe('hostile texts', () => {
  test('as properties', () => {
    const check = (text: string): void => {
      const properties = parseProperties(Text.of(text));
      expect(properties.user.length % 2).toBe(0);
      expect(properties.all.length).toBeLessThanOrEqual(2 * text.length + 2);
      // What is stored once more is read as the same.
      const again = Buffer.alloc(propertiesBytes(properties.all));
      writeProperties(properties.all, again, 0);
      const read = parseProperties(new Text(again, 0, again.length));
      expect(read.all.map(String)).toEqual(properties.all.map(String));
    };
    fc.assert(fc.property(anyText, check), runs(4000));
  });

  test('as a filter', () => {
    const check = (text: string): void => {
      const filter = valueOf(() => TagFilter.parse(text), 'ILLEGAL_FILTER_EXPRESSION');
      expect(typeof (filter?.matches('a') ?? true)).toBe('boolean');
    };
    fc.assert(fc.property(anyText, check), runs(4000));
  });

  test('as names', () => {
    const check = (namespace: string, name: string): void => {
      const resource = { namespace, name };
      const legal = [
        valueOf(() => (assertTopicName(resource), true), 'ILLEGAL_TOPIC'),
        valueOf(() => (assertReadableTopicName(resource), true), 'ILLEGAL_TOPIC'),
        valueOf(() => (assertGroupName(resource), true), 'ILLEGAL_CONSUMER_GROUP'),
      ];
      if (legal[0]) expect(splitName(fullName(resource))).toEqual(resource);
      expect(typeof splitName(name).name).toBe('string');
    };
    fc.assert(fc.property(anyText, anyText, check), runs(4000));
  });

  test('as an address', () => {
    const check = (text: string): void => {
      const ip = parseIPv4(text);
      expect(Number.isInteger(ip) && ip >= 0 && ip <= 0xffffffff).toBe(true);
    };
    const dotted = fc
      .array(anyText, { minLength: 4, maxLength: 4 })
      .map((parts) => parts.join('.'));
    fc.assert(fc.property(fc.oneof(anyText, dotted), check), runs(3000));
  });
});

describe('an identity file', () => {
  let directory: string;

  beforeAll(async () => {
    directory = await temporaryDirectory();
  });

  afterAll(() => fs.rm(directory, { recursive: true }));

  test('with anything in it is an identity, or said to be damaged, and left as it is', async () => {
    const file = path.join(directory, 'identity.json');
    const identity = await keepIdentity(directory);
    expect(await keepIdentity(directory)).toEqual(identity);
    const good = await fs.readFile(file);
    const check = async (bytes: Buffer): Promise<void> => {
      await fs.writeFile(file, bytes);
      try {
        const { id, receiptKey } = await keepIdentity(directory);
        expect(id).toMatch(/^[0-9a-f-]{36}$/i);
        expect(receiptKey).toHaveLength(RECEIPT_KEY_BYTES);
      } catch (error) {
        expect((error as Error).message).toMatch(/identity\.json is damaged; remove it/);
      }
      expect(await fs.readFile(file)).toEqual(bytes);
    };
    await fc.assert(fc.asyncProperty(hostile(good), check), runs(300));
  });
});
