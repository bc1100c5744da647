/** The tag filter of a subscription: `*`, or tags joined by `||` (wire.md A.8). */
import { SluiceError } from '#lib/errors';
import { NAME } from '#lib/limits';
import { tagHash } from '#proto/properties';

const MATCH_ALL = '*';
/** Filters that were parsed lately, by their text: clients send the same one again and again. */
const KEPT_MAX = 1000;
const kept = new Map<string, TagFilter>();

export class TagFilter {
  readonly expression: string;
  readonly #tags: ReadonlySet<string> | undefined;
  readonly #hashes: ReadonlySet<number> | undefined;

  private constructor(expression: string, tags: ReadonlySet<string> | undefined) {
    this.expression = expression;
    this.#tags = tags;
    this.#hashes = tags && new Set([...tags].map(tagHash));
  }

  /** @throws SluiceError ILLEGAL_FILTER_EXPRESSION */
  static parse(expression: string): TagFilter {
    const known = kept.get(expression);
    if (known) return known;
    const filter = new TagFilter(expression, parseTags(expression));
    if (kept.size >= KEPT_MAX) kept.clear();
    kept.set(expression, filter);
    return filter;
  }

  /** By the hash in the queue index; a message that passes must still pass `matches`. */
  mayMatch(hash: number): boolean {
    return this.#hashes === undefined || this.#hashes.has(hash);
  }

  matches(tag: string | undefined): boolean {
    return this.#tags === undefined || (tag !== undefined && this.#tags.has(tag));
  }
}

function parseTags(expression: string): ReadonlySet<string> | undefined {
  const bytes = Buffer.byteLength(expression);
  if (bytes > NAME.filterBytesMax) {
    throw new SluiceError(
      'ILLEGAL_FILTER_EXPRESSION',
      `a filter has at most ${NAME.filterBytesMax} bytes, this one has ${bytes}`,
    );
  }
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
