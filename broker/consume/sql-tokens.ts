/** The words, numbers, strings and symbols of an SQL92 filter, and errors that point at them. */
import { SluiceError } from '#lib/errors';
import { FILTER } from '#lib/limits';

const KEYWORDS: ReadonlySet<string> = new Set(
  'NOT AND OR BETWEEN IN TRUE FALSE NULL IS CONTAINS STARTSWITH ENDSWITH'.split(' '),
);

const SPACE = /(?:[ \t\n\r\f]|--[^\n\r]*|\/\*[^]*?\*\/)*/y;
const TOKEN = new RegExp(
  [
    '(?<word>[A-Za-z_$][A-Za-z0-9_$]*)',
    '(?<number>\\d+[lL]|(?:\\d+(?:\\.\\d*)?|\\.\\d+)(?:[eE][+-]?\\d+)?)',
    "(?<string>'(?:[^']|'')*')",
    '(?<symbol><>|<=|>=|[=<>(),+-])',
    '(?<stray>[!&|]+=?|[^])',
  ].join('|'),
  'uy',
);

export interface Token {
  /** A keyword's `text` is in capitals; a stray is nothing that a filter may have. */
  kind: 'keyword' | 'word' | 'number' | 'string' | 'symbol' | 'stray' | 'end';
  text: string;
  start: number;
  end: number;
}

/** The first token at `at` or behind it. @throws SluiceError ILLEGAL_FILTER_EXPRESSION */
export function tokenAt(source: string, at: number): Token {
  SPACE.lastIndex = at;
  SPACE.exec(source);
  const start = SPACE.lastIndex;
  TOKEN.lastIndex = start;
  const groups = TOKEN.exec(source)?.groups;
  if (!groups) return { kind: 'end', text: '', start, end: start };
  const { word, number, string, symbol, stray = '' } = groups;
  const token = { start, end: TOKEN.lastIndex };
  if (word !== undefined) {
    const keyword = word.toUpperCase();
    if (KEYWORDS.has(keyword)) return { kind: 'keyword', text: keyword, ...token };
    return { kind: 'word', text: word, ...token };
  }
  if (number !== undefined) return { kind: 'number', text: number, ...token };
  if (string !== undefined) return { kind: 'string', text: string, ...token };
  if (symbol !== undefined) return { kind: 'symbol', text: symbol, ...token };
  if (stray === "'") throw illegal(source, start, source.length, 'a string that ends with a quote');
  return { kind: 'stray', text: stray, ...token };
}

/** What a string token stands for: a quote within it is written twice. */
export function stringOf({ text }: Token): string {
  return text.slice(1, -1).replaceAll("''", "'");
}

/** An error about `source` from `start` to `end`. */
export function illegal(source: string, start: number, end: number, expected: string): SluiceError {
  const position = Array.from(source.slice(0, start)).length + 1;
  const shownEnd = Math.min(end, start + FILTER.foundCharsShown);
  const shown = source.slice(start, shownEnd) + (shownEnd < end ? '…' : '');
  const found = start >= source.length ? 'the end' : JSON.stringify(shown);
  return new SluiceError(
    'ILLEGAL_FILTER_EXPRESSION',
    `SQL filter, character ${position}: expected ${expected}, found ${found}`,
  );
}
