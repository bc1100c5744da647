/** Each way in which a block can be wrong. RFC 7541; all are HpackError. */
import { describe, expect, test } from '@jest/globals';
import { HpackError } from '#proto/http2/hpack/hpack-error';
import { decoder, fieldsOf, hex, indexed, inserted, literal, sizeUpdate, text } from './blocks.ts';

const entry = inserted('name', 'value');

const MALFORMED: Readonly<Record<string, Buffer>> = {
  'index 0': hex('80'),
  'an index behind the static table while the dynamic one is empty': indexed(62),
  'an index behind both tables': Buffer.concat([entry, indexed(63)]),
  'the largest index that a number can have': hex('ff ffffff7f'),
  'the name of an index behind both tables': literal(62, 'value'),
  'the inserted name of an index behind both tables': inserted(62, 'value'),
  'an index whose entry has been evicted': Buffer.concat([
    inserted('name', 'v'.repeat(3000)),
    inserted('name', 'v'.repeat(3000)),
    indexed(63),
  ]),
  'an index after an entry larger than the table': Buffer.concat([
    entry,
    inserted('name', 'v'.repeat(4096)),
    indexed(62),
  ]),
  'a number that does not end': hex('ff'),
  'a number that does not end after one byte': hex('ff80'),
  'a number of too many bytes': hex('ff8080808001'),
  'a number of too many bytes, though it is small': hex('ff8080808000'),
  'a number beyond 64 bits': hex('ff ffffffff ffffffff ffffffff 7f'),
  'a length beyond 32 bits': hex('407f ffffffff 0f'),
  'no name': hex('40'),
  'no name, not inserted': hex('00'),
  'no name, never indexed': hex('10'),
  'no value': hex('4001 61'),
  'no value behind an index': hex('42'),
  'a name past the end': hex('4002 61'),
  'a value past the end': hex('4001 6102 62'),
  'a length without its end': hex('4001 617f'),
  'a Huffman name past the end': hex('4082 ff'),
  'a Huffman value past the end': hex('4001 6182 1f'),
  'padding of eight bits': hex('4001 6182 1fff'),
  'padding with a zero': hex('4001 6181 1e'),
  'nothing but eight bits of padding': hex('4001 6181 ff'),
  'nothing but the start of a code': hex('4001 6181 fe'),
  'a long code that is cut off': hex('4001 6182 fffe'),
  EOS: hex('4001 6184 ffffffff'),
  'EOS within a text': hex('4001 6186 1fff ffff ff1f'),
  'EOS in a name': hex('4084 ffffffff 00'),
  'a table larger than allowed': sizeUpdate(4097),
  'a table of the largest number': hex('3f ffffff7f'),
  'a table of more than any number': hex('3f ffffffff ff7f'),
  'a size behind an index': Buffer.concat([indexed(2), sizeUpdate(100)]),
  'a size behind an insertion': Buffer.concat([entry, sizeUpdate(100)]),
  'a size behind a literal': Buffer.concat([literal('name', 'value'), sizeUpdate(4096)]),
  'an index that a smaller size has evicted': Buffer.concat([sizeUpdate(36), entry, indexed(62)]),
};

describe('malformed blocks', () => {
  test.each(Object.entries(MALFORMED))('%s', (_, block) => {
    expect(() => fieldsOf(decoder(), block)).toThrow(HpackError);
    // Not seen as something else by what a decoder knows already.
    const used = decoder();
    fieldsOf(used, Buffer.concat([indexed(2), indexed(4)]));
    fieldsOf(used, Buffer.concat([indexed(2), indexed(4)]));
    expect(() => fieldsOf(used, block)).toThrow(HpackError);
  });

  test('any block that is cut off: nothing, or fewer fields, or HpackError', () => {
    const fields = [entry, literal(4, '/path'), indexed(62), inserted(31, 'application/grpc')];
    const block = Buffer.concat(fields);
    const whole = fieldsOf(decoder(), block);
    for (let end = 0; end < block.length; end += 1) {
      const part = decodedOrError(block.subarray(0, end));
      if (part !== undefined) expect(part).toEqual(whole.slice(0, part.length));
    }
  });
});

