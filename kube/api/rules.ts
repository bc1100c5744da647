/**
 * What the custom resources' schemas say beside types: rules in CEL, which the API server checks,
 * and what holds where a field is absent. Both are metadata of the zod schemas.
 */
import type { z } from 'zod';

export interface Rule {
  /** CEL; a rule that names `oldSelf` is checked on updates only. */
  readonly rule: string;
  /** For people: what is wrong, and what is allowed. */
  readonly message: string;
  /** CEL that makes the message from what was given; `message` is the fallback. */
  readonly messageExpression?: string;
  /** Forbidden without it: for an invalid value the API server would show its type, not itself. */
  readonly reason?: 'FieldValueRequired';
  /** Of the field that the message is about, from where the rule is: `.capacity.tps`. */
  readonly fieldPath?: string;
}

export const VALIDATIONS = 'x-kubernetes-validations';
/** What holds where the field is absent: for the documentation only, never stored. */
export const UNSET = 'unset';

/** Rules of the schema, after those that it has. */
export function withRules<T extends z.ZodType>(schema: T, rules: readonly Rule[]): T {
  return schema.meta({ [VALIDATIONS]: [...rulesOf(schema), ...rules] });
}

function rulesOf(schema: z.ZodType): readonly Rule[] {
  return (schema.meta()?.[VALIDATIONS] as readonly Rule[] | undefined) ?? [];
}

/** A text that has to match; the rule has a sentence for people, where a pattern has none. */
export function matching(schema: z.ZodString, pattern: RegExp, message: string): z.ZodString {
  const rule = {
    rule: matches('self', pattern),
    message,
    messageExpression: withValue(message, 'self'),
  };
  return withRules(schema.regex(pattern, message), [rule]);
}

/** CEL: the message with the text that was given, in quotes. */
export function withValue(message: string, value: string): string {
  return `${text(`${message}, not "`)} + ${value} + '"'`;
}

/** CEL: the value matches the whole pattern (which is anchored where it wants to be). */
export function matches(value: string, { source }: RegExp): string {
  return `${value}.matches(${text(source)})`;
}

/** A string literal in CEL. */
export function text(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

/** A field that may be absent; `unset` says what holds then. */
export function optionally<T extends z.ZodType>(
  schema: T,
  description: string,
  unset?: string | number | boolean,
): z.ZodOptional<T> {
  return schema
    .optional()
    .meta(unset === undefined ? { description } : { description, [UNSET]: unset });
}

type Scalar = string | number | boolean;

/**
 * CEL: a field that may be absent, or `unset`. Not by CEL's optional values, of which the API
 * server takes the longest text that there could be, so that a rule costs too much.
 */
export function valueOr(object: string, path: string, unset: Scalar): string {
  const names = path.split('.');
  const steps = names.map((_, depth) => `${object}.${names.slice(0, depth + 1).join('.')}`);
  const literal = typeof unset === 'string' ? text(unset) : String(unset);
  return `(${steps.map((step) => `has(${step})`).join(' && ')} ? ${steps.at(-1)} : ${literal})`;
}

/** It can't change, not even from absent to something else than what absent means. */
export function unchanging(path: string, unset: Scalar, message: string): Rule {
  const rule = `${valueOr('self', path, unset)} == ${valueOr('oldSelf', path, unset)}`;
  return { rule, message, fieldPath: `.${path}` };
}

/** The rules as the API server takes them. */
export function validations(rules: readonly Rule[]): object[] {
  return rules.map((rule) => ({ ...rule, reason: rule.reason ?? 'FieldValueForbidden' }));
}

/** A list whose entries are told apart by a field, so that appliers can each own some of them. */
export function keyedBy<T extends z.ZodType>(schema: T, key: string): T {
  return schema.meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': [key] });
}

/** A list without order, in which nothing is twice. */
export function asSet<T extends z.ZodType>(schema: T): T {
  return schema.meta({ 'x-kubernetes-list-type': 'set' });
}
