/**
 * Parses an SQL92 filter:
 *
 *   or        = and { OR and }
 *   and       = not { AND not }
 *   not       = NOT not | predicate
 *   predicate = operand [ ( = | <> | < | <= | > | >= ) operand
 *                       | IS [NOT] NULL
 *                       | [NOT] BETWEEN operand AND operand
 *                       | [NOT] IN ( string { , string } )
 *                       | [NOT] ( CONTAINS | STARTSWITH | ENDSWITH ) string ]
 *   operand   = property | string | [+|-] number | TRUE | FALSE | NULL | ( or )
 *
 * Keywords may be in small letters; names of properties are taken as they are written. Comments are
 * those of SQL.
 */
import { FILTER } from '#lib/limits';

import { illegal, stringOf, tokenAt } from '#broker/consume/sql-tokens';
import type { Token } from '#broker/consume/sql-tokens';

const LONG_MIN = -(2n ** 63n);
const LONG_MAX = 2n ** 63n - 1n;

const ORDER_OPERATORS = ['<', '<=', '>', '>='] as const;
export type OrderOperator = (typeof ORDER_OPERATORS)[number];
const TEXT_TESTS = ['CONTAINS', 'STARTSWITH', 'ENDSWITH'] as const;
export type TextTest = (typeof TEXT_TESTS)[number];

export interface SqlProperty {
  kind: 'property';
  name: string;
}

export interface SqlNumber {
  kind: 'number';
  /** Of 64 bits when it is written without a point and an exponent, else a double. */
  integer: boolean;
  /** A bigint where a number could not hold the integer. */
  value: number | bigint;
}

/** What can be smaller or larger than another. */
export type SqlOrdered = SqlProperty | SqlNumber;

export type SqlCondition =
  | { kind: 'boolean'; value: boolean | undefined }
  | { kind: 'and' | 'or'; terms: SqlCondition[] }
  | { kind: 'not'; term: SqlCondition }
  | { kind: 'equal'; negated: boolean; left: SqlOperand; right: SqlOperand }
  | { kind: 'order'; operator: OrderOperator; left: SqlOrdered; right: SqlOrdered }
  | { kind: 'between'; negated: boolean; value: SqlOrdered; low: SqlOrdered; high: SqlOrdered }
  | { kind: 'in'; negated: boolean; property: SqlProperty; values: string[] }
  | { kind: 'null'; negated: boolean; operand: SqlOperand }
  | { kind: 'text'; negated: boolean; test: TextTest; operand: SqlOperand; wanted: string };

export type SqlOperand = SqlOrdered | { kind: 'string'; value: string } | SqlCondition;

/** @throws SluiceError ILLEGAL_FILTER_EXPRESSION */
export function parseSql(source: string): SqlCondition {
  return new SqlParser(source).parse();
}

/** An operand and where it is written. */
interface Part {
  node: SqlOperand;
  start: number;
  end: number;
}

class SqlParser {
  readonly #source: string;
  #token: Token;
  /** Behind the last token that was taken. */
  #end = 0;
  /** What would have been taken instead of the present token. */
  #expected: string[] = [];
  #depth = 0;
  #nodes = 0;

  constructor(source: string) {
    this.#source = source;
    this.#token = tokenAt(source, 0);
  }

  parse(): SqlCondition {
    const { node, ...place } = this.#or();
    if (this.#token.kind !== 'end') this.#failHere('the end');
    return this.#condition({ node, ...place });
  }

  #or(): Part {
    return this.#chain('OR', () => this.#chain('AND', () => this.#not()));
  }

