import { basename } from 'node:path';
import { expect, test } from '@jest/globals';
import { sources } from './sources.ts';

/** Function lengths and the like are rules of .oxlintrc.json, dead files are found by knip. */
const LINES_MAX = 400;
const COLUMNS_MAX = 100;

const GENERATED = /^proto\/(.*-)?types\.ts$/;
const TEXT = /\.(ts|js|proto|sh|java)$/;

const files = sources(TEXT).filter(({ path }) => !GENERATED.test(path));

test('there are files to look at', () => {
  expect(files.length).toBeGreaterThan(20);
});

test(`no file has more than ${LINES_MAX} lines`, () => {
  // A protocol is one file, however large.
  const long = files
    .filter(({ path }) => !path.endsWith('.proto'))
    .map(({ path, text }) => ({ path, lines: text.trimEnd().split('\n').length }))
    .filter(({ lines }) => lines > LINES_MAX)
    .map(({ path, lines }) => `${path}: ${lines}`);
  expect(long).toEqual([]);
});

test(`no line has more than ${COLUMNS_MAX} columns`, () => {
  const long = files.flatMap(({ path, text }) =>
    text
      .split('\n')
      .map((line, index) => ({ place: `${path}:${index + 1}`, columns: Array.from(line).length }))
      .filter(({ columns }) => columns > COLUMNS_MAX)
      .map(({ place, columns }) => `${place}: ${columns}`),
  );
  expect(long).toEqual([]);
});

test('no file is called after nothing in particular', () => {
  const vague = /^(utils?|helpers?|misc|common|stuff|index|types?-?defs?)\.(ts|js)$/;
  expect(files.map(({ path }) => path).filter((path) => vague.test(basename(path)))).toEqual([]);
});

test('no work is left undone in a comment', () => {
  const undone = files.filter(({ text }) => /\b(TODO|FIXME|XXX)\b/.test(text));
  const here = 'test/style/files.test.ts';
  expect(undone.map(({ path }) => path).filter((path) => path !== here)).toEqual([]);
});
