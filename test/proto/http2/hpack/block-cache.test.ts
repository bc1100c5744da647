import { describe, expect, test } from '@jest/globals';
import { HTTP2 } from '#lib/transport-limits';
import { BlockCache } from '#proto/http2/hpack/block-cache';
import { HeaderFields } from '#proto/http2/hpack/header-fields';
import { decoder, indexed, inserted, literal, sizeUpdate } from './blocks.ts';

const FIELDS = new HeaderFields(['name', 'value'], 41, false);

function offerTwice(cache: BlockCache, block: Buffer, version = 1): void {
  cache.offer(block, 0, block.length, version, FIELDS);
  cache.offer(block, 0, block.length, version, FIELDS);
}

const find = (cache: BlockCache, block: Buffer, version = 1): HeaderFields | undefined =>
  cache.find(block, 0, block.length, version);

describe('BlockCache', () => {
  test('knows what came twice, wherever it lies', () => {
    const cache = new BlockCache();
    const block = Buffer.from([0x82, 0x84]);
    cache.offer(block, 0, 2, 1, FIELDS);
    expect(find(cache, block)).toBeUndefined();
    cache.offer(block, 0, 2, 1, FIELDS);
    expect(find(cache, block)).toBe(FIELDS);
    expect(cache.find(Buffer.from([1, 0x82, 0x84, 2]), 1, 3, 1)).toBe(FIELDS);
    expect(cache.find(Buffer.from([1, 0x82, 0x84, 2]), 1, 4, 1)).toBeUndefined();
  });

  test('keeps a copy: what becomes of the bytes is no matter', () => {
    const cache = new BlockCache();
    const block = Buffer.from([0x82, 0x84]);
    offerTwice(cache, block);
    block[1] = 0x85;
    expect(find(cache, block)).toBeUndefined();
    expect(find(cache, Buffer.from([0x82, 0x84]))).toBe(FIELDS);
  });

  test('knows nothing of another version of the table, until the block comes again', () => {
    const cache = new BlockCache();
    const block = Buffer.from([0x82, 0x84]);
    const newer = new HeaderFields([], 0, false);
    offerTwice(cache, block);
    expect(find(cache, block, 2)).toBeUndefined();
    cache.offer(block, 0, 2, 2, newer);
    expect(find(cache, block, 2)).toBe(newer);
    expect(find(cache, block, 1)).toBeUndefined();
  });

  test('tells blocks apart by every byte', () => {
    for (let length = 1; length <= HTTP2.hpackRememberedBytesMax; length += 17) {
      const block = Buffer.alloc(length, 0x82);
      const cache = new BlockCache();
      offerTwice(cache, block);
      expect(find(cache, block)).toBe(FIELDS);
      for (let at = 0; at < length; at += 1) {
        const other = Buffer.from(block);
        other[at] = 0x83;
        expect(find(cache, other)).toBeUndefined();
      }
      expect(find(cache, block.subarray(1))).toBeUndefined();
      expect(find(cache, Buffer.concat([block, block]))).toBeUndefined();
    }
  });

  test('does not keep long blocks', () => {
    const cache = new BlockCache();
    const block = Buffer.alloc(HTTP2.hpackRememberedBytesMax + 1, 0x82);
    offerTwice(cache, block);
    expect(find(cache, block)).toBeUndefined();
    offerTwice(cache, block.subarray(1));
    expect(find(cache, block.subarray(1))).toBe(FIELDS);
  });

  test('keeps no more than it may, however many come', () => {
    const cache = new BlockCache();
    const blocks = Array.from({ length: 5000 }, (_, number) => literal('n', String(number)));
    for (const block of blocks) offerTwice(cache, block);
    const kept = blocks.filter((block) => find(cache, block) !== undefined).length;
    expect(kept).toBeGreaterThan(1);
    expect(kept).toBeLessThanOrEqual(HTTP2.hpackBlocksRemembered);
  });
});

describe('what a decoder remembers', () => {
  const decode = (target: ReturnType<typeof decoder>, block: Buffer): HeaderFields =>
    target.decode(block, 0, block.length);

  const thrice = (target: ReturnType<typeof decoder>, block: Buffer): HeaderFields => {
    decode(target, block);
    decode(target, block);
    return decode(target, block);
  };

  test('a block that changes nothing gives the same object again', () => {
    const target = decoder();
    decode(target, inserted('name', 'one'));
    const block = Buffer.concat([indexed(62), literal(4, '/path')]);
    const fields = thrice(target, block);
    expect(fields.fields).toEqual(['name', 'one', ':path', '/path']);
    expect(decode(target, block)).toBe(fields);
  });

  test('after an insertion the same bytes mean something else', () => {
    const target = decoder();
    decode(target, inserted('name', 'one'));
    expect(thrice(target, indexed(62)).get('name')).toBe('one');
    decode(target, inserted('name', 'two'));
    expect(thrice(target, indexed(62)).get('name')).toBe('two');
    expect(thrice(target, indexed(63)).get('name')).toBe('one');
  });

  test('after an eviction they are refused', () => {
    const target = decoder();
    decode(target, inserted('name', 'one'));
    thrice(target, indexed(62));
    decode(target, sizeUpdate(0));
    expect(() => decode(target, indexed(62))).toThrow('no header has the index 62');
  });

  test('after an insertion that the table has no room for, too', () => {
    const target = decoder();
    decode(target, inserted('name', 'one'));
    thrice(target, indexed(62));
    decode(target, inserted('name', 'v'.repeat(4096)));
    expect(() => decode(target, indexed(62))).toThrow('no header has the index 62');
  });

  test('a block that inserts is done again each time', () => {
    const target = decoder();
    thrice(target, inserted('name', 'one'));
    decode(target, indexed(64));
    expect(() => decode(target, indexed(65))).toThrow('no header has the index 65');
  });

  test('a size that changes nothing at one time evicts at another', () => {
    const target = decoder();
    const block = Buffer.concat([sizeUpdate(100), indexed(2)]);
    expect(thrice(target, block).fields).toEqual([':method', 'GET']);
    decode(
      target,
      Buffer.concat([sizeUpdate(4096), inserted('a', ''), inserted('b', 'v'.repeat(60))]),
    );
    decode(target, block);
    expect(decode(target, indexed(62)).get('b')).toHaveLength(60);
    expect(() => decode(target, indexed(63))).toThrow('no header has the index 63');
  });
});
