/**
 * A decoder against a model of RFC 7541 that remembers nothing: sequences of few blocks that come
 * again and again, while the table changes in between.
 */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { HpackError } from '#proto/http2/hpack/hpack-error';
import { STATIC_NAMES, STATIC_VALUES } from '#proto/http2/hpack/static-table';
import { often, printSeed, runs } from '#support/property';
import { decoder, fieldsOf, indexed, inserted, LIMITS, literal, sizeUpdate } from './blocks.ts';

printSeed();

type Name = string | number;
type Part =
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'insert' | 'literal'; readonly name: Name; readonly value: string };

interface Block {
  readonly sizes: readonly number[];
  readonly parts: readonly Part[];
}

class Model {
  #entries: (readonly [name: string, value: string])[] = [];
  #bytesMax = 4096;

  /** The fields, or undefined when the block is wrong. */
  decode({ sizes, parts }: Block): readonly string[] | undefined {
    for (const size of sizes) {
      if (size > LIMITS.tableBytesMax) return undefined;
      this.#bytesMax = size;
      this.#evict();
    }
    const fields: string[] = [];
    for (const part of parts) {
      const field = this.#field(part);
      if (field === undefined) return undefined;
      fields.push(...field);
      if (part.kind !== 'insert') continue;
      this.#entries = [field, ...this.#entries];
      this.#evict();
    }
    return fields;
  }

  #field(part: Part): readonly [name: string, value: string] | undefined {
    if (part.kind === 'index') return this.#entry(part.index);
    const { name, value } = part;
    if (typeof name === 'string') return [name, value];
    const entry = this.#entry(name);
    return entry && [entry[0], value];
  }

  #entry(index: number): readonly [name: string, value: string] | undefined {
    if (index === 0) return undefined;
    if (index > 61) return this.#entries[index - 62];
    return [STATIC_NAMES[index]!, STATIC_VALUES[index]!];
  }

  #evict(): void {
    while (this.#bytes() > this.#bytesMax) this.#entries = this.#entries.slice(0, -1);
  }

  #bytes(): number {
    return this.#entries.reduce((sum, [name, value]) => sum + name.length + value.length + 32, 0);
  }
}

function encoded({ sizes, parts }: Block): Buffer {
  return Buffer.concat([...sizes.map(sizeUpdate), ...parts.map(encodedPart)]);
}

function encodedPart(part: Part): Buffer {
  if (part.kind === 'index') return indexed(part.index);
  if (part.kind === 'insert') return inserted(part.name, part.value);
  return literal(part.name, part.value);
}

/** Mostly there, sometimes not. */
const index = fc.oneof(
  ...often(6, fc.integer({ min: 1, max: 61 })),
  ...often(12, fc.integer({ min: 62, max: 64 })),
  fc.integer({ min: 65, max: 200 }),
);
const value = fc.oneof(
  ...often(8, fc.constantFrom('', 'a', 'b', 'value')),
  fc.constantFrom('v'.repeat(50), 'v'.repeat(1000), 'v'.repeat(4096)),
);
const textOrIndex = fc.oneof(fc.constantFrom('a', 'name'), index);
const anyIndex: fc.Arbitrary<Part> = fc.record({ kind: fc.constant('index' as const), index });
const anyPart: fc.Arbitrary<Part> = fc.oneof(
  ...often(4, anyIndex),
  fc.record({ kind: fc.constantFrom('insert', 'literal'), name: textOrIndex, value }),
);
const size = fc.constantFrom(0, 40, 100, 500, 4096);
const block: fc.Arbitrary<Block> = fc.record({
  sizes: fc.oneof(...often(15, fc.constant([])), fc.array(size, { maxLength: 2 })),
  parts: fc.array(anyPart, { maxLength: 6 }),
});
/** Blocks of nothing but indexes are those that are remembered; three times is when it counts. */
const steady: fc.Arbitrary<Block> = fc.record({
  sizes: fc.constant([]),
  parts: fc.array(anyIndex, { minLength: 1, maxLength: 3 }),
});
const session = fc
  .array(fc.oneof(block, steady, steady), { minLength: 1, maxLength: 6 })
  .chain((blocks) =>
    fc.array(fc.tuple(fc.constantFrom(...blocks), fc.integer({ min: 1, max: 4 })), {
      minLength: 1,
      maxLength: 60,
    }),
  );

const start: Block = {
  sizes: [],
  parts: ['one', 'two', 'three'].map((name) => ({ kind: 'insert', name, value: name })),
};

test('a decoder and a model that remembers nothing', () => {
  const property = fc.property(session, (steps) => {
    let model = new Model();
    let target = decoder();
    const restart = (): void => {
      model = new Model();
      target = decoder();
      fieldsOf(target, encoded(start));
      model.decode(start);
    };
    restart();
    for (const [next, times] of steps) {
      for (let time = 0; time < times; time += 1) {
        const expected = model.decode(next);
        const decode = (): readonly string[] => fieldsOf(target, encoded(next));
        if (expected !== undefined) {
          expect(decode()).toEqual(expected);
          continue;
        }
        expect(decode).toThrow(HpackError);
        restart();
      }
    }
  });
  fc.assert(property, runs(1500));
}, 60_000);