  #chain(keyword: 'AND' | 'OR', next: () => Part): Part {
    const first = next();
    if (!this.#take(keyword)) return first;
    const terms = [this.#condition(first)];
    do terms.push(this.#condition(next()));
    while (this.#take(keyword));
    const kind = keyword === 'AND' ? 'and' : 'or';
    return this.#part(first.start, { kind, terms });
  }

  #not(): Part {
    const { start } = this.#token;
    if (!this.#take('NOT')) return this.#predicate();
    const term = this.#deeper(() => this.#condition(this.#not()));
    return this.#part(start, { kind: 'not', term });
  }

  #predicate(): Part {
    const left = this.#operand();
    const { start } = left;
    if (this.#take('=')) return this.#part(start, this.#equal(left, false));
    if (this.#take('<>')) return this.#part(start, this.#equal(left, true));
    for (const operator of ORDER_OPERATORS) {
      if (!this.#take(operator)) continue;
      const ordered = this.#ordered(left);
      const right = this.#ordered(this.#operand());
      return this.#part(start, { kind: 'order', operator, left: ordered, right });
    }
    if (this.#take('IS')) {
      const negated = this.#take('NOT');
      if (!this.#take('NULL')) this.#failHere();
      return this.#part(start, { kind: 'null', negated, operand: left.node });
    }
    const negated = this.#take('NOT');
    if (this.#take('BETWEEN')) return this.#part(start, this.#between(left, negated));
    if (this.#take('IN')) return this.#part(start, this.#in(left, negated));
    for (const test of TEXT_TESTS) {
      if (!this.#take(test)) continue;
      const wanted = this.#string();
      return this.#part(start, { kind: 'text', negated, test, operand: left.node, wanted });
    }
    if (negated) this.#failHere();
    return left;
  }

  #equal(left: Part, negated: boolean): SqlCondition {
    const right = this.#operand();
    for (const part of [left, right]) {
      if (part.node.kind === 'boolean' && part.node.value === undefined) {
        this.#fail(part, 'a value (IS NULL asks whether there is one)');
      }
    }
    return { kind: 'equal', negated, left: left.node, right: right.node };
  }

  #between(part: Part, negated: boolean): SqlCondition {
    const value = this.#ordered(part);
    const low = this.#ordered(this.#operand());
    if (!this.#take('AND')) this.#failHere();
    const last = this.#operand();
    const high = this.#ordered(last);
    if (!negated && low.kind === 'number' && high.kind === 'number' && high.value < low.value) {
      this.#fail(last, `a number from ${low.value} on`);
    }
    return { kind: 'between', negated, value, low, high };
  }

  #in(left: Part, negated: boolean): SqlCondition {
    const property = left.node;
    if (property.kind !== 'property') return this.#fail(left, 'a property in front of IN');
    if (!this.#take('(')) this.#failHere();
    const values: string[] = [];
    do values.push(this.#string());
    while (this.#take(','));
    if (!this.#take(')')) this.#failHere();
    return { kind: 'in', negated, property, values };
  }

  #operand(): Part {
    const token = this.#token;
    const { start } = token;
    if (token.kind === 'number') return this.#part(start, this.#number(''));
    if (this.#take('-')) return this.#part(start, this.#number('-'));
    if (this.#take('+')) return this.#part(start, this.#number('+'));
    if (this.#take('(')) {
      const { node } = this.#deeper(() => this.#or());
      if (!this.#take(')')) this.#failHere();
      return { node, start, end: this.#end };
    }
    if (this.#take('TRUE')) return this.#part(start, { kind: 'boolean', value: true });
    if (this.#take('FALSE')) return this.#part(start, { kind: 'boolean', value: false });
    if (this.#take('NULL')) return this.#part(start, { kind: 'boolean', value: undefined });
    if (token.kind === 'string') {
      return this.#part(start, { kind: 'string', value: this.#string() });
    }
    if (token.kind !== 'word') this.#failHere('a property', 'a string', 'a number');
    this.#advance();
    return this.#part(start, { kind: 'property', name: token.text });
  }

  #number(sign: string): SqlNumber {
    const { kind, text, start, end } = this.#token;
    if (kind !== 'number') this.#failHere('a number');
    this.#advance();
    const digits = sign + text.replace(/[lL]$/, '');
    if (/[.eE]/.test(text)) {
      const value = Number(digits);
      if (!Number.isFinite(value)) this.#fail({ start, end }, `at most ${Number.MAX_VALUE}`);
      return { kind: 'number', integer: false, value };
    }
    const long = BigInt(digits);
    if (long < LONG_MIN || long > LONG_MAX) {
      this.#fail({ start, end }, `an integer from ${LONG_MIN} to ${LONG_MAX}`);
    }
    const value = Number(long);
    return { kind: 'number', integer: true, value: Number.isSafeInteger(value) ? value : long };
  }

  #string(): string {
    const token = this.#token;
    if (token.kind !== 'string') this.#failHere('a string');
    this.#advance();
    return stringOf(token);
  }

  /** Used as a condition, a property says whether it is true. */
  #condition({ node, ...place }: Part): SqlCondition {
    if (node.kind === 'property') {
      const right = this.#node({ kind: 'boolean', value: true });
      return this.#node({ kind: 'equal', negated: false, left: node, right });
    }
    if (node.kind === 'string' || node.kind === 'number') return this.#fail(place, 'a condition');
    return node;
  }

  #ordered({ node, ...place }: Part): SqlOrdered {
    if (node.kind === 'property' || node.kind === 'number') return node;
    return this.#fail(place, 'a number or a property');
  }

  /** A new node, written from `start` to where the parser is. */
  #part(start: number, node: SqlOperand): Part {
    return { node: this.#node(node), start, end: this.#end };
  }

  #node<T extends SqlOperand>(node: T): T {
    this.#nodes += 1;
    if (this.#nodes > FILTER.nodesMax) {
      this.#expected = [`at most ${FILTER.nodesMax} properties, constants and conditions`];
      this.#failHere();
    }
    return node;
  }

  #deeper<T>(parse: () => T): T {
    this.#depth += 1;
    if (this.#depth > FILTER.depthMax) {
      this.#expected = [`at most ${FILTER.depthMax} levels of parentheses and NOT`];
      this.#failHere();
    }
    const parsed = parse();
    this.#depth -= 1;
    return parsed;
  }

  /** Goes on behind a keyword or symbol if it comes now. */
  #take(text: string): boolean {
    const { kind } = this.#token;
    if (this.#token.text === text && (kind === 'keyword' || kind === 'symbol')) {
      this.#advance();
      return true;
    }
    this.#expected.push(text);
    return false;
  }

  #advance(): void {
    this.#end = this.#token.end;
    this.#token = tokenAt(this.#source, this.#end);
    this.#expected = [];
  }

  #failHere(...more: string[]): never {
    const expected = [...new Set([...more, ...this.#expected])];
    const last = expected.pop() ?? 'nothing';
    const list = expected.length === 0 ? last : `${expected.join(', ')} or ${last}`;
    return this.#fail(this.#token, list);
  }

  #fail({ start, end }: { start: number; end: number }, expected: string): never {
    throw illegal(this.#source, start, end, expected);
  }
}
