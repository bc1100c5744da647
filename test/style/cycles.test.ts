import { expect, test } from '@jest/globals';
import { importsOf, sources } from './sources.ts';

type Graph = ReadonlyMap<string, readonly string[]>;

test('no import cycle, counting imports of types too', () => {
  const files = sources(
    /^(lib|proto|nameserver|broker|cli|exactly-once|scripts|bench|test)\/.*\.ts$/,
  );
  const graph = new Map(
    files.map((file) => [file.path, importsOf(file).map(({ path }) => path)] as const),
  );
  expect(firstCycle(graph)).toBeUndefined();
});

test('a cycle is found', () => {
  const graph = new Map([
    ['a', ['b']],
    ['b', ['c', 'd']],
    ['c', ['b']],
    ['d', []],
  ]);
  expect(firstCycle(graph)).toEqual(['b', 'c', 'b']);
});

function firstCycle(graph: Graph): readonly string[] | undefined {
  const finished = new Set<string>();
  const visit = (file: string, path: readonly string[]): readonly string[] | undefined => {
    const earlier = path.indexOf(file);
    if (earlier !== -1) return [...path.slice(earlier), file];
    if (finished.has(file)) return undefined;
    for (const next of graph.get(file) ?? []) {
      const cycle = visit(next, [...path, file]);
      if (cycle) return cycle;
    }
    finished.add(file);
    return undefined;
  };
  for (const file of graph.keys()) {
    const cycle = visit(file, []);
    if (cycle) return cycle;
  }
  return undefined;
}
