import { describe, expect, test } from '@jest/globals';
import { SluiceError } from '#lib/errors';
import { HTTP2 } from '#lib/transport-limits';
import { type EncodableFields, HpackEncoder } from '#proto/http2/hpack/encoder';
import { decoder, fieldsOf, hex, indexed, inserted, literal, sizeUpdate } from './blocks.ts';

const ANSWER: EncodableFields = [
  [':status', '200', true],
  ['content-type', 'application/grpc', true],
  ['grpc-encoding', 'identity', true],
];
const TRAILERS: EncodableFields = [['grpc-status', '0', true]];

describe('HpackEncoder', () => {
  test('inserts a field once, and is one byte for each from then on', () => {
    const encoder = new HpackEncoder();
    expect(encoder.block(ANSWER)).toEqual(
      Buffer.concat([
        indexed(8),
        inserted(31, 'application/grpc'),
        inserted('grpc-encoding', 'identity'),
      ]),
    );
    expect(encoder.block(ANSWER)).toEqual(hex('88bfbe'));
    expect(encoder.block(TRAILERS)).toEqual(inserted('grpc-status', '0'));
    expect(encoder.block(ANSWER)).toEqual(hex('88c0bf'));
    expect(encoder.block(TRAILERS)).toEqual(hex('be'));
  });

  test('remembers the block of a list as long as the table is the same', () => {
    const encoder = new HpackEncoder();
    encoder.block(ANSWER);
    const block = encoder.block(ANSWER);
    expect(encoder.block(ANSWER)).toBe(block);
    encoder.block(TRAILERS);
    const newer = encoder.block(ANSWER);
    expect(newer).not.toBe(block);
    expect(encoder.block(ANSWER)).toBe(newer);
    expect(encoder.block([...ANSWER])).toEqual(newer);
  });

  test('lists that are made for one call push none of the lasting ones out', () => {
    const encoder = new HpackEncoder();
    encoder.block(ANSWER);
    const block = encoder.block(ANSWER);
    for (let number = 0; number < 2 * HTTP2.hpackBlocksRemembered; number += 1) {
      const once = encoder.block([
        [':status', '200', true],
        ['grpc-message', `number ${number}`, false],
      ]);
      expect(once).toEqual(
        Buffer.concat([indexed(8), literal('grpc-message', `number ${number}`)]),
      );
    }
    expect(encoder.block(ANSWER)).toBe(block);
  });

  test('more lasting lists than are remembered are right all the same', () => {
    const encoder = new HpackEncoder();
    const target = decoder();
    const count = 3 * HTTP2.hpackBlocksRemembered;
    const lists = Array.from({ length: count }, (_, number): EncodableFields => [
      ['number', String(number), true],
    ]);
    for (let round = 0; round < 3; round += 1) {
      for (const list of lists) {
        expect(fieldsOf(target, encoder.block(list))).toEqual(list[0]?.slice(0, 2));
      }
    }
  });

  test('a full table stays as it is; what has no room in it is sent as it is', () => {
    const encoder = new HpackEncoder();
    const target = decoder();
    const large = (name: string): EncodableFields => [[name, 'v'.repeat(1500), true]];
    const lists = ['one', 'two', 'three'].map(large);
    const sizes: number[] = [];
    for (const list of [...lists, ...lists, ...lists]) {
      const block = encoder.block(list);
      sizes.push(block.length);
      expect(fieldsOf(target, block)).toEqual(list[0]?.slice(0, 2));
    }
    expect(sizes.slice(-3)).toEqual([1, 1, 1510]);
    expect(encoder.block(lists[2] ?? [])).toBe(encoder.block(lists[2] ?? []));
  });

  test('fields that are not to be indexed use names and entries that are there', () => {
    const encoder = new HpackEncoder();
    encoder.block(TRAILERS);
    expect(encoder.block([['grpc-status', '0', false]])).toEqual(indexed(62));
    expect(encoder.block([['grpc-status', '5', false]])).toEqual(literal('grpc-status', '5'));
    expect(encoder.block([[':status', '503', false]])).toEqual(literal(8, '503'));
  });

  test('long texts and long names', () => {
    const fields: EncodableFields = [['n'.repeat(300), 'v'.repeat(70_000), false]];
    const target = decoder({ listBytesMax: 100_000 });
    expect(fieldsOf(target, new HpackEncoder().block(fields))).toEqual(fields[0]?.slice(0, 2));
  });

  test('what is not latin1 is refused before anything is inserted', () => {
    const encoder = new HpackEncoder();
    const fields: EncodableFields = [...TRAILERS, ['name', 'Ā', false]];
    expect(() => encoder.block(fields)).toThrow(SluiceError);
    expect(() => encoder.block([['ā', '', false]])).toThrow(SluiceError);
    expect(encoder.block(TRAILERS)).toEqual(inserted('grpc-status', '0'));
    expect(encoder.block([['name', 'ÿ', false]])).toEqual(literal('name', 'ÿ'));
  });
});

describe('the size of the table', () => {
  test('a smaller one is told in the next block, and entries go', () => {
    const encoder = new HpackEncoder();
    encoder.block(ANSWER);
    encoder.block(TRAILERS);
    encoder.setPeerTableBytesMax(50);
    expect(encoder.block(TRAILERS)).toEqual(Buffer.concat([sizeUpdate(50), indexed(62)]));
    expect(encoder.block(TRAILERS)).toEqual(indexed(62));
    const rest = [
      indexed(8),
      literal(31, 'application/grpc'),
      literal('grpc-encoding', 'identity'),
    ];
    expect(encoder.block(ANSWER)).toEqual(Buffer.concat(rest));
  });

  test('no table at all', () => {
    const encoder = new HpackEncoder();
    encoder.setPeerTableBytesMax(0);
    const plain = literal('grpc-status', '0');
    expect(encoder.block(TRAILERS)).toEqual(Buffer.concat([sizeUpdate(0), plain]));
    expect(encoder.block(TRAILERS)).toEqual(plain);
    expect(encoder.block(TRAILERS)).toBe(encoder.block(TRAILERS));
  });

  test('down and up between two blocks: the smallest is told, then the last', () => {
    const encoder = new HpackEncoder();
    encoder.block(TRAILERS);
    for (const bytes of [1000, 0, 2000]) encoder.setPeerTableBytesMax(bytes);
    expect(encoder.block(TRAILERS)).toEqual(
      Buffer.concat([sizeUpdate(0), sizeUpdate(2000), inserted('grpc-status', '0')]),
    );
    expect(encoder.block(TRAILERS)).toEqual(indexed(62));
  });

  test('a size that is there already, or larger than we use, is not told', () => {
    const encoder = new HpackEncoder();
    encoder.block(TRAILERS);
    encoder.setPeerTableBytesMax(4096);
    encoder.setPeerTableBytesMax(1_000_000);
    expect(encoder.block(TRAILERS)).toEqual(indexed(62));
  });

  test('after a smaller one, the default again', () => {
    const encoder = new HpackEncoder();
    encoder.setPeerTableBytesMax(100);
    encoder.block(TRAILERS);
    encoder.setPeerTableBytesMax(0xffff_ffff);
    expect(encoder.block(TRAILERS)).toEqual(Buffer.concat([sizeUpdate(4096), indexed(62)]));
  });
});
