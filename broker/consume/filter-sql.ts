/**
 * The SQL92 filter of a subscription (wire.md A.8), compiled to functions. What is not TRUE for a
 * message leaves it out: FALSE, NULL, and a comparison that can't be made.
 */
import { Kept } from '#lib/kept';
import { FILTER } from '#lib/limits';
import type { StoredProperties } from '#proto/properties';

import { assertFilterSize } from '#broker/consume/message-filter';
import type { MessageFilter } from '#broker/consume/message-filter';
import { parseSql } from '#broker/consume/sql-parser';
import type {
  OrderOperator,
  SqlCondition,
  SqlOperand,
  SqlOrdered,
  TextTest,
} from '#broker/consume/sql-parser';

/**
 * A comparison that can't be made, such as `a > 5` where `a` is `x`, decides the whole filter: no
 * OR beside it or NOT around it makes up for it.
 */
const FAILED = Symbol('a text that is no such value');

/** Undefined is NULL. */
type Outcome = boolean | undefined | typeof FAILED;
type Value = Outcome | string | number | bigint;
type Test = (properties: StoredProperties) => Outcome;
type Evaluate = (properties: StoredProperties) => Value;
/** What a text is as a value of another type; undefined if it is none. */
type Convert = (text: string) => boolean | number | bigint | undefined;

export class SqlFilter implements MessageFilter {
  /** By their text: clients send the same one again and again. */
  static readonly #kept = new Kept(FILTER.compiledKept, (expression: string) => {
    assertFilterSize(expression);
    return new SqlFilter(testOf(parseSql(expression)));
  });

  readonly readsProperties = true;
  readonly #test: Test;

  private constructor(test: Test) {
    this.#test = test;
  }

  /** @throws SluiceError ILLEGAL_FILTER_EXPRESSION */
  static parse(expression: string): SqlFilter {
    return SqlFilter.#kept.get(expression);
  }

  mayMatch(): boolean {
    return true;
  }

  accepts(properties: StoredProperties): boolean {
    return this.#test(properties) === true;
  }
}

function testOf(condition: SqlCondition): Test {
  switch (condition.kind) {
    case 'boolean':
      return () => condition.value;
    case 'and':
      return chainTest(condition.terms.map(testOf), false);
    case 'or':
      return chainTest(condition.terms.map(testOf), true);
    case 'not':
      return inverted(testOf(condition.term));
    case 'equal':
      return equalTest(condition);
    case 'order':
      return orderTest(condition.operator, condition.left, condition.right);
    case 'between':
      return betweenTest(condition);
    case 'in':
      return inTest(condition);
    case 'null': {
      const { negated, operand } = condition;
      const evaluate = valueOf(operand);
      return (properties) => {
        const value = evaluate(properties);
        return value === FAILED ? FAILED : (value === undefined) !== negated;
      };
    }
    case 'text':
      return textTest(condition);
  }
}

function valueOf(operand: SqlOperand): Evaluate {
  if (operand.kind === 'property') {
    const { name } = operand;
    return (properties) => properties.find(name);
  }
  if (operand.kind === 'string' || operand.kind === 'number') return () => operand.value;
  return testOf(operand);
}

/** AND is decided by a FALSE, OR by a TRUE; from left to right, so that the rest is not asked. */
function chainTest(terms: readonly Test[], decisive: boolean): Test {
  return (properties) => {
    let result: Outcome = !decisive;
    for (const term of terms) {
      const outcome = term(properties);
      if (outcome === decisive || outcome === FAILED) return outcome;
      if (outcome === undefined) result = undefined;
    }
    return result;
  };
}

function inverted(test: Test): Test {
  return (properties) => {
    const outcome = test(properties);
    return typeof outcome === 'boolean' ? !outcome : outcome;
  };
}

function equalTest({
  negated,
  left,
  right,
}: {
  negated: boolean;
  left: SqlOperand;
  right: SqlOperand;
}): Test {
  const first = valueOf(left);
  const second = valueOf(right);
  const convertFirst = converterFor(right);
  const convertSecond = converterFor(left);
  return (properties) => {
    const a = first(properties);
    if (a === undefined || a === FAILED) return a;
    const b = second(properties);
    if (b === undefined || b === FAILED) return b;
    const x = converted(a, convertFirst);
    const y = converted(b, convertSecond);
    if (x === FAILED || y === FAILED) return FAILED;
    return areEqual(x, y) !== negated;
  };
}