function decodedOrError(block: Buffer): readonly string[] | undefined {
  try {
    return fieldsOf(decoder(), block);
  } catch (error) {
    expect(error).toBeInstanceOf(HpackError);
    return undefined;
  }
}

describe('at the border of what is allowed', () => {
  test('an empty block', () => {
    expect(fieldsOf(decoder(), Buffer.alloc(0))).toEqual([]);
  });

  test('empty names and values, with and without Huffman coding', () => {
    expect(fieldsOf(decoder(), hex('4000 00'))).toEqual(['', '']);
    expect(fieldsOf(decoder(), hex('4080 80'))).toEqual(['', '']);
  });

  test('padding of one to seven bits', () => {
    // The codes of these have 7, 6, 5 and 8 bits; of 'aa' and a 15-bit one, 10 and 15.
    for (const [block, value] of [
      ['81 bb', 'B'],
      ['81 53', ' '],
      ['81 1f', 'a'],
      ['82 18ff', 'aa'],
      ['82 fff9', '<'],
    ] as const) {
      expect([block, fieldsOf(decoder(), hex(`4001 61 ${block}`))[1]]).toEqual([block, value]);
    }
  });

  test('two sizes at the beginning; both hold', () => {
    const target = decoder();
    fieldsOf(target, entry);
    fieldsOf(target, Buffer.concat([sizeUpdate(0), sizeUpdate(4096), indexed(2)]));
    expect(() => fieldsOf(target, indexed(62))).toThrow(HpackError);
    fieldsOf(target, entry);
    expect(fieldsOf(target, indexed(62))).toEqual(['name', 'value']);
  });

  test('a block that has nothing but a size', () => {
    const target = decoder();
    fieldsOf(target, Buffer.concat([entry, entry]));
    expect(fieldsOf(target, sizeUpdate(41))).toEqual([]);
    expect(fieldsOf(target, indexed(62))).toEqual(['name', 'value']);
    expect(() => fieldsOf(target, indexed(63))).toThrow(HpackError);
  });

  test('before it has heard of a smaller table, a peer may fill the default one', () => {
    const target = decoder({ tableBytesMax: 0 });
    fieldsOf(target, entry);
    expect(fieldsOf(target, indexed(62))).toEqual(['name', 'value']);
    expect(() => fieldsOf(target, sizeUpdate(1))).toThrow(HpackError);
  });

  test('a table larger than the default one has to be announced first', () => {
    const big = inserted('name', 'v'.repeat(5000));
    const target = decoder({ tableBytesMax: 8192 });
    expect(fieldsOf(target, big)).toHaveLength(2);
    expect(() => fieldsOf(target, indexed(62))).toThrow(HpackError);
    fieldsOf(target, Buffer.concat([sizeUpdate(8192), big]));
    expect(fieldsOf(target, indexed(62))[1]).toHaveLength(5000);
  });

  test('a name is taken from an entry that its own insertion evicts', () => {
    const target = decoder();
    fieldsOf(target, inserted('name', 'v'.repeat(4000)));
    expect(fieldsOf(target, inserted(62, 'w'.repeat(4000)))[0]).toBe('name');
    expect(fieldsOf(target, indexed(62))).toEqual(['name', 'w'.repeat(4000)]);
  });

  test('bytes are characters', () => {
    const all = String.fromCharCode(...Array.from({ length: 256 }, (_, code) => code));
    expect(fieldsOf(decoder(), Buffer.concat([literal('ä', all), literal('ü', '\0')]))).toEqual([
      'ä',
      all,
      'ü',
      '\0',
    ]);
    expect(text('é')).toEqual(hex('01e9'));
  });
});
