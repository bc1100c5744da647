/** SQL92 filters made at random, written out, and evaluated in the plainest way. */
import fc from 'fast-check';

import type { SqlCondition, SqlNumber, SqlOperand, SqlOrdered } from '#broker/consume/sql-parser';

const NAMES = ['a', 'b', '$c_1', 'TAGS', 'absent'];
/** What properties of messages have, and what they are compared with. */
const TEXTS = [
  '',
  'x',
  "it's",
  'true',
  'FALSE',
  '5',
  '5.0',
  '-3',
  '1e3',
  '007',
  '9007199254740993',
];

export const anyMessage: fc.Arbitrary<Record<string, string>> = fc.dictionary(
  fc.constantFrom(...NAMES.slice(0, -1)),
  fc.constantFrom(...TEXTS),
  { maxKeys: 4 },
);

const property = fc.constantFrom(...NAMES).map((name) => ({ kind: 'property' as const, name }));
const string = fc
  .oneof(fc.constantFrom(...TEXTS), fc.string({ unit: 'grapheme', maxLength: 6 }))
  .map((value) => ({ kind: 'string' as const, value }));
const integer = fc
  .oneof(
    fc.constantFrom(5n, -3n, 1000n, 9_007_199_254_740_993n),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  )
  .map((long): SqlNumber => {
    const value = Number.isSafeInteger(Number(long)) ? Number(long) : long;
    return { kind: 'number', integer: true, value };
  });
const real = fc
  .oneof(fc.constantFrom(5, 0.5, -3, 1000), fc.double({ noNaN: true, noDefaultInfinity: true }))
  .map((value): SqlNumber => ({ kind: 'number', integer: false, value: value + 0 }));
const number = fc.oneof(integer, real);
const ordered: fc.Arbitrary<SqlOrdered> = fc.oneof(property, number);
const negated = fc.boolean();

interface Nodes {
  condition: SqlCondition;
  operand: SqlOperand;
}

export const { condition: anyCondition } = fc.letrec<Nodes>((tie: fc.LetrecTypedTie<Nodes>) => {
  const terms = fc.array(tie('condition'), { minLength: 2, maxLength: 3 });
  return {
    operand: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      { weight: 6, arbitrary: fc.oneof(property, string, number) },
      { weight: 1, arbitrary: tie('condition').filter((node) => !isNull(node)) },
    ),
    condition: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.record({ kind: fc.constant('boolean'), value: fc.constantFrom(true, false, undefined) }),
      fc.record({
        kind: fc.constant('equal'),
        negated,
        left: tie('operand'),
        right: tie('operand'),
      }),
      fc.record({
        kind: fc.constant('order'),
        operator: fc.constantFrom('<', '<=', '>', '>='),
        left: ordered,
        right: ordered,
      }),
      fc
        .record({
          kind: fc.constant('between'),
          negated,
          value: ordered,
          low: ordered,
          high: ordered,
        })
        .map((node) => (isReversed(node) ? { ...node, low: node.high, high: node.low } : node)),
      fc.record({
        kind: fc.constant('in'),
        negated,
        property,
        values: fc.array(
          string.map(({ value }) => value),
          { minLength: 1, maxLength: 6 },
        ),
      }),
      fc.record({ kind: fc.constant('null'), negated, operand: tie('operand') }),
      fc.record({
        kind: fc.constant('text'),
        negated,
        test: fc.constantFrom('CONTAINS', 'STARTSWITH', 'ENDSWITH'),
        operand: tie('operand'),
        wanted: string.map(({ value }) => value),
      }),
      fc.record({ kind: fc.constantFrom('and', 'or'), terms }),
      fc.record({ kind: fc.constant('not'), term: tie('condition') }),
    ),
  };
});

function isNull(node: SqlOperand): boolean {
  return node.kind === 'boolean' && node.value === undefined;
}

