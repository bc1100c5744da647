/** The tag filter of a subscription: `*`, or tags joined by `||` (wire.md A.8). */
import { SluiceError } from '#lib/errors';
import { Kept } from '#lib/kept';
import { PROPERTY, tagHash } from '#proto/properties';
import type { StoredProperties } from '#proto/properties';

import { assertFilterSize } from '#broker/consume/message-filter';
import type { MessageFilter } from '#broker/consume/message-filter';

const MATCH_ALL = '*';
/** By their text: clients send the same one again and again. */
const FILTERS_KEPT = 1000;

export class TagFilter implements MessageFilter {
  static readonly #kept = new Kept(
    FILTERS_KEPT,
    (expression: string) => new TagFilter(expression, parseTags(expression)),
  );

  readonly expression: string;
  readonly readsProperties = false;
  readonly #tags: ReadonlySet<string> | undefined;
  readonly #hashes: ReadonlySet<number> | undefined;

  private constructor(expression: string, tags: ReadonlySet<string> | undefined) {
    this.expression = expression;
    this.#tags = tags;
    this.#hashes = tags && new Set([...tags].map(tagHash));
  }

  /** @throws SluiceError ILLEGAL_FILTER_EXPRESSION */
  static parse(expression: string): TagFilter {
    return TagFilter.#kept.get(expression);
  }

  mayMatch(hash: number): boolean {
    return this.#hashes === undefined || this.#hashes.has(hash);
  }

  accepts(properties: StoredProperties): boolean {
    return this.#tags === undefined || this.matches(properties.get(PROPERTY.tag));
  }

  matches(tag: string | undefined): boolean {
    return this.#tags === undefined || (tag !== undefined && this.#tags.has(tag));
  }
}

function parseTags(expression: string): ReadonlySet<string> | undefined {
  assertFilterSize(expression);
  const trimmed = expression.trim();
  if (trimmed === '' || trimmed === MATCH_ALL) return undefined;
  const parts = trimmed.split('||').map((tag) => tag.trim());
  const tags = parts.filter((tag) => tag !== ''); // `a ||` means a
  if (tags.length === 0 || tags.some((tag) => tag.includes('|'))) {
    throw new SluiceError(
      'ILLEGAL_FILTER_EXPRESSION',
      `${JSON.stringify(expression)} is not a list of tags such as a || b`,
    );
  }
  return tags.includes(MATCH_ALL) ? undefined : new Set(tags);
}
