/** Header lists and blocks that cost more than they seem to: bounded time, bounded memory. */
import { describe, expect, test } from '@jest/globals';
import { HTTP2 } from '#lib/transport-limits';
import type { HeaderFields } from '#proto/http2/hpack/header-fields';
import { HpackError } from '#proto/http2/hpack/hpack-error';
import { decoder, hex, indexed, inserted, LIMITS, literal, number, sizeUpdate } from './blocks.ts';

/**
 * Of the processor, for all blocks of a bomb: ten times what any of them takes, a tenth of what
 * quadratic work would.
 */
const CPU_MS_MAX = 2000;
const BLOCK_BYTES = HTTP2.headerBlockBytesMax;
const BLOCKS = 50;

const decode = (block: Buffer, target = decoder()): HeaderFields =>
  target.decode(block, 0, block.length);

describe('a list over a limit', () => {
  test('is told as such, with its size and without its fields', () => {
    const block = Buffer.concat([literal('one', '1'), literal('two', '2')]);
    expect(decode(block, decoder({ listBytesMax: 72 }))).toMatchObject({
      tooLarge: false,
      bytes: 72,
      fields: ['one', '1', 'two', '2'],
    });
    const tooLarge = { tooLarge: true, bytes: 72, fields: [] };
    expect(decode(block, decoder({ listBytesMax: 71 }))).toMatchObject(tooLarge);
    expect(decode(block, decoder({ fieldsMax: 1 }))).toMatchObject(tooLarge);
    expect(decode(block, decoder({ fieldsMax: 2 })).tooLarge).toBe(false);
    expect(decode(block, decoder({ fieldsMax: 1 })).get('one')).toBe('');
  });

  test('leaves the table in step', () => {
    const target = decoder({ listBytesMax: 50 });
    const block = Buffer.concat([
      literal('name', 'v'.repeat(100)),
      inserted('later', 'entry'),
      indexed(62),
    ]);
    expect(decode(block, target).tooLarge).toBe(true);
    expect(decode(indexed(62), target).fields).toEqual(['later', 'entry']);
  });

  test('says so again when its block comes again', () => {
    const target = decoder({ listBytesMax: 50 });
    const block = literal('name', 'v'.repeat(100));
    for (let times = 0; times < 4; times += 1) {
      expect(decode(block, target)).toMatchObject({ tooLarge: true, bytes: 136 });
    }
  });
});

describe('bombs', () => {
  const long = inserted('name', 'v'.repeat(4000));
  /** Four of the value 10, which has one of the longest codes: 28 ones, 2 zeros. */
  const LINE_FEEDS = hex('fffffff3ffffffcfffffff3ffffffc');

  const BOMBS: Readonly<Record<string, Buffer>> = {
    'one large entry, as often as a block can name it': filled([long], indexed(62)),
    'insertions that evict one another': filled([], inserted('', '')),
    'large insertions that evict a table of small ones': filled([], evictions()),
    'names of a large entry': filled([inserted('n'.repeat(4000), '')], literal(62, '')),
    'insertions that copy a large name': filled([inserted('n'.repeat(2000), '')], inserted(62, '')),
    'sizes up and down': filled([], Buffer.concat([sizeUpdate(0), sizeUpdate(4096)])),
    'the densest text': huffmanText(BLOCK_BYTES, Buffer.alloc(5)),
    'text of the longest codes': huffmanText(BLOCK_BYTES, LINE_FEEDS),
  };

  test.each(Object.entries(BOMBS))('%s', (_, block) => {
    expect(block.length).toBeGreaterThan(BLOCK_BYTES * 0.8);
    const target = decoder();
    const start = process.cpuUsage();
    for (let times = 0; times < BLOCKS; times += 1) {
      const { fields, tooLarge } = decode(block, target);
      const characters = fields.reduce((sum, { length }) => sum + length, 0);
      expect(characters + 16 * fields.length).toBeLessThanOrEqual(LIMITS.listBytesMax);
      expect(fields.length).toBeLessThanOrEqual(2 * LIMITS.fieldsMax);
      if (tooLarge) expect(fields).toEqual([]);
    }
    expect(cpuMsSince(start)).toBeLessThan(CPU_MS_MAX);
  });

  test('a number without an end is refused at once', () => {
    const block = Buffer.concat([Buffer.from([0xff]), Buffer.alloc(8_000_000, 0x80)]);
    const start = process.cpuUsage();
    for (let times = 0; times < BLOCKS; times += 1) {
      expect(() => decode(block)).toThrow(HpackError);
    }
    expect(cpuMsSince(start)).toBeLessThan(CPU_MS_MAX);
  });
});

function cpuMsSince(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

/** `start`, then as much of `part` as fits into a block. */
function filled(start: readonly Buffer[], part: Buffer): Buffer {
  const startBytes = start.reduce((sum, { length }) => sum + length, 0);
  const times = Math.max(1, Math.floor((BLOCK_BYTES - startBytes) / part.length));
  return Buffer.concat([...start, ...Array.from({ length: times }, () => part)]);
}

function evictions(): Buffer {
  const small = Array.from({ length: 128 }, () => inserted('', ''));
  return Buffer.concat([...small, inserted('', 'v'.repeat(4064))]);
}

/** A field whose value has some `bytes` of Huffman code. */
function huffmanText(bytes: number, pattern: Buffer): Buffer {
  const times = Math.floor(bytes / pattern.length);
  const value = Buffer.concat(Array.from({ length: times }, () => pattern));
  return Buffer.concat([Buffer.from([0x04]), number(0x80, 7, value.length), value]);
}