function isReversed({ low, high }: { low: SqlOrdered; high: SqlOrdered }): boolean {
  return low.kind === 'number' && high.kind === 'number' && high.value < low.value;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** With parentheses around every condition within another. */
export function printSql(node: SqlOperand): string {
  const inner = (operand: SqlOperand): string => {
    const isPlain = ['property', 'string', 'number', 'boolean'].includes(operand.kind);
    return isPlain ? printSql(operand) : `(${printSql(operand)})`;
  };
  const not = 'negated' in node && node.negated ? 'NOT ' : '';
  switch (node.kind) {
    case 'property':
      return node.name;
    case 'string':
      return quoted(node.value);
    case 'number': {
      const text = String(node.value);
      return node.integer || /[.e]/.test(text) ? text : `${text}.0`;
    }
    case 'boolean':
      return node.value === undefined ? 'NULL' : String(node.value).toUpperCase();
    case 'and':
    case 'or':
      return node.terms.map(inner).join(` ${node.kind.toUpperCase()} `);
    case 'not':
      return `NOT ${inner(node.term)}`;
    case 'equal':
      return `${inner(node.left)} ${node.negated ? '<>' : '='} ${inner(node.right)}`;
    case 'order':
      return `${inner(node.left)} ${node.operator} ${inner(node.right)}`;
    case 'between':
      return `${inner(node.value)} ${not}BETWEEN ${inner(node.low)} AND ${inner(node.high)}`;
    case 'in':
      return `${inner(node.property)} ${not}IN (${node.values.map(quoted).join(', ')})`;
    case 'null':
      return `${inner(node.operand)} IS ${not}NULL`;
    case 'text':
      return `${inner(node.operand)} ${not}${node.test} ${quoted(node.wanted)}`;
  }
}

type Value = boolean | string | number | bigint;

/** True, false, null; 'FAILED' when a comparison can't be made. */
export function interpret(
  condition: SqlCondition,
  message: Readonly<Record<string, string>>,
): boolean | null | 'FAILED' {
  try {
    return decide(condition, message);
  } catch (error) {
    if (error instanceof RangeError) return 'FAILED';
    throw error;
  }
}

function decide(node: SqlCondition, message: Readonly<Record<string, string>>): boolean | null {
  const value = (operand: SqlOperand): Value | null => {
    if (operand.kind === 'property') return message[operand.name] ?? null;
    if (operand.kind === 'string' || operand.kind === 'number') return operand.value;
    return decide(operand, message);
  };
  const flip = (outcome: boolean | null, isFlipped: boolean): boolean | null =>
    outcome === null ? null : outcome !== isFlipped;
  switch (node.kind) {
    case 'boolean':
      return node.value ?? null;
    case 'and': {
      const [first, ...rest] = node.terms as [SqlCondition, ...SqlCondition[]];
      const left = decide(first, message);
      if (left === false || rest.length === 0) return left;
      const right = decide({ kind: 'and', terms: rest }, message);
      return right === false ? false : left === null ? null : right;
    }
    case 'or': // by De Morgan
      return flip(
        decide({ kind: 'and', terms: node.terms.map((term) => ({ kind: 'not', term })) }, message),
        true,
      );
    case 'not':
      return flip(decide(node.term, message), true);
    case 'equal':
      return flip(compare(node.left, node.right, value, 'equal'), node.negated);
    case 'order':
      return compare(node.left, node.right, value, node.operator);
    case 'between': {
      const low: SqlCondition = {
        kind: 'order',
        operator: '>=',
        left: node.value,
        right: node.low,
      };
      const high: SqlCondition = { ...low, operator: '<=', right: node.high };
      return flip(decide({ kind: 'and', terms: [low, high] }, message), node.negated);
    }
    case 'in': {
      const text = value(node.property);
      return text === null ? null : node.values.includes(String(text)) !== node.negated;
    }
    case 'null':
      return (value(node.operand) === null) !== node.negated;
    case 'text': {
      const text = value(node.operand);
      if (typeof text !== 'string' || node.wanted === '') return false;
      const at = node.test === 'ENDSWITH' ? text.length - node.wanted.length : 0;
      const found =
        node.test === 'CONTAINS'
          ? text.split(node.wanted).length > 1
          : at >= 0 && text.slice(at, at + node.wanted.length) === node.wanted;
      return found !== node.negated;
    }
  }
}

function compare(
  left: SqlOperand,
  right: SqlOperand,
  value: (operand: SqlOperand) => Value | null,
  how: 'equal' | '<' | '<=' | '>' | '>=',
): boolean | null {
  let a = value(left);
  if (a === null) return null;
  let b = value(right);
  if (b === null) return null;
  if (typeof a === 'string') a = read(a, right, how);
  if (typeof b === 'string') b = read(b, left, how);
  if (how === 'equal') {
    const areNumbers = [a, b].every((x) => typeof x === 'number' || typeof x === 'bigint');
    return areNumbers ? !(a < b) && !(b < a) : a === b;
  }
  return { '<': a < b, '<=': a <= b, '>': a > b, '>=': a >= b }[how];
}

/** A text as a value of the other side's type. */
function read(text: string, other: SqlOperand, how: string): Value {
  if (other.kind === 'property' || other.kind === 'string') {
    return how === 'equal' ? text : realIn(text);
  }
  if (other.kind !== 'number') return text.toLowerCase() === 'true';
  if (!other.integer) return realIn(text);
  if (!/^[+-]?\d+$/.test(text)) throw new RangeError(text);
  return BigInt(text);
}

function realIn(text: string): number {
  const value = Number(text);
  // To JavaScript a text of spaces is 0, and there are hexadecimal ones.
  if (!/^[\d.eE+-]+$/.test(text) || Number.isNaN(value)) throw new RangeError(text);
  return value;
}
