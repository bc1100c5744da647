/** Blocks of real sessions with bytes changed: header fields or HpackError, and nothing else. */
import { beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { HpackError } from '#proto/http2/hpack/hpack-error';
import { printSeed, runs } from '#support/property';
import { until } from '#support/until';
import { decoder, hex, LIMITS } from './blocks.ts';
import { NodeSession } from './frames-seen.ts';

printSeed();

// Most of what is decoded here is refused, and nobody looks at where.
Error.stackTraceLimit = 0;

const BLOCKS = 8;

/** Of one session, in order. */
const corpus: Buffer[] = [];

beforeAll(async () => {
  const take = ({ block }: { readonly block: Buffer }): void => void corpus.push(block);
  await using opened = await NodeSession.open(4096, take);
  for (let number = 0; number < BLOCKS; number += 1) {
    const stream = opened.client.request({
      ':method': 'POST',
      ':path': '/apache.rocketmq.v2.MessagingService/SendMessage',
      'content-type': 'application/grpc',
      te: 'trailers',
      'x-mq-client-id': 'host@1@0@abcdef',
      'x-mq-request-id': `0191e7f2-4b1c-7c3e-8e4f-${String(number).padStart(12, '0')}`,
      'x-mq-date-time': `20260101T0000${String(number).padStart(2, '0')}Z`,
      authorization: `MQv2-HMAC-SHA1 Credential=key, Signature=${'0A1B2C3D4E'.repeat(4)}`,
    });
    stream.on('error', () => undefined);
  }
  await until(10_000, () => corpus.length === BLOCKS);
  corpus.push(hex('3fe11f 8286 84be 5886 a8eb 1064 9cbf'), hex('20 828684be'));
});

interface Mutation {
  readonly block: number;
  readonly kind: 'set' | 'flip' | 'insert' | 'remove' | 'cut' | 'repeat' | 'other';
  readonly at: number;
  readonly byte: number;
}

const mutation: fc.Arbitrary<Mutation> = fc.record({
  block: fc.nat({ max: BLOCKS + 1 }),
  kind: fc.constantFrom('set', 'flip', 'insert', 'remove', 'cut', 'repeat', 'other'),
  at: fc.nat({ max: 400 }),
  byte: fc.oneof(
    fc.nat({ max: 255 }),
    fc.constantFrom(0, 0x0f, 0x1f, 0x20, 0x3f, 0x40, 0x7f, 0x80, 0xbe, 0xff),
  ),
});

function mutated(block: Buffer, { kind, at: anywhere, byte }: Mutation): Buffer {
  const at = block.length === 0 ? 0 : anywhere % block.length;
  const before = block.subarray(0, at);
  const behind = block.subarray(at + 1);
  switch (kind) {
    case 'set':
      return Buffer.concat([before, Buffer.from([byte]), behind]);
    case 'flip':
      return Buffer.concat([before, Buffer.from([(block[at] ?? 0) ^ (1 << (byte & 7))]), behind]);
    case 'insert':
      return Buffer.concat([before, Buffer.from([byte]), block.subarray(at)]);
    case 'remove':
      return Buffer.concat([before, behind]);
    case 'cut':
      return before;
    case 'repeat':
      return Buffer.concat([block, block.subarray(at)]);
    case 'other':
      return Buffer.concat([before, corpus[byte % corpus.length]!]);
  }
}

test('mutated blocks', () => {
  const session = fc.array(mutation, { minLength: 1, maxLength: 8 });
  const refused = { blocks: 0, decoded: 0 };
  const property = fc.property(session, (mutations) => {
    const target = decoder();
    for (const [number, block] of corpus.entries()) {
      const mine = mutations.filter((each) => each.block === number);
      const bytes = mine.reduce(mutated, block);
      try {
        const { fields, bytes: listBytes, tooLarge } = target.decode(bytes, 0, bytes.length);
        expectSound(fields, listBytes, tooLarge);
        refused.decoded += 1;
      } catch (error) {
        if (!(error instanceof HpackError)) throw error;
        refused.blocks += 1;
        return;
      }
    }
  });
  fc.assert(property, runs(10_000));
  expect(refused.blocks).toBeGreaterThan(100);
  expect(refused.decoded).toBeGreaterThan(100);
}, 60_000);

function expectSound(fields: readonly string[], listBytes: number, tooLarge: boolean): void {
  const counted = fields.reduce((sum, { length }) => sum + length + 16, 0);
  if (!tooLarge && counted !== listBytes) throw new Error(`${counted} bytes, not ${listBytes}`);
  if (counted > LIMITS.listBytesMax) throw new Error(`${counted} bytes are too many`);
}