function areEqual(a: Value, b: Value): boolean {
  if (typeof a === 'bigint' || typeof b === 'bigint') {
    return isNumber(a) && isNumber(b) && !(a < b) && !(b < a);
  }
  return a === b;
}

function isNumber(value: Value): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}

const COMPARE: Readonly<
  Record<OrderOperator, (a: number | bigint, b: number | bigint) => boolean>
> = {
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

function orderTest(operator: OrderOperator, left: SqlOrdered, right: SqlOrdered): Test {
  const compare = COMPARE[operator];
  const first = valueOf(left);
  const second = valueOf(right);
  const convertFirst = converterFor(right) ?? realOf;
  const convertSecond = converterFor(left) ?? realOf;
  return (properties) => {
    const a = first(properties);
    const b = second(properties);
    if (a === undefined || b === undefined) return undefined;
    const x = converted(a, convertFirst);
    const y = converted(b, convertSecond);
    return isNumber(x) && isNumber(y) ? compare(x, y) : FAILED;
  };
}

function betweenTest({
  negated,
  value,
  low,
  high,
}: {
  negated: boolean;
  value: SqlOrdered;
  low: SqlOrdered;
  high: SqlOrdered;
}): Test {
  const first = orderTest(negated ? '<' : '>=', value, low);
  const second = orderTest(negated ? '>' : '<=', value, high);
  return chainTest([first, second], negated);
}

function inTest({
  negated,
  property,
  values,
}: {
  negated: boolean;
  property: SqlOperand;
  values: readonly string[];
}): Test {
  const evaluate = valueOf(property);
  const wanted: ReadonlySet<Value> = new Set(values);
  return (properties) => {
    const value = evaluate(properties);
    return value === undefined ? undefined : wanted.has(value) !== negated;
  };
}

const FINDS: Readonly<Record<TextTest, (text: string, wanted: string) => boolean>> = {
  CONTAINS: (text, wanted) => text.includes(wanted),
  STARTSWITH: (text, wanted) => text.startsWith(wanted),
  ENDSWITH: (text, wanted) => text.endsWith(wanted),
};

/** As RocketMQ has it: where there is no text, or none is looked for, FALSE with or without NOT. */
function textTest({
  negated,
  test,
  operand,
  wanted,
}: {
  negated: boolean;
  test: TextTest;
  operand: SqlOperand;
  wanted: string;
}): Test {
  const evaluate = valueOf(operand);
  const finds = FINDS[test];
  return (properties) => {
    const value = evaluate(properties);
    if (value === FAILED) return FAILED;
    return typeof value === 'string' && wanted !== '' && finds(value, wanted) !== negated;
  };
}

/** How a text is compared with what `operand` gives; undefined for another text. */
function converterFor(operand: SqlOperand): Convert | undefined {
  if (operand.kind === 'property' || operand.kind === 'string') return undefined;
  if (operand.kind === 'number') return operand.integer ? integerOf : realOf;
  return booleanOf;
}

function converted(value: Value, convert: Convert | undefined): Value {
  if (convert === undefined || typeof value !== 'string') return value;
  return convert(value) ?? FAILED;
}

const INTEGER = /^[+-]?[0-9]+$/;
const REAL = /^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/;
/** That many digits and a sign are held by a number exactly. */
const EXACT_CHARS = 15;

/** The text of an integer of 64 bits; `5.0` is none, which a subscription can rely on. */
function integerOf(text: string): number | bigint | undefined {
  if (text.length > FILTER.numberCharsMax || !INTEGER.test(text)) return undefined;
  if (text.length <= EXACT_CHARS) return Number(text);
  const long = BigInt(text);
  return BigInt.asIntN(64, long) === long ? long : undefined;
}

function realOf(text: string): number | undefined {
  if (text.length > FILTER.numberCharsMax) return undefined;
  return REAL.test(text) ? Number(text) : undefined;
}

/** Any other text is false, as in Java. */
function booleanOf(text: string): boolean {
  return text.length === 4 && text.toLowerCase() === 'true';
}
