import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { crc32 } from 'node:zlib';

import { SluiceError } from '#lib/errors';
import { MessagePayload, StoredMessage, parseIPv4 } from '#proto/message';
import type { MessageDraft, MessageTarget } from '#proto/message';
import { Text } from '#proto/text';
import { printSeed, runs } from '#support/property';

printSeed();

const host = fc.record({ ip: fc.nat(0xffffffff), port: fc.nat(65_535) });
const text = (maxLength: number) => fc.string({ unit: 'binary', maxLength });
const timeMs = fc.integer({ min: -315_576_000_000_000, max: 315_576_000_000_000 });

const draft: fc.Arbitrary<MessageDraft> = fc.record({
  body: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  compressed: fc.boolean(),
  bornTimeMs: timeMs,
  bornHost: host,
  properties: fc.array(fc.tuple(text(60), text(60)), { maxLength: 5 }).map(textsOf),
});

const target: fc.Arbitrary<MessageTarget> = fc.record({
  topic: text(60).map(Text.of),
  queueId: fc.nat(1023),
  queueOffset: fc.nat(2 ** 48),
  storeHost: host,
});

function textsOf(pairs: [string, string][]): Text[] {
  return pairs.flat().map(Text.of);
}

function written(
  value: MessageDraft,
  to: MessageTarget,
  position: number,
  timestampMs: number,
): Buffer {
  const payload = new MessagePayload(value, to);
  const bytes = Buffer.alloc(payload.bytes + 20, 0xee);
  payload.write(bytes, 10, position, timestampMs);
  expect(bytes.subarray(0, 10)).toEqual(Buffer.alloc(10, 0xee));
  expect(bytes.subarray(-10)).toEqual(Buffer.alloc(10, 0xee));
  return bytes.subarray(10, -10);
}

function hostText({ ip, port }: { ip: number; port: number }): string {
  return `${[24, 16, 8, 0].map((shift) => (ip >>> shift) & 255).join('.')}:${port}`;
}

const plain: MessageDraft = {
  body: Buffer.from('hello'),
  compressed: true,
  bornTimeMs: 1_700_000_000_000,
  bornHost: { ip: 0x7f000001, port: 1234 },
  properties: textsOf([['TAGS', 'a']]),
};
const plainTarget: MessageTarget = {
  topic: Text.of('orders'),
  queueId: 3,
  queueOffset: 4,
  storeHost: { ip: 0x0a000001, port: 8081 },
};

describe('a stored message', () => {
  test('has everything that was written', () => {
    const check = (
      value: MessageDraft,
      to: MessageTarget,
      position: number,
      storeTimeMs: number,
    ): void => {
      const message = new StoredMessage(written(value, to, position, storeTimeMs));
      expect({
        topic: message.topic,
        queueId: message.queueId,
        queueOffset: message.queueOffset,
        position: message.position,
        body: Buffer.from(message.body),
        compressed: message.compressed,
        bornTimeMs: message.bornTimeMs,
        bornHost: message.bornHost.toString(),
        storeTimeMs: message.storeTimeMs,
        storeHost: message.storeHost.toString(),
        properties: message.properties.toString(),
      }).toEqual({
        ...value,
        ...to,
        topic: to.topic.toString(),
        position,
        storeTimeMs,
        bornHost: hostText(value.bornHost),
        storeHost: hostText(to.storeHost),
        properties: value.properties.map((each, i) => `${each}${'\x01\x02'[i % 2]}`).join(''),
      });
    };
    fc.assert(fc.property(draft, target, fc.nat(2 ** 48), fc.nat(2 ** 45), check), runs(500));
  });

  test('is the layout of RocketMQ, byte by byte', () => {
    const bytes = written(plain, plainTarget, 0x1_0000_0002, 1_700_000_000_001);
    const crc = (crc32('hello') & 0x7fffffff).toString(16).padStart(8, '0');
    const expected = [
      '0000006e', // total size
      'daa320a7', // magic of version 1
      crc,
      '00000003', // queue id
      '00000000', // flag
      '0000000000000004', // queue offset
      '0000000100000002', // log position
      '00000001', // sys flag: compressed
      '0000018bcfe56800', // born time
      '7f000001000004d2', // born host
      '0000018bcfe56801', // store time
      '0a00000100001f91', // store host
      '00000000', // reconsume times
      '0000000000000000', // prepared offset
      '00000005' + Buffer.from('hello').toString('hex'),
      '06' + Buffer.from('orders').toString('hex'),
      '0007' + Buffer.from('TAGS\x01a\x02').toString('hex'),
    ];
    const hex = bytes.toString('hex');
    expect(hex).toBe(expected.join('').replace(/^.{8}/, hex.slice(0, 8)));
    expect(bytes.readUInt32BE(0)).toBe(bytes.length);
  });

  test('cut off anywhere, or with another size, it is no message', () => {
    const bytes = written(plain, plainTarget, 0, 0);
    for (let length = 0; length < bytes.length; length++) {
      expect(() => new StoredMessage(bytes.subarray(0, length))).toThrow(SluiceError);
    }
    const longer = Buffer.concat([bytes, Buffer.from('x')]);
    expect(() => new StoredMessage(longer)).toThrow(SluiceError);
    const other = Buffer.from(bytes);
    other[4] = 0;
    expect(() => new StoredMessage(other)).toThrow(SluiceError);
  });
});

describe('IPv4 addresses', () => {
  test.each([
    ['0.0.0.0', 0],
    ['127.0.0.1', 0x7f000001],
    ['255.255.255.255', 0xffffffff],
    ['::ffff:10.0.0.1', 0x0a000001],
    ['::1', 0],
    ['localhost', 0],
    ['', 0],
    ['1.2.3', 0],
  ])('%j is %d', (address, ip) => {
    expect(parseIPv4(address)).toBe(ip);
  });
});
