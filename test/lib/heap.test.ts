import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { Heap } from '#lib/heap';
import { printSeed, runs } from '#support/property';

printSeed();

function drained(heap: Heap<number>): number[] {
  const items: number[] = [];
  for (let item = heap.pop(); item !== undefined; item = heap.pop()) items.push(item);
  return items;
}

function heapOf(items: readonly number[]): Heap<number> {
  const heap = new Heap<number>((a, b) => a < b);
  for (const item of items) heap.push(item);
  return heap;
}

const ascending = (a: number, b: number): number => a - b;

describe('a heap', () => {
  test('is empty at first', () => {
    const heap = heapOf([]);
    expect([heap.size, heap.peek(), heap.pop()]).toEqual([0, undefined, undefined]);
  });

  test('gives back in order whatever was put in', () => {
    const check = (items: number[]): void => {
      const heap = heapOf(items);
      expect(heap.size).toBe(items.length);
      expect(drained(heap)).toEqual([...items].sort(ascending));
    };
    fc.assert(fc.property(fc.array(fc.integer()), check), runs(300));
  });

  test('has the smallest on top through any pushes and pops', () => {
    const step = fc.option(fc.integer());
    const check = (steps: (number | null)[]): void => {
      const heap = heapOf([]);
      let model: number[] = [];
      for (const item of steps) {
        if (item === null) {
          expect(heap.pop()).toBe(model[0]);
          model = model.slice(1);
        } else {
          heap.push(item);
          model = [...model, item].sort(ascending);
        }
        expect([heap.size, heap.peek()]).toEqual([model.length, model[0]]);
      }
    };
    fc.assert(fc.property(fc.array(step, { maxLength: 60 }), check), runs(200));
  });

  test('keeps its order when some are thrown out', () => {
    const check = (items: number[], divisor: number): void => {
      const heap = heapOf(items);
      const keep = (item: number): boolean => item % divisor !== 0;
      heap.filter(keep);
      expect(drained(heap)).toEqual(items.filter(keep).sort(ascending));
    };
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.integer({ min: 1, max: 4 }), check),
      runs(200),
    );
  });
});
